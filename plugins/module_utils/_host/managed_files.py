# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A set of files as one desired state: planned together, written one by one in a single step each, and undone."""

from __future__ import annotations

import fcntl
import grp
import hashlib
import os
import pwd
import re
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

from . import kept_files as kept
from . import selinux
from .kept_files import Former, Found

# linux/fs.h: _IOR('f', 1, long), and what chattr(1) sets.
_FS_IOC_GETFLAGS = 0x80006601 | struct.calcsize("l") << 16
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20
# With its zero: an unquoted 0644 is the number 420 by the time it comes here, which would pass for r---w----.
_MODE = re.compile(r"0[0-7]{3}")

# The option of every module that takes such files.
FILE_OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "secret_content": {"type": "str", "no_log": True},
    "mode": {"type": "str", "default": "0644"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "backup": {"type": "bool", "default": False},
}


@dataclass(frozen=True)
class ManagedFile:
    """One file. ``content`` None: it should not be there; bytes are shown by their hash. ``secret``: its content never
    shows, not even in a diff.

    ``backup``: a file that stood there before is kept (kept_files), and comes back when ours goes. ``shared``: people
    write it as well. In both cases a link at the path stays, and the file is the one that it leads to; else the path is
    the lab's own, and what a link there leads to is not touched.
    """

    path: Path
    content: str | bytes | None
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False
    backup: bool = False
    shared: bool = False


def parse(options: list[dict[str, Any]], present: bool) -> list[ManagedFile]:
    """Files from a module's options (FILE_OPTIONS). Raises LabError with every fault in them."""
    faults, files = [], []
    places: dict[Path, str] = {}
    for index, option in enumerate(options):
        where = f"files[{index}]"
        path = Path(option["path"])
        contents = [option[key] for key in ("content", "secret_content") if option[key] is not None]
        if not path.is_absolute():
            faults.append(f"{where}.path: {path} is not an absolute path")
        if places.setdefault(path, where) != where:
            faults.append(f"{where}.path: {path} is listed in {places[path]} already: remove one of them")
        if present and len(contents) != 1:
            faults.append(f"{where}: {path} needs one of content and secret_content")
        if not _MODE.fullmatch(option["mode"]):
            faults.append(f'{where}.mode: {option["mode"]} is not a mode such as "0644": write it in octal, in quotes')
        if present:
            faults += [f"{where}.{name}: there is no {kind} {option[name]}" for name, kind in _unknown_owners(option)]
        if not faults:
            files.append(
                ManagedFile(
                    path=path,
                    content=contents[0] if present else None,
                    mode=int(option["mode"], 8),
                    owner=option["owner"],
                    group=option["group"],
                    secret=option["secret_content"] is not None,
                    backup=option["backup"],
                )
            )
    if faults:
        raise LabError(faults)
    return files


def _unknown_owners(option: dict[str, Any]) -> list[tuple[str, str]]:
    unknown = []
    for name, lookup, kind in (("owner", pwd.getpwnam, "user"), ("group", grp.getgrnam, "group")):
        try:
            lookup(option[name])
        except KeyError:
            unknown.append((name, kind))
    return unknown


class Plan:
    """What has to change so that the files are as wanted. Made without touching anything; applied at most once.

    ``formers``: what stood at the paths of files with ``backup``, as recorded; such a file that is not recorded is not
    ours, and stays. None: nothing is recorded on this host, so PATH.bak tells. The attribute ``formers`` is what is to
    be recorded, after keep() and before apply(). ``notes``: what a person has to know of files that somebody edited.
    """

    def __init__(self, files: list[ManagedFile], formers: Mapping[str, Former] | None = None) -> None:
        self.differences = Differences()
        self.changed_paths: list[Path] = []
        self.notes: list[str] = []
        self.formers = dict(formers or {})
        self._former = {file.path: _former(file, formers) for file in files if file.backup}
        files = [file for file in files if file.content is not None or self._former.get(file.path) or not file.backup]
        self._places = {file.path: self._place(file) for file in files}
        self._found = _read_all(self._places)
        self._moment = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
        # What was where, in the order in which it is changed.
        self._before: list[tuple[Path, Found | None]] = []
        faults: list[str] = []
        self._files = [file for file in files if self._compare(file, faults)]
        obstacles = {file.path: obstacle(self._places[file.path]) for file in self._files}
        faults += [f"{path} cannot be written: {why}" for path, why in obstacles.items() if why]
        if faults:
            raise LabError(faults)
        for file in files:
            self._remember(file)

    def keep(self) -> None:
        """Keep what stood there before, so that the record of it tells the truth. Raises LabError."""
        for path, former in self.formers.items():
            try:
                kept.keep(Path(path), former)
            except OSError as error:
                raise LabError(f"{path} cannot be kept in {kept.KEPT}: {reason(error)}") from error

    def apply(self) -> None:
        """Raises LabError for the first file that cannot be written; those before it are as wanted."""
        self.keep()
        for file in self._files:
            try:
                if file.content is None:
                    self._remove(file)
                else:
                    self._write(file, file.content)
            except OSError as error:
                raise LabError(f"{file.path} cannot be written: {reason(error)}") from error
        selinux.label(str(path) for path in self.changed_paths if path.exists())

    def undo(self) -> None:
        """Put every file that was changed back as it was found.

        For when what reads them does not come up with the new ones, or one of them cannot be written.
        """
        for path, before in reversed(self._before):
            kept.put(path, before)

    def _place(self, file: ManagedFile) -> Path:
        """The file itself. What was recorded comes back where it was, wherever a link leads by now."""
        former = self._former.get(file.path)
        if former and file.content is None:
            return Path(former.path)
        return Path(os.path.realpath(file.path)) if file.backup or file.shared else file.path

    def _write(self, file: ManagedFile, content: str | bytes) -> None:
        found, former, place = self._found[file.path], self._former.get(file.path), self._places[file.path]
        _make_directory(place.parent)
        backup = kept.backup_path(file.path)
        if former and former.bak and found and found.sha256 == former.sha256 and not os.path.lexists(backup):
            self._put(backup, found)
        self._put(place, Found(_bytes(content), file.mode, _uid(file.owner), _gid(file.group)))

    def _remove(self, file: ManagedFile) -> None:
        found, former, place = self._found[file.path], self._former.get(file.path), self._places[file.path]
        if found and _edited(found, former):
            self._put(self._aside(file.path), found)
        self._put(place, _restored(file.path, former))
        if former and (own := kept.own_backup(file.path, former)):
            self._put(own, None)
        _remove_empty_directories(place)

    def _aside(self, path: Path) -> Path:
        return path.with_name(f"{path.name}.{self._moment}.edited")

    def _put(self, path: Path, found: Found | None) -> None:
        self._before.append((path, kept.read(path)))
        kept.put(path, found)

    def _compare(self, file: ManagedFile, faults: list[str]) -> bool:
        """Record how the file differs from what is wanted; tell whether it does."""
        found = self._found[file.path]
        if file.content is None:
            if not self._compare_absent(file, found, faults):
                return False
        elif found is None:
            self.differences.add(str(file.path), None, "secret" if file.secret else _shown(file.content, file.content))
        elif not self._compare_present(file, file.content, found):
            return False
        self.changed_paths.append(file.path)
        return True

    def _compare_absent(self, file: ManagedFile, found: Found | None, faults: list[str]) -> bool:
        former = self._former.get(file.path)
        try:
            wanted = _restored(file.path, former)
        except LabError as error:
            faults.extend(error.faults)
            return False
        if found and _edited(found, former):
            self.notes.append(
                f"{file.path} was edited since the lab wrote it: that is kept as {self._aside(file.path)}"
            )
        if wanted is not None and found == wanted:
            # It came back already, in a run that was killed, or somebody put it back.
            left = former and kept.own_backup(file.path, former)
            return self.differences.compare(str(kept.backup_path(file.path)), "present" if left else None, None)
        after = "restored from its backup" if wanted else None
        return self.differences.compare(str(file.path), "present" if found else None, after)

    def _compare_present(self, file: ManagedFile, content: str | bytes, found: Found) -> bool:
        changes = []
        if found.content != _bytes(content):
            shown = (_shown(found.content, content), _shown(content, content))
            self.differences.add(str(file.path), *(("secret", "another secret") if file.secret else shown))
            changes.append(True)
        changes.append(self.differences.compare(f"{file.path}: mode", f"{found.mode:04o}", f"{file.mode:04o}"))
        before_owner, after_owner = (found.uid, found.gid), (_uid(file.owner), _gid(file.group))
        changes.append(self.differences.compare(f"{file.path}: owner", before_owner, after_owner))
        return any(changes)

    def _remember(self, file: ManagedFile) -> None:
        """What the record will say of a file with ``backup``. One that is as wanted and not ours stays as it is."""
        if not file.backup:
            return
        if file.content is None:
            self.formers.pop(str(file.path), None)
            return
        former = self._former[file.path]
        if former is None and file in self._files:
            former = kept.former_of(file.path, self._places[file.path], self._found[file.path])
            self._former[file.path] = former
        if former:
            wrote = hashlib.sha256(_bytes(file.content)).hexdigest()
            self.formers[str(file.path)] = replace(former, wrote=wrote)


def obstacle(place: Path) -> str:
    """Why root cannot replace a file, so far as that can be seen before it is tried; '' for nothing."""
    if str(place) in _mount_points():
        return f"it is a mount of its own: unmount it (umount {place}), or edit what is mounted there"
    directory = next(parent for parent in place.parents if parent.is_dir())
    for path in (place, directory):
        for flag, word, letter in ((_IMMUTABLE, "immutable", "i"), (_APPEND_ONLY, "append-only", "a")):
            if _attributes(path) & flag:
                return f"{path} is {word}: remove that attribute (chattr -{letter} {path})"
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        return f"{directory} is on a read-only file system: mount it read-write"
    return ""


def _mount_points() -> set[str]:
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return set()
    # proc(5): the fifth field, with blanks and backslashes as octal numbers.
    return {re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4]) for line in lines}


def _attributes(path: Path) -> int:
    """The attributes of lsattr(1); 0 where the file system has none, or there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, _FS_IOC_GETFLAGS, bytes(8))[:4], sys.byteorder)
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def _former(file: ManagedFile, formers: Mapping[str, Former] | None) -> Former | None:
    if formers is not None:
        return formers.get(str(file.path))
    return kept.adopt(file.path) or (Former(os.path.realpath(file.path)) if file.content is None else None)


def _restored(path: Path, former: Former | None) -> Found | None:
    """What stood there before; None for nothing. Raises LabError where it is lost."""
    if former is None or not former.sha256:
        return None
    return Found(kept.content(path, former), former.mode, former.uid, former.gid)


def _edited(found: Found, former: Former | None) -> bool:
    """Whether somebody wrote there since the lab did, and something that is kept nowhere."""
    return bool(former and former.wrote and found.sha256 not in (former.wrote, former.sha256))


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _shown(content: str | bytes, wanted: str | bytes) -> str:
    """As a difference shows it: the text where a text is wanted, else by which bytes can be told apart."""
    if isinstance(wanted, bytes):
        return f"sha256 {hashlib.sha256(_bytes(content)).hexdigest()[:12]}"
    return "\n" + (content if isinstance(content, str) else content.decode(errors="replace"))


def _uid(name: str) -> int:
    return int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid


def _read_all(places: Mapping[Path, Path]) -> dict[Path, Found | None]:
    """Every file as it is, path -> what is at its place. Raises LabError with a line for each that cannot be read."""
    found, faults = {}, []
    for path, place in places.items():
        try:
            found[path] = kept.read(place)
        except IsADirectoryError:
            faults.append(f"{path} is a directory, not a file: remove it, or choose another path")
        except OSError as error:
            faults.append(f"{path} cannot be read: {reason(error)}")
    if faults:
        raise LabError(faults)
    return found


def _make_directory(path: Path) -> None:
    """Make a directory and those above it. A strict umask must not hide files from the service that reads them."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o755)


def _remove_empty_directories(path: Path) -> None:
    """A directory that only held what is ours goes with it."""
    for parent in list(path.parents)[:2]:
        drop_in = parent == path.parent and parent.suffix == ".d" and path.name.startswith("overlay-lab")
        ours = drop_in or "overlay-lab" in parent.parts
        if not ours or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
