# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A set of files as one desired state: planned together, written one by one in a single step each, and undone."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError, reason

BACKUP_SUFFIX = ".bak"
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
    """One file. ``content`` None: it should not be there. ``secret``: its content never shows, not even in a diff.

    ``backup``: a file that stood there before is kept once as PATH.bak, and comes back when ours goes.
    """

    path: Path
    content: str | None
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False
    backup: bool = False

    @property
    def backup_path(self) -> Path:
        return self.path.with_name(self.path.name + BACKUP_SUFFIX)


@dataclass(frozen=True)
class _Found:
    """A file as it is, with all that is needed to put it back."""

    content: bytes
    mode: int
    uid: int
    gid: int


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
            faults.append(f"{where}.path: {path} stands in {places[path]} already: remove one of them")
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
    """What has to change so that the files are as wanted. Made without touching anything; applied at most once."""

    def __init__(self, files: list[ManagedFile]) -> None:
        self.differences = Differences()
        self.changed_paths: list[Path] = []
        self._found = _read_all(file.path for file in files)
        self._files = [file for file in files if self._compare(file)]
        self._applied: list[ManagedFile] = []
        self._backups: list[Path] = []
        self._restored: list[ManagedFile] = []

    def apply(self) -> None:
        """Raises LabError for the first file that cannot be written; those before it are as wanted."""
        for file in self._files:
            try:
                self._apply(file)
            except OSError as error:
                raise LabError(f"{file.path} cannot be written: {reason(error)}") from error
            self._applied.append(file)

    def _apply(self, file: ManagedFile) -> None:
        if file.content is not None:
            if _write(file, self._found[file.path]):
                self._backups.append(file.backup_path)
        elif _remove(file):
            self._restored.append(file)

    def undo(self) -> None:
        """Put every file that was applied back as it was found.

        For when what reads them does not come up with the new ones, or one of them cannot be written.
        """
        for file in self._restored:
            shutil.move(file.path, file.backup_path)
        for file in self._applied:
            found = self._found[file.path]
            if found is None:
                file.path.unlink(missing_ok=True)
            else:
                _replace(file.path, found.content, found.mode, found.uid, found.gid)
        for backup in self._backups:
            backup.unlink(missing_ok=True)

    def _compare(self, file: ManagedFile) -> bool:
        """Record how the file differs from what is wanted; tell whether it does."""
        found = self._found[file.path]
        if file.content is None:
            after = "restored from its backup" if _has_backup(file) else None
            if not self.differences.compare(str(file.path), "present" if found else None, after):
                return False
        elif found is None:
            self.differences.add(str(file.path), None, "secret" if file.secret else f"\n{file.content}")
        elif not self._compare_present(file, file.content, found):
            return False
        self.changed_paths.append(file.path)
        return True

    def _compare_present(self, file: ManagedFile, content: str, found: _Found) -> bool:
        changes = []
        if found.content != content.encode():
            before, after = found.content.decode(errors="replace"), content
            shown = ("secret", "another secret") if file.secret else (f"\n{before}", f"\n{after}")
            self.differences.add(str(file.path), *shown)
            changes.append(True)
        changes.append(self.differences.compare(f"{file.path}: mode", f"{found.mode:04o}", f"{file.mode:04o}"))
        before_owner, after_owner = (found.uid, found.gid), (_uid(file.owner), _gid(file.group))
        changes.append(self.differences.compare(f"{file.path}: owner", before_owner, after_owner))
        return any(changes)


def remember(files: list[ManagedFile], written: dict[str, bool]) -> dict[str, bool]:
    """The record of what is written with ``backup``: path -> whether another file stood there before."""
    new = {str(file.path): file.path.exists() or file.backup_path.exists() for file in files if file.backup}
    return {**new, **written}


def to_remove(files: list[ManagedFile], written: dict[str, bool]) -> list[ManagedFile]:
    """Without the files with ``backup`` that are not ours: never written, or back again from their backups already."""
    return [
        file
        for file in files
        if not file.backup or (str(file.path) in written and (file.backup_path.exists() or not written[str(file.path)]))
    ]


def _uid(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _has_backup(file: ManagedFile) -> bool:
    return file.backup and file.backup_path.is_file()


def _read_all(paths: Iterable[Path]) -> dict[Path, _Found | None]:
    """Every file as it is. Raises LabError with a line for each that cannot be read."""
    found, faults = {}, []
    for path in paths:
        try:
            found[path] = _read(path)
        except IsADirectoryError:
            faults.append(f"{path} is a directory, not a file: remove it, or choose another path")
        except OSError as error:
            faults.append(f"{path} cannot be read: {reason(error)}")
    if faults:
        raise LabError(faults)
    return found


def _read(path: Path) -> _Found | None:
    try:
        status = path.stat()
        return _Found(path.read_bytes(), status.st_mode & 0o7777, status.st_uid, status.st_gid)
    except FileNotFoundError:
        return None


def _write(file: ManagedFile, found: _Found | None) -> bool:
    """Write the file; tell whether that made a backup."""
    assert file.content is not None
    _make_directory(file.path.parent)
    backing_up = file.backup and found is not None and not file.backup_path.exists()
    if found is not None and backing_up:
        _replace(file.backup_path, found.content, found.mode, found.uid, found.gid)
    _replace(file.path, file.content.encode(), file.mode, _uid(file.owner), _gid(file.group))
    return backing_up


def _make_directory(path: Path) -> None:
    """Make a directory and those above it. A strict umask must not hide files from the service that reads them."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o755)


def _replace(path: Path, content: bytes, mode: int, uid: int, gid: int) -> None:
    """Write a file in one step. It has its mode before it has its content: a key is never readable by others."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchown(descriptor, uid, gid)
            os.fchmod(descriptor, mode)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def _remove(file: ManagedFile) -> bool:
    """Remove the file; tell whether its backup came back."""
    if _has_backup(file):
        shutil.move(file.backup_path, file.path)
        return True
    file.path.unlink(missing_ok=True)
    # A directory that only held what is ours goes with it.
    for parent in list(file.path.parents)[:2]:
        if "overlay-lab" not in parent.parts or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
    return False
