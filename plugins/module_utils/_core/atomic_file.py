# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A file replaced in one step: readers see the old content or the new, and after a power cut it is one of the two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def replace(path: Path, content: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Write a file, as `written` does."""
    with written(path, mode, owner) as stream:
        stream.write(content)


@contextmanager
def written(path: Path, mode: int = 0o600, owner: tuple[int, int] | None = None) -> Iterator[IO[bytes]]:
    """A stream to write a file, which has its mode and owner (uid, gid) before its content: a key is never readable by
    others.

    Raises OSError. Where anything is raised, nothing is left behind. The path itself is replaced, not what a link there
    leads to.
    """
    temporary = f".{path.name}.{os.getpid()}"
    # By the directory's descriptor: whoever else writes in it cannot move the file elsewhere meanwhile.
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _sweep(path.name, directory)
        try:
            with _new(temporary, directory, mode, owner) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=directory)
            raise
        os.fsync(directory)
    finally:
        os.close(directory)


def _sweep(name: str, directory: int) -> None:
    """Remove what writers of this file left that were killed."""
    for left in os.listdir(directory):
        pid = left[len(name) + 2 :]
        if left.startswith(f".{name}.") and pid.isdecimal() and (int(pid) == os.getpid() or not _runs(pid)):
            with suppress(FileNotFoundError):
                os.unlink(left, dir_fd=directory)


def _runs(pid: str) -> bool:
    return Path("/proc", pid).exists()


def _new(name: str, directory: int, mode: int, owner: tuple[int, int] | None) -> IO[bytes]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=directory)
    stream = os.fdopen(descriptor, "wb")
    try:
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
    except BaseException:
        stream.close()
        raise
    return stream
