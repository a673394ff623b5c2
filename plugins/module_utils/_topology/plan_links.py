# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The links of a plan: made, changed in place, or made anew where the kernel cannot change them."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import doomed, is_mark
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import where

from . import requests
from .draft import Draft
from .link_kinds import needs_recreation
from .model import PORT, Key, Link
from .observed import LinkState
from .requests import Request

_ETHERNET_MTU = 1500


def plan_links(draft: Draft) -> None:
    """Plan every desired link, in the order in which they stand on each other."""
    done: set[Key] = set()
    for link in draft.desired.links:
        if link.key in done or not draft.exists(link.netns):
            continue
        ends = (link, draft.links[link.peer]) if link.peer else (link,)
        if not all(draft.exists(end.netns) for end in ends):
            continue
        done |= {end.key for end in ends}
        _plan_object(draft, ends)
    for link in draft.desired.links:
        if link.exclusive_ports:
            _release_others(draft, link)


def _plan_object(draft: Draft, ends: tuple[Link, ...]) -> None:
    """One link, or a veth with its two ends."""
    states = [draft.state(end.key) for end in ends]
    usable = [_may_use(draft, end, state) for end, state in zip(ends, states)]
    if not all(usable) or _takes_anothers_peer(draft, ends, states):
        return
    found = [(end, state) for end, state in zip(ends, states) if state]
    reasons = _why_anew(draft, found, complete=len(found) == len(ends))
    draft.plan.differences.found += reasons.found
    if len(found) == len(ends) and not reasons.changed:
        for end, state in found:
            _settle(draft, end, state)
        return
    for end, _state in found:
        why = "; ".join(reasons.reasons) or "its peer is missing"
        draft.plan.removals.append(requests.remove_link(*end.key, f"remove {end.title}: {why}"))
        draft.removed.add(end.key)
    _make(draft, ends, anew={end.key for end, _state in found})


def _may_use(draft: Draft, link: Link, state: LinkState | None) -> bool:
    """Whether what has the desired name now may be changed, and what does not exist be made."""
    if state is None:
        return _may_make(draft, link)
    if link.kind == PORT:
        return True
    marked = draft.mark is not None and state.group in (draft.mark, doomed(draft.mark))
    if state.kind != link.kind and not marked:
        draft.fault(link.title, f"{link.name} is a {state.kind or 'real interface'} there: choose another name")
    elif draft.mark is not None and not marked and is_mark(state.group):
        draft.fault(
            link.title, f"it belongs to another topology (ip link show group {state.group}): choose another name"
        )
    elif draft.mark is not None and not marked and not draft.adopt:
        draft.fault(
            link.title,
            f"it exists and topology {draft.desired.name} did not make it:"
            " choose another name, remove it, or set adopt",
        )
    else:
        return True
    return False


def _may_make(draft: Draft, link: Link) -> bool:
    holder = draft.holder(link.key)
    if holder:
        command = f"ip -n {link.netns} link" if link.netns else "ip link"
        draft.fault(
            link.title,
            f"{link.name} is another name of {holder.name} there: choose another name, or take it off"
            f" ({command} property del dev {holder.name} altname {link.name})",
        )
    elif link.kind == PORT:
        draft.fault(f"bridge {link.master} {where(link.netns)}", f"port {link.name}: there is no such link")
    elif link.kind == "veth" and not link.peer:
        draft.fault(link.title, "it does not exist: give its peer, so that it can be made")
    else:
        return True
    return False


def _takes_anothers_peer(draft: Draft, ends: tuple[Link, ...], states: list[LinkState | None]) -> bool:
    """Whether the peer's name is that of a veth's end which belongs to another pair.

    A topology makes its own pairs anew. A module for one object manages what it names, and that is the first end.
    """
    if draft.mark is not None or len(ends) == 1 or states[1] is None:
        return False
    if states[0] is not None and _is_at(draft, ends[0], states[0], ends[1].key):
        return False
    draft.fault(ends[1].title, f"it is not the peer of {ends[0].name}: choose another name for the peer, or remove it")
    return True


def _why_anew(draft: Draft, found: list[tuple[Link, LinkState]], complete: bool) -> Differences:
    """Differences of existing links that the kernel cannot change in place."""
    reasons = Differences()
    for link, state in found:
        if link.kind == PORT or reasons.compare(f"{link.title}: kind", state.kind, link.kind, recreate=True):
            continue
        if draft.mark is not None and state.group == doomed(draft.mark):
            reasons.add(f"{link.title}: state", "half removed", "present", recreate=True)
        for name, value in link.settings.items():
            before = state.settings.get(name)
            if value is not None and needs_recreation(link.kind, name, before, value):
                reasons.compare(f"{link.title}: {name}", before, value, recreate=True)
        if link.parent and not _is_at(draft, link, state, link.parent):
            reasons.add(f"{link.title}: parent", "another", f"{link.parent[1]} {where(link.parent[0])}", recreate=True)
    if complete and not reasons.changed:
        link, state = found[0]
        if link.peer and not _is_at(draft, link, state, link.peer):
            reasons.add(f"{link.title}: peer", "another", f"{link.peer[1]} {where(link.peer[0])}", recreate=True)
    return reasons


def _is_at(draft: Draft, link: Link, state: LinkState, other: Key) -> bool:
    """Whether the link below, or the peer, is the desired one."""
    target = draft.state(other)
    if target is None or state.link_index != target.index:
        return False
    if link.kind == "veth" and target.link_index != state.index:
        return False
    if link.kind == "vxlan":
        return True
    if other[0] == link.netns:
        return state.link_nsid is None
    here, there = draft.current.places[link.netns].nsids, draft.current.places[other[0]].nsids
    if other[0] in here:
        return state.link_nsid == here[other[0]]
    return target.link_nsid == there.get(link.netns, -1)


# To make --------------------------------------------------------------------------------------------------------


def _make(draft: Draft, ends: tuple[Link, ...], anew: set[Key]) -> None:
    ends = tuple(_with_mtu(draft, end) for end in ends)
    # Only the first end can be born up and with a master: a bridge's port, where there is one.
    link, *peers = sorted(ends, key=lambda end: not end.master)
    births = draft.plan.births[link.kind]
    births.append(requests.make_link(link, peers[0] if peers else None, draft.mark))
    if link.kind == "bridge" and link.mtu is not None:
        births.append(_set_mtu(link))
    for end in ends:
        draft.touched.add(end.netns)
        if end.key not in anew:
            draft.plan.differences.add(end.title, None, _summary(end))
        if end is not link:
            if end.master:
                draft.change(_enslave(end))
            if end.up:
                draft.change(_set_up(end))
        for remote in sorted(end.remotes or ()):
            draft.change(requests.add_remote(end, remote))
        for address in sorted(end.addresses or (), key=str):
            draft.change(requests.add_address(*end.key, address, f"add {address} to {end.title}"))


def _with_mtu(draft: Draft, link: Link) -> Link:
    """A new VXLAN without an MTU takes what its parent leaves it; the kernel itself would take 1500."""
    if link.kind != "vxlan" or link.mtu is not None:
        return link
    most = largest_vxlan_mtu(draft, link)
    return link if most is None else replace(link, mtu=most[0])


def largest_vxlan_mtu(draft: Draft, link: Link) -> tuple[int, str] | None:
    """What fits into the link that carries a VXLAN, and the name of that link; None where none is known."""
    local = link.settings.get("local") or link.settings.get("local6")
    for key, addresses, mtu in carriers(draft, link.netns):
        if key == link.parent or (link.parent is None and local in addresses):
            return mtu - kernel_vxlan.OVERHEAD[6 if link.settings.get("local6") else 4], key[1]
    return None


def carriers(draft: Draft, netns: str) -> list[tuple[Key, set[str], int]]:
    """Links of a namespace as they will be: key, addresses, MTU."""
    place = draft.current.places.get(netns)
    found: dict[Key, tuple[set[str], int]] = {}
    for state in place.links.values() if place else ():
        found[(netns, state.name)] = ({str(address.ip) for address in state.addresses}, state.mtu)
    for link in draft.desired.links:
        if link.netns == netns:
            addresses, mtu = found.get(link.key, (set(), _ETHERNET_MTU))
            if link.addresses is not None:
                addresses = {str(address.ip) for address in link.addresses}
            found[link.key] = (addresses, link.mtu or mtu)
    return [(key, *values) for key, values in found.items()]


def _summary(link: Link) -> str:
    """A new link in one line of a diff."""
    parts = [f"mtu {link.mtu}"] if link.mtu else []
    parts += [f"mac {link.mac}"] if link.mac else []
    parts += [f"master {link.master}"] if link.master else []
    parts += [f"{name} {value}" for name, value in link.settings.items() if value is not None]
    parts += [f"remote {remote}" for remote in sorted(link.remotes or ())]
    parts += [str(address) for address in sorted(link.addresses or (), key=str)]
    return ", ".join(parts) or "present"


# To change in place ---------------------------------------------------------------------------------------------


def _settle(draft: Draft, link: Link, state: LinkState) -> None:
    """Change in place what differs."""
    different = draft.plan.differences.compare
    if (
        draft.mark is not None
        and link.kind != PORT
        and different(_owner(link), _topology(draft, state), draft.desired.name)
    ):
        draft.change(requests.set_link(*link.key, f"adopt {link.title}", group=draft.mark))
    if link.mtu is not None and different(f"{link.title}: mtu", state.mtu, link.mtu):
        draft.touched.add(link.netns)
        draft.plan.mtus.append(_set_mtu(link))
    if link.mac is not None and different(f"{link.title}: mac", state.mac, link.mac):
        draft.change(requests.set_link(*link.key, f"set mac of {link.title} to {link.mac}", address=link.mac))
    before = None if (link.netns, state.master) in draft.removed else state.master
    if link.master is not None and different(f"{link.title}: master", before, link.master or None):
        draft.change(_enslave(link) if link.master else _release(link.key, link.title, before))
    changed = {
        name: value
        for name, value in link.settings.items()
        if value is not None and different(f"{link.title}: {name}", state.settings.get(name), value)
    }
    if changed:
        draft.change(requests.set_settings(link, f"set {', '.join(changed)} of {link.title}", changed))
    if link.up is not None and different(f"{link.title}: up", state.up, link.up):
        draft.change(_set_up(link))
    _settle_remotes(draft, link, state)
    _settle_addresses(draft, link, state)
    if link.kind == PORT:
        _hand_over_addresses(draft, link, state)


def _settle_remotes(draft: Draft, link: Link, state: LinkState) -> None:
    if link.remotes is None:
        return
    before, after = sorted(map(str, state.remotes)), sorted(link.remotes)
    if draft.plan.differences.compare(f"{link.title}: remotes", before, after):
        for remote in sorted(state.remotes, key=str):
            if str(remote) not in link.remotes:
                draft.change(requests.remove_remote(link, remote))
        for address in after:
            if address not in before:
                draft.change(requests.add_remote(link, address))


def _settle_addresses(draft: Draft, link: Link, state: LinkState) -> None:
    if link.addresses is None:
        return
    goes_down = link.up is False and state.up
    # What the network gives comes back when it is removed; one that is asked for stays also without the network.
    present = state.addresses - state.given
    if present == link.addresses and not goes_down:
        return
    before, after = sorted(present, key=str), sorted(link.addresses, key=str)
    if not draft.plan.differences.compare(f"{link.title}: addresses", before, after) and not goes_down:
        return
    extra = [address for address in before if address not in link.addresses]
    for address in extra:
        draft.change(requests.remove_address(*link.key, address, f"remove {address} from {link.title}"))
    # The others are confirmed as well: with an IPv4 address the kernel removes those that were added after it to the
    # same subnet, and a link that goes down loses its IPv6 addresses.
    for address in after:
        if address not in present or extra or goes_down:
            draft.change(requests.add_address(*link.key, address, f"add {address} to {link.title}"))


def _hand_over_addresses(draft: Draft, port: Link, state: LinkState) -> None:
    """An address that the bridge is to have leaves its port: a port answers to none."""
    bridge = draft.links.get((port.netns, port.master or ""))
    for address in sorted((bridge.addresses or frozenset()) & state.addresses if bridge else (), key=str):
        draft.plan.differences.add(f"{port.title}: address", address, None)
        step = f"remove {address} from {port.title}, as {port.master} has it"
        draft.change(requests.remove_address(*port.key, address, step))


def _release_others(draft: Draft, bridge: Link) -> None:
    """Release the ports of a bridge that nobody lists."""
    place = draft.current.places.get(bridge.netns)
    for state in place.links.values() if place else ():
        key = (bridge.netns, state.name)
        desired = draft.links.get(key)
        listed = desired is not None and desired.master is not None
        if state.master == bridge.name and not listed and not {key, bridge.key} & draft.removed:
            title = f"{state.kind or 'interface'} {state.name} {where(bridge.netns)}"
            draft.plan.differences.add(f"{title}: master", bridge.name, None)
            draft.change(_release(key, title, bridge.name))


def _owner(link: Link) -> str:
    return f"{link.title}: topology"


def _topology(draft: Draft, state: LinkState) -> str | None:
    return draft.desired.name if state.group == draft.mark else None


def _enslave(link: Link) -> Request:
    step = f"make {link.title} a port of {link.master}"
    return requests.set_link(*link.key, step, master=link.master)


def _release(key: Key, title: str, master: str | None) -> Request:
    return requests.set_link(*key, f"release {title} from {master}", master="")


def _set_mtu(link: Link) -> Request:
    return requests.set_link(*link.key, f"set mtu of {link.title} to {link.mtu}", mtu=link.mtu)


def _set_up(link: Link) -> Request:
    return requests.set_link(*link.key, f"set {link.title} {'up' if link.up else 'down'}", up=link.up)
