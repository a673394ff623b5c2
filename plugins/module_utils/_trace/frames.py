# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The marked packets of one trace: how they are told from all others, in a frame as an interface carries it. Pure.

A marked packet is an ICMP echo or UDP datagram whose payload begins with the mark, or a TCP SYN whose sequence number
comes from it. It is found inside VXLAN and inside the ICMP error that quotes it, too. The ARP requests that have to be
answered before it can leave have no mark: they are told by both addresses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp

ICMP, TCP, UDP, ESP = 1, 6, 17, 50
PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP}
REQUEST, REPLY, ERROR, ARP_REQUEST, ARP_REPLY, SEALED = "request", "reply", "error", "arp request", "arp reply", "esp"
RESET = "RST"

_ETHERNET = 14
_IPV4, _ARP = 0x0800, 0x0806
_UDP_HEADER, _ICMP_HEADER, _VXLAN_HEADER = 8, 8, 8
_VXLAN_FLAG = 0x08
_ECHO_REQUEST, _ECHO_REPLY, _UNREACHABLE, _TIME_EXCEEDED = 8, 0, 3, 11
_FRAGMENTATION_NEEDED = 4
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_MOST_LAYERS = 3
# Of a TCP sequence number, what tells the packets of one trace apart. None of them is the last one: an acknowledgement
# is the number after it.
SEQUENCE_BITS = 4
MOST_PACKETS = (1 << SEQUENCE_BITS) - 1
TCP_MASK = 0xFFFFFFFF ^ MOST_PACKETS
# RFC 792 and 1812; what Linux says of packets that it rejects or cannot deliver.
_UNREACHABLE_WORDS = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    9: "network prohibited",
    10: "host prohibited",
    13: "administratively prohibited",
}


@dataclass(frozen=True)
class Mark:
    """``token``: eight bytes that no other trace has; ``addresses``: of both ends, as the first hop has them."""

    token: bytes
    protocol: str
    addresses: tuple[str, ...] = ()
    vxlan_ports: tuple[int, ...] = (4789,)

    @property
    def number(self) -> int:
        """What a filter in the kernel compares: the first word of a payload, or of a sequence number."""
        return struct.unpack_from("!I", self.token)[0]

    @property
    def ident(self) -> int:
        return struct.unpack_from("!H", self.token, 4)[0]

    def tcp_sequence(self, index: int) -> int:
        return (self.number & TCP_MASK) | index

    def index_of(self, tcp_sequence: int) -> int | None:
        if tcp_sequence & TCP_MASK != self.number & TCP_MASK:
            return None
        return tcp_sequence & MOST_PACKETS

    def payload(self, index: int, size: int) -> bytes:
        """``size`` bytes that begin with the mark and the packet's index, as far as there is room."""
        start = self.token + struct.pack("!H", index)
        return (start + bytes(max(0, size - len(start))))[:size]

    def index_in(self, payload: bytes) -> int | None:
        """The index of the packet with this payload; None where it is not ours."""
        if payload[:8] != self.token or len(payload) < 10:
            return None
        return int(struct.unpack_from("!H", payload, 8)[0])


@dataclass
class Seen:
    """One of our packets in a frame: the headers from the outside in, and what it is."""

    kind: str
    index: int | None = None  # None: an ARP message or an ESP packet is none of ours by number
    layers: list[dict[str, Any]] = field(default_factory=list)
    vni: int | None = None
    udp_port: int | None = None  # of the VXLAN
    said: str = ""  # TCP flags, or what an error says
    mtu: int | None = None  # that an error demands


def read(frame: bytes, mark: Mark) -> Seen | None:
    """The marked packet in an Ethernet frame; None where there is none."""
    try:
        return _ethernet(frame, 0, Seen(REQUEST), mark)
    except (struct.error, IndexError, ValueError):
        return None  # cut short, or malformed


def _ethernet(frame: bytes, at: int, seen: Seen, mark: Mark) -> Seen | None:
    kind = struct.unpack_from("!H", frame, at + 12)[0]
    if kind == _ARP:
        return _arp(frame[at + _ETHERNET :], seen, mark)
    if kind != _IPV4 or len(seen.layers) == _MOST_LAYERS:
        return None
    return _ip(frame, at + _ETHERNET, seen, mark)


def _arp(body: bytes, seen: Seen, mark: Mark) -> Seen | None:
    operation = struct.unpack_from("!H", body, 6)[0]
    sender, target = (str(IPv4Address(body[start : start + 4])) for start in (14, 24))
    if operation not in (1, 2) or {sender, target} != set(mark.addresses):
        return None
    seen.kind = ARP_REQUEST if operation == 1 else ARP_REPLY
    seen.layers.append({"src": sender, "dst": target, "protocol": "arp", "mac": body[8:14].hex(":")})
    return seen


def _ip(data: bytes, at: int, seen: Seen, mark: Mark) -> Seen | None:
    if data[at] >> 4 != 4:
        return None
    length, _ident, fragment, ttl, protocol = struct.unpack_from("!HHHBB", data, at + 2)
    layer = {
        "src": str(IPv4Address(data[at + 12 : at + 16])),
        "dst": str(IPv4Address(data[at + 16 : at + 20])),
        "protocol": protocol,
        "ttl": ttl,
        "length": length,
        "dont_fragment": bool(fragment & 0x4000),
        "fragment": bool(fragment & 0x2000),
    }
    seen.layers.append(layer)
    if fragment & 0x1FFF:
        return None  # only the first fragment has the headers
    body = at + (data[at] & 0x0F) * 4
    readers = {ICMP: _icmp, TCP: _tcp, UDP: _udp, ESP: _esp}
    return readers[protocol](data, body, seen, mark) if protocol in readers else None


def _udp(data: bytes, at: int, seen: Seen, mark: Mark) -> Seen | None:
    seen.layers[-1].update(zip(("src_port", "dst_port"), struct.unpack_from("!HH", data, at)))
    body = at + _UDP_HEADER
    if seen.layers[-1]["dst_port"] in mark.vxlan_ports and data[body] & _VXLAN_FLAG:
        seen.vni = struct.unpack_from("!I", data, body + 4)[0] >> 8
        seen.udp_port = seen.layers[-1]["dst_port"]
        return _ethernet(data, body + _VXLAN_HEADER, seen, mark)
    return _numbered(seen, mark.index_in(data[body : body + 10])) if mark.protocol == "udp" else None


def _icmp(data: bytes, at: int, seen: Seen, mark: Mark) -> Seen | None:
    kind, code = data[at], data[at + 1]
    body = at + _ICMP_HEADER
    if kind in (_ECHO_REQUEST, _ECHO_REPLY):
        if mark.protocol != "icmp":
            return None
        seen.kind = REQUEST if kind == _ECHO_REQUEST else REPLY
        return _numbered(seen, mark.index_in(data[body : body + 10]))
    if kind not in (_UNREACHABLE, _TIME_EXCEEDED):
        return None
    quoted = _ip(data, body, Seen(REQUEST), mark)
    if quoted is None or quoted.kind != REQUEST:
        return None
    seen.kind, seen.index = ERROR, quoted.index
    seen.said = _UNREACHABLE_WORDS.get(code, f"unreachable, code {code}") if kind == _UNREACHABLE else "TTL exceeded"
    if (kind, code) == (_UNREACHABLE, _FRAGMENTATION_NEEDED):
        seen.mtu = struct.unpack_from("!H", data, at + 6)[0]
    return seen


def _tcp(data: bytes, at: int, seen: Seen, mark: Mark) -> Seen | None:
    source, target, number = struct.unpack_from("!HHI", data, at)
    seen.layers[-1].update(src_port=source, dst_port=target)
    if mark.protocol != "tcp":
        return None
    # What an error quotes may end behind the sequence number.
    if len(data) < at + 14:
        return _numbered(seen, mark.index_of(number))
    acknowledged, _offset, flags = struct.unpack_from("!IBB", data, at + 8)
    if flags & _SYN and not flags & _ACK:
        seen.said = "SYN"
        return _numbered(seen, mark.index_of(number))
    if flags & _ACK and flags & (_SYN | _RST):
        seen.kind = REPLY
        seen.said = "SYN-ACK" if flags & _SYN else RESET
        return _numbered(seen, mark.index_of((acknowledged - 1) & 0xFFFFFFFF))
    return None


def _esp(_data: bytes, _at: int, seen: Seen, _mark: Mark) -> Seen | None:
    """What is inside, only the two ends of the tunnel know."""
    seen.kind = SEALED
    return seen


def _numbered(seen: Seen, index: int | None) -> Seen | None:
    seen.index = index
    return seen if index is not None else None


def checksum_of_tcp(source: str, target: str, segment: bytes) -> int:
    """Of a segment whose own field is zero; RFC 9293, 3.1: with addresses, protocol and length in front."""
    pseudo = IPv4Address(source).packed + IPv4Address(target).packed + struct.pack("!BBH", 0, TCP, len(segment))
    return icmp.checksum(pseudo + segment)


def syn(source: tuple[str, int], target: tuple[str, int], sequence: int) -> bytes:
    """A TCP segment that asks for a connection. The sender's kernel knows of none, and answers the reply with RST."""

    def segment(checksum: int) -> bytes:
        return struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, _SYN, 64240, checksum, 0)

    return segment(checksum_of_tcp(source[0], target[0], segment(0)))
