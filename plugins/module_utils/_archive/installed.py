# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a host has of an archive: its programs below a prefix of the lab's own, links to them, and units.

The host's record has it in the section ``programs``: {kind: {"lab", "version", "sha256", "files": {name: [bytes, time
of its last change]}, "made": [what was made for it beside that]}}. Without ``files`` it is not whole: a run was
interrupted.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import version_in
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import (
    distributions,
    managed_files,
    selinux,
    systemd,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.present import existing, is_group, is_user

from . import content, units
from .kinds import KINDS, Kind
from .places import LINKS, PREFIX, UNITS

SECTION = "programs"
_STOP_SECONDS = 120


@dataclass(frozen=True)
class Wanted:
    """``lab``: for which lab; ``source``: the archive on this host, needed where something is to be unpacked."""

    lab: str
    version: str
    sha256: str
    source: Path | None = None


@dataclass(frozen=True)
class Plan:
    """``wanted``: None, it is to go. ``files``: the units. ``unpack``: a program is not as it was unpacked."""

    kind: str
    wanted: Wanted | None
    recorded: dict[str, Any]
    differences: Differences
    files: managed_files.Plan
    unpack: bool = False


def state(kind: str) -> dict[str, Any]:
    """{"lab", "version", "sha256" of what the host has from an archive, "whole": bool}; '' where it has nothing."""
    recorded = host_record.section(SECTION).get(kind, {})
    found = {key: recorded.get(key, "") for key in ("lab", "version", "sha256")}
    return {**found, "whole": bool(recorded) and not _present(kind, _wanted(recorded), recorded).differences.changed}


def plan(kind: str, wanted: Wanted | None) -> Plan:
    """Raises LabError with every fault; nothing is changed."""
    recorded = host_record.section(SECTION).get(kind, {})
    if wanted is None:
        return _absent(kind, recorded)
    title = KINDS[kind].title
    if recorded and recorded["lab"] != wanted.lab:
        raise LabError(f"{title} is here from an archive for the lab {recorded['lab']}: destroy that lab first")
    if recorded and recorded["sha256"] != wanted.sha256:
        raise LabError(
            f"{title} {recorded['version']} is here from another archive (sha256 {recorded['sha256'][:12]}): remove it"
            " first (state: absent)"
        )
    faults = obstacles(kind, bool(recorded))
    if faults:
        raise LabError(faults)
    return _present(kind, wanted, recorded)


def obstacles(kind: str, recorded: bool) -> list[str]:
    """What is where it is to be installed, and is not the lab's; a line each."""
    one = KINDS[kind]
    found = [
        f"{LINKS / name} is there already, and not the lab's: remove it, or what it belongs to"
        for name in one.linked
        if _target(LINKS / name) not in (None, str(_bin(kind) / name))
    ]
    if os.statvfs(existing(PREFIX)).f_flag & os.ST_NOEXEC:
        found.append(f"{existing(PREFIX)} is mounted noexec, so no program below {PREFIX} starts: remount it exec")
    if recorded:
        return found
    known = [unit for unit in systemd.units(*one.units) if unit.exists]
    return found + [f"the unit {unit.name} is there already: remove the package that has it" for unit in known]


def apply(made: Plan) -> None:
    """Recorded before the first change, and whole after the last: the next run completes what was interrupted."""
    if not made.differences.changed:
        return
    if made.wanted is None:
        _remove(made)
        return
    one, wanted = KINDS[made.kind], made.wanted
    record = {**made.recorded, "lab": wanted.lab, "version": wanted.version, "sha256": wanted.sha256}
    record["made"] = [*record.get("made", []), *(name for name in _to_make(one) if name not in record.get("made", []))]
    _record(made.kind, {**record, "files": record.get("files", {})})
    try:
        if made.unpack:
            _unpack(made.kind, wanted)
        _make(one)
        for name in one.linked:
            _link(LINKS / name, _bin(made.kind) / name)
        made.files.apply()
    except (LabError, OSError) as error:
        # Else another archive, which may be the right one, would be refused.
        if not made.recorded:
            _remove(_absent(made.kind, record))
        if isinstance(error, OSError):
            raise LabError(f"{one.title}: {error.filename or PREFIX}: {reason(error)}") from error
        raise
    _label(made.kind)
    systemd.reload()
    _record(made.kind, {**record, "files": {path.name: _looks(path) for path in _bin(made.kind).iterdir()}})


def _present(kind: str, wanted: Wanted, recorded: dict[str, Any]) -> Plan:
    one, differences = KINDS[kind], Differences()
    if not recorded:
        differences.add(one.title, None, f"{wanted.version} from an archive (sha256 {wanted.sha256[:12]})")
    looks = recorded.get("files", {})
    damaged = [name for name in looks or one.programs if not _is_whole(_bin(kind) / name, looks.get(name))]
    for name in damaged if recorded else ():
        differences.add(str(_bin(kind) / name), "missing or changed", "as in the archive")
    for name in one.linked:
        target = str(_bin(kind) / name)
        differences.compare(str(LINKS / name), _target(LINKS / name), target)
    files = managed_files.Plan(_files(kind, wanted))
    differences.found.extend(files.differences.found)
    for name in _to_make(one):
        differences.add(name, None, "made")
    return Plan(kind, wanted, recorded, differences, files, unpack=bool(damaged))


def _absent(kind: str, recorded: dict[str, Any]) -> Plan:
    differences = Differences()
    if recorded:
        differences.add(KINDS[kind].title, f"{recorded['version']} from an archive", None)
    files = managed_files.Plan([ManagedFile(UNITS / name, None) for name in KINDS[kind].units] if recorded else [])
    return Plan(kind, None, recorded, differences, files)


def _remove(made: Plan) -> None:
    one = KINDS[made.kind]
    there = [unit for unit in systemd.units(*one.units) if unit.exists]
    if there:
        systemd.stop(*(unit.name for unit in there), timeout=_STOP_SECONDS)
    for unit in there:
        if unit.enabled:
            systemd.enable(unit.name, False)
    made.files.apply()
    for name in one.linked:
        if _target(LINKS / name) == str(_bin(made.kind) / name):
            (LINKS / name).unlink()
    shutil.rmtree(_bin(made.kind).parent, ignore_errors=True)
    for directory in (PREFIX, UNITS, UNITS.parent):
        _remove_if_empty(directory)
    systemd.reload()
    made_for_it = made.recorded.get("made", [])
    if f"directory {one.state}" in made_for_it:
        _remove_if_empty(Path(one.state))
    if f"user {one.user}" in made_for_it and is_user(one.user):
        programs.output(["userdel", one.user])
    if f"group {one.group}" in made_for_it and is_group(one.group):
        programs.output(["groupdel", one.group])
    _record(made.kind, None)


def _unpack(kind: str, wanted: Wanted) -> None:
    one = KINDS[kind]
    if wanted.source is None:
        raise LabError(f"{one.title} has to be unpacked, and no source is given")
    where = f"{wanted.source.name} on this host"
    try:
        if content.checksum(wanted.source) != wanted.sha256:
            raise LabError("it is not the file that the controller has: run again")
        content.read(wanted.source, one)
        _make_directory(_bin(kind))
        content.unpack(wanted.source, one, _bin(kind))
    except LabError as error:
        raise LabError(f"{where}: {fault}" for fault in error.faults) from error
    done = programs.run([str(_bin(kind) / one.main), "--version"])
    if done.returncode:
        raise LabError(f"{where}: {one.main} does not run here: {programs.words(done)}")
    if version_in(done.stdout) != wanted.version:
        raise LabError(
            f"{where}: {one.main} is of version {version_in(done.stdout) or 'unknown'}, and the name of the archive"
            f" says {wanted.version}: give it upstream's name"
        )


def _to_make(one: Kind) -> list[str]:
    """What the units count on and is not here."""
    return [
        *([f"user {one.user}"] if one.user and not is_user(one.user) else []),
        *([f"group {one.group}"] if one.group and not is_group(one.group) else []),
        *([f"directory {one.state}"] if one.state and not Path(one.state).exists() else []),
    ]


def _make(one: Kind) -> None:
    if one.group and not is_group(one.group):
        programs.output(["groupadd", "--system", one.group])
    if one.user and not is_user(one.user):
        shell = shutil.which("nologin", path=programs.environment()["PATH"]) or "/bin/false"
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", one.state, "--shell", shell]
        programs.output(["useradd", *options, one.user])
    if one.state and not Path(one.state).exists():
        Path(one.state).mkdir(mode=0o700)
        shutil.chown(one.state, one.user, one.user)


def _files(kind: str, wanted: Wanted) -> list[ManagedFile]:
    config = distributions.family(distributions.read().family).etcd_config
    words = {"lab": wanted.lab, "version": wanted.version, "bin": str(_bin(kind)), "config": config}
    return [ManagedFile(UNITS / name, units.text(name, **words)) for name in KINDS[kind].units]


def _wanted(recorded: dict[str, Any]) -> Wanted:
    return Wanted(recorded["lab"], recorded["version"], recorded["sha256"])


def _bin(kind: str) -> Path:
    """SELinux takes what is in a directory of this name for programs."""
    return PREFIX / kind / "bin"


def _is_whole(path: Path, looks: list[int] | None) -> bool:
    """Every run asks, so nothing is read: whoever writes into a program changes its time."""
    as_installed = path.is_file() and not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) == content.MODE
    return as_installed and _looks(path) == looks


def _looks(path: Path) -> list[int]:
    now = path.stat()
    return [now.st_size, now.st_mtime_ns]


def _target(path: Path) -> str | None:
    return str(path.readlink()) if path.is_symlink() else ("something else" if path.exists() else None)


def _link(path: Path, target: Path) -> None:
    if _target(path) == str(target):
        return
    temporary = path.with_name(f".{path.name}.overlay-lab")
    try:
        _make_directory(path.parent)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(path)
    except OSError as error:
        raise LabError(f"{path} cannot be made: {reason(error)}") from error


def _label(kind: str) -> None:
    selinux.label([str(_bin(kind)), str(UNITS)])


def _make_directory(path: Path) -> None:
    """A strict umask must not hide programs from a service that runs as somebody else."""
    for one in reversed([one for one in (path, *path.parents) if not one.exists()]):
        one.mkdir()
        one.chmod(0o755)


def _remove_if_empty(path: Path) -> None:
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def _record(kind: str, content: dict[str, Any] | None) -> None:
    def changed(section: dict[str, Any]) -> dict[str, Any]:
        others = {name: one for name, one in section.items() if name != kind}
        return others if content is None else {**others, kind: content}

    host_record.merge(SECTION, changed)
