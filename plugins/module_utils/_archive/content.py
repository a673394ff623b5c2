# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is in an archive: it is read as one that was made to do harm, and only programs are taken out of it."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file, regular_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason, shortened

from .kinds import Kind

_CHUNK = 1 << 20
# Of each program, once it is unpacked.
MODE = 0o755
_MOST_BYTES, _MOST_MEMBERS = 2 << 30, 10_000
# elf(5): the machine for which a program is, as uname(1) calls it.
_ELF, _MACHINE, _ORDER, _BIG = b"\x7fELF", slice(18, 20), 5, 2
_MACHINES = {3: "i686", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_LITTLE = {"ppc64": "ppc64le"}
_DAMAGE = (gzip.BadGzipFile, tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Content:
    """``machine``: for which its programs are, '' for one that is not known; ``bytes``: how much they take."""

    machine: str
    bytes: int


def checksum(path: Path) -> str:
    """Raises LabError where there is no such file."""
    total = hashlib.sha256()
    with _reading(path), regular_file.opened(path) as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def read(path: Path, kind: Kind) -> Content:
    """Look at every member. Raises LabError with the one reason why it is not to be unpacked."""
    found = {}
    machine = ""

    def look(name: str, stream: IO[bytes], size: int) -> None:
        nonlocal machine
        found[name] = size
        if name == kind.main:
            machine = _machine(stream.read(_MACHINE.stop))

    _each(path, kind, look)
    return Content(machine, sum(found.values()))


def unpack(path: Path, kind: Kind, into: Path) -> None:
    """Put its programs, and nothing else, into a directory. Each replaces its former in one step: that may run."""

    def write(name: str, stream: IO[bytes], _size: int) -> None:
        try:
            with atomic_file.written(into / name, MODE, (0, 0)) as written:
                shutil.copyfileobj(stream, written, _CHUNK)
        except OSError as error:
            raise LabError(f"{into / name} cannot be written: {reason(error)}") from error

    _each(path, kind, write)


def _each(path: Path, kind: Kind, use: Callable[[str, IO[bytes], int], None]) -> None:
    """Call ``use`` with name, content and size of each program that is taken."""
    seen: set[str] = set()
    with _reading(path), regular_file.opened(path) as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in _safe(archive):
            folder, name = PurePosixPath(member.name).parent, PurePosixPath(member.name).name
            if not member.isreg() or not kind.folder.fullmatch(str(folder)) or name not in kind.programs + kind.further:
                continue
            if name in seen:
                raise ValueError(f"{shortened(member.name)} is in it twice")
            seen.add(name)
            stream = archive.extractfile(member)
            if stream is not None:
                use(name, stream, member.size)
    missing = [name for name in kind.programs if name not in seen]
    if missing:
        raise LabError(
            f"it is not laid out as upstream's {kind.example}: {', '.join(missing)} {'are' if missing[1:] else 'is'}"
            " not there"
        )


def _safe(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members. Upstream's are files and directories below one folder."""
    total = 0
    for count, member in enumerate(archive):
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise LabError(f"its member {shortened(member.name)} is unsafe: it lies outside of the archive's folder")
        if not (member.isreg() or member.isdir()):
            raise LabError(f"its member {shortened(member.name)} is unsafe: it is neither a file nor a directory")
        total += member.size
        if total > _MOST_BYTES or count > _MOST_MEMBERS:
            raise LabError(f"it is too large: more than {_MOST_BYTES >> 30} GiB, or {_MOST_MEMBERS} members")
        yield member


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise LabError("there is no such file") from error
    # Before the errors of the system, to which gzip counts its own.
    except _DAMAGE as error:
        raise LabError(f"it is no tar archive compressed by gzip, or damaged: {shortened(error)}") from error
    except OSError as error:
        raise LabError(f"it cannot be read: {reason(error)}") from error


def _machine(head: bytes) -> str:
    if not head.startswith(_ELF) or len(head) < _MACHINE.stop:
        return ""
    if head[_ORDER] == _BIG:
        return _MACHINES.get(int.from_bytes(head[_MACHINE], "big"), "")
    machine = _MACHINES.get(int.from_bytes(head[_MACHINE], "little"), "")
    return _LITTLE.get(machine, machine)
