# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One value of an option at a time: names, addresses, MTUs, MACs. Each fault is one line with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

from .model import Address

_LONGEST_LINK_NAME = 15
_SMALLEST_MTU, _SMALLEST_MTU_IPV6, _LARGEST_MTU = 68, 1280, 65535
_LARGEST_VNI = (1 << 24) - 1
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_TOPOLOGY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_TAKEN_LINK_NAMES = (".", "..", "lo", "all", "default")


class Values:
    """Reads values and collects what is wrong with them in ``faults``.

    A reader returns None for a value that cannot be used, after it has said why.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, title: str, text: str) -> None:
        self.faults.append(f"{title}: {text}")

    def topology_name(self, name: str) -> None:
        if not _TOPOLOGY_NAME.fullmatch(name):
            self.fault("name", f"{name!r}: use letters, digits, '_', '.' and '-', a letter or digit first, up to 100")

    def namespace(self, name: str) -> None:
        if not name or "/" in name or "\0" in name or name in (".", "..") or len(name.encode()) > 255:
            self.fault(f"namespace {name!r}", "a name is a file's name in /run/netns, without '/', up to 255 bytes")

    def place(self, title: str, netns: str) -> None:
        if "\0" in netns or netns in (".", "..") or ("/" in netns and not netns.startswith("/")):
            self.fault(title, f"netns {netns!r}: give a name of /run/netns, or a path that starts with '/'")

    def link_name(self, title: str, name: str) -> None:
        size = len(name.encode())
        if size > _LONGEST_LINK_NAME:
            self.fault(title, f"the name has {size} characters and the kernel takes {_LONGEST_LINK_NAME}: shorten it")
        elif not name or name in _TAKEN_LINK_NAMES or re.search(r"[/:%\s\0]", name):
            self.fault(title, f"{name!r} cannot name a link: no '/', ':', '%' or space, and not lo, all or default")

    def addresses(self, title: str, texts: Iterable[str]) -> frozenset[Address]:
        found: set[Address] = set()
        for text in texts:
            address = self._address(title, text)
            if address in found:
                self.fault(title, f"{text} is listed twice: leave one")
            elif address:
                found.add(address)
        return frozenset(found)

    def _address(self, title: str, text: str) -> Address | None:
        try:
            address = ip_interface(text)
        except ValueError:
            self.fault(title, f"{text!r} is not an address: write one like 10.0.0.1/24 or fd00::1/64")
            return None
        network, ip = address.network, address.ip
        if "/" not in text:
            self.fault(title, f"{text} lacks its prefix length: write {text}/{24 if address.version == 4 else 64}")
        elif ip.is_multicast or ip.is_unspecified:
            self.fault(title, f"{text} is not the address of a host: write a unicast address")
        elif address.version == 6 and ip.is_link_local:
            self.fault(title, f"{text} is link-local, and those the kernel gives by itself: leave it out")
        elif address.version == 4 and network.prefixlen < 31 and ip in (network[0], network[-1]):
            what = "a network" if ip == network[0] else "a broadcast address"
            self.fault(title, f"{text} is {what} and not a host's: write one like {network[1]}/{network.prefixlen}")
        else:
            return address
        return None

    def mtu(self, title: str, mtu: int, addresses: Iterable[Address]) -> None:
        ipv6 = any(address.version == 6 for address in addresses)
        least = _SMALLEST_MTU_IPV6 if ipv6 else _SMALLEST_MTU
        if not least <= mtu <= _LARGEST_MTU:
            why = ", as it has an IPv6 address" if ipv6 else ""
            self.fault(title, f"mtu {mtu} is out of range: give {least} to {_LARGEST_MTU}{why}")

    def mac(self, title: str, text: str) -> str | None:
        mac = text.lower().replace("-", ":")
        if not _MAC.fullmatch(mac):
            self.fault(title, f"mac {text!r} is not six bytes: write one like 02:00:00:00:00:01")
        elif int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
            self.fault(
                title, f"mac {text} is not an interface's (a group's, or zero): use an even first byte, such as 02"
            )
        else:
            return mac
        return None

    def ip(self, title: str, option: str, text: str) -> IPv4Address | IPv6Address | None:
        """A bare address, of a gateway or a VTEP."""
        try:
            address = ip_address(text)
        except ValueError:
            remedy = "leave the prefix length out" if "/" in text else "write one like 10.0.0.1 or fd00::1"
            self.fault(title, f"{option} {text!r} is not an address: {remedy}")
            return None
        if address.is_unspecified or address.is_multicast:
            self.fault(title, f"{option} {text} is not a host's address: write a unicast address")
            return None
        return address

    def network(self, title: str, text: str, version: int | None) -> IPv4Network | IPv6Network | None:
        """A route's destination; ``version`` tells which default is meant."""
        if text == "default":
            text = "::/0" if version == 6 else "0.0.0.0/0"
        try:
            return ip_network(text)
        except ValueError:
            pass
        try:
            right = f"the network is {ip_network(text, strict=False)}"
        except ValueError:
            right = "write one like 10.1.0.0/16, or default"
        self.fault(title, f"to {text!r} is not a network: {right}")
        return None

    def number(self, title: str, option: str, value: int, most: int) -> None:
        if not 1 <= value <= most:
            self.fault(title, f"{option} {value} is out of range: give 1 to {most}")

    def vni(self, title: str, value: int) -> None:
        self.number(title, "vni", value, _LARGEST_VNI)
