# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""From a module's options to a topology, with every fault of them found at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._netns import OWN, spelled
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_model import Address, Link, Route, Topology

_LONGEST_LINK_NAME = 15
_SMALLEST_MTU, _SMALLEST_MTU_IPV6, _LARGEST_MTU = 68, 1280, 65535
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_TOPOLOGY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def parse(options: Mapping[str, Any]) -> Topology:
    """Read the options of the module topology.

    Raises LabError with one line for each fault that shows without a look at the machine.
    """
    parser = _Parser()
    topology = parser.topology(options)
    parser.check_whole(topology)
    if parser.faults:
        raise LabError(parser.faults)
    return topology


class _Parser:
    def __init__(self) -> None:
        self.faults: list[str] = []

    def topology(self, options: Mapping[str, Any]) -> Topology:
        name = options.get("name")
        if name is not None and not _TOPOLOGY_NAME.fullmatch(name):
            self.faults.append(
                f"name {name!r}: use letters, digits, '_', '.' and '-', a letter or digit first, up to 100"
            )
        links = [self.link("bridge", item) for item in options.get("bridges") or ()]
        for item in options.get("veths") or ():
            links += self.veth(item)
        return Topology(
            name=name,
            namespaces=tuple(self.namespace(item["name"]) for item in options.get("namespaces") or ()),
            links=tuple(links),
            routes=tuple(filter(None, (self.route(item) for item in options.get("routes") or ()))),
        )

    def namespace(self, name: str) -> str:
        if not name or "/" in name or name in (".", "..") or len(name) > 255:
            self.faults.append(f"namespace {name!r}: a name is a file name of /run/netns, without '/'")
        return name

    def veth(self, item: Mapping[str, Any]) -> list[Link]:
        """Both ends; each says where its peer is."""
        peer = item["peer"] or {}
        if not peer.get("name"):
            self.faults.append(f"veth {item['name']}: peer: give the peer's name")
            return []
        here, there = spelled(item.get("netns")), spelled(peer.get("netns"))
        return [
            self.link("veth", item, peer=(there, peer["name"])),
            self.link("veth", peer, peer=(here, item["name"])),
        ]

    def link(self, kind: str, item: Mapping[str, Any], **more: Any) -> Link:
        name, place = item["name"], spelled(item.get("netns"))
        title = Link(kind, name, place).title
        self.link_name(title, name)
        addresses = item.get("addresses")
        mtu = item.get("mtu")
        parsed: frozenset[Address] | None = None
        if addresses is not None:
            parsed = frozenset(filter(None, (self.address(title, one) for one in addresses)))
        if mtu is not None:
            self.mtu(title, mtu, parsed or ())
        mac = item.get("mac")
        return Link(
            kind=kind,
            name=name,
            netns=place,
            addresses=parsed,
            mtu=mtu,
            mac=None if mac is None else self.mac(title, mac),
            master=item.get("master"),
            up=item.get("up", True),
            settings={"stp": item.get("stp")} if kind == "bridge" else {},
            **more,
        )

    def link_name(self, title: str, name: str) -> None:
        if len(name.encode()) > _LONGEST_LINK_NAME:
            self.faults.append(
                f"{title}: the name has {len(name.encode())} characters and the kernel takes"
                f" {_LONGEST_LINK_NAME}: shorten it"
            )
        elif not name or name in (".", "..", "lo", "all", "default") or re.search(r"[/:\s]", name):
            self.faults.append(f"{title}: {name!r} cannot name a link: no '/', ':' or space, and not lo, all, default")

    def address(self, title: str, text: str) -> Address | None:
        try:
            address = ip_interface(text)
        except ValueError:
            self.faults.append(f"{title}: {text!r} is not an address: write one like 10.0.0.1/24 or fd00::1/64")
            return None
        whole = address.network.max_prefixlen
        if "/" not in text:
            self.faults.append(f"{title}: {text} lacks its prefix length: write {text}/{24 if whole == 32 else 64}")
        elif (
            address.network.prefixlen < whole - 1
            and address.ip == address.network.network_address
            and address.version == 4
        ):
            self.faults.append(
                f"{title}: {text} is a network and no address: write one of its hosts, like {address.ip + 1}"
                f"/{address.network.prefixlen}"
            )
        elif address.is_multicast or address.is_unspecified:
            self.faults.append(f"{title}: {text} is no address of a host: write a unicast address")
        elif address.version == 6 and address.is_link_local:
            self.faults.append(f"{title}: {text} is link-local, which the kernel gives by itself: leave it out")
        return address

    def mtu(self, title: str, mtu: int, addresses: Any) -> None:
        least = _SMALLEST_MTU_IPV6 if any(address.version == 6 for address in addresses) else _SMALLEST_MTU
        if not least <= mtu <= _LARGEST_MTU:
            why = " (it has an IPv6 address)" if least == _SMALLEST_MTU_IPV6 else ""
            self.faults.append(f"{title}: mtu {mtu} is out of range: give {least} to {_LARGEST_MTU}{why}")

    def mac(self, title: str, text: str) -> str:
        mac = text.lower().replace("-", ":")
        if not _MAC.fullmatch(mac):
            self.faults.append(f"{title}: mac {text!r} is not six bytes: write one like 02:00:00:00:00:01")
        elif int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
            self.faults.append(
                f"{title}: mac {text} is a group's and no interface's: give an even first byte, such as 02"
            )
        return mac

    def route(self, item: Mapping[str, Any]) -> Route | None:
        place, to, via, dev = spelled(item.get("netns")), item["to"], item.get("via"), item.get("dev")
        title = f"route to {to}"
        gateway = None
        if via is not None:
            try:
                gateway = ip_address(via)
            except ValueError:
                self.faults.append(
                    f"{title}: via {via!r} is not an address: write the gateway's, without a prefix length"
                )
                return None
        if to == "default":
            to = "::/0" if gateway is not None and gateway.version == 6 else "0.0.0.0/0"
        try:
            network = ip_network(to)
        except ValueError as error:
            self.faults.append(f"{title}: to {to!r} is not a network ({error}): write one like 10.1.0.0/16, or default")
            return None
        if gateway is not None and gateway.version != network.version:
            self.faults.append(
                f"{title}: via {via} is IPv{gateway.version} and the route IPv{network.version}: use one family"
            )
        if via is None and dev is None:
            self.faults.append(f"{title}: give via, dev or both")
        return Route(place, network, None if gateway is None else str(gateway), dev)

    def check_whole(self, topology: Topology) -> None:
        """What shows only when the objects are seen together."""
        seen: set[str] = set()
        for name in topology.namespaces:
            if name in seen:
                self.faults.append(f"namespace {name} is listed twice: leave one")
            seen.add(name)
        links: dict[tuple[str, str], Link] = {}
        holders: dict[tuple[str, Any], Link] = {}
        for link in topology.links:
            other = links.setdefault(link.key, link)
            if other is not link:
                self.faults.append(f"{link.title}: a {other.kind} of that name is listed already: rename one")
            for address in link.addresses or ():
                holder = holders.setdefault((link.netns, address.ip), link)
                if holder is not link:
                    self.faults.append(
                        f"{link.title}: {address.ip} is an address of {holder.kind} {holder.name} as well: change one"
                    )
        routes: set[tuple[str, Any]] = set()
        for route in topology.routes:
            if (route.netns, route.to) in routes:
                self.faults.append(f"{route.title}: there is another route to {route.to} in that namespace: leave one")
            routes.add((route.netns, route.to))


def places_of(topology: Topology) -> list[str]:
    """Every namespace that a topology speaks of."""
    found = [
        *topology.namespaces,
        *(link.netns for link in topology.links),
        *(route.netns for route in topology.routes),
    ]
    return list(dict.fromkeys(found)) or [OWN]
