# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The way that a packet has to take between two addresses of a world: pure, and of use to whoever draws it as well.

What is searched is how interfaces are connected: veth pairs, bridges and their ports, VXLANs with the same number,
cables. Whether they are up, and whether tables lead there, is not asked: a way that is broken is still the way. Routes
are asked, because they alone say by which interface a packet leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .world import OWN, Interface, Route, Space, World

_OUT, _IN, _BRIDGE = "out", "in", "bridge"
_MOST_ROUTERS = 8
FLOOD = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Tunnel:
    """The VXLAN that a packet is inside of."""

    vni: int
    port: int


@dataclass(frozen=True)
class Hop:
    """One interface on the way. ``outgoing``: the packet leaves through it, and its reply comes in there.

    ``bridge``: it connects its ports, and no socket hears what it forwards. ``translated``: the address to which the
    packet goes on from here, where it is another one.
    """

    at: Interface
    outgoing: bool
    bridge: bool = False
    tunnel: Tunnel | None = None
    translated: str | None = None


@dataclass(frozen=True)
class Way:
    """``hops`` in the order of the request. ``missing``: why they do not lead to the end; '' where they do."""

    hops: tuple[Hop, ...]
    missing: str = ""


@dataclass(frozen=True)
class _Step:
    at: Interface
    phase: str


def find(
    world: World,
    start: Space,
    address: str,
    first: Interface | None = None,
    last: Interface | None = None,
    port: tuple[str, int] | None = None,
) -> Way:
    """The way from a namespace to an address.

    ``first`` and ``last``: the interfaces of both ends, where they are known from elsewhere: a route, or an address,
    may have been removed. ``port``: protocol and number, which a host may have published for a container.
    """
    hops: list[Hop] = []
    space, destination = start, address
    for _router in range(_MOST_ROUTERS):
        if world.owner(space, destination) or (last is not None and last.space == space):
            translated = world.published(space, port) if hops and port else None
            if translated is None:
                return Way(tuple(hops))
            hops[-1] = replace(hops[-1], translated=translated)
            destination, port, last = translated, None, None
            continue
        route = world.route(space, destination)
        # A route that leads out of the subnet is a fault, and not the way.
        if first is not None and space == first.space and (route is None or world.is_near(first, destination)):
            route = Route(first.name, None)
        if route is None:
            return Way(tuple(hops), f"{_where(space)} has no route to {destination}")
        leaves = Interface(space, route.dev)
        steps = _segment(world, leaves, route.via or destination, last)
        if steps is None:
            known, missing = _as_far_as_known(world, leaves, last)
            return Way((*hops, *known), missing)
        hops += _hops(world, steps)
        space = hops[-1].at.space
    return Way(tuple(hops), f"more than {_MOST_ROUTERS} routers are on the way to {address}")


def _where(space: Space) -> str:
    return f"{space.host}: namespace {space.netns}" if space.netns else space.host


def _segment(world: World, leaves: Interface, address: str, last: Interface | None) -> list[_Step] | None:
    """The steps from an interface to the one with the address, without a router between; None where there is no way."""

    def is_end(step: _Step) -> bool:
        return step.phase != _OUT and (world.owns(step.at, address) or step.at == last)

    start = _Step(leaves, _BRIDGE if (world.link(leaves) or {}).get("kind") == "bridge" else _OUT)
    return _search(world, start, is_end)


def _search(world: World, start: _Step, is_end) -> list[_Step] | None:
    came: dict[_Step, _Step | None] = {start: None}
    waiting = deque([start])
    while waiting:
        step = waiting.popleft()
        if is_end(step):
            found: list[_Step] = []
            at: _Step | None = step
            while at is not None:
                found.append(at)
                at = came[at]
            return found[::-1]
        for following in _following(world, step):
            # A frame does not leave through the port that it came in by.
            before = came[step]
            if following not in came and not (before and before.at == following.at):
                came[following] = step
                waiting.append(following)
    return None


def _following(world: World, step: _Step) -> Iterator[_Step]:
    at, link = step.at, world.link(step.at) or {}
    if step.phase == _BRIDGE:
        yield from (_Step(port, _OUT) for port in world.ports(at))
    elif step.phase == _IN:
        bridge = world.bridge_of(at)
        if bridge:
            yield _Step(bridge, _BRIDGE)
        yield from (_Step(child, _IN) for child in world.children(at))
    elif link.get("kind") == "vxlan":
        yield from (_Step(other, _IN) for other in world.vxlans(at))
    else:
        peer, parent = world.peer(at), world.parent(at)
        if peer:
            yield _Step(peer, _IN)
        if parent:
            yield from (_Step(child, _IN) for child in world.children(parent) if child != at)
            yield _Step(parent, _OUT)
        yield from (_Step(other, _IN) for other in world.cables(at))


def _hops(world: World, steps: list[_Step]) -> list[Hop]:
    """With the underlay between both ends of a VXLAN."""
    found: list[Hop] = []
    for step, following in zip(steps, [*steps[1:], None]):
        # What the host itself sends through a bridge, or receives by it, is heard there like anywhere.
        is_end = step is steps[0] or following is None
        found.append(Hop(step.at, step.phase == _OUT or step is steps[0], bridge=step.phase == _BRIDGE and not is_end))
        tunnelled = step.phase == _OUT and (world.link(step.at) or {}).get("kind") == "vxlan"
        if tunnelled and following is not None:
            found += _underlay(world, step.at, following.at)
    return found


def _underlay(world: World, vxlan: Interface, other: Interface) -> list[Hop]:
    vni, port = world.vni(vxlan)
    near, far = world.card(vxlan.space.host), world.card(other.space.host)
    # Where a route is missing, the packet should still leave by the interface that has the host's address.
    way = find(world, Space(vxlan.space.host, OWN), world.vtep(other), first=near, last=far)
    return [replace(hop, tunnel=Tunnel(vni, port)) for hop in way.hops]


def _as_far_as_known(world: World, leaves: Interface, last: Interface | None) -> tuple[list[Hop], str]:
    """Where a way ends that should go on, and what is missing there."""
    steps = _search(world, _Step(leaves, _OUT), lambda step: (world.link(step.at) or {}).get("kind") == "vxlan")
    if steps is not None:
        hops = [Hop(step.at, step.phase == _OUT, bridge=step.phase == _BRIDGE) for step in steps]
        more, missing = _behind(world, steps[-1].at, last)
        return hops + more, missing
    peer = world.peer(leaves)
    if peer is None:
        return [Hop(leaves, True)], f"nothing is connected to {_named(leaves)}"
    bridge = world.bridge_of(peer)
    hops = [Hop(leaves, True), Hop(peer, False)]
    if bridge is None:
        return hops, f"{_named(peer)} is no port of a bridge"
    return [*hops, Hop(bridge, False, bridge=True)], f"no VXLAN is a port of {_named(bridge)}"


def _behind(world: World, vxlan: Interface, last: Interface | None) -> tuple[list[Hop], str]:
    """The same from a VXLAN on."""
    vni, port = world.vni(vxlan)
    there = [one for one in world.vxlans(vxlan) if last is None or one.space.host == last.space.host]
    if not there:
        host = last.space.host if last else "no other host"
        has = "has no" if last else "has a"
        return [], f"{host} {has} VXLAN of VNI {vni} on UDP port {port}, as {_named(vxlan)} is"
    hops = [*_underlay(world, vxlan, there[0]), Hop(there[0], False)]
    bridge, end = world.bridge_of(there[0]), world.peer(last) if last else None
    if bridge is None:
        return hops, f"{_named(there[0])} is no port of a bridge"
    return hops, f"{_named(end)} is no port of {bridge.name}" if end else f"no port of {_named(bridge)} leads there"


def _named(at: Interface) -> str:
    return (
        f"{at.name} in namespace {at.space.netns} on {at.space.host}"
        if at.space.netns
        else f"{at.name} on {at.space.host}"
    )


def back(hops: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """The way of the reply: the same interfaces from the other end."""
    return tuple(replace(hop, outgoing=not hop.outgoing) for hop in reversed(hops))
