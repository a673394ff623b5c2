# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""ICMP echo for IPv4 and IPv6: packets, replies, and the errors that the kernel keeps for a socket.

Pure: bytes in, values out. Formats are those of RFC 792, RFC 4443 and linux/errqueue.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

# Largest payload that a packet of 65535 bytes holds behind the IPv4 and ICMP headers.
MOST_PAYLOAD = 65507
_ECHO = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # errno, origin, type, code, pad, info, data
_ORIGIN_LOCAL = 1
_SOL_RAW = 255
# Socket filters that let only echo replies through: a bit that is set blocks its type. For IPv6 that is all but 129,
# bit 1 of the fifth word.
_ONLY_REPLIES_4 = struct.pack("=I", 0xFFFFFFFE)
_ONLY_REPLIES_6 = struct.pack("=8I", *[0xFFFFFFFF] * 4, 0xFFFFFFFD, *[0xFFFFFFFF] * 3)


@dataclass(frozen=True)
class Dialect:
    """What differs between the two families. Option numbers are Linux's (linux/in.h, in6.h, icmp.h, icmpv6.h)."""

    family: int
    protocol: int
    level: int
    request: int
    reply: int
    headers: int  # bytes of the IP and ICMP headers around the payload
    mtu_discover: int
    mtu: int
    receive_errors: int
    filter: tuple[int, int, bytes]  # level, option, value


IPV4 = Dialect(
    family=socket.AF_INET,
    protocol=socket.IPPROTO_ICMP,
    level=socket.IPPROTO_IP,
    request=8,
    reply=0,
    headers=20 + 8,
    mtu_discover=10,
    mtu=14,
    receive_errors=11,
    filter=(_SOL_RAW, 1, _ONLY_REPLIES_4),
)
IPV6 = Dialect(
    family=socket.AF_INET6,
    protocol=socket.IPPROTO_ICMPV6,
    level=socket.IPPROTO_IPV6,
    request=128,
    reply=129,
    headers=40 + 8,
    mtu_discover=23,
    mtu=24,
    receive_errors=25,
    filter=(socket.IPPROTO_ICMPV6, 1, _ONLY_REPLIES_6),
)
# Values of IP_MTU_DISCOVER, the same for both families.
PMTUDISC_DONT = 0
PMTUDISC_DO = 2


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def payload(token: bytes, size: int) -> bytes:
    """``size`` bytes that tell one probe's packets from everybody else's."""
    return (token * (size // len(token) + 1))[:size]


def echo_request(dialect: Dialect, ident: int, sequence: int, data: bytes) -> bytes:
    """An echo request. For IPv6 the kernel fills in the checksum, which covers the addresses."""
    packet = _ECHO.pack(dialect.request, 0, 0, ident, sequence) + data
    if dialect is IPV6:
        return packet
    return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]


def renumbered(request: bytes, sequence: int) -> bytes:
    """An IPv4 echo request of sequence number 0 with another one, without summing its payload again (RFC 1624)."""
    total = (~struct.unpack_from("!H", request, 2)[0] & 0xFFFF) + sequence
    total = (total & 0xFFFF) + (total >> 16)
    return (
        request[:2]
        + struct.pack("!HHH", ~total & 0xFFFF, *struct.unpack_from("!H", request, 4), sequence)
        + request[8:]
    )


def echo_reply(dialect: Dialect, packet: bytes, ident: int, data: bytes) -> int | None:
    """The sequence number of a reply to ``ident`` that carries ``data``; None for any other packet.

    ``packet`` is what a raw socket reads: with the IP header for IPv4, without it for IPv6.
    """
    if dialect is IPV4:
        packet = packet[(packet[0] & 0x0F) * 4 :] if packet else b""
    if len(packet) < _ECHO.size:
        return None
    kind, code, _sum, its_ident, sequence = _ECHO.unpack_from(packet)
    if (kind, code, its_ident) != (dialect.reply, 0, ident) or packet[_ECHO.size :] != data:
        return None
    return sequence


@dataclass(frozen=True)
class EchoError:
    """Why one of our requests got no reply."""

    sequence: int | None  # None: the request did not leave this host
    path_mtu: int | None
    sentence: str


def echo_error(dialect: Dialect, request: bytes, ancillary: bytes, ident: int) -> EchoError | None:
    """Read one entry of a socket's error queue; None where it is about somebody else's packet.

    ``request`` is the part of our packet that came back, ``ancillary`` the kernel's sock_extended_err with
    the address of who sent the error.
    """
    number, origin, _type, _code, _pad, info, _data = _EXTENDED_ERROR.unpack_from(ancillary)
    mtu = info if number == errno.EMSGSIZE else None
    if origin == _ORIGIN_LOCAL:
        return EchoError(None, mtu, sentence(number))
    if len(request) < _ECHO.size:
        return None
    kind, _code, _sum, its_ident, sequence = _ECHO.unpack_from(request)
    if (kind, its_ident) != (dialect.request, ident):
        return None
    offender = _address(dialect, ancillary[_EXTENDED_ERROR.size :])
    return EchoError(sequence, mtu, f"{sentence(number)}, says {offender}" if offender else sentence(number))


def sentence(number: int | None) -> str:
    """The kernel's own words for an error number, as part of a sentence."""
    words = os.strerror(number or 0)
    return words[:1].lower() + words[1:]


def _address(dialect: Dialect, sockaddr: bytes) -> str | None:
    """The address in a struct sockaddr_in or sockaddr_in6."""
    start, length = (4, 4) if dialect is IPV4 else (8, 16)
    raw = sockaddr[start : start + length]
    return socket.inet_ntop(dialect.family, raw) if len(raw) == length and any(raw) else None
