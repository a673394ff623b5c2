# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Network namespaces: make, enter, name and remove them in process, without a fork.

A namespace is written as a name (a file of /run/netns, as iproute2 has them), as a path (anything with a "/":
a container's, a process's), or as "" for the machine's own, the one in which the process started.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libc import libc

from . import rtnetlink

DIRECTORY = Path("/run/netns")
OWN = ""

_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED = 0x1000, 0x4000, 0x100000
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8
# The thread's own, not the process's: /proc/self/ns is that of the first thread.
_CURRENT = "/proc/thread-self/ns/net"

Identity = tuple[int, int]


# os.unshare and os.setns need Python 3.12; libc has them everywhere.
def _call(function: str, *arguments: object, about: str) -> None:
    if getattr(libc, function)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), about)


def path_of(netns: str) -> str:
    """The file that stands for a namespace."""
    if netns == OWN:
        return _CURRENT
    return netns if "/" in netns else str(DIRECTORY / netns)


def spelled(netns: str | None) -> str:
    """One spelling for each namespace: a path into /run/netns becomes the name, nothing the machine's own."""
    for prefix in ("/run/netns/", "/var/run/netns/"):
        if netns and netns.startswith(prefix) and "/" not in netns[len(prefix) :]:
            return netns[len(prefix) :]
    return netns or OWN


def where(netns: str) -> str:
    """The namespace in a sentence."""
    return f"in namespace {netns}" if netns else "in the machine's own namespace"


def identity(netns: str) -> Identity | None:
    """Device and inode of the namespace; None where there is no such file, or it is not a namespace."""
    try:
        descriptor = _open(netns)
    except OSError:
        return None
    try:
        return identity_of(descriptor)
    finally:
        os.close(descriptor)


def identity_of(descriptor: int) -> Identity | None:
    """Device and inode of an opened namespace; None where it is another kind of file."""
    found = os.fstat(descriptor)
    # Every namespace is a file of the one nsfs; a plain file that a reboot left behind is not.
    return (found.st_dev, found.st_ino) if found.st_dev == _nsfs() else None


@cache
def _nsfs() -> int:
    return Path(_CURRENT).stat().st_dev


def _open(netns: str) -> int:
    return os.open(path_of(netns), os.O_RDONLY | os.O_CLOEXEC)


def leftover(name: str) -> bool:
    """Whether /run/netns has a file of that name that is no namespace: left by a reboot or a kill, or a link that leads
    nowhere, as one to the namespace of a process that ended.
    """
    return os.path.lexists(DIRECTORY / name) and identity(name) is None


def names() -> list[str]:
    """The named namespaces."""
    if not DIRECTORY.is_dir():
        return []
    return sorted(entry.name for entry in DIRECTORY.iterdir() if identity(entry.name))


def inhabited() -> frozenset[Identity]:
    """The namespaces in which processes live."""
    found = (identity(f"{process}/ns/net") for process in Path("/proc").glob("[0-9]*"))
    return frozenset(what for what in found if what is not None)


class Namespaces:
    """Walks between namespaces and always comes home: ``with Namespaces() as namespaces: ...``.

    Stay in one thread: a namespace is entered by a thread, not by a process.
    """

    def __enter__(self) -> Namespaces:
        self._home = os.open(_CURRENT, os.O_RDONLY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self.enter(self._home, OWN)
        finally:
            os.close(self._home)

    @contextmanager
    def opened(self, netns: str) -> Iterator[int]:
        """A file descriptor of the namespace."""
        if netns == OWN:
            yield self._home
            return
        descriptor = _open(netns)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def inside(self, netns: str) -> Iterator[None]:
        """Be in the namespace for the block."""
        with self.opened(netns) as descriptor:
            self.enter(descriptor, netns)
        try:
            yield
        finally:
            self.enter(self._home, OWN)

    @contextmanager
    def socket(self, descriptor: int) -> Iterator[rtnetlink.Socket]:
        """A netlink socket of the namespace; the thread itself is home again."""
        self.enter(descriptor)
        try:
            opened = rtnetlink.Socket()
        finally:
            self.enter(self._home)
        with opened:
            yield opened

    @contextmanager
    def fresh(self) -> Iterator[int]:
        """Be in a new, nameless namespace for the block; yields a descriptor that the caller closes."""
        _call("unshare", _CLONE_NEWNET, about="a new network namespace")
        try:
            yield os.open(_CURRENT, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            self.enter(self._home, OWN)

    @staticmethod
    def enter(descriptor: int, netns: str = "") -> None:
        _call("setns", descriptor, _CLONE_NEWNET, about=netns or "the machine's own namespace")


def bind(name: str, descriptor: int) -> None:
    """Give the namespace behind the descriptor its name, as ``ip netns add`` does."""
    target = DIRECTORY / name
    if target.is_symlink():
        # Through it, a file would be made where it leads.
        target.unlink()
    os.close(os.open(target, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0))
    source = f"/proc/self/fd/{descriptor}".encode()
    _call("mount", source, os.fsencode(target), b"none", _MS_BIND, None, about=str(target))


def remove(name: str) -> None:
    """Take the name away. The namespace dies when no process lives in it any more; what a link leads to stays."""
    target = DIRECTORY / name
    try:
        _call("umount2", os.fsencode(target), _MNT_DETACH | _UMOUNT_NOFOLLOW, about=str(target))
    except OSError as error:
        # EINVAL: a plain file; ENOENT: gone already. Both are what was wanted.
        if error.errno not in (errno.EINVAL, errno.ENOENT):
            raise
    target.unlink(missing_ok=True)


def prepare_directory() -> None:
    """Make /run/netns a shared mount as iproute2 does, so that a name removed in one mount namespace goes in all."""
    DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    target = os.fsencode(DIRECTORY)
    try:
        _call("mount", b"", target, b"none", _MS_SHARED | _MS_REC, None, about=str(DIRECTORY))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        _call("mount", target, target, b"none", _MS_BIND | _MS_REC, None, about=str(DIRECTORY))
        _call("mount", b"", target, b"none", _MS_SHARED | _MS_REC, None, about=str(DIRECTORY))
