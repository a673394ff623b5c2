# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""From desired and current state to the requests that lead from one to the other. Touches nothing."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import where

from . import requests
from .draft import Draft, Plan
from .model import Topology
from .observed import CurrentState
from .plan_links import plan_links
from .plan_removal import is_route, remove_marked, remove_named, remove_recorded
from .preconditions import check
from .record import Record


def plan_present(
    desired: Topology, current: CurrentState, record: Record, *, prune: bool = False, adopt: bool = False
) -> Plan:
    """The way to the desired state.

    Raises LabError with every fault that shows against the machine: an object that is somebody else's, a namespace or a
    master that nobody makes, an MTU that does not fit.
    """
    draft = Draft(desired, current, record, adopt)
    if prune:
        remove_recorded(draft, desired)
        remove_marked(draft, desired)
    _plan_namespaces(draft)
    plan_links(draft)
    check(draft)
    if draft.faults:
        raise LabError(draft.faults)
    _plan_routes(draft)
    _restate(draft)
    draft.plan.record = _record(draft, prune)
    return draft.plan


def plan_absent(desired: Topology, current: CurrentState, record: Record) -> Plan:
    """The way to a machine without it: a topology by its mark and record, single objects by name."""
    draft = Draft(desired, current, record)
    if desired.name is None:
        remove_named(draft)
    else:
        nothing = Topology(desired.name)
        remove_recorded(draft, nothing)
        remove_marked(draft, nothing)
    if draft.faults:
        raise LabError(draft.faults)
    return draft.plan


def _plan_namespaces(draft: Draft) -> None:
    topology = draft.desired.name
    for name in draft.desired.namespaces:
        place = draft.current.places.get(name)
        if place is None:
            strange = topology is not None and name not in draft.record.namespaces and netns.leftover(name)
            if strange and not draft.adopt:
                draft.fault(
                    f"namespace {name}",
                    f"{netns.path_of(name)} is no namespace, and topology {topology} did not leave it:"
                    " remove it, or set adopt",
                )
            draft.plan.namespaces_made.append(name)
            draft.plan.differences.add(f"namespace {name}", None, "present")
            continue
        if topology is not None and not draft.record.owns(name, place.identity):
            if not draft.adopt:
                draft.fault(
                    f"namespace {name}",
                    f"it exists and topology {topology} did not make it: choose another name,"
                    f" remove it (ip netns delete {name}), or set adopt",
                )
            draft.plan.differences.add(f"namespace {name}: topology", None, topology)
        if not place.links["lo"].up:
            draft.plan.differences.add(f"lo {where(name)}: up", False, True)
            draft.change(requests.set_link(name, "lo", f"set lo {where(name)} up", up=True))


def _plan_routes(draft: Draft) -> None:
    for route in draft.desired.routes:
        place = draft.current.places.get(route.netns)
        known = place.routes if place else set()
        if any(is_route(route, state) and not state.given for state in known):
            continue
        same = [state for state in sorted(known, key=str) if state.to == str(route.to)]
        before = next((state.hop for state in same if not state.given), None)
        draft.plan.differences.add(f"route to {route.to} {where(route.netns)}", before, route.hop)
        # Nothing of the network's is replaced, unless it is the very same.
        beside = any(state.given for state in same) and not before and not any(is_route(route, one) for one in same)
        draft.change(requests.add_route(route, f"add {route.title}", beside=beside))


def _restate(draft: Draft) -> None:
    """What earlier changes of the plan can undo is said again at its end.

    A bridge that somebody else made takes the smallest MTU of its ports until a change sets one on it; routes go with
    the addresses and links that they use.
    """
    touched = set(draft.touched)
    for link in draft.desired.links:
        state = draft.state(link.key) if link.kind == "bridge" and link.netns in touched else None
        if state and state.mtu == link.mtu and (draft.mark is None or state.group != draft.mark):
            draft.change(requests.set_link(*link.key, f"keep mtu of {link.title} at {link.mtu}", mtu=link.mtu))
    stated = {request.step for request in draft.plan.changes}
    for route in draft.desired.routes:
        if route.netns in touched and f"add {route.title}" not in stated:
            draft.change(requests.confirm_route(route, f"confirm {route.title}"))


def _record(draft: Draft, prune: bool) -> Record:
    """The record as it is to be; the namespaces that are to be made get their identities when they have them."""
    places = draft.current.places
    record = Record(
        namespaces={name: places[name].identity if name in places else None for name in draft.desired.namespaces},
        places=frozenset(link.netns for link in draft.desired.links),
        routes=frozenset((route.netns, str(route.to), route.via, route.dev) for route in draft.desired.routes),
        known=True,
    )
    return record if prune else draft.record.with_all(record)


def intended(before: Record, plan: Plan) -> Record:
    """What may exist while the plan is carried out: to be written before anything is touched."""
    return replace(before.with_all(plan.record), known=True)
