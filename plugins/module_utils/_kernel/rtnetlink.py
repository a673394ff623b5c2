# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A netlink socket for many messages, and a reader for what the kernel sends back.

The library pyroute2 writes the messages (see _topology.requests); the socket and the reader are ours for the sake of
speed. Measured: to open the library's IPRoute costs 0.5 to 15 ms, to decode one link with it 0.2 ms, here 0.1 ms and
0.02 ms; a thousand namespaces are a thousand sockets and three thousand links.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30
GETNSID = 90

F_REQUEST, F_ACK = 0x1, 0x4
F_REPLACE, F_EXCL, F_CREATE, F_APPEND = 0x100, 0x200, 0x400, 0x800
_F_DUMP, _F_DUMP_INTERRUPTED = 0x300, 0x10
_ERROR, _DONE = 2, 3
_SOL_NETLINK, _EXT_ACK, _CAP_ACK = 270, 11, 10
_ERROR_TEXT = 1  # the kernel's own sentence in an acknowledgement
_SIOCGIFINDEX = 0x8933
_IFREQ = struct.Struct("=16si20x")
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
# The kernel answers into the receive buffer while it works through a batch; too many answers would overflow it.
_BATCH = 64
_BUFFER = 1 << 17
# The kernel answers within the call, or once another has let go of its lock: whoever waits longer waits for ever.
_SECONDS = 30
_TIMEVAL = struct.Struct("@ll")
# How often a dump is begun anew, because answers were lost or what it shows changed meanwhile.
_TRIES = 100

Attributes = dict[int, bytes]


@dataclass(frozen=True)
class Refusal:
    """What the kernel would not do: the position of the message, errno, and the kernel's own sentence if it has one."""

    position: int
    code: int
    text: str

    @property
    def sentence(self) -> str:
        return f"{os.strerror(self.code)} ({self.text})" if self.text else os.strerror(self.code)


def attributes(data: bytes, start: int = 0) -> Attributes:
    """Split a run of attributes into number -> bytes. Of a repeated one the last stays."""
    return dict(attribute_run(data, start))


def attribute_run(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each attribute of a run, repeated ones as well."""
    end = len(data)
    while start + 4 <= end:
        length, number = _ATTRIBUTE.unpack_from(data, start)
        if length < 4:
            break
        yield number & 0x3FFF, data[start + 4 : start + length]
        start += (length + 3) & ~3


def attribute(number: int, value: bytes) -> bytes:
    """One attribute, padded."""
    return _ATTRIBUTE.pack(len(value) + 4, number) + value + bytes(-len(value) % 4)


def message(kind: int, flags: int, body: bytes) -> bytes:
    """A message without its sequence number, which the socket gives it."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 0, 0) + body


class Socket:
    """A socket of the namespace in which it is opened, wherever the thread goes afterwards."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.pack(_SECONDS, 0))
        self._sequence = 0

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, messages: Iterable[bytes]) -> list[Refusal]:
        """Send encoded messages in order, many a system call; tell which of them the kernel refused.

        The kernel works on after a refusal. Only the last message of a batch asks for an acknowledgement: a refusal
        comes unasked.
        """
        refused: list[Refusal] = []
        everything = list(messages)
        for first in range(0, len(everything), _BATCH):
            batch = everything[first : first + _BATCH]
            numbers: dict[int, int] = {}
            packed = bytearray()
            for position, message in enumerate(batch):
                self._sequence += 1
                numbers[self._sequence] = first + position
                kind, flags = _HEADER.unpack_from(message)[1:3]
                flags |= F_REQUEST | (F_ACK if position == len(batch) - 1 else 0)
                packed += _HEADER.pack(len(message), kind, flags, self._sequence, 0) + message[_HEADER.size :]
                packed += bytes(-len(message) % 4)
            self._socket.send(packed)
            for kind, _flags, sequence, body in self._received():
                if kind != _ERROR or sequence not in numbers:
                    continue
                code = -struct.unpack_from("=i", body)[0]
                if code:
                    text = attributes(body, 20).get(_ERROR_TEXT, b"").rstrip(b"\0").decode(errors="replace")
                    refused.append(Refusal(numbers[sequence], code, text))
                if sequence == self._sequence:
                    break
        return refused

    def index_of(self, name: str) -> int:
        """The index of a link; 0 where there is none. By ioctl: it waits for no lock, where a message takes 0.3 ms."""
        try:
            answer = fcntl.ioctl(self._socket, _SIOCGIFINDEX, _IFREQ.pack(name.encode(), 0))
        except OSError as error:
            if error.errno == errno.ENODEV:
                return 0
            raise
        return _IFREQ.unpack(answer)[1]

    def ask(self, kind: int, header: bytes, extra: bytes = b"") -> bytes | None:
        """The body of the one answer to a question; None where the kernel knows no such thing."""
        self._sequence += 1
        self._socket.send(
            _HEADER.pack(16 + len(header) + len(extra), kind, F_REQUEST, self._sequence, 0) + header + extra
        )
        for answer, _flags, sequence, body in self._received():
            if sequence == self._sequence:
                return None if answer == _ERROR else body
        return None

    def dump(self, kind: int, header: bytes, extra: bytes = b"") -> list[bytes]:
        """The bodies of all answers. A dump that a change interrupted, or of which answers were lost, is repeated."""
        lost: OSError | None = None
        for _try in range(_TRIES):
            self._sequence += 1
            packed = _HEADER.pack(16 + len(header) + len(extra), kind, F_REQUEST | _F_DUMP, self._sequence, 0)
            self._socket.send(packed + header + extra)
            bodies: list[bytes] = []
            interrupted = False
            try:
                for answer, flags, sequence, body in self._received():
                    if sequence != self._sequence:
                        continue
                    interrupted |= bool(flags & _F_DUMP_INTERRUPTED)
                    if answer == _ERROR:
                        code = -struct.unpack_from("=i", body)[0]
                        raise OSError(code, os.strerror(code))
                    if answer == _DONE:
                        break
                    bodies.append(body)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                lost = error
                continue
            if not interrupted:
                return bodies
        raise lost or OSError(errno.EAGAIN, f"the kernel's list changed while it was read, {_TRIES} times: run again")

    def _received(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Messages as (type, flags, sequence, body), for as long as the caller wants more."""
        while True:
            try:
                data = self._socket.recv(_BUFFER)
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise OSError(
                        errno.ENOBUFS, "the kernel's answers were lost, for lack of memory: run again"
                    ) from error
                if error.errno == errno.EAGAIN:
                    raise OSError(
                        errno.ETIMEDOUT,
                        f"the kernel did not answer within {_SECONDS} s: does a link or namespace hang?",
                    ) from error
                raise
            start = 0
            while start + 16 <= len(data):
                length, kind, flags, sequence = _HEADER.unpack_from(data, start)[:4]
                yield kind, flags, sequence, data[start + 16 : start + length]
                start += (length + 3) & ~3
