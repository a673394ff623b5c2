# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Removes or moves etcd's data; no other file does.

The owner is known by the IDs in the write-ahead log. The path and the first line of a configuration prove nothing:
other data may be where the lab's was meant to be. In the host's record, section "owned", kind ``etcd``, are
``CLUSTER_ID/MEMBER_ID: {"lab", "path"}`` of members that ran, and ``PATH: {"lab", "path"}`` of a future member in a
place that the lab found empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import dir_fd, programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

from . import files
from .files import Founded, Owner

# What mkfs leaves in the root of a file system.
_OF_THE_FILE_SYSTEM = {"lost+found"}
# etcd's database has at most 8 GiB.
_COPY_SECONDS = 1200


@dataclass(frozen=True)
class Request:
    """What is asked for. ``member``: CLUSTER_ID/MEMBER_ID of the member that runs; '' where none does yet.

    ``enabled``: whether etcd's unit starts at boot, before the lab configures it.
    """

    path: Path
    lab: str
    state: str
    member: str = ""
    enabled: bool = False


@dataclass(frozen=True)
class Held:
    """What is in a directory. ``filled``: anything, etcd's data or not. ``link``: the path is none of its own.
    ``unlogged``: a database alone, as a start leaves it that found no data and failed.
    """

    path: Path
    filled: bool = False
    present: bool = False
    identity: str = ""
    link: bool = False
    unlogged: bool = False

    @property
    def told(self) -> str:
        if not self.present:
            return "files that are not etcd's data"
        if not self.identity:
            return "etcd data whose log cannot be read"
        cluster, member = self.identity.split("/")
        return f"the data of member {member} of cluster {cluster}"


@dataclass(frozen=True)
class Plan:
    """``act``: directories that are removed, moved or copied. ``left``: those that are not the lab's and stay."""

    act: tuple[Path, ...] = ()
    claim: dict[str, dict[str, Any]] = field(default_factory=dict)
    release: frozenset[str] = frozenset()
    forget: bool = False
    # Whether etcd's unit starts at boot, on a host where the lab has not configured it yet.
    enabled: bool | None = None
    left: tuple[str, ...] = ()


def look(path: Path) -> Held:
    """What a directory holds, without following a link in its place. Raises LabError."""
    try:
        with dir_fd.opened(path.parent) as parent:
            if not dir_fd.exists(parent, path.name):
                return Held(path)
            with dir_fd.inside(parent, path.name) as directory:
                found = files.data(Path(f"/proc/self/fd/{directory}"))
                names = _names(directory) - _OF_THE_FILE_SYSTEM
                unlogged = names == {"member"} and not found["present"] and _is_database(directory)
                return Held(path, bool(names), found["present"], files.identity(found), unlogged=unlogged)
    except FileNotFoundError:
        return Held(path)
    except NotADirectoryError:
        return Held(path, filled=True, link=True)
    except OSError as error:
        raise LabError(f"{path} cannot be read: {reason(error)}") from error


def _names(directory: int) -> set[str]:
    return {one.name for one in os.scandir(directory)}


def _is_database(directory: int) -> bool:
    """Whether its "member" is a directory with nothing but etcd's own in it."""
    try:
        with dir_fd.inside(directory, "member") as member:
            return _names(member) <= {"snap", "wal", "wal.tmp"}
    except NotADirectoryError:
        return False


def places(request: Request, known: Founded) -> list[Path]:
    """The directory that is asked for, and those that the record names."""
    recorded = {entry["path"] for entry in _own(request, known).values()}
    return [request.path, *(Path(one) for one in sorted(recorded - {str(request.path)}))]


def plan(request: Request, known: Founded, found: Iterable[Held]) -> Plan:
    """What is to do. ``found``: what each of ``places`` holds. Raises LabError where something is not the lab's."""
    here, *elsewhere = found
    if request.state == "claimed":
        return _claim(request, known, here, elsewhere)
    if request.state == "copied":
        _refuse_foreign(request, known, here)
        return Plan(act=(here.path,) if here.filled else ())
    own = _own(request, known)
    others = [one for one in elsewhere if one.filled and _is_own(request, known, one)]
    left = [one for one in elsewhere if one.filled and one not in others]
    acted = [one.path for one in others]
    # The lab's data was elsewhere, so this data was never the lab's.
    never = bool(elsewhere) and not any(one["path"] == str(here.path) for one in own.values())
    if here.filled and never and request.state == "absent":
        left.append(here)
    elif here.filled:
        _refuse_foreign(request, known, here)
        acted.append(here.path)
    return Plan(
        act=tuple(acted),
        release=frozenset(own),
        forget=request.state == "absent" and known.owned is not None and not set(known.owned) - set(own),
        left=tuple(f"{one.path} holds {one.told}, not the lab {request.lab}'s: it stays" for one in left),
    )


def apply(request: Request, decided: Plan, stamp: str, record: Path = host_record.RECORD_PATH) -> list[str]:
    """Carry a plan out. Returns the names of what was moved or copied, with ``stamp`` appended. Raises LabError."""
    named = []
    for path in decided.act:
        try:
            with dir_fd.opened(path.parent) as parent:
                if request.state == "absent":
                    dir_fd.remove(parent, path.name)
                else:
                    named.append(str(path.with_name(_dated(parent, path.name, stamp, request.state == "copied"))))
        except OSError as error:
            raise LabError(f"{path}: it is not {_DONE[request.state]}: {reason(error)}") from error
    if decided.enabled is not None:
        host_record.update(files.BEFORE, {"enabled": decided.enabled}, record)
    elif request.state == "absent" and host_record.section(files.BEFORE, record):
        host_record.update(files.BEFORE, None, record)
    if decided.forget:
        owned.forget(owned.ETCD, record)
        return named
    if decided.release:
        owned.release(owned.ETCD, set(decided.release), record)
    if decided.claim:
        owned.claim(owned.ETCD, decided.claim, record)
    return named


_DONE = {"absent": "removed", "claimed": "set aside", "set_aside": "set aside", "copied": "copied"}


def entry(request: Request) -> dict[str, Any]:
    """What is recorded of a member."""
    return {"lab": request.lab, "path": str(request.path)}


def _own(request: Request, known: Founded) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in (known.owned or {}).items() if one.get("lab") == request.lab}


def _owner(known: Founded, held: Held) -> Owner:
    if held.link:
        return Owner()
    whose = files.owner(held.path, held.identity, known)
    # Without a log, only a record of a future member counts: etcd was killed right after its start.
    if held.present or whose.by == "awaited":
        return whose
    # The data of a former member is gone, and the etcd that the lab configured has tried to start without it.
    configured = held.unlogged and known.lab and known.data_dir == str(held.path)
    return Owner(known.lab, "former") if configured and files.held_a_member(held.path, known) else Owner()


def _is_own(request: Request, known: Founded, held: Held) -> bool:
    whose = _owner(known, held)
    # From before IDs were recorded: it may be moved, which can be undone, but not removed.
    return whose.lab == request.lab and (whose.by != "before" or request.state != "absent")


def _refuse_foreign(request: Request, known: Founded, held: Held) -> None:
    if not held.filled or _is_own(request, known, held):
        return
    if held.link:
        raise LabError(f"{held.path} is no directory: set etcd_data_dir to where it leads, or move it away")
    if _owner(known, held).by == "before":
        raise LabError(
            f"{held.path} holds {held.told}, and this host has no record of its etcd's ids: run playbooks/overlay.yml"
            f" once, which records them if that member runs in the lab {request.lab}; or remove the directory yourself"
        )
    recorded = ", ".join(key for key in _own(request, known) if not key.startswith("/"))
    raise LabError(
        f"{held.path} holds {held.told}, which is not the lab {request.lab}'s by this host's record"
        f" ({recorded or 'no member is recorded'}): it is left alone; move it away, or put the record back"
    )


def _claim(request: Request, known: Founded, held: Held, elsewhere: list[Held]) -> Plan:
    own = _own(request, known)
    if not held.present:
        occupied = [str(one.path) for one in elsewhere if one.present and _is_own(request, known, one)]
        if occupied:
            raise LabError(
                f"the lab {request.lab}'s etcd data is in {', '.join(occupied)} on this host, not in {held.path}: run"
                f" with -e etcd_data_dir={occupied[0]}, or found a new cluster with playbooks/etcd_reset.yml"
            )
        awaited = str(request.path)
        if held.filled and awaited not in own:
            _refuse_foreign(request, known, held)
        # What was here is gone.
        gone = frozenset(key for key, one in own.items() if one["path"] == awaited and key != awaited)
        claim = {} if awaited in own else {awaited: entry(request)}
        # Its database may be all that is left of the data, and a member that joins takes none over.
        aside = (held.path,) if held.filled and claim else ()
        return Plan(
            act=aside,
            claim=claim,
            release=gone,
            enabled=request.enabled if known.lab != request.lab and claim else None,
        )
    whose = _owner(known, held)
    if whose.by == "ids" and whose.lab == request.lab:
        return Plan()
    if whose.lab != request.lab:
        _refuse_foreign(request, known, held)
    if held.identity != request.member:
        raise LabError(
            f"{held.path} holds {held.told}, and the member that runs here is"
            f" {request.member or 'not known'}: it is not recorded as the lab {request.lab}'s"
        )
    former = frozenset(key for key, one in own.items() if one["path"] == str(request.path))
    return Plan(claim={held.identity: entry(request)}, release=former)


def _dated(parent: int, name: str, stamp: str, copy: bool) -> str:
    stem = f"{name}.{stamp}"
    new, number = stem, 1
    while dir_fd.exists(parent, new):
        new, number = f"{stem}-{number}", number + 1
    if not copy:
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=parent)
        # Before the record says so.
        os.fsync(parent)
        return new
    with dir_fd.inside(parent, name) as directory:
        status = os.fstat(directory)
    owner = (status.st_uid, status.st_gid)
    dir_fd.make(parent, new, owner)
    copying = ["cp", "--archive", "--no-target-directory", "--", name, new]
    try:
        done = dir_fd.run_as(owner, parent, copying, timeout=_COPY_SECONDS)
        if done.returncode:
            raise LabError(f"a copy of {name} cannot be made: {programs.words(done)}")
    except LabError:
        dir_fd.remove(parent, new)
        raise
    return new
