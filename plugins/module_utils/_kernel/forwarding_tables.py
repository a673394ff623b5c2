# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""How a namespace forwards to other hosts: its forwarding database and its neighbour table."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address
from socket import AF_UNSPEC

from . import rtnetlink

AF_BRIDGE = 7
# The forwarding entry of a VXLAN for what has no entry of its own.
FLOOD = "00:00:00:00:00:00"
_NDMSG = struct.Struct("=BxxxiHBB")  # family, interface index, state, flags, type
_NDA_DST, _NDA_LLADDR, _NDA_PORT, _NDA_VNI, _NDA_IFINDEX = 1, 2, 6, 7, 8


@dataclass(frozen=True)
class Entry:
    """A MAC address behind an interface, and where it is: for a VXLAN its VTEP, for a neighbour its address."""

    index: int  # of the interface
    mac: str
    address: str | None  # None: the entry has none, as a bridge's own have
    # Of a VXLAN's entry, where it differs from the VXLAN's own.
    port: int | None = None
    vni: int | None = None
    via: int | None = None  # index of the interface through which the VTEP is reached


def fdb(here: rtnetlink.Socket) -> list[Entry]:
    """What ``bridge fdb`` shows; the address is that of a VXLAN's VTEP."""
    return [entry(body) for body in here.dump(rtnetlink.GETNEIGH, _NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0))]


def neighbours(here: rtnetlink.Socket) -> list[Entry]:
    """What ``ip neigh`` shows, IPv4 and IPv6, without those whose MAC is not known."""
    found = [entry(body) for body in here.dump(rtnetlink.GETNEIGH, _NDMSG.pack(AF_UNSPEC, 0, 0, 0, 0))]
    return [one for one in found if one.mac]


def entry(body: bytes) -> Entry:
    """Read the body of one answer."""
    _family, index, _state, _flags, _type = _NDMSG.unpack_from(body)
    found = rtnetlink.attributes(body, _NDMSG.size)
    address = found.get(_NDA_DST)
    return Entry(
        index,
        found.get(_NDA_LLADDR, b"").hex(":"),
        str(ip_address(address)) if address else None,
        port=int.from_bytes(found[_NDA_PORT], "big") if _NDA_PORT in found else None,
        vni=_number(found.get(_NDA_VNI)),
        via=_number(found.get(_NDA_IFINDEX)),
    )


def _number(value: bytes | None) -> int | None:
    return struct.unpack("=I", value)[0] if value else None
