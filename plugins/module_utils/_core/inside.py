# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Files of a container or a simulated host, read by root of the machine, who trusts nothing that lies there.

A path is walked as a process whose root it is would walk it, so no link leads out; only a regular file is opened,
because a FIFO or a device may wait for ever or act; and only so much of it is read as a sane one has.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .libc import libc

MOST_BYTES = 1 << 20
# The number of openat2 is one and the same on every architecture.
_SYS_OPENAT2 = 437
# It excludes magic links (/proc/PID/root) as well.
_RESOLVE_IN_ROOT = 0x10
# It gives up (EAGAIN) at a ".." while anything is renamed or mounted on the machine, and is to be asked again.
_TRIES = 1000


@contextmanager
def opened(root: str | Path) -> Iterator[int]:
    """The descriptor of a directory that is somebody's root. Raises OSError."""
    descriptor = open_root(root)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_root(root: str | Path) -> int:
    return os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def read(root: int, path: str, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file. Raises OSError: not there, not a regular file, more than ``most`` bytes."""
    found = _walk(root, path, os.O_PATH)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", path)
        # The file that was checked, even if the path leads elsewhere by now.
        file = os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(found)
    with os.fdopen(file, "rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"has more than {most} bytes", path)
    return content


def names(root: int, path: str) -> list[str]:
    """The names in a directory, sorted. Raises OSError where there is none."""
    with directory(root, path) as descriptor:
        return sorted(os.listdir(descriptor))  # noqa: PTH208 -- a descriptor


@contextmanager
def directory(root: int, path: str) -> Iterator[int]:
    """The descriptor of a directory. Raises OSError where there is none."""
    descriptor = _walk(root, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _walk(root: int, path: str, flags: int) -> int:
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    number = 0
    for _try in range(_TRIES):
        found = libc.syscall(_SYS_OPENAT2, root, os.fsencode(path), how, ctypes.c_size_t(len(how)))
        if found >= 0:
            return int(found)
        number = ctypes.get_errno()
        if number != errno.EAGAIN:
            break
    raise OSError(number, os.strerror(number), path)
