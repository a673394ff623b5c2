# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Packets of one vantage point into a file, by tcpdump."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket

from .vantage import Place, Vantage, open_place

_SECONDS = (0.1, 3600)
_LONGEST_INTERFACE = 15
# How long tcpdump may take to understand a filter (names in it are looked up), and to end when told to.
_GRACE_SECONDS = 10
_TIMED_OUT = 124  # exit code of timeout(1)
_COUNTERS = re.compile(rb"^(\d+) packets? (captured|dropped by kernel)$", re.MULTILINE)


@dataclass(frozen=True)
class Capture:
    """What to capture, where, for how long at most, and into which file."""

    place: Place
    interface: str
    filter: str
    seconds: float
    count: int | None
    dest: Path

    def __str__(self) -> str:
        what = f"packets that match {self.filter!r}" if self.filter else "all packets"
        most = f", {self.count} at most" if self.count else ""
        return f"{what} on interface {self.interface} of {self.place}, for {self.seconds:g} s{most}, into {self.dest}"

    @property
    def part(self) -> Path:
        """Where the packets are while tcpdump listens."""
        return self.dest.with_name(self.dest.name + ".part")


@dataclass(frozen=True)
class Plan:
    """A capture that tcpdump has agreed to, at its opened vantage point."""

    capture: Capture
    vantage: Vantage
    command: list[str]


def parse(params: dict[str, Any]) -> Capture:
    """Read the module's options. Raises LabError with every fault in them."""
    place = Place(params["netns"], params["container"])
    interface, seconds, count, dest = params["interface"], params["seconds"], params["count"], Path(params["dest"])
    faults = place.faults()
    if not 1 <= len(interface) <= _LONGEST_INTERFACE or re.search(r"[\s/]", interface):
        faults.append(f"interface: {interface!r} is not an interface's name")
    if "\0" in params["filter"]:
        faults.append("filter: it has a NUL character")
    if not _SECONDS[0] <= seconds <= _SECONDS[1]:
        faults.append(f"seconds: {seconds:g} is out of range, give {_SECONDS[0]:g} to {_SECONDS[1]:g}")
    if count is not None and count < 1:
        faults.append(f"count: {count} is out of range, give at least 1")
    if not dest.is_absolute():
        faults.append(f"dest: {params['dest']!r} is not an absolute path")
    elif dest.is_dir():
        faults.append(f"dest: {dest} is a directory, name a file in it")
    elif not dest.parent.is_dir():
        faults.append(f"dest: there is no directory {dest.parent}")
    if faults:
        raise LabError(faults)
    return Capture(place, interface, params["filter"].strip(), seconds, count, dest)


def plan(capture: Capture, docker: DockerSocket) -> Plan:
    """Find tcpdump and the place, and let tcpdump judge interface and filter. Captures nothing.

    Raises LabError: no tcpdump, no such place, or tcpdump's own sentence.
    """
    try:
        tcpdump = get_bin_path("tcpdump")
    except ValueError as error:
        raise LabError("tcpdump is not installed: install the package tcpdump") from error
    vantage = open_place(capture.place, docker)
    _judge([tcpdump, "-i", capture.interface, "-d", "--", capture.filter], vantage)
    command = [tcpdump, "-i", capture.interface, "-n", "-U", "--immediate-mode", "-w", "-"]
    if capture.count:
        command += ["-c", str(capture.count)]
    # timeout(1) ends tcpdump even where this module was killed (an async task past its time).
    bounded = [get_bin_path("timeout"), "--signal=INT", f"--kill-after={_GRACE_SECONDS}", f"{capture.seconds:g}"]
    return Plan(capture, vantage, [*bounded, *command, "--", capture.filter])


def apply(plan: Plan) -> dict[str, Any]:
    """Capture; {path, packets, dropped, size}. The file is there, whole and private (0600), or not at all."""
    capture = plan.capture
    # tcpdump writes to a file that is opened here: as a user of its own it could not open one in any directory. The
    # name ends as AppArmor's profile for tcpdump wants it.
    with tempfile.NamedTemporaryFile(dir=capture.dest.parent, prefix="tcpdump-", suffix=".pcap", delete=False) as file:
        written = Path(file.name)
        try:
            with plan.vantage.entered():
                # Not by programs.run: it is watched while it runs, and its packets go into a file.
                process = subprocess.Popen(
                    plan.command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.PIPE,
                    cwd="/",
                    env=programs.environment(),
                )
            with process:
                if _listens(process, file):
                    written = written.rename(capture.part)
                said = process.communicate()[1]
            if process.returncode not in (0, _TIMED_OUT):
                raise LabError(f"tcpdump ended early: {_sentence(said.decode(errors='replace'))}")
            written = written.rename(capture.dest)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                written.unlink()
            raise
    counters = {what.decode(): int(number) for number, what in _COUNTERS.findall(said)}
    return {
        "path": str(capture.dest),
        "packets": counters.get("captured", 0),
        "dropped": counters.get("dropped by kernel", 0),
        "size": capture.dest.stat().st_size,
    }


def _judge(command: list[str], vantage: Vantage) -> None:
    try:
        with vantage.entered():
            judged = programs.run(command, _GRACE_SECONDS, cwd="/")
    except programs.Overdue as error:
        raise LabError(
            f"tcpdump took more than {_GRACE_SECONDS} s to understand the filter: use addresses instead of names"
        ) from error
    if judged.returncode:
        raise LabError(f"tcpdump at {vantage.place}: {_sentence(judged.stderr)}")


def _listens(process: subprocess.Popen[bytes], file: IO[bytes]) -> bool:
    """Wait until tcpdump has written the file's header, which it does when it listens; False where it never will."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        if Path(file.name).stat().st_size:
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    return False


def _sentence(said: str) -> str:
    """tcpdump's complaint is the last thing that it says in its own name."""
    lines = said.splitlines()
    named = [line.removeprefix("tcpdump: ") for line in lines if line.startswith("tcpdump: ")]
    return (named or lines or ["it gave no reason"])[-1]
