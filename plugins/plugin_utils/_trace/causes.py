# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Why a packet may not get from one hop to the next, read from links and tables before it was sent. Pure.

A cause says at which hops the packet would be missed first, because of it. Only where a trace misses it there, it is
the cause: what is wrong elsewhere explains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan

from . import ends
from .ends import End
from .way import FLOOD, Hop
from .world import CONTROLLER, OWN, Interface, Space, World

_OVERLAY = re.compile(r"/\d+-[0-9a-z]{10}$")
# To a packet whose outer header is IPv4.
_VXLAN_BYTES = kernel_vxlan.OVERHEAD[4]


@dataclass(frozen=True)
class Cause:
    """``lost``: the hops, by their place in the journey, that may be the first without the packet. ``arp``: only ARP is
    concerned. ``size``: the most bytes that pass; None where size does not matter. ``overhead``: what is added to them.
    """

    lost: frozenset[int]
    text: str
    remedy: str = ""
    arp: bool = False
    size: int | None = None
    overhead: int = 0


@dataclass(frozen=True)
class Journey:
    """One direction. ``hops`` in the order in which the packet meets them; ``source`` and ``target``: its ends."""

    hops: tuple[Hop, ...]
    source: End
    target: End


def enter(space: Space) -> str:
    """What stands before a command that is to run in a namespace of a host."""
    if space.netns == OWN:
        return ""
    return f"nsenter --net={space.netns} " if "/" in space.netns else f"ip netns exec {space.netns} "


def on(space: Space, command: str) -> str:
    where = "on this machine" if space.host == CONTROLLER else f"on {space.host}"
    return f"{where}: {enter(space)}{command}"


def read(world: World, journey: Journey, lab: dict[str, Any], names: dict[Space, str]) -> list[Cause]:
    """Every cause that can be read. ``names``: what a person calls each namespace."""
    return [
        *_ends(world, journey, lab, names),
        *_links(world, journey, names),
        *_tunnels(world, journey, names),
        *_sizes(world, journey, names),
    ]


def _heard_next(hops: tuple[Hop, ...], at: int) -> int:
    """The next hop behind a place that can be heard; the one behind the last where there is none."""
    return next((index for index in range(at, len(hops)) if not hops[index].bridge), len(hops))


def named(at: Interface, names: dict[Space, str]) -> str:
    """An interface in a sentence."""
    inside = names.get(at.space, at.space.netns)
    if at.space.host == CONTROLLER:
        return f"{at.name} in {inside}"
    return f"{at.name} in {inside} on {at.space.host}" if inside else f"{at.name} on {at.space.host}"


# -- Ends. -------------------------------------------------------------------------------------------------------------


def _ends(world: World, journey: Journey, lab: dict[str, Any], names: dict[Space, str]) -> Iterator[Cause]:
    source, target = journey.source, journey.target
    first = frozenset({0})
    if source.space is None:
        return
    known = source.interface is not None
    if known and source.interface and not world.owns(source.interface, source.address):
        whose = f"which Docker gave {source.name}" if source.container else f"which {source.name} should have"
        add = f"ip address add {source.address}/{ends.prefix(source.address, lab)} dev {source.interface.name}"
        yield Cause(
            first,
            f"{named(source.interface, names)} has no address {source.address}, {whose}",
            on(source.space, add),
        )
    elif not known:
        yield Cause(
            first,
            f"{source.name} has no interface with {source.address}"
            + (f", which Docker gave it on {source.network}" if source.container else ""),
            f"on {source.space.host}: docker restart {source.name}" if source.container else "",
        )
    link = world.link(source.interface) if source.interface else None
    is_up = bool(link and link["up"])
    if is_up:
        yield from _first_route(world, journey)
    yield from _wrong_mac(world, journey, source, target, frozenset(range(1, len(journey.hops) + 1)))
    # What comes with another MAC, flooded, is heard at the interface, and not taken there: nothing is answered.
    yield from _wrong_mac(world, journey, target, source, first)


def _wrong_mac(world: World, journey: Journey, sender: End, receiver: End, lost: frozenset[int]) -> Iterator[Cause]:
    """Why a receiver does not take what a sender sends to it: it is for another MAC."""
    at, to = sender.interface, receiver.interface
    if not at or not to or not sender.space or not _one_segment(journey):
        return
    known, mac = world.neighbour(at, receiver.address), (world.link(to) or {}).get("mac")
    if known and mac and known != mac and world.owns(to, receiver.address):
        yield Cause(
            lost,
            f"{sender.name} has the MAC {known} for {receiver.address}, and {receiver.name} has {mac}",
            on(sender.space, f"ip neigh del {receiver.address} dev {at.name}"),
        )


def _first_route(world: World, journey: Journey) -> Iterator[Cause]:
    """Why a sender has no route, or one that leads elsewhere than into the subnet of both ends."""
    source, target = journey.source, journey.target
    if source.space is None:
        return
    route = world.route(source.space, target.address)
    text = f"{source.name} has no route to {target.address}"
    remedy = f"ip route show; {ends.AGAIN} where the network is the lab's"
    if route is None:
        yield Cause(frozenset({0}), text, on(source.space, remedy))
    elif source.interface and route.dev != source.interface.name and world.is_near(source.interface, target.address):
        subnet = ip_interface(min(world.addresses_of(source.interface))).network
        yield Cause(
            frozenset({0}),
            f"{text} through {source.interface.name}: its packets leave by {route.dev}",
            on(source.space, f"ip route replace {subnet} dev {source.interface.name}"),
        )


def _one_segment(journey: Journey) -> bool:
    """Whether no router is between both ends: then the sender asks for the MAC of the target itself."""
    inside = [hop for hop in journey.hops if hop.tunnel is None]
    return bool(inside) and inside[0].at == journey.source.interface and inside[-1].at == journey.target.interface


# -- Links. ------------------------------------------------------------------------------------------------------------


def _links(world: World, journey: Journey, names: dict[Space, str]) -> Iterator[Cause]:
    down = [index for index, hop in enumerate(journey.hops) if not (world.link(hop.at) or {"up": False})["up"]]
    for index, hop in enumerate(journey.hops):
        link = world.link(hop.at)
        # A port whose other end is down does not get a packet: it may be missed one hop earlier. A bridge that is down
        # is not heard itself.
        lost = frozenset({index - 1, index, _heard_next(journey.hops, index), *_askers(journey, index)})
        if link is None or not link["up"]:
            yield Cause(lost, f"{named(hop.at, names)} is down", on(hop.at.space, f"ip link set {hop.at.name} up"))
        elif not link["carrier"] and not {index - 1, index, index + 1} & set(down):
            yield Cause(lost, f"{named(hop.at, names)} has no carrier: nothing is at the other end of its cable")


def _askers(journey: Journey, at: int) -> Iterator[int]:
    """The hops by which a packet does not even leave, if nobody knows the MAC of the next host yet: ARP is asked in
    vain, because of what is wrong at a hop of the same segment. What the source asks for the target is seen (`loss`).
    """
    hops = journey.hops
    for is_inside in sorted({False, hops[at].tunnel is not None}):
        start = max(one for one in range(at + 1) if _sends(hops, one) and (hops[one].tunnel is not None) == is_inside)
        if start or not _one_segment(journey):
            yield start


def _sends(hops: tuple[Hop, ...], at: int) -> bool:
    """Whether a host sends a packet on from here: its own one, one that it routes, or the packet of a tunnel."""
    if at == 0:
        return True
    hop, before = hops[at], hops[at - 1]
    came_in = not before.outgoing and not before.bridge
    return hop.outgoing and not hop.bridge and (came_in or hop.tunnel != before.tunnel)


# -- VXLANs. -----------------------------------------------------------------------------------------------------------


def _tunnels(world: World, journey: Journey, names: dict[Space, str]) -> Iterator[Cause]:
    hops = journey.hops
    for index, hop in enumerate(hops):
        if not (hop.outgoing and (world.link(hop.at) or {}).get("kind") == "vxlan"):
            continue
        far = next((at for at in range(index + 1, len(hops)) if _is_vxlan(world, hops[at])), None)
        if far is None:
            continue
        lost = frozenset(range(index + 1, far + 1))
        yield from _forwarding(world, journey, hop.at, hops[far].at, lost, names)
        yield from _pinned(world, journey, hop.at, hops[far].at, far, names)
        yield from _addresses(world, hop.at, hops[far].at, lost, names)
        yield from _outer_route(world, hop.at, hops[far].at, lost)


def _is_vxlan(world: World, hop: Hop) -> bool:
    return not hop.tunnel and (world.link(hop.at) or {}).get("kind") == "vxlan"


def _forwarding(
    world: World, journey: Journey, near: Interface, far: Interface, lost: frozenset[int], names: dict[Space, str]
) -> Iterator[Cause]:
    """What the tables of a VXLAN say of the interface to which it has to lead."""
    owner = _segment_end(world, journey, far)
    mac = str((world.link(owner) or {}).get("mac", ""))
    whose = journey.target.name if owner == journey.target.interface else names.get(owner.space, owner.space.host)
    address = next((one.partition("/")[0] for one in world.addresses_of(owner)), journey.target.address)
    if owner == journey.target.interface:
        address = journey.target.address
    wanted, leads = world.vtep(far), world.remotes(near, mac)
    known = world.neighbour(near, address)
    is_docker = bool(_OVERLAY.search(near.space.netns))
    where, device = named(near, names), f"dev {near.name}"
    astray = [one for one in leads if one != wanted]
    if astray:
        command = f"bridge fdb replace {mac} {device} dst {wanted}"
        if wanted in leads:
            command = f"bridge fdb del {mac} {device} dst {astray[0]}"
        yield Cause(
            lost,
            f"{where} forwards {mac} ({whose}) to {astray[0]}, not to {far.space.host} at {wanted}",
            on(near.space, command),
        )
    elif not leads and wanted not in world.remotes(near, FLOOD):
        if is_docker and known is None:
            yield Cause(
                lost,
                f"{where} has neither a forwarding entry nor a neighbour for {whose} ({address}, {mac}): Docker's"
                f" gossip has not told {near.space.host} of it",
                f"on {far.space.host}: docker restart {whose}",
            )
            return
        if is_docker:
            text, entry = f"{where} has no forwarding entry for {mac} ({whose})", mac
        else:
            text, entry = (
                f"{where} sends to {far.space.host} at {wanted} neither what it floods nor {mac} ({whose})",
                FLOOD,
            )
        yield Cause(lost, text, on(near.space, f"bridge fdb append {entry} {device} dst {wanted}"))
    elif not is_docker and wanted not in world.remotes(near, FLOOD):
        yield Cause(
            lost,
            f"{where} floods nothing to {far.space.host} at {wanted}, and ARP requests are flooded",
            on(near.space, f"bridge fdb append {FLOOD} {device} dst {wanted}"),
            arp=True,
        )
    if is_docker and known != mac:
        what = (
            f"has the MAC {known} for {address}, and {whose} has {mac}" if known else f"has no neighbour for {address}"
        )
        yield Cause(
            lost | {0, 1},
            f"{where} {what}: it answers ARP requests for {whose}, and no other host is asked",
            on(near.space, f"ip neigh replace {address} lladdr {mac} {device} nud permanent"),
            # A wrong answer lets packets leave, and a sender that has the right MAC does not ask.
            arp=known is None or _knows(world, journey, mac),
        )


def _knows(world: World, journey: Journey, mac: str) -> bool:
    source = journey.source.interface
    return source is not None and world.neighbour(source, journey.target.address) == mac


def _pinned(
    world: World, journey: Journey, near: Interface, far: Interface, at: int, names: dict[Space, str]
) -> Iterator[Cause]:
    """A VXLAN that learns does not learn over a static entry: it drops what comes from elsewhere with that MAC."""
    source = journey.source.interface
    mac = str((world.link(source) or {}).get("mac", "")) if source and source == journey.hops[0].at else ""
    wanted, leads = world.vtep(near), world.remotes(far, mac) if mac else []
    if leads and wanted not in leads:
        yield Cause(
            frozenset({at}),
            f"{named(far, names)} has {mac} ({journey.source.name}) at {leads[0]}, and drops what comes with it from"
            f" {near.space.host} at {wanted}",
            on(far.space, f"bridge fdb replace {mac} dev {far.name} dst {wanted}"),
        )


def _segment_end(world: World, journey: Journey, far: Interface) -> Interface:
    """Behind a VXLAN, the interface whose MAC the frame is for: the first that is no port of a bridge."""
    behind = False
    for hop in journey.hops:
        behind = behind or hop.at == far
        is_way = hop.at == far or hop.bridge or hop.outgoing or hop.tunnel
        if behind and not is_way and world.bridge_of(hop.at) is None:
            return hop.at
    return journey.target.interface or far


def _addresses(
    world: World, near: Interface, far: Interface, lost: frozenset[int], names: dict[Space, str]
) -> Iterator[Cause]:
    """The addresses between which a VXLAN's packets go."""
    local = ((world.link(near) or {}).get("settings") or {}).get("local")
    host = near.space.host
    if local and world.owner(Space(host, OWN), local) is None:
        yield Cause(
            lost,
            f"{named(near, names)} sends from {local}, an address that {host} does not have",
            ends.AGAIN,
        )
    for one in (near, far):
        address = world.addresses.get(one.space.host, "")
        if world.owner(Space(one.space.host, OWN), address) is None and one.space.host in world.states:
            yield Cause(
                lost,
                f"{one.space.host} does not have the address {address} at which the others reach it",
                f"on {one.space.host}: ip address show; is it at this site? {ends.AGAIN}",
            )


def _outer_route(world: World, near: Interface, far: Interface, lost: frozenset[int]) -> Iterator[Cause]:
    """A route to the other host through a gateway, though both have a cable into the same subnet."""
    own, wanted, card = Space(near.space.host, OWN), world.vtep(far), world.card(near.space.host)
    route = world.route(own, wanted)
    if card and route and route.via and world.is_near(card, wanted):
        yield Cause(
            lost,
            f"{near.space.host} sends packets for {wanted} ({far.space.host}) to the gateway {route.via}, though both"
            f" are in the subnet of {card.name}",
            on(own, f"ip route del {route.to} via {route.via} dev {route.dev}"),
        )


# -- Sizes. ------------------------------------------------------------------------------------------------------------


def _sizes(world: World, journey: Journey, names: dict[Space, str]) -> Iterator[Cause]:
    """What full-size packets may not fit through, the narrowest first."""
    hops = journey.hops
    narrow = []
    for index, hop in enumerate(hops):
        link = world.link(hop.at)
        if link is None or hop.bridge:
            continue
        overhead = _VXLAN_BYTES if hop.tunnel else 0
        narrow.append((link["mtu"] - overhead, index, hop, overhead))
    for most, index, hop, overhead in sorted(narrow, key=lambda one: one[:2]):
        inside = f", of which VXLAN takes {overhead}" if overhead else ""
        # The sender before it finds it too long, and where it is inside VXLAN, that does so.
        start = max(0, index - 2)
        yield Cause(
            frozenset(range(start, _heard_next(hops, index + 1) + 1)),
            f"the MTU of {named(hop.at, names)} is {most + overhead}{inside}",
            on(hop.at.space, f"ip link set {hop.at.name} mtu {{mtu}}"),
            size=most,
            overhead=overhead,
        )
