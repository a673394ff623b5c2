# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A socket that hears one interface of one namespace, and only the marked packets of one trace.

The kernel compares words at fixed places (bpf(4)), because a host's interface may carry a million packets a second.
What it lets through is read properly by `frames`.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces

from . import frames
from .frames import Mark

_ETH_P_ALL = 3
_PACKET_OUTGOING = 4
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_AUXDATA = 263, 6, 8
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS = 26, 35
_CHECKSUM_NOT_READY = 0x8
_AUXDATA = struct.Struct("=IIIHHHH")
_TIMESPEC = struct.Struct("@ll")
_LARGEST_FRAME = 1 << 16
# More than a socket's buffer holds, so that one turn empties it.
_MOST_AT_ONCE = 500
_ANCILLARY_BYTES = 256
# bpf(4): load a word, a halfword, a byte; and with a constant; compare; end.
_LD_W, _LD_H, _LD_B, _AND, _JEQ, _RET = 0x20, 0x28, 0x30, 0x54, 0x15, 0x06
_INSTRUCTION = struct.Struct("=HBBI")
_ALL_BITS = 0xFFFFFFFF
# Where the IP header begins: behind Ethernet, and inside VXLAN behind outer IP, UDP, VXLAN and inner Ethernet as well.
_PLAIN, _INSIDE_VXLAN = 14, 64
_PROTOCOL_AT = 23


@dataclass(frozen=True)
class Tap:
    """``netns``: a path or a name, "" for the host's own; ``identity``: by what the trace refers to it."""

    identity: int
    netns: str
    interface: str


@dataclass
class Sighting:
    """One marked packet at one tap; ``time``: nanoseconds of the host's clock, as the kernel stamped it."""

    tap: int
    time: int
    outgoing: bool
    checksum_left: bool  # to the network card: it is not in the frame yet
    frame: bytes
    seen: frames.Seen = field(default_factory=lambda: frames.Seen(frames.REQUEST))


class OpenTap:
    """A tap that listens. ``error``: why it hears nothing; '' where nothing is known against it."""

    def __init__(self, namespaces: Namespaces, tap: Tap, mark: Mark, sealed: bool) -> None:
        self.tap = tap
        self.error = ""
        self.socket: socket.socket | None = None
        self._mark = mark
        try:
            with namespaces.inside(tap.netns):
                opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        except PermissionError:
            raise  # as every other tap would
        except OSError as error:
            self.error = f"the namespace cannot be entered ({error.strerror})"
            return
        try:
            attach(opened, program(mark, sealed))
            opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            opened.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
            # Only now it hears: nothing comes before the filter is there.
            opened.bind((tap.interface, _ETH_P_ALL))
            opened.setblocking(False)
        except OSError as error:
            opened.close()
            self.error = "there is no such interface" if error.errno == errno.ENODEV else str(error.strerror)
            return
        self.socket = opened

    def sightings(self) -> Iterator[Sighting]:
        """What has come since the last time, and some of what comes meanwhile."""
        for _turn in range(_MOST_AT_ONCE):
            if self.socket is None:
                return
            try:
                frame, ancillary, _flags, address = self.socket.recvmsg(_LARGEST_FRAME, _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise
                # It hears again when the link is up.
                self.error = "the link is down"
                return
            seen = frames.read(frame, self._mark)
            if seen is not None:
                time, left = _ancillary(ancillary)
                outgoing = address[2] == _PACKET_OUTGOING
                yield Sighting(self.tap.identity, time, outgoing, left, frame, seen)

    def dropped(self) -> int:
        """How many marked packets came too fast to be read."""
        if self.socket is None:
            return 0
        return int(struct.unpack("=II", self.socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1])

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def _ancillary(messages: list[tuple[int, int, bytes]]) -> tuple[int, bool]:
    time, left = 0, False
    for level, kind, data in messages:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            time = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
            left = bool(_AUXDATA.unpack_from(data)[0] & _CHECKSUM_NOT_READY)
    return time, left


def attach(opened: socket.socket, instructions: bytes) -> None:
    """Let the kernel run a program over what a socket would hear."""
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    count = len(instructions) // _INSTRUCTION.size
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", count, ctypes.addressof(buffer)))


def nothing() -> bytes:
    """A program that lets nothing through: for sockets that only send."""
    return _INSTRUCTION.pack(_RET, 0, 0, 0)


def program(mark: Mark, sealed: bool = False) -> bytes:
    """A program that lets frames through which may have the mark.

    A load behind a frame's end ends the program. No frame with the mark ends before a place that is compared earlier:
    those of a frame in VXLAN, which come later, are in longer ones. ``sealed``: ESP as well, which may have anything in
    it.
    """
    code = b""
    if sealed:
        code += _compared(_LD_B, _PROTOCOL_AT, [frames.ESP])
    for at in (_PLAIN, _INSIDE_VXLAN):
        code += _arp(at, [int(IPv4Address(address)) for address in mark.addresses])
        code += b"".join(_compared(_LD_W, at + place, [mark.number], mask) for place, mask in _places(mark))
    return code + nothing()


def _places(mark: Mark) -> list[tuple[int, int]]:
    """Where the mark's word is, from the IP header on, and which of its bits: of a packet, and of a quoted one."""
    if mark.protocol == "tcp":
        return [(24, frames.TCP_MASK), (28, frames.TCP_MASK), (28 + 24, frames.TCP_MASK)]
    return [(28, _ALL_BITS), (28 + 28, _ALL_BITS)]


def _compared(load: int, at: int, values: list[int], mask: int = _ALL_BITS) -> bytes:
    code = _INSTRUCTION.pack(load, 0, 0, at)
    if mask != _ALL_BITS:
        code += _INSTRUCTION.pack(_AND, 0, 0, mask)
    for value in values:
        code += _INSTRUCTION.pack(_JEQ, 0, 1, value & mask) + _INSTRUCTION.pack(_RET, 0, 0, _LARGEST_FRAME)
    return code


def _arp(at: int, addresses: list[int]) -> bytes:
    """An ARP message that asks for one of the addresses, or is told to one of them."""
    inner = _compared(_LD_W, at + 24, addresses)
    skipped = len(inner) // _INSTRUCTION.size
    return _INSTRUCTION.pack(_LD_H, 0, 0, at - 2) + _INSTRUCTION.pack(_JEQ, 0, skipped, 0x0806) + inner
