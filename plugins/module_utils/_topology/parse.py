# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""From a module's options to a topology, with every fault of them found at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import spelled, where

from .model import PORT, Key, Link, Route, Topology
from .values import Values

Options = Mapping[str, Any]
_LARGEST_PORT = 65535


def parse(options: Options) -> Topology:
    """Read the options of the module topology, or of it with one object in it.

    With ``state`` absent the objects only need names. Raises LabError with one line for each fault that shows without
    a look at the machine.
    """
    parser = _Parser(names_only=options.get("state") == "absent")
    topology = parser.topology(options)
    parser.check_duplicates(topology)
    if parser.values.faults:
        raise LabError(parser.values.faults)
    return topology


class _Parser:
    def __init__(self, names_only: bool) -> None:
        self.values = Values()
        self.fault = self.values.fault
        self.names_only = names_only

    def topology(self, options: Options) -> Topology:
        name = options.get("name")
        if name is not None:
            self.values.topology_name(name)
        namespaces = tuple(item["name"] for item in options.get("namespaces") or ())
        for namespace in namespaces:
            self.values.namespace(namespace)
        links: list[Link] = []
        for option, read in (
            ("bridges", self.bridge),
            ("veths", self.veth),
            ("vxlans", self.vxlan),
            ("macvlans", self.macvlan),
        ):
            for item in options.get(option) or ():
                links += read(item, named=name is not None)
        routes = [self.route(item) for item in options.get("routes") or ()]
        return Topology(name, namespaces, self.with_ports(links, options), tuple(filter(None, routes)))

    # Kinds of link ----------------------------------------------------------------------------------------------

    def bridge(self, item: Options, named: bool) -> list[Link]:
        exclusive = bool(item.get("exclusive_ports"))
        return [self.link("bridge", item, settings={"stp": item.get("stp")}, exclusive_ports=exclusive)]

    def veth(self, item: Options, named: bool) -> list[Link]:
        """Both ends; each says where its peer is. One end alone, if it is to be made already, can only be changed."""
        peer = item.get("peer")
        if not peer or self.names_only:
            link = self.link("veth", item)
            if named and not self.names_only:
                self.fault(link.title, "it has no peer: give peer with a name")
            return [link]
        here, there = spelled(item.get("netns")), spelled(peer.get("netns"))
        return [
            self.link("veth", item, peer=(there, peer["name"])),
            self.link("veth", peer, peer=(here, item["name"])),
        ]

    def vxlan(self, item: Options, named: bool) -> list[Link]:
        link = self.link("vxlan", item)
        if self.names_only:
            return [link]
        vni, port, local, remotes = (item.get(option) for option in ("vni", "port", "local", "remotes"))
        if vni is None:
            self.fault(link.title, "it has no vni: give one from 1 to 16777215")
        else:
            self.values.vni(link.title, vni)
        if port is not None:
            self.values.number(link.title, "port", port, _LARGEST_PORT)
        source = self.values.ip(link.title, "local", local) if local is not None else None
        targets = [self.values.ip(link.title, "remote", remote) for remote in remotes or ()]
        versions = {address.version for address in (source, *targets) if address}
        if len(versions) > 1:
            self.fault(link.title, "local and remotes mix IPv4 and IPv6: use one family")
        elif versions == {6} and source is None:
            self.fault(link.title, "its remotes are IPv6, and without local the kernel takes it for IPv4: give local")
        if source is not None and source in targets:
            self.fault(link.title, f"remote {source} is its own local address: leave it out")
        ipv6 = source is not None and source.version == 6
        settings = {
            "vni": vni,
            "local": str(source) if source and not ipv6 else None,
            "local6": str(source) if ipv6 else None,
            "port": port,
            "learning": item.get("learning"),
        }
        parent = (link.netns, item["parent"]) if item.get("parent") else None
        found = None if remotes is None else frozenset(str(target) for target in targets if target)
        return [replace(link, settings=settings, parent=parent, remotes=found)]

    def macvlan(self, item: Options, named: bool) -> list[Link]:
        link = self.link("macvlan", item)
        if self.names_only:
            return [link]
        if not item.get("parent"):
            self.fault(link.title, "it has no parent: give the link on which it is made")
            return [link]
        below = spelled(item.get("parent_netns"))
        self.values.place(link.title, below)
        return [replace(link, settings={"mode": item.get("mode")}, parent=(below, item["parent"]))]

    def link(self, kind: str, item: Options, **more: Any) -> Link:
        """What all kinds have in common."""
        link = Link(kind, item["name"], spelled(item.get("netns")), up=item.get("up", True), **more)
        self.values.link_name(link.title, link.name)
        self.values.place(link.title, link.netns)
        if self.names_only:
            return link
        addresses, mtu, mac = item.get("addresses"), item.get("mtu"), item.get("mac")
        found = None if addresses is None else self.values.addresses(link.title, addresses)
        if mtu is not None:
            self.values.mtu(link.title, mtu, found or ())
        return replace(
            link,
            addresses=found,
            mtu=mtu,
            mac=None if mac is None else self.values.mac(link.title, mac),
            master=item.get("master"),
        )

    # Relations --------------------------------------------------------------------------------------------------

    def with_ports(self, links: list[Link], options: Options) -> tuple[Link, ...]:
        """Say a bridge's ports as the masters of links; a port that nobody lists as a link is somebody else's."""
        masters: dict[Key, str] = {}
        for item in () if self.names_only else options.get("bridges") or ():
            place = spelled(item.get("netns"))
            for port in item.get("ports") or ():
                other = masters.setdefault((place, port), item["name"])
                if other != item["name"]:
                    self.fault(
                        f"bridge {item['name']} {where(place)}",
                        f"{port} is a port of bridge {other} as well: leave one",
                    )
        ported: list[Link] = []
        for link in links:
            bridge = masters.pop(link.key, None)
            if bridge is not None and link.kind == "bridge":
                self.fault(
                    link.title, f"it is listed as a port of {bridge}, and a bridge cannot be one: join them by a veth"
                )
            elif bridge is not None and link.master not in (None, bridge):
                self.fault(link.title, f"its master is {link.master!r}, and {bridge} lists it as a port: leave one")
            ported.append(replace(link, master=bridge) if bridge is not None else link)
        unlisted = [Link(PORT, name, place, master=bridge, up=None) for (place, name), bridge in masters.items()]
        return (*ported, *unlisted)

    def route(self, item: Options) -> Route | None:
        place, to, via, dev = spelled(item.get("netns")), item["to"], item.get("via"), item.get("dev")
        title = f"route to {to} {where(place)}"
        self.values.place(title, place)
        if via is None and dev is None:
            self.fault(title, "it leads nowhere: give via, dev or both")
        gateway = None if via is None else self.values.ip(title, "via", via)
        network = self.values.network(title, to, gateway.version if gateway else None)
        if network is None or (via is not None and gateway is None):
            return None
        if gateway is not None and gateway.version != network.version:
            self.fault(title, f"via {via} is IPv{gateway.version} and the route IPv{network.version}: use one family")
        if gateway is not None and gateway.version == 6 and gateway.is_link_local and dev is None:
            self.fault(title, f"via {via} is link-local, so any link could be meant: give dev")
        return Route(place, network, None if gateway is None else str(gateway), dev)

    def check_duplicates(self, topology: Topology) -> None:
        """Things that are listed twice."""
        seen: set[str] = set()
        for name in topology.namespaces:
            if name in seen:
                self.fault(f"namespace {name}", "it is listed twice: leave one")
            seen.add(name)
        links: dict[Key, Link] = {}
        holders: dict[tuple[str, Any], Link] = {}
        tunnels: dict[tuple[str, Any, Any], Link] = {}
        for link in topology.links:
            other = links.setdefault(link.key, link)
            if other is not link:
                self.fault(link.title, f"a {other.kind} of that name is listed as well: rename one")
            for address in link.addresses or ():
                holder = holders.setdefault((link.netns, address.ip), link)
                if holder is not link:
                    self.fault(
                        link.title, f"{address.ip} is an address of {holder.kind} {holder.name} as well: change one"
                    )
            if link.kind == "vxlan" and not self.names_only:
                duplicate = tunnels.setdefault((link.netns, link.settings["vni"], link.settings["port"]), link)
                if duplicate is not link:
                    self.fault(link.title, f"vxlan {duplicate.name} has the same vni and port: change one of them")
        routes: set[tuple[str, Any]] = set()
        for route in topology.routes:
            if (route.netns, route.to) in routes:
                self.fault(route.title, f"there is another route to {route.to}: leave one")
            routes.add((route.netns, route.to))
