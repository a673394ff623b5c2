# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The topology engine as the modules call it: parse, read, plan, and apply unless in check mode."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of

from . import lockout, rollback
from . import network_managers as managers
from . import record as records
from .client import Client, carry_out, message_classes
from .draft import Plan
from .model import Topology
from .names import by_own_names
from .observed import CurrentState, Place, read
from .parse import parse
from .plan import intended, plan_absent, plan_present
from .record import Record


def end(module: Any, options: Mapping[str, Any]) -> None:
    """The whole of a module's main: run, and end the module with the result or the faults."""
    try:
        result = run(options, module.check_mode)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults, **error.done)
    except OSError as error:
        fault = f"{error.filename or 'the network of this machine'}: {error.strerror}"
        module.fail_json(msg=fault, faults=[fault])
    if result["reverts_in"] and not module.check_mode:
        module.warn(
            f"the old state of the network comes back in {result['reverts_in']} seconds,"
            " unless a next task of this module or one of its kind reaches this machine before"
        )
    module.exit_json(**result)


def run(options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the machine to what the options of the module topology say.

    ``name`` None is the way of the single-object modules: no mark, no record. Returns changed, diff, plan (a sentence
    for each step), reverts_in (seconds until the old state comes back, or None) and, for a topology, its mark. Raises
    LabError with every fault before anything is touched, or, after that, with what the kernel refused.
    """
    desired = parse(options)
    if check_mode:
        desired = replace(desired, coming=tuple(options.get("coming_bridges") or ()))
    if os.geteuid() != 0:
        raise LabError("network namespaces and links need root: run the task with become")
    with nullcontext() if check_mode else records.locked(), netns.Namespaces() as namespaces:
        waiting = rollback.pending()
        record = records.load(desired.name) if desired.name else Record()
        absent, prune = options["state"] == "absent", bool(options.get("prune"))
        current = _read(namespaces, desired, record, everything=desired.name is not None and (absent or prune))
        desired = by_own_names(desired, current)
        if absent:
            plan = plan_absent(desired, current, record)
        else:
            plan = plan_present(desired, current, record, prune=prune, adopt=bool(options.get("adopt")))
        own = current.places.get(netns.OWN)
        dangers = lockout.cuts(plan, own, record)
        faults = rollback.cannot_come_back(plan, own) if dangers and own and options.get("force") else dangers
        if faults:
            raise LabError(faults)
        if not check_mode:
            if plan.changed:
                _apply(namespaces, plan, desired.name, record, rollback_to=own if dangers else None)
            _settle_record(desired.name, absent, record, plan.record)
            rollback.confirm(waiting)
    result = {"changed": plan.changed, "diff": plan.differences.diff, "plan": plan.steps}
    result["reverts_in"] = rollback.SECONDS if dangers else None
    return {**result, "mark": mark_of(desired.name)} if desired.name else result


def _read(namespaces: netns.Namespaces, desired: Topology, record: Record, everything: bool) -> CurrentState:
    """Read the namespaces that matter; with ``everything`` also those in which there can be something to remove."""
    places = list(desired.places)
    routes_of = {route.netns for route in desired.routes}
    if everything:
        routes_of |= {route[0] for route in record.routes}
        places += sorted({*record.places, *record.namespaces, *routes_of})
        if not record.known:  # never made, or the record is lost: the marks tell
            places += [netns.OWN, *netns.names()]
    if netns.OWN in places:  # whether something is the machine's lifeline shows in its routes
        routes_of.add(netns.OWN)
    fdb_of = {link.netns for link in desired.links if link.remotes is not None}
    neighbours: dict[str, set[str]] = {}
    for link in desired.links:
        other = link.peer or link.parent
        # One end of a veth is enough to ask.
        asked = link.peer and link.netns in neighbours.get(link.peer[0], ())
        if other and other[0] != link.netns and not asked:
            neighbours.setdefault(link.netns, set()).add(other[0])
    ipv6_of = {link.netns for link in desired.links if link.settings.get("local6")}
    ipv6_of |= {link.netns for link in desired.links if any(one.version == 6 for one in link.addresses or ())}
    ipv6_of |= {route.netns for route in desired.routes if route.to.version == 6}
    current = read(namespaces, places, routes_of, fdb_of, neighbours, ipv6_of)
    return replace(current, inhabited=netns.inhabited()) if everything and record.namespaces else current


def _apply(
    namespaces: netns.Namespaces, plan: Plan, name: str | None, before: Record, rollback_to: Place | None
) -> None:
    """Carry out a plan. The record names what is going to be made before it is made, so a kill leaves nothing unknown.

    Raises LabError where the kernel refuses, with what was done before; a second run completes what is missing.
    """
    if plan.requests or plan.namespaces_made:
        message_classes()  # a library that is missing is missed before anything is touched
    client = Client(namespaces)
    intent = intended(before, plan)

    def note(made: Mapping[str, netns.Identity]) -> None:
        nonlocal intent
        intent = replace(intent, namespaces={**intent.namespaces, **made})
        plan.record = replace(plan.record, namespaces={**plan.record.namespaces, **made})
        if name:
            records.save(name, intent)

    note({})
    if rollback_to:
        rollback.arm(rollback.Snapshot.take(namespaces, rollback_to), plan)
    managers.leave_alone(plan)
    carry_out(plan, client, note)


def _settle_record(name: str | None, absent: bool, before: Record, after: Record) -> None:
    if name and absent:
        records.forget(name)
    elif name and after != before:
        records.save(name, after)
