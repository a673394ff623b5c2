# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Holding RTNL, the lock of the kernel under which all network configuration changes, for a moment.

No system call takes it and returns. But an ioctl(2) of ethtool reads its argument while it holds the lock, and the
second half of this argument is on a page that userfaultfd(2) provides only when the lock may be released. What ethtool
reads then is no request, so it changes nothing. A process that is killed meanwhile releases the lock.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libc import libc

# System call numbers; the second one is that of all architectures since arm64.
_USERFAULTFD = {"x86_64": 323, "aarch64": 282, "riscv64": 282, "ppc64le": 364, "s390x": 355}
# linux/userfaultfd.h: (ioctl, struct). The structs begin with what is given; the kernel fills in the rest.
_UFFD_API, _API = 0xAA, (0xC018AA3F, "QQQ")
_REGISTER = (0xC020AA00, "QQQQ")
_ZEROPAGE = (0xC020AA04, "QQQq")
_MODE_MISSING = 1
_MESSAGE_BYTES = 32
# linux/sockios.h, linux/ethtool.h
_SIOCETHTOOL, _SET_FEATURES = 0x8946, 0x3B
_IFREQ_BYTES = 40
_FAULT_SECONDS = 5


@contextmanager
def held() -> Iterator[bool]:
    """Hold RTNL during the block, which must not need it. Yields False where this kernel has no way to: the block runs
    without the lock.
    """
    number = _USERFAULTFD.get(os.uname().machine)
    descriptor = libc.syscall(number, os.O_CLOEXEC) if number else -1
    if descriptor < 0:
        yield False
        return
    try:
        with mmap.mmap(-1, 2 * mmap.PAGESIZE) as pages:
            yield from _held(descriptor, pages)
    finally:
        os.close(descriptor)


def _held(descriptor: int, pages: mmap.mmap) -> Iterator[bool]:
    first = ctypes.c_char.from_buffer(pages)
    missing = ctypes.addressof(first) + mmap.PAGESIZE
    argument = struct.pack("=I", _SET_FEATURES)
    pages[mmap.PAGESIZE - len(argument) : mmap.PAGESIZE] = argument
    _ask(descriptor, _API, _UFFD_API)
    _ask(descriptor, _REGISTER, missing, mmap.PAGESIZE, _MODE_MISSING)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = ctypes.create_string_buffer(struct.pack("=16sQ", b"lo", missing - len(argument)), _IFREQ_BYTES)
        holder = threading.Thread(target=libc.ioctl, args=(control.fileno(), _SIOCETHTOOL, request))
        holder.start()
        try:
            readable = select.select([descriptor], [], [], _FAULT_SECONDS)[0]
            yield bool(readable and os.read(descriptor, _MESSAGE_BYTES))
        finally:
            _ask(descriptor, _ZEROPAGE, missing, mmap.PAGESIZE)
            holder.join()
            # The buffer is closed only when nothing refers to it.
            del first


def _ask(descriptor: int, call: tuple[int, str], *given: int) -> None:
    number, layout = call
    count = len(struct.unpack(layout, bytes(struct.calcsize(layout))))
    buffer = ctypes.create_string_buffer(struct.pack(layout, *given, *[0] * (count - len(given))))
    if libc.ioctl(descriptor, ctypes.c_ulong(number), buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "userfaultfd")
