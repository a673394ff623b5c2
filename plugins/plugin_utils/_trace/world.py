# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""All hosts of a lab as one world of interfaces, from what the module path_state read on each.

``states``: host -> what path_state returned there; in a lab of simulated hosts, the controller's as well, which has the
underlay between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

CONTROLLER = "localhost"
OWN = ""
_NO_CABLE = ("bridge", "vxlan", "veth", "macvlan", "ipvlan", "dummy")


@dataclass(frozen=True)
class Space:
    """A network namespace on a host; ``netns``: as the host spells it, "" for its own."""

    host: str
    netns: str


@dataclass(frozen=True)
class Interface:
    """An interface in a namespace."""

    space: Space
    name: str


@dataclass(frozen=True)
class Route:
    """Where a namespace sends packets for an address. ``to``: for which subnet that is."""

    dev: str
    via: str | None
    to: str = ""


class World:
    """Answers questions about interfaces; remembers only what was read.

    ``addresses``: host -> its address on the underlay, as the lab file has it.
    """

    def __init__(self, states: dict[str, dict[str, Any]], addresses: dict[str, str], underlay: str = "") -> None:
        self.states = states
        self.addresses = addresses
        self.underlay = underlay
        self._links: dict[Space, dict[str, dict[str, Any]]] = {}
        self._namespaces: dict[Space, dict[str, Any]] = {}
        self._peers: dict[Interface, Interface] = {}
        # A host's own word on its namespace goes before the controller's.
        for host in sorted(states, key=lambda name: name == CONTROLLER):
            for namespace in states[host]["namespaces"]:
                space = self._space(host, namespace["netns"])
                if space is not None and space not in self._namespaces:
                    self._namespaces[space] = namespace
                    self._links[space] = {link["name"]: link for link in namespace["links"]}
        for host, state in states.items():
            for namespace in state["namespaces"]:
                self._add_peers(host, namespace)

    def _space(self, host: str, netns: str) -> Space | None:
        """The controller sees the namespaces of simulated hosts by their names, and much that is not the lab's."""
        if host != CONTROLLER:
            return Space(host, netns)
        if netns in self.addresses:
            return Space(netns, OWN)
        return Space(CONTROLLER, netns) if netns and netns == self.underlay else None

    def _add_peers(self, host: str, namespace: dict[str, Any]) -> None:
        space = self._space(host, namespace["netns"])
        for link in namespace["links"]:
            end = link["peer"]
            other = self._space(host, end["netns"]) if end else None
            if space is None or other is None or end is None:
                continue
            here, there = Interface(space, link["name"]), Interface(other, end["name"])
            self._peers[here] = there
            self._peers[there] = here

    # -- Interfaces. --

    def link(self, at: Interface) -> dict[str, Any] | None:
        return self._links.get(at.space, {}).get(at.name)

    def interfaces(self, space: Space) -> Iterator[Interface]:
        return (Interface(space, name) for name in self._links.get(space, {}))

    def spaces(self) -> Iterator[Space]:
        return iter(self._links)

    def peer(self, at: Interface) -> Interface | None:
        return self._peers.get(at)

    def bridge_of(self, at: Interface) -> Interface | None:
        link = self.link(at)
        return Interface(at.space, link["master"]) if link and link["master"] else None

    def ports(self, bridge: Interface) -> Iterator[Interface]:
        return (one for one in self.interfaces(bridge.space) if self.bridge_of(one) == bridge)

    def children(self, at: Interface) -> Iterator[Interface]:
        """The macvlans that stand on an interface, in whichever namespace of the host."""
        for space, links in self._links.items():
            for name, link in links.items():
                parent = link["parent"] if space.host == at.space.host and link["kind"] == "macvlan" else None
                if parent and Interface(Space(space.host, parent["netns"]), parent["name"]) == at:
                    yield Interface(space, name)

    def parent(self, at: Interface) -> Interface | None:
        link = self.link(at)
        found = link["parent"] if link and link["kind"] == "macvlan" else None
        return Interface(Space(at.space.host, found["netns"]), found["name"]) if found else None

    def vxlans(self, like: Interface) -> list[Interface]:
        """The other ends of a VXLAN: same VNI and port, on other hosts."""
        wanted = self.vni(like)
        return [
            Interface(space, name)
            for space, links in self._links.items()
            if space.host != like.space.host
            for name, link in links.items()
            if link["kind"] == "vxlan" and self.vni(Interface(space, name)) == wanted
        ]

    def vni(self, at: Interface) -> tuple[int, int]:
        link = self.link(at)
        settings = link["settings"] if link else {}
        return settings.get("vni", 0), settings.get("port", 4789)

    def cables(self, at: Interface) -> list[Interface]:
        """The interfaces of other hosts at the other end of a network card, where nothing that was read is between."""
        if not self._is_card(at):
            return []
        subnets = {ip_interface(one).network for one in self.addresses_of(at)}
        return [
            other
            for space in self._links
            if space.netns == OWN and space.host != at.space.host
            for other in self.interfaces(space)
            if self._is_card(other) and subnets & {ip_interface(one).network for one in self.addresses_of(other)}
        ]

    def _is_card(self, at: Interface) -> bool:
        link = self.link(at)
        if link is None or at.name == "lo" or at.space.netns != OWN or self.peer(at):
            return False
        # The end of a veth whose peer nobody here sees is a network card to its host.
        return link["kind"] not in _NO_CABLE or (link["kind"] == "veth" and self.peer(at) is None)

    # -- Addresses. --

    def addresses_of(self, at: Interface) -> list[str]:
        """With prefix length, IPv4 only."""
        link = self.link(at)
        return [one for one in (link["addresses"] if link else []) if ":" not in one]

    def owns(self, at: Interface, address: str) -> bool:
        return address in [one.partition("/")[0] for one in self.addresses_of(at)]

    def is_near(self, at: Interface, address: str) -> bool:
        """Whether an address is in a subnet of the interface's own."""
        return any(ip_address(address) in ip_interface(one).network for one in self.addresses_of(at))

    def owner(self, space: Space, address: str) -> Interface | None:
        return next((one for one in self.interfaces(space) if self.owns(one, address)), None)

    def with_mac(self, space: Space, mac: str) -> Interface | None:
        return next((one for one in self.interfaces(space) if (self.link(one) or {}).get("mac") == mac), None)

    def route(self, space: Space, address: str) -> Route | None:
        """The most particular route of the main table."""
        wanted = ip_address(address)
        fitting = [
            one
            for one in self._namespaces.get(space, {}).get("routes", [])
            if one["dev"] and ":" not in one["to"] and wanted in ip_network(one["to"])
        ]
        if not fitting:
            return None
        best = max(fitting, key=lambda one: ip_network(one["to"]).prefixlen)
        return Route(best["dev"], best["via"], best["to"])

    def published(self, space: Space, port: tuple[str, int]) -> str | None:
        """The address of the container to which a host leads one of its ports."""
        entries = self.states.get(space.host, {}).get("published", []) if space.netns == OWN else []
        return next((one["address"] for one in entries if (one["protocol"], one["port"]) == port), None)

    def vtep(self, at: Interface) -> str:
        """The address to which a VXLAN's other ends send."""
        link = self.link(at)
        return (link["settings"].get("local") if link else None) or self.addresses.get(at.space.host, "")

    def card(self, host: str) -> Interface | None:
        """The interface with the host's address on the underlay; where none has it any more, one with a cable."""
        space = Space(host, OWN)
        return self.owner(space, self.addresses.get(host, "")) or next(
            filter(self._has_cable, self.interfaces(space)), None
        )

    def _has_cable(self, at: Interface) -> bool:
        peer = self.peer(at)
        return peer.space.host == CONTROLLER if peer else self._is_card(at)

    # -- Tables. --

    def remotes(self, at: Interface, mac: str) -> list[str]:
        """To which VTEPs a VXLAN sends frames for a MAC."""
        return [
            one["remote"]
            for one in self._namespaces.get(at.space, {}).get("fdb", [])
            if one["dev"] == at.name and one["mac"] == mac and one["remote"]
        ]

    def neighbour(self, at: Interface, address: str) -> str | None:
        """The MAC that an interface has for an address."""
        for one in self._namespaces.get(at.space, {}).get("neighbours", []):
            if one["dev"] == at.name and one["address"] == address:
                return str(one["mac"])
        return None
