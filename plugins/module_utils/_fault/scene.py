# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What faults can be made of on a host, found in what was read there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface
from itertools import islice
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns as namespaces

# Of a network's id, what the name of its namespace has.
_SHORT_ID = 10
FLOOD = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Link:
    """A link in a namespace; ``address``: the one by which it was found, with the length of its prefix, or ''.

    ``routes``: those that go through it, each as `ip route` writes it in one line; ``site``: where the host has to
    stand for its addresses and routes, '' for any.
    """

    netns: str
    identity: tuple[int, ...]
    name: str
    up: bool
    mtu: int
    mac: str
    addresses: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    routes: tuple[str, ...] = ()
    address: str = ""
    site: str = ""

    @property
    def place(self) -> dict[str, Any]:
        """Where commands about it run, as of a Step."""
        return {"netns": self.netns, "identity": self.identity}


@dataclass(frozen=True)
class Container:
    """A container of the lab on this host. ``resolv_conf``: the path of its file on the host, and what is in it."""

    name: str
    id: str
    status: str
    resolv_conf: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Running:
    """A container that runs here, whosever it is. ``returns``: it is started with dockerd, or by its swarm;
    ``passing``: Docker removes it when it stops (--rm).
    """

    name: str
    id: str
    returns: bool = False
    passing: bool = False


@dataclass(frozen=True)
class Inside:
    """Where the packets of a container of the lab are that runs here."""

    container: str
    netns: str
    identity: tuple[int, ...]


@dataclass(frozen=True)
class Other:
    """A container on another host, as the VXLAN knows it. ``address``: '' where no table has it."""

    mac: str
    remote: str
    address: str = ""


@dataclass(frozen=True)
class Scene:
    """A host as faults see it. None, or nothing, is what is not there. ``overlay``: the network is one of Docker's.

    ``units``: services that run; ``peers``: the other hosts' addresses; ``taken``: all addresses that are known here;
    ``queue``: of the card, where it is not the kernel's; ``boot_seconds``: the wall clock at boot; ``docker_error``:
    why dockerd does not tell more.
    """

    card: Link | None = None
    container: Container | None = None
    insides: tuple[Inside, ...] = ()
    inner: Link | None = None
    veth: Link | None = None
    bridge: Link | None = None
    vxlan: Link | None = None
    cable: Link | None = None
    overlay: bool = False
    others: tuple[Other, ...] = ()
    neighbours: tuple[Other, ...] = ()  # of the VXLAN, those of this host as well
    floods: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    running: tuple[Running, ...] = ()
    peers: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()
    queue: str = ""
    may_set_clock: bool = False
    boot_seconds: int = 0
    docker_error: str = ""

    def link(self, which: str) -> Link:
        """One of the links. Raises LabError where it is not there."""
        found = getattr(self, which)
        if found is None:
            raise LabError(f"there is no {_WORDS[which]} here{self._because(which)}")
        return found

    def needed_container(self) -> Container:
        if self.container is None:
            raise LabError(f"no container of the lab runs here{self._because('inner')}")
        return self.container

    def other(self) -> Other:
        """A container on another host. Raises LabError where the VXLAN knows none."""
        self.link("vxlan")
        if not self.others:
            raise LabError("the VXLAN here knows no container of another host yet: let them speak first (make verify)")
        return self.others[0]

    def nobody(self, which: int = 0) -> str:
        """An address of the underlay's subnet that nobody is known to have; ``which``: of these, from the end."""
        subnet = ip_interface(self.link("card").address).network
        hosts = (str(subnet.broadcast_address - back) for back in range(1, subnet.num_addresses - 1))
        found = next(islice((one for one in hosts if one not in self.taken), which, None), "")
        if not found:
            raise LabError(f"{subnet} has no address that is nobody's")
        return found

    def _because(self, which: str) -> str:
        return f" ({self.docker_error})" if self.docker_error and which not in ("card", "cable") else ""

    def facts(self) -> dict[str, str]:
        """Names and numbers by which a sentence about a fault is completed."""
        found = {
            which: link.name
            for which in ("card", "inner", "veth", "bridge", "vxlan", "cable")
            if (link := getattr(self, which))
        }
        if self.card:
            found["host_address"] = self.card.address.partition("/")[0]
        if self.vxlan:
            found["port"] = str(self.vxlan.settings.get("port", 4789))
        if self.container and self.inner:
            found |= {
                "container": self.container.name,
                "own_address": self.inner.address.partition("/")[0],
                "own_mac": self.inner.mac,
            }
        if self.others:
            found |= {"mac": self.others[0].mac, "address": self.others[0].address, "remote": self.others[0].remote}
        return found


_WORDS = {
    "card": "network card with the host's address",
    "inner": "container of the lab that runs",
    "veth": "container of the lab that runs",
    "bridge": "bridge of a network of the lab",
    "vxlan": "VXLAN of a network of the lab",
    "cable": "cable of that host",
}


@dataclass(frozen=True)
class Read:
    """What was read. ``state``: as the module path_state returns it; ``routes`` and ``identities``: by namespace;
    ``queues``: by link of the host's own, where it is not the kernel's; ``site``: where the host stands.
    """

    state: dict[str, Any]
    routes: dict[str, list[str]] = field(default_factory=dict)
    identities: dict[str, tuple[int, ...]] = field(default_factory=dict)
    resolv_conf: dict[str, tuple[str, str]] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    running: tuple[Running, ...] = ()
    queues: dict[str, str] = field(default_factory=dict)
    site: str = ""
    may_set_clock: bool = False
    boot_seconds: int = 0


def of_host(read: Read, address: str, peers: list[str]) -> Scene:
    """``address``: the host's own on the underlay; ``peers``: those of the others."""
    state = read.state
    running = [one for one in state["containers"] if one["netns"] and one["networks"]]
    card = _with_address(read, namespaces.OWN, address)
    common = Scene(
        card=replace(card, site=read.site) if card else None,
        insides=tuple(Inside(one["name"], one["netns"], read.identities.get(one["netns"], ())) for one in running),
        units=read.units,
        running=read.running,
        peers=tuple(peers),
        taken=frozenset(_taken(read)).union(peers),
        queue=read.queues.get(card.name, "") if card else "",
        may_set_clock=read.may_set_clock,
        boot_seconds=read.boot_seconds,
        docker_error=state["docker_error"] or "",
    )
    if not running:
        return common
    container = running[0]
    network = container["networks"][0]
    inner = _with_address(read, container["netns"], network["address"] or "")
    veth = _peer_of(read, inner)
    bridge = _named(read, veth.netns, _raw(read, veth).get("master")) if veth else None
    vxlan = _vxlan_at(read, bridge)
    place = vxlan.netns if vxlan else ""
    # With a store, Docker's VXLAN has this host's own containers as well.
    entries = _entries(read, vxlan, inner)
    return replace(
        common,
        container=Container(
            container["name"], container["id"], container["status"], read.resolv_conf.get(container["name"], ("", ""))
        ),
        inner=inner,
        veth=veth,
        bridge=bridge,
        vxlan=vxlan,
        overlay=bool(re.search(rf"/\d+-{re.escape((network['id'] or '-')[:_SHORT_ID])}$", place)),
        others=tuple(one for one in entries if one.remote != address and inner and one.mac != inner.mac),
        neighbours=tuple(one for one in entries if one.address),
        floods=tuple(one["remote"] for one in _fdb(read, vxlan) if one["mac"] == FLOOD and one["remote"]),
    )


def of_cable(read: Read, underlay: str, port: str) -> Scene:
    """On the controller: the other end of a simulated host's network card."""
    return Scene(cable=_named(read, underlay, port))


def _taken(read: Read) -> Iterator[str]:
    """The host's own addresses, its gateways, and whom it knows by ARP."""
    own = _namespace(read, namespaces.OWN)
    yield from (address.partition("/")[0] for link in own.get("links", []) for address in link["addresses"])
    yield from re.findall(r" via (\S+)", "\n".join(read.routes.get(namespaces.OWN, [])))
    yield from (one["address"] for one in own.get("neighbours", []))


def _namespace(read: Read, place: str) -> dict[str, Any]:
    return next((one for one in read.state["namespaces"] if one["netns"] == place), {})


def _link(read: Read, place: str, raw: dict[str, Any], address: str = "") -> Link:
    routes = tuple(one for one in read.routes.get(place, []) if re.search(rf" dev {re.escape(raw['name'])}\b", one))
    return Link(
        netns=place,
        identity=read.identities.get(place, ()),
        name=raw["name"],
        up=raw["up"],
        mtu=raw["mtu"],
        mac=raw["mac"] or "",
        addresses=tuple(raw["addresses"]),
        settings=raw["settings"],
        routes=routes,
        address=address,
    )


def _raw(read: Read, link: Link) -> dict[str, Any]:
    return next(one for one in _namespace(read, link.netns)["links"] if one["name"] == link.name)


def _named(read: Read, place: str, name: str | None) -> Link | None:
    return next(
        (_link(read, place, one) for one in _namespace(read, place).get("links", []) if one["name"] == name), None
    )


def _with_address(read: Read, place: str, address: str) -> Link | None:
    for one in _namespace(read, place).get("links", []):
        for with_prefix in one["addresses"]:
            if address and address == with_prefix.partition("/")[0]:
                return _link(read, place, one, with_prefix)
    return None


def _peer_of(read: Read, link: Link | None) -> Link | None:
    end = _raw(read, link)["peer"] if link else None
    return _named(read, end["netns"], end["name"]) if end else None


def _vxlan_at(read: Read, bridge: Link | None) -> Link | None:
    if bridge is None:
        return None
    for one in _namespace(read, bridge.netns)["links"]:
        if one["kind"] == "vxlan" and one["master"] == bridge.name:
            return _link(read, bridge.netns, one)
    return None


def _fdb(read: Read, vxlan: Link | None) -> list[dict[str, Any]]:
    if vxlan is None:
        return []
    return [one for one in _namespace(read, vxlan.netns)["fdb"] if one["dev"] == vxlan.name]


def _entries(read: Read, vxlan: Link | None, inner: Link | None) -> tuple[Other, ...]:
    """By address; those with an address first: a gateway of Docker's has an entry as well, and nobody speaks to it."""
    if vxlan is None or inner is None:
        return ()
    near = _namespace(read, vxlan.netns).get("neighbours", []) + _namespace(read, inner.netns).get("neighbours", [])
    addresses = {one["mac"]: one["address"] for one in near if one["dev"] in (vxlan.name, inner.name)}
    found = [
        Other(one["mac"], one["remote"], addresses.get(one["mac"], ""))
        for one in _fdb(read, vxlan)
        if one["remote"] and one["mac"] != FLOOD
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (not one.address, one.address, one.mac)))
