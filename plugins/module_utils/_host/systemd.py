# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""systemd's units: how they stand, and what is done to them. One line for what systemctl refuses."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .unit_command import split

_PROPERTIES = (
    "Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,ExecStart,Environment,EnvironmentFiles,"
    "UnsetEnvironment,ExecMainStartTimestampMonotonic"
)
# systemd looks for units and drop-ins below these.
UNIT_DIRECTORIES = ("/etc/systemd/", "/run/systemd/", "/usr/lib/systemd/", "/lib/systemd/", "/usr/local/lib/systemd/")


@dataclass(frozen=True)
class Unit:
    """One unit as systemd has it loaded.

    ``command``: the words of ExecStart, variables not replaced. ``environment``: NAME=VALUE of its Environment=, which
    those of ``environment_files`` (paths or patterns) replace; ``unset``: what neither of them may set. ``started``:
    when its process was started, in seconds of the epoch.
    """

    name: str
    exists: bool
    active: bool
    enabled: bool
    starting: bool = False
    needs_reload: bool = False
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    environment_files: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    started: float = 0


def units(*names: str) -> list[Unit]:
    """The units in the order of their names."""
    text = run(["systemctl", "show", f"--property={_PROPERTIES}", *names])
    return [unit_of(name, found) for name, found in zip(names, properties(text))]


def properties(shown: str) -> list[dict[str, str]]:
    """What `systemctl show` printed, a unit each. A property that has a line for each of its values has these lines."""
    found = []
    for block in shown.strip().split("\n\n"):
        values: dict[str, str] = {}
        for key, separator, value in (line.partition("=") for line in block.splitlines()):
            if separator:
                values[key] = f"{values[key]}\n{value}" if key in values else value
        found.append(values)
    return found


def inherited() -> tuple[str, ...]:
    """What systemd gives every unit (DefaultEnvironment=), as NAME=VALUE; nothing where it does not tell."""
    try:
        shown = programs.run(["systemctl", "show-environment"]).stdout
    except programs.Missing:
        return ()
    return tuple(map(_unquoted, shown.splitlines()))


def _unquoted(line: str) -> str:
    """NAME=VALUE of NAME=$'VALUE', as systemctl writes it for a shell where that would read it otherwise."""
    found = re.fullmatch(r"(\w+=)\$'(.*)'", line)
    return found[1] + re.sub(r"\\(.)", r"\1", found[2]) if found else line


def state(name: str) -> str:
    """systemd's word for a unit: active, activating, failed, ...; inactive for one that is not there."""
    return run(["systemctl", "show", "--property=ActiveState", "--value", name]).strip()


def reload() -> None:
    """Make systemd read changed unit files and drop-ins."""
    run(["systemctl", "daemon-reload"])


def enable(name: str, enabled: bool) -> None:
    run(["systemctl", "enable" if enabled else "disable", name])


def kill(name: str) -> None:
    """End the unit's main process at once; the unit's other processes stay. Nothing where it does not run."""
    command = ["systemctl", "kill", "--signal=KILL", "--kill-who=main", name]
    programs.run(command)


def forget_failure(name: str) -> None:
    run(["systemctl", "reset-failed", name])


def stop(*names: str, timeout: float) -> None:
    run(["systemctl", "stop", *names], timeout)


def restart(*names: str, timeout: float) -> None:
    """Restart the units and wait until they are up. One that was restarted often before is not held back for that."""
    # Fails where a unit has nothing to forget; that is no fault.
    programs.run(["systemctl", "reset-failed", *names], timeout)
    run(["systemctl", "restart", *names], timeout)


def journal(name: str, since: float, until: float | None = None) -> list[str]:
    """What the unit's own processes wrote in a span of time (seconds of the epoch)."""
    command = ["journalctl", "--quiet", "--no-pager", "--output=cat", f"--since=@{since:.6f}", f"_SYSTEMD_UNIT={name}"]
    if until is not None:
        command.append(f"--until=@{until:.6f}")
    return run(command).splitlines()


def unit_of(name: str, properties: dict[str, str]) -> Unit:
    """By the properties that `systemctl show` has of it."""
    command = re.search(r"argv\[\]=(.*?) ; ignore_errors=", properties.get("ExecStart", ""))
    monotonic = int(properties.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    files = re.findall(r"^(.+) \(ignore_errors=\w+\)$", properties.get("EnvironmentFiles", ""), re.MULTILINE)
    return Unit(
        name=name,
        exists=properties.get("LoadState") == "loaded",
        active=properties.get("ActiveState") in ("active", "reloading", "activating"),
        enabled=properties.get("UnitFileState") == "enabled",
        starting=properties.get("ActiveState") == "activating",
        needs_reload=properties.get("NeedDaemonReload") == "yes",
        command=tuple(command[1].split()) if command else (),
        environment=tuple(split(properties.get("Environment", ""))),
        environment_files=tuple(files),
        unset=tuple(split(properties.get("UnsetEnvironment", ""))),
        started=time.time() - time.monotonic() + monotonic if monotonic else 0,
    )


def run(command: list[str], timeout: float = 300) -> str:
    """What a program of systemd's says. Raises LabError where it is missing or refuses."""
    try:
        return programs.output(command, timeout)
    except programs.Missing as error:
        raise LabError(f"{command[0]} is missing: this host is not managed by systemd") from error
