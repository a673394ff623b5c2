# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of a topology that only the machine's state shows, found before anything is changed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import ipv6
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN, where

from .draft import Draft
from .model import PORT, Key, Link, Route
from .plan_links import carriers, largest_vxlan_mtu


def check(draft: Draft) -> None:
    """Add a fault for each thing that the kernel would refuse, or that would quietly not work."""
    _check_places(draft)
    unlisted = _unlisted(draft)
    for link in draft.desired.links:
        if not draft.exists(link.netns):
            continue
        _check_master(draft, link)
        _check_parent(draft, link)
        _check_ipv6(draft, link)
        for address in link.addresses or ():
            holder = unlisted.get((link.netns, address.packed))
            if holder and not _is_port_of(draft, (link.netns, holder), link):
                draft.fault(link.title, f"{address.ip} is an address of {holder} there already: change one")
    for route in draft.desired.routes:
        if draft.exists(route.netns):
            _check_route(draft, route)


def _check_places(draft: Draft) -> None:
    users: dict[str, str] = {}
    for link in draft.desired.links:
        users.setdefault(link.netns, link.title)
        if link.parent:
            users.setdefault(link.parent[0], link.title)
    for route in draft.desired.routes:
        users.setdefault(route.netns, route.title)
    for place, title in users.items():
        if not draft.exists(place):
            remedy = "give the path of one" if "/" in place else "list it under namespaces, or make it before"
            draft.fault(title, f"there is no namespace {place}: {remedy}")
    spellings: dict[tuple[int, int], str] = {}
    for place in draft.desired.places:
        known = draft.current.places.get(place)
        if known is None:
            continue
        other = spellings.setdefault(known.identity, place)
        if other != place:
            one, both = (other, place) if place == OWN else (place, other)
            what = f"namespace {both} as well: use one name for it" if both else "the machine's own: leave it out"
            draft.fault(f"namespace {one}", f"it is {what}")


def _unlisted(draft: Draft) -> dict[tuple[str, bytes], str]:
    """Addresses of links that are there and of which the topology does not speak: (netns, packed address) -> link."""
    silent = {link.key for link in draft.desired.links if link.addresses is not None} | draft.removed
    return {
        (place, packed): state.name
        for place in draft.desired.places
        if place in draft.current.places
        for state in draft.current.places[place].links.values()
        if (place, state.name) not in silent
        for packed, _length in state.packed_addresses
    }


def _is_port_of(draft: Draft, key: Key, bridge: Link) -> bool:
    """Whether the link is to be a port of the bridge, to which it hands its address over."""
    port = draft.links.get(key)
    return port is not None and port.kind == PORT and port.master == bridge.name


def _check_master(draft: Draft, link: Link) -> None:
    if not link.master:
        return
    kind = draft.kind_of((link.netns, link.master))
    if kind != "bridge":
        what = f"it is not a bridge ({kind})" if kind else "there is no such bridge"
        draft.fault(link.title, f"master {link.master}: {what}: list it under bridges of that namespace")
    state = draft.state(link.key)
    if link.kind == PORT and state and (state.kind == "bridge" or state.name == "lo"):
        draft.fault(
            f"bridge {link.master} {where(link.netns)}", f"port {link.name} is {_a(state.kind)}, which cannot be one"
        )


def _a(kind: str | None) -> str:
    return f"a {kind}" if kind else "the loopback"


def _check_parent(draft: Draft, link: Link) -> None:
    """The link below: there, of a kind that carries, and with room for the MTU."""
    if link.parent and draft.exists(link.parent[0]):
        place, name = link.parent
        kind = draft.kind_of(link.parent)
        if kind is None or name == "lo":
            draft.fault(link.title, f"parent {name}: there is no such link {where(place)} that can carry it")
        if kind == "macvlan":
            draft.fault(link.title, f"parent {name} is a macvlan itself: give the link below it")
        if link.kind == "macvlan":
            _check_macvlan(draft, link, place, name)
    if link.kind == "vxlan" and link.mtu is not None:
        most = largest_vxlan_mtu(draft, link)
        if most is not None and link.mtu > most[0]:
            draft.fault(link.title, f"mtu {link.mtu} does not fit into {most[1]}: give at most {most[0]}")


def _check_ipv6(draft: Draft, link: Link) -> None:
    """The kernel refuses the address of a link without IPv6, after the link was made."""
    wanted = [str(address) for address in sorted(link.addresses or (), key=str) if address.version == 6]
    wanted += [f"local {link.settings['local6']}"] if link.settings.get("local6") else []
    if wanted:
        _check_has_ipv6(draft, link.key, link.title, f"{', '.join(wanted)}: ")


def _check_has_ipv6(draft: Draft, key: Key, title: str, wanted: str = "") -> None:
    netns, name = key
    place = draft.current.places.get(netns)
    name = name if place and draft.state(key) else ipv6.DEFAULT
    if name in place.without_ipv6 if place else draft.current.new_without_ipv6:
        where_off = f"net.ipv6.conf.{name}.disable_ipv6 is 1" if place else "namespaces are made without"
        inside = f"ip netns exec {netns} " if place and netns else ""
        draft.fault(
            title,
            f"{wanted}IPv6 is off there ({where_off}, or this kernel has none): turn it on"
            f" ({inside}sysctl -w net.ipv6.conf.all.disable_ipv6=0), or take IPv6 out",
        )


def _check_macvlan(draft: Draft, link: Link, place: str, name: str) -> None:
    desired, state = draft.links.get((place, name)), draft.state((place, name))
    master = desired.master if desired and desired.master is not None else state.master if state else None
    if master:
        draft.fault(link.title, f"parent {name} is a port of bridge {master}: give the bridge")
    if link.mac is not None:
        for other in draft.desired.links:
            if other.mac == link.mac and (
                other.key == link.parent or (other.parent == link.parent and other is not link)
            ):
                draft.fault(link.title, f"mac {link.mac} is that of {other.kind} {other.name} too: give it another")
    for key, _state, mtu in carriers(draft, place):
        if key == (place, name) and link.mtu is not None and link.mtu > mtu:
            draft.fault(link.title, f"mtu {link.mtu} does not fit into {name}: give at most {mtu}")


def _check_route(draft: Draft, route: Route) -> None:
    if route.dev and not draft.kind_of((route.netns, route.dev)):
        draft.fault(route.title, f"there is no link {route.dev} there")
        return
    if route.to.version == 6 and route.dev:
        _check_has_ipv6(draft, (route.netns, route.dev), route.title)
    if route.via is None:
        return
    gateway = ip_address(route.via)
    if gateway.version == 6 and gateway.is_link_local:
        return
    networks = [network for _where, address_texts in _networks(draft, route) for network in address_texts]
    if not any(gateway in network for network in networks if network.version == gateway.version):
        through = f"{route.dev} has" if route.dev else "no link there has"
        negation = " no" if route.dev else " an"
        draft.fault(
            route.title, f"{through}{negation} address in the subnet of {route.via}: the kernel could not reach it"
        )


def _networks(draft: Draft, route: Route) -> list[tuple[str, list]]:
    """What is reached directly in the route's namespace, by link."""
    found = []
    place = draft.current.places.get(route.netns)
    states = {state.name: state for state in place.links.values()} if place else {}
    desired = {link.name: link for link in draft.desired.links if link.netns == route.netns}
    for name in {*states, *desired}:
        if route.dev not in (None, name):
            continue
        link, state = desired.get(name), states.get(name)
        addresses = link.addresses if link and link.addresses is not None else state.addresses if state else ()
        found.append((name, [address.network for address in addresses]))
    direct = [other.to for other in draft.desired.routes if other.netns == route.netns and other.via is None]
    direct += [ip_network(state.to) for state in (place.routes if place else ()) if state.via is None]
    return [*found, ("", direct)]
