# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The host's own routes and addresses, from /proc: no library, no process, half a millisecond."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Union

Subnet = Union[IPv4Network, IPv6Network]
Address = Union[IPv4Address, IPv6Address]

# 0.0.0.0/0, and the two halves by which VPNs replace it, lead to everywhere: they are no segment of the host's.
_EVERYWHERE = 1
# linux/route.h: RTF_REJECT.
_REJECT = 0x200


@dataclass(frozen=True)
class Route:
    """A subnet that the host reaches through ``device``."""

    subnet: Subnet
    device: str


def read_routes(proc: Path = Path("/proc/net")) -> list[Route]:
    """Routes to particular subnets: no default routes, no link-local, loopback or multicast ones."""
    routes = parse_routes4(_read(proc / "route")) + parse_routes6(_read(proc / "ipv6_route"))
    return [
        route
        for route in routes
        if route.subnet.prefixlen > _EVERYWHERE
        and not (route.subnet.is_link_local or route.subnet.is_loopback or route.subnet.is_multicast)
    ]


def has_default_route(proc: Path = Path("/proc/net"), ipv6: bool = True) -> bool:
    """Whether the host has a way out, by IPv4 or IPv6. The kernel's own unreachable route on lo is none."""
    routes = parse_routes4(_read(proc / "route")) + (parse_routes6(_read(proc / "ipv6_route")) if ipv6 else [])
    return any(route.subnet.prefixlen == 0 and route.device != "lo" for route in routes)


def read_addresses(proc: Path = Path("/proc/net")) -> list[Address]:
    """The host's own addresses, without the loopback's."""
    addresses = parse_addresses4(_read(proc / "fib_trie")) + parse_addresses6(_read(proc / "if_inet6"))
    return [address for address in addresses if not (address.is_loopback or address.is_link_local)]


def read_link_local(proc: Path = Path("/proc/net")) -> dict[str, str]:
    """Link-local IPv6 address -> its link."""
    rows = _rows6(_read(proc / "if_inet6"))
    return {str(address): link for address, link in rows if address.is_link_local}


def parse_routes4(text: str) -> list[Route]:
    """/proc/net/route: a heading, then device, destination, ..., flags at 3, mask at 7; numbers in the machine's byte
    order. What is unreachable leads nowhere.
    """
    rows = (line.split() for line in text.splitlines()[1:])
    return [
        Route(IPv4Network((_native(row[1]), str(IPv4Address(_native(row[7]))))), row[0])
        for row in rows
        if row and not int(row[3], 16) & _REJECT
    ]


def parse_routes6(text: str) -> list[Route]:
    """/proc/net/ipv6_route: destination, prefix length, ..., device last; numbers in network order."""
    rows = (line.split() for line in text.splitlines())
    return [Route(IPv6Network((int(row[0], 16), int(row[1], 16))), row[-1]) for row in rows if row]


def parse_addresses4(text: str) -> list[Address]:
    """/proc/net/fib_trie: a leaf ``|-- ADDRESS`` followed by ``/32 host LOCAL`` is an address of ours."""
    found = re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", text)
    return [IPv4Address(address) for address in dict.fromkeys(found)]


def parse_addresses6(text: str) -> list[Address]:
    return [address for address, _link in _rows6(text)]


def _rows6(text: str) -> list[tuple[IPv6Address, str]]:
    """/proc/net/if_inet6: the address first, its link last."""
    rows = (line.split() for line in text.splitlines())
    return [(IPv6Address(int(row[0], 16)), row[-1]) for row in rows if row]


def _native(number: str) -> int:
    return int.from_bytes(struct.pack("=I", int(number, 16)), "big")


def _read(path: Path) -> str:
    """Empty where the kernel has no such table (IPv6 off)."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
