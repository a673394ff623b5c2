# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A trace before it is made: the way, who listens where, and what is sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import ends, way
from .causes import Journey, named
from .ends import End, Nowhere
from .request import Request
from .way import Hop
from .world import CONTROLLER, Space, World

# Of a network's id, what the name of its namespace has.
_SHORT_ID = 10
_SMALL = 84  # what ping sends
# Those that IANA leaves to everybody.
_FIRST_PORT, _PORTS = 49152, 16384
_PACKETS = {"icmp": 6, "tcp": 4, "udp": 4}


@dataclass(frozen=True)
class Plan:
    """``taps``: for each hop, its host and the number of its tap there; None where nobody can listen."""

    request: Request
    lab: dict[str, Any]
    world: World
    source: End
    target: End
    hops: tuple[Hop, ...]
    missing: str
    names: dict[Space, str]
    taps: tuple[tuple[str, int] | None, ...]
    encrypted: bool = False
    interfaces: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def forth(self) -> Journey:
        return Journey(self.hops, self.source, self.target)

    @property
    def back(self) -> Journey:
        return Journey(way.back(self.hops), self.target, self.source)

    def number(self, at: int) -> int:
        """The number of a hop in the table, where bridges that nobody hears have none."""
        return sum(not hop.bridge for hop in self.hops[: at + 1])

    def named(self, at: int) -> str:
        """A hop in a sentence."""
        return f"hop {self.number(at)}, {named(self.hops[at].at, self.names)}"

    @property
    def sender(self) -> str:
        return self.source.space.host if self.source.space else ""


def make(request: Request, states: dict[str, dict[str, Any]], lab: dict[str, Any]) -> Plan:
    """``lab``: its value (_lab_file/value.py). Raises Nowhere."""
    addresses = {host: one["addresses"][lab["site"]] for host, one in lab["hosts"].items()}
    world = World(states, addresses, f"{lab['name']}-underlay")
    source, target = ends.find(request, world, lab)
    if source.space is None:
        raise Nowhere(f"FROM={request.source}: no host of the lab has it")
    port = (request.protocol, request.port) if request.port else None
    # A container reaches its network by the interface that is there, even where the route has gone with a link.
    first = source.interface if source.container and source.network == target.network else None
    found = way.find(world, source.space, target.address, first, target.interface, port)
    if not found.hops and not found.missing:
        raise Nowhere(
            f"TO={request.target}: {source.name} has that address itself, so the packet passes no interface; name"
            " another end"
        )
    interfaces: dict[str, list[dict[str, str]]] = {}
    taps: list[tuple[str, int] | None] = []
    for hop in found.hops:
        host = hop.at.space.host
        if hop.bridge or host not in states:
            taps.append(None)
            continue
        listeners = interfaces.setdefault(host, [])
        tap = {"netns": hop.at.space.netns, "interface": hop.at.name}
        if tap not in listeners:
            listeners.append(tap)
        taps.append((host, listeners.index(tap)))
    return Plan(
        request,
        lab,
        world,
        source,
        target,
        found.hops,
        found.missing,
        _names(world),
        tuple(taps),
        _encrypted(world, source, target),
        interfaces,
    )


def _names(world: World) -> dict[Space, str]:
    """What a person calls each namespace; '' for a host's own."""
    found: dict[Space, str] = {}
    networks: dict[str, str] = {}
    for host, state in world.states.items():
        for container in state["containers"]:
            if container["netns"]:
                found[Space(host, container["netns"])] = container["name"]
            networks |= {(one["id"] or "")[:_SHORT_ID]: one["name"] for one in container["networks"]}
    for space in world.spaces():
        # Not asked of dockerd, which does not list its networks without a store.
        short = space.netns.rpartition("-")[2]
        known = networks.get(short, "") if "/" in space.netns and short else ""
        found.setdefault(space, "underlay" if space.host == CONTROLLER else known or space.netns)
    return found


def _encrypted(world: World, source: End, target: End) -> bool:
    return any(
        network["encrypted"]
        for state in world.states.values()
        for network in state.get("networks", [])
        if network["name"] in (source.network, target.network)
    )


def parts(plan: Plan, mark: str, frames: bool = False) -> dict[str, dict[str, Any]]:
    """Host -> options of the module packet_trace there."""
    hosts = {*plan.interfaces, plan.sender}
    # Two traces at once meet at two ports.
    meeting = _FIRST_PORT + int(mark[:4], 16) % _PORTS
    ports = sorted({hop.tunnel.port for hop in plan.hops if hop.tunnel})
    found = {}
    for host in hosts:
        taps = plan.interfaces.get(host, [])
        found[host] = {
            "mark": mark,
            "protocol": plan.request.protocol,
            "addresses": [plan.source.address, plan.target.address],
            "vxlan_ports": ports or [4789],
            "encrypted": plan.encrypted,
            "taps": taps,
            "counters": list(dict.fromkeys(tap["netns"] for tap in taps)),
            "frames": frames,
            "meeting": _meeting(plan, host, meeting, len(hosts) - 1),
        }
        if host == plan.sender and plan.source.space:
            found[host]["send"] = {
                "netns": plan.source.space.netns,
                "to": plan.target.address,
                "sizes": sizes(plan),
                "count": _PACKETS[plan.request.protocol],
                **({"port": plan.request.port} if plan.request.port else {}),
            }
    return found


def _meeting(plan: Plan, host: str, port: int, guests: int) -> dict[str, Any]:
    if host == plan.sender:
        return {"port": port, "guests": guests}
    if host == CONTROLLER:
        # It has no address there; it has the sender's namespace.
        return {"port": port, "netns": plan.sender}
    return {"port": port, "address": plan.world.addresses[plan.sender]}


def sizes(plan: Plan) -> list[int]:
    """As ping sends them, and as long as the first interface allows, which may not be fragmented."""
    link = plan.world.link(plan.hops[0].at) if plan.hops else None
    if plan.request.protocol != "icmp" or not link or link["mtu"] <= _SMALL:
        return [_SMALL]
    return [_SMALL, min(link["mtu"], 65535)]
