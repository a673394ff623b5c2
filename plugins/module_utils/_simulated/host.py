# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Simulated hosts: systemd-nspawn machines over a base image, with namespaces of every kind of their own.

A host is found again by what was recorded when it booted, never by searching for names. Its mounts live in a mount
namespace that ends with its processes, so a host that was killed leaves files, and nothing else that holds them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import inside, programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import Needed, misfit
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import (
    RECORD_PATH,
    STATE_DIR,
    locked,
    read_json,
    write_json,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import module_loading

from . import nspawn as simulated_nspawn
from . import outbound as way_out
from .image import IMAGES, Image
from .releases import RELEASES

HOSTS = STATE_DIR / "hosts"
_RECORD = "host.json"
_PROCESS = (None, {Needed("pid"): int, Needed("start"): int, Needed("boot"): str})
_SHAPE = {
    Needed("lab"): str,
    Needed("release"): str,
    Needed("image"): str,
    "supervisor": _PROCESS,
    "leader": _PROCESS,
    "ready": bool,
    # Subnets to which its way out does not lead; None, or nothing, where it has none.
    "outbound": (None, [str]),
    "pasta": _PROCESS,
}
_POWEROFF_SECONDS = 30
_REBOOT_SECONDS = 60
# systemd(1): start poweroff.target.
_SIGNAL_POWEROFF = signal.SIGRTMIN + 4
# It becomes a hostname, the name of a namespace and of a directory.
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PROGRAMS = {"systemd-nspawn": "systemd-container", "ssh-keygen": "openssh-client", "unshare": "util-linux"}


@dataclass(frozen=True)
class SimulatedHost:
    """One host of this machine, by its name."""

    name: str

    @property
    def directory(self) -> Path:
        return HOSTS / self.name

    @property
    def namespace(self) -> Path:
        """The network namespace that it boots into; the topology makes it, with the links in it."""
        return Path("/run/netns") / self.name

    @property
    def _record_path(self) -> Path:
        return self.directory / _RECORD

    @property
    def _lock_path(self) -> Path:
        return HOSTS / f".{self.name}.lock"

    def record(self) -> dict:
        """What was written down when it was made and booted; {} if it was never made.

        Raises LabError where it is damaged, or no record of a host.
        """
        return read_json(self._record_path, _SHAPE) or {}

    def lab_record(self) -> dict:
        """The guest's own record of its lab (state.json), read from outside and trusted with nothing; {} if none.

        Raises LabError where something else lies there.
        """
        shown = f"simulated host {self.name}: its {RECORD_PATH}"
        try:
            with inside.opened(self.directory / "upper") as root:
                found = json.loads(inside.read(root, str(RECORD_PATH)))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise LabError(f"{shown} {reason(error)}: repair it there") from error
        except (ValueError, RecursionError):
            found = None
        if misfit(found, {"site": str, "moving_to": str}):
            raise LabError(f"{shown} is damaged: repair it there")
        return found

    # -- what is ------------------------------------------------------------------------------------------------------

    def supervisor(self) -> Process | None:
        """The process that runs systemd-nspawn for the host, through its reboots; None if it is not running."""
        recorded = self.record().get("supervisor")
        process = Process.from_record(recorded) if recorded else None
        return process if process and process.alive() else None

    def leader(self) -> Process | None:
        """The host's own init; None if it is not running. Not the one it booted with if it rebooted by itself."""
        supervisor = self.supervisor()
        if not supervisor:
            return None
        recorded = self._recorded_leader()
        if recorded and recorded.alive():
            return recorded
        processes = [process for nspawn in supervisor.children() for process in nspawn.children()]
        # What systemd-nspawn starts is in the host, and no longer in the machine, once it has become systemd.
        return next((process for process in processes if process.executable() == "systemd"), None)

    def _recorded_leader(self) -> Process | None:
        recorded = self.record().get("leader")
        return Process.from_record(recorded) if recorded else None

    def suspended(self) -> bool:
        """Whether its processes stand still."""
        return self.directory.exists() and simulated_nspawn.frozen(self.directory)

    def ready(self) -> bool:
        """Whether it runs and its boot was seen to complete: not yet after a reboot of its own."""
        leader = self.leader()
        booted = bool(leader and self.record().get("ready") and leader == self._recorded_leader())
        return booted and not self.suspended()

    def led_out(self, outbound: bool | None, kept: Sequence[str] = ()) -> bool:
        """Whether its way out is as wanted.

        ``outbound``: None as it was made; ``kept``: subnets it does not lead to.
        """
        wanted, pasta = self._wanted(outbound, kept), self._pasta()
        return self.record().get("outbound") == wanted and (wanted is not None) == bool(pasta and pasta.alive())

    def _wanted(self, outbound: bool | None, kept: Sequence[str]) -> list[str] | None:
        if outbound is None:
            return self.record().get("outbound")
        return list(kept) if outbound else None

    def _pasta(self) -> Process | None:
        recorded = self.record().get("pasta")
        return Process.from_record(recorded) if recorded else None

    def enter(self, command: list[str]) -> list[str]:
        """The command line that runs ``command`` inside, as its root, with a clean environment.

        Raises LabError where the host does not run.
        """
        leader = self.leader()
        if not leader:
            raise LabError(
                f"simulated host {self.name} does not run on this machine: run playbooks/overlay.yml to boot it"
            )
        return simulated_nspawn.entering(leader, command)

    # -- plan ---------------------------------------------------------------------------------------------------------

    def faults(self, lab: str, release: str | None, outbound: bool | None = None) -> list[str]:
        """Why this lab cannot change this host; empty if it can. ``release``: what to boot, None not to boot it."""
        if not _NAME.fullmatch(self.name):
            return [f"name: {self.name!r} is not a host's name: use lower-case letters, digits and hyphens"]
        if os.geteuid() != 0:
            return [f"simulated host {self.name}: needs root on this machine: use become, or run it with sudo"]
        record = self.record()
        if record and record["lab"] != lab:
            return [f"simulated host {self.name} belongs to the lab {record['lab']}: destroy that lab first"]
        if not record and self._inhabited():
            return [
                f"simulated host {self.name} runs, and its record {self._record_path} is gone: put a copy of it back,"
                f" or end its systemd-nspawn"
            ]
        if release is None:
            return []
        found = [
            f"simulated host {self.name}: the program {program} is missing on this machine: install {package}"
            for program, package in _PROGRAMS.items()
            if not shutil.which(program)
        ]
        if record and record.get("release") != release:
            found.append(
                f"simulated host {self.name} runs {record.get('release')}, not {release}: destroy the lab first,"
                f" or run with OVERLAY_LAB_RELEASE={record.get('release')}"
            )
        return found + (way_out.faults() if outbound else [])

    def note(self) -> str:
        """What a person has to know before the host is made or removed; '' for nothing."""
        if self.record() or not self.directory.exists():
            return ""
        return (
            f"{self.directory} has no record ({_RECORD}), so it is not known to be the host's:"
            f" it is kept as {self.directory}.DATE"
        )

    def _inhabited(self) -> bool:
        """Whether a host runs in the directory, by what its processes say; for one whose record is gone."""
        if not self.directory.is_dir():
            return False
        sign = f"--directory={self.directory}/root".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                # The same path is another directory in another mount namespace.
                here = sign in (process / "cmdline").read_bytes() and self.directory.samefile(
                    f"{process}/root{self.directory}"
                )
            except OSError:  # ended meanwhile
                continue
            if here:
                return True
        return False

    # -- apply --------------------------------------------------------------------------------------------------------

    def start(self, lab: str, release: str, outbound: bool | None = None, kept: Sequence[str] = ()) -> None:
        """Make the host if it was not made, and boot it if it does not run. Waits until its boot is complete.

        ``outbound``, ``kept``: see led_out.
        """
        with self._alone():
            self._wake()
            if not self.ready() and not self._rebooted():
                self._boot_anew(lab, release)
            if not self.led_out(outbound, kept):
                self._lead_out(self._wanted(outbound, kept))

    def _boot_anew(self, lab: str, release: str) -> None:
        # Its boot may have been interrupted, or not seen to complete.
        self._kill()
        if not os.path.ismount(self.namespace):
            raise LabError(
                f"simulated host {self.name}: there is no network namespace {self.namespace} to boot into:"
                " the topology that makes it has not run"
            )
        image = IMAGES / self.record().get("image", Image(release).name)
        if not image.is_dir():
            raise LabError(f"simulated host {self.name}: there is no base image {image}: build it first")
        if not self.record():
            self._make(lab, release, image.name)
        self._boot(image)

    def _lead_out(self, wanted: list[str] | None) -> None:
        leader, former = self.leader(), self.record().get("outbound")
        if leader is None:
            raise LabError(f"simulated host {self.name}: it ended before it got its way out")
        self._end(self._pasta())
        if former is not None:
            resolvers = IMAGES / self.record()["image"] / "etc/resolv.conf"
            way_out.close(leader, former, resolvers.read_text(encoding="utf-8") if resolvers.is_file() else "")
        self._write_record(outbound=wanted, pasta=None)
        if wanted is not None:
            way_out.lead(
                self.directory,
                self.namespace,
                leader,
                wanted,
                lambda process: self._write_record(pasta=process.to_record()),
            )

    def _rebooted(self) -> bool:
        """Wait for a host that reboots by itself, and record its new init; False if that is not what happens here."""
        leader = self.leader()
        if not (leader and self.record().get("ready")):
            return False
        deadline = time.monotonic() + _REBOOT_SECONDS
        while leader.alive() and time.monotonic() < deadline:
            try:
                said = programs.run(self.enter(["systemctl", "is-system-running"]), _REBOOT_SECONDS)
            except programs.Overdue:
                return False
            if said.stdout.strip() in ("running", "degraded"):
                self._write_record(leader=leader.to_record())
                return True
            time.sleep(0.1)
        return False

    def suspend(self) -> None:
        """Stop all its processes where they are; `start` lets them go on. It does nothing for one that does not run."""
        with self._alone():
            if self.ready():
                simulated_nspawn.freeze(self.directory, True)

    def stop(self) -> None:
        """Shut the host down in order; kill it if it has not powered off within 30 s."""
        with self._alone():
            self._wake()
            leader, supervisor = self.leader(), self.supervisor()
            if leader and supervisor:
                leader.end(_SIGNAL_POWEROFF, 0)
                supervisor.end(0, _POWEROFF_SECONDS)
            self._kill()

    def crash(self) -> None:
        """End all its processes at once, as a power cut does. Files, network namespace and links stay."""
        with self._alone():
            self._kill()

    def remove(self) -> None:
        """Crash it and remove every file of it. Its network namespace belongs to the topology."""
        with self._alone():
            self._kill()
            if self.record():
                # Under another name first: a removal that is interrupted leaves no directory without a record.
                self._clear_drafts()
                self.directory.rename(self._draft("removed"))
            elif self.directory.exists():
                self._set_aside()
            self._clear_drafts()
            simulated_nspawn.remove_leftovers(self.name)
            self._lock_path.unlink()
        if not known_hosts():
            module_loading.release()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One run at a time changes a host; what the system refuses is a fault of that host."""
        with locked(self._lock_path):
            try:
                yield
            except OSError as error:
                raise LabError(f"simulated host {self.name}: {error}") from error

    def _wake(self) -> None:
        if self.suspended():
            simulated_nspawn.freeze(self.directory, False)

    def _kill(self) -> None:
        # A frozen process cannot be ended.
        self._wake()
        for process in (self.leader(), self.supervisor(), self._pasta()):
            self._end(process)
        if self.directory.exists():
            simulated_nspawn.remove_cgroups(self.directory)

    def _end(self, process: Process | None) -> None:
        # The kernel ends a process namespace's other processes with its init, before init's own end shows.
        if process and not process.end(signal.SIGKILL, 10):
            raise LabError(
                f"simulated host {self.name}: process {process.pid} does not end:"
                " it waits in the kernel, see /proc/PID/stack"
            )

    def _make(self, lab: str, release: str, image: str) -> None:
        if self.directory.exists():
            self._set_aside()
        self._clear_drafts()
        draft = self._draft("made")
        for part in ("upper/etc/ssh", "work", "root", "docker"):
            (draft / part).mkdir(parents=True)
        etc = draft / "upper/etc"
        (etc / "hostname").write_text(f"{self.name}\n", encoding="ascii")
        (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
        key = str(etc / "ssh/ssh_host_ed25519_key")
        try:
            programs.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", key])
        except LabError as error:
            raise LabError(f"simulated host {self.name}: {error}") from error
        # With its record or not at all: a directory of the host's name that has none is not known to be a host's.
        write_json(draft / _RECORD, {"lab": lab, "release": release, "image": image})
        draft.rename(self.directory)

    def _draft(self, state: str) -> Path:
        """Where the host is while it is made or removed. What lies there is the collection's own."""
        return HOSTS / f".{self.name}.{state}"

    def _clear_drafts(self) -> None:
        for state in ("made", "removed"):
            if self._draft(state).exists():
                shutil.rmtree(self._draft(state))

    def _set_aside(self) -> None:
        """Keep a directory of the host's name whose record is lost, or that never had one, under a dated name."""
        self.directory.rename(HOSTS / f"{self.name}.{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}")

    def _boot(self, image: Path) -> None:
        self._write_record(supervisor=None, leader=None, ready=False)
        leader = simulated_nspawn.boot(
            name=self.name,
            image=image,
            directory=self.directory,
            namespace=self.namespace,
            # From before the first instruction of systemd-nspawn: an interrupted run leaves no unrecorded process.
            on_supervisor=lambda process: self._write_record(supervisor=process.to_record()),
            unified_cgroups=RELEASES[self.record()["release"]].unified_cgroups,
        )
        self._write_record(leader=leader.to_record(), ready=True)

    def _write_record(self, **changes: object) -> None:
        write_json(self._record_path, {**self.record(), **changes})


def known_hosts() -> list[SimulatedHost]:
    """All simulated hosts that were made on this machine, running or not."""
    return [
        SimulatedHost(path.name) for path in sorted(HOSTS.glob("*")) if _NAME.fullmatch(path.name) and path.is_dir()
    ]
