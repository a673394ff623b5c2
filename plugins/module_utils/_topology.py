# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The topology engine as the modules call it: parse, read, plan, and apply unless in check mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _netns as netns
from ansible_collections.emon.overlay_lab.plugins.module_utils import _topology_record as records
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_client import Client
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_model import Topology
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_parse import parse, places_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_plan import (
    BIRTH_ORDER,
    Plan,
    plan_absent,
    plan_present,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_record import Record
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_world import World, read


def run(options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the machine to what the options of the module topology say.

    Returns changed, diff and plan (a sentence for each step). Raises LabError with every fault before anything is
    touched, or, after that, with what the kernel refused.
    """
    wanted = parse(options)
    mark = options["name"]
    absent = options["state"] == "absent"
    with records.locked(mark), netns.Namespaces() as namespaces:
        record = records.load(mark)
        world = _read(namespaces, wanted, record, everything=absent or options["prune"])
        if absent:
            plan = plan_absent(wanted, world, record)
        else:
            plan = plan_present(wanted, world, record, prune=options["prune"], adopt=options["adopt"])
        if not check_mode:
            if plan.changed or plan.changes:
                apply(plan, Client(namespaces), mark, record)
            if absent:
                records.forget(mark)
            elif plan.record != record:
                records.save(mark, plan.record)
    return {"changed": plan.changed, "diff": plan.differences.diff, "plan": plan.steps}


def _read(namespaces: netns.Namespaces, wanted: Topology, record: Record, everything: bool) -> World:
    places = places_of(wanted)
    routes_of = {route.netns for route in wanted.routes}
    if everything:
        places += [*record.places, *(name for name in record.namespaces if record.owns(name))]
        routes_of |= {place for place, _, _, _ in record.routes}
        if not record.known:
            # No record, or a lost one: the marks tell.
            places += [netns.OWN, *netns.names()]
    peers: dict[str, set[str]] = {}
    for link in wanted.links:
        if link.peer and link.peer[0] != link.netns:
            peers.setdefault(link.netns, set()).add(link.peer[0])
    return read(namespaces, [*places, *routes_of], routes_of, peers)


def apply(plan: Plan, client: Client, name: str, record: Record) -> None:
    """Carry out a plan. The record says what is going to be made before it is made, so a kill leaves nothing unknown.

    Raises LabError where the kernel refuses; a second run completes what is missing.
    """
    intent = replace(
        plan.record,
        namespaces={**record.namespaces, **plan.record.namespaces},
        places=record.places | plan.record.places,
        routes=record.routes | plan.record.routes,
    )
    records.save(name, intent)

    def note(made: Mapping[str, netns.Identity]) -> None:
        nonlocal intent
        intent = replace(intent, namespaces={**intent.namespaces, **made})
        records.save(name, intent)

    client.send(plan.removals)
    client.remove_namespaces(plan.namespaces_removed)
    client.make_namespaces(plan.namespaces_made, note)
    plan.record = replace(
        plan.record, namespaces={key: intent.namespaces[key] or value for key, value in plan.record.namespaces.items()}
    )
    for kind in BIRTH_ORDER:
        client.send(plan.births[kind])
    client.send(plan.changes)
