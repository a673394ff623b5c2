# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Backups of files that the lab replaces, in a directory of the collection, identified by their hashes.

PATH.bak is written beside as well where there is none, for people. It is never what a file comes back from unless it
has the hash, and never removed unless the lab wrote it and it has the hash: people use such names themselves.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file, regular_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import STATE_DIR

KEPT = STATE_DIR / "kept"
BACKUP_SUFFIX = ".bak"


@dataclass(frozen=True)
class Found:
    """A file as it is, with all that is needed to put it back."""

    content: bytes
    mode: int
    uid: int
    gid: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Former:
    """What stood at a path before the lab: ``sha256`` '' for nothing. As a record has it.

    ``path``: the file itself, where the lab's path was a link to it. ``bak``: PATH.bak is the lab's. ``wrote``: the
    hash of what the lab wrote there last, '' where that is not known.
    """

    path: str
    sha256: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    bak: bool = False
    wrote: str = ""


def read(path: Path) -> Found | None:
    """The file as it is; None where there is none. Raises OSError where there is something else."""
    try:
        with regular_file.opened(path) as stream:
            status = os.fstat(stream.fileno())
            return Found(stream.read(), status.st_mode & 0o7777, status.st_uid, status.st_gid)
    except FileNotFoundError:
        return None


def put(path: Path, found: Found | None) -> None:
    """Make the file what is given; None removes it. Raises OSError."""
    if found is None:
        path.unlink(missing_ok=True)
    else:
        atomic_file.replace(path, found.content, found.mode, (found.uid, found.gid))


def backup_path(path: Path) -> Path:
    return path.with_name(path.name + BACKUP_SUFFIX)


def former_of(path: Path, place: Path, found: Found | None) -> Former:
    """What has to be recorded before the lab writes at ``path``, which is a link to ``place`` or the place itself."""
    if found is None:
        return Former(str(place))
    bak = not os.path.lexists(backup_path(path))
    return Former(str(place), found.sha256, found.mode, found.uid, found.gid, bak)


def adopt(path: Path) -> Former | None:
    """What stood there, for a lab that was made before this was recorded: PATH.bak; None without one."""
    backup = backup_path(path)
    found = read(backup) if backup.is_file() else None
    place = os.path.realpath(path)
    return Former(place, found.sha256, found.mode, found.uid, found.gid, bak=True) if found else None


def from_record(recorded: Mapping[str, Any]) -> dict[str, Former]:
    """path -> Former of a record. A bool is that of an older lab: whether anything was there."""
    formers = {}
    for path, value in recorded.items():
        if isinstance(value, Mapping):
            known = {one.name: value[one.name] for one in fields(Former) if one.name in value}
            formers[path] = Former(**{"path": os.path.realpath(path), **known})
        elif not value:
            formers[path] = Former(os.path.realpath(path))
        elif former := adopt(Path(path)):  # None: it is back already
            formers[path] = former
    return formers


def to_record(formers: Mapping[str, Former]) -> dict[str, Any]:
    return {path: asdict(former) for path, former in formers.items()}


def keep(path: Path, former: Former) -> None:
    """Keep what stood there, unless it is kept already. Raises OSError."""
    kept = _kept_path(path, former)
    if not former.sha256 or kept.exists():
        return
    found = _with_hash(former, Path(former.path), backup_path(path))
    if found:
        KEPT.mkdir(parents=True, exist_ok=True)
        KEPT.chmod(0o700)
        atomic_file.replace(kept, found.content)


def content(path: Path, former: Former) -> bytes:
    """What stood there. Raises LabError where it is nowhere any more."""
    found = _with_hash(former, _kept_path(path, former), backup_path(path))
    if found is None:
        raise LabError(
            f"{path}: the file from before the lab is neither in {_kept_path(path, former)} nor in"
            f" {backup_path(path)}: put a copy of it in one of them (SHA-256 {former.sha256})"
        )
    return found.content


def own_backup(path: Path, former: Former) -> Path | None:
    """PATH.bak where the lab wrote it and nobody changed it since."""
    backup = backup_path(path)
    return backup if former.bak and not backup.is_symlink() and _with_hash(former, backup) else None


def discard(before: Mapping[str, Former], after: Mapping[str, Former]) -> None:
    """Remove what is kept of paths that are not recorded any more."""
    for path, former in before.items():
        if former.sha256 and path not in after:
            _kept_path(Path(path), former).unlink(missing_ok=True)
    with suppress(OSError):  # not there, or not empty
        KEPT.rmdir()


def _kept_path(path: Path, former: Former) -> Path:
    # The path for a person, the hash for us.
    return KEPT / f"{str(path).strip('/').replace('/', '-')[-100:]}.{former.sha256}"


def _with_hash(former: Former, *places: Path) -> Found | None:
    for place in places:
        with suppress(OSError):
            found = read(place)
            if found and found.sha256 == former.sha256:
                return found
    return None
