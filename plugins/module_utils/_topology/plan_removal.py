# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What has to be removed: by mark, by record, or by name."""

from __future__ import annotations

from ipaddress import ip_network

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import doomed
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import where

from . import requests
from .draft import Draft
from .model import Route, Topology
from .observed import LinkState, RouteState
from .requests import Request


def remove_marked(draft: Draft, keep: Topology) -> None:
    """Plan the removal of links that carry the mark and are not to be kept, after that of namespaces."""
    if draft.mark is None:
        return
    kept = {link.key for link in keep.links}
    victims: dict[str, list[LinkState]] = {}
    for place, known in draft.current.places.items():
        for state in known.links.values():
            if state.group in (draft.mark, doomed(draft.mark)) and (place, state.name) not in kept:
                victims.setdefault(place, []).append(state)
    for place, states in victims.items():
        draft.touched.add(place)
        for state in states:
            draft.removed.add((place, state.name))
            draft.plan.differences.add(f"{state.kind} {state.name} {where(place)}", "present", None)
        # What is in a namespace that goes, goes with it: the kernel does that later, and faster. Unless a process lives
        # there: then the namespace stays with it, and only loses its name.
        inhabited = draft.current.places[place].identity in draft.current.inhabited
        if inhabited or place not in draft.plan.namespaces_removed:
            draft.plan.removals += _removal(draft, place, states, draft.mark)


def _removal(draft: Draft, place: str, states: list[LinkState], mark: int) -> list[Request]:
    names = tuple(state.name for state in states)
    step = f"remove {', '.join(names)} {where(place)}"
    if len(states) == 1:
        return [requests.remove_link(place, names[0], step)]
    if sum(state.group == mark for state in draft.current.places[place].links.values()) == len(states):
        return [requests.remove_group(place, mark, names, step)]
    # Some of the group stay: those that go get a group of their own first.
    moves = [
        requests.doom_link(place, state.name, doomed(mark), f"mark {state.name} {where(place)} for removal")
        for state in states
        if state.group == mark
    ]
    return [*moves, requests.remove_group(place, doomed(mark), names, step)]


def remove_recorded(draft: Draft, keep: Topology) -> None:
    """Plan the removal of namespaces and routes that the record proves to be ours, and that are not to be kept."""
    for name in draft.record.namespaces:
        place = draft.current.places.get(name)
        ours = draft.record.owns(name, place.identity) if place else netns.leftover(name)
        if ours and name not in keep.namespaces:
            _remove_namespace(draft, name)
    kept = {(route.netns, str(route.to)) for route in keep.routes}
    for place_name, to, via, dev in sorted(draft.record.routes, key=str):
        place = draft.current.places.get(place_name)
        if place is None or place_name in draft.plan.namespaces_removed or (place_name, to) in kept:
            continue
        route = Route(place_name, ip_network(to), via, dev)
        if any(is_route(route, state) and not state.given for state in place.routes):
            draft.plan.differences.add(f"route to {to} {where(place_name)}", route.hop, None)
            draft.plan.removals.append(requests.remove_route(route, f"remove {route.title}"))
            draft.touched.add(place_name)


def remove_named(draft: Draft) -> None:
    """Plan the removal of what is listed, whoever made it."""
    for link in draft.desired.links:
        state = draft.state(link.key)
        if state is None:
            holder = draft.holder(link.key)
            if holder:
                draft.fault(link.title, f"{link.name} is another name of {holder.name} there: give that one")
            continue
        if state.kind != link.kind:
            draft.fault(
                link.title, f"{link.name} is a {state.kind or 'real interface'} there: it is not removed as another"
            )
            continue
        draft.plan.differences.add(link.title, "present", None)
        draft.plan.removals.append(requests.remove_link(*link.key, f"remove {link.title}"))
    for name in draft.desired.namespaces:
        if name in draft.current.places or netns.leftover(name):
            _remove_namespace(draft, name)


def _remove_namespace(draft: Draft, name: str) -> None:
    draft.plan.namespaces_removed.append(name)
    draft.plan.differences.add(f"namespace {name}", "present", None)


def is_route(route: Route, state: RouteState) -> bool:
    return state.to == str(route.to) and state.via == route.via and route.dev in (None, state.dev)
