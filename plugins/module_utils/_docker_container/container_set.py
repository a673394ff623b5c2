# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A host's containers as one desired state: all planned, with every fault of all, before the first is touched."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

from . import apply as container_apply
from . import owner, readiness
from . import plan as container_plan
from . import published_ports as published
from .ahead import freed
from .plan import Plan
from .spec import ContainerSpec, absent, whose


@dataclass(frozen=True)
class SetPlan:
    """``plans``: in the order of the list, after those that remove what is not in it. ``left``: what bears the label
    and stays, a line each.
    """

    plans: tuple[Plan, ...]
    differences: Differences
    left: tuple[str, ...] = ()


def plan(
    client,
    wanted: list[ContainerSpec],
    prune_label: str = "",
    lab: str = "",
    networks: Collection[str] = (),
    images: Collection[str] = (),
) -> SetPlan:
    """``prune_label``: "KEY=VALUE"; containers of ours that carry it and are not in the list are removed.

    ``lab``: the one whose containers they have to be; that of a prune_label, where that names one. ``networks``,
    ``images``: what is going to be on the host, whether it is there or not.
    """
    faults: list[str] = []
    plans: list[Plan] = []
    left: list[str] = []
    names = {spec.name for spec in wanted}
    if prune_label:
        plans.extend(_prune(client, names, prune_label, left))
    key, _separator, value = prune_label.partition("=")
    lab = value if key == owned.LAB_LABEL else lab
    coming: list[str] = []
    known = freed(client, wanted, [made.spec.name for made in plans])
    ahead = replace(known, containers=coming, networks=networks, images=images)
    for spec in wanted:
        try:
            plans.append(container_plan.plan(client, spec, ahead, lab))
        except LabError as error:
            faults.extend(error.faults)
        coming.append(spec.name)
    if faults:
        raise LabError(faults)
    differences = Differences()
    for made in plans:
        prefix = f"container {made.spec.name}"
        for one in made.differences.found:
            what = one.what if one.what == prefix else f"{prefix}: {one.what}"
            differences.add(what, one.before, one.after, one.recreate)
    return SetPlan(tuple(plans), differences, tuple(left))


def expected(made: SetPlan) -> list[dict[str, Any]]:
    """What apply will return, as far as it can be predicted."""
    return [shown for shown in map(container_plan.expected, made.plans) if shown]


def apply(
    client, made: SetPlan, patience: float = readiness.PATIENCE_SECONDS
) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns the containers as modules show them, and what had to be healed, a line each.

    ``patience``: seconds in which each container waits for those that it depends on.
    """
    shown, healed = [], []
    owner.take_over(client, [owner.of_inspected(one.before) for one in made.plans if one.before])
    _free_addresses(client, made)
    stopped: list[str] = []
    try:
        _free_ports(client, made, stopped)
        for one in made.plans:
            current = one
            if one.differences.changed:
                # Made again, because it may need what was made before it. It runs as it did before it was stopped here.
                current = container_plan.plan(client, one.spec)
                current = replace(current, run=current.run or (one.run if current.create else ""))
            # The first has settled long before the last is started.
            settle = one is made.plans[-1]
            result, lines = container_apply.apply(client, current, settle, patience)
            healed.extend(lines)
            if result:
                shown.append(result)
    except LabError as error:
        raise LabError([*error.faults, *_started_again(client, stopped)]) from error
    _check_started(client, made)
    return shown, healed


def _free_addresses(client, made: SetPlan) -> None:
    """Take containers off addresses that others of the set are about to take: two may swap theirs."""
    wanted = set().union(*(one.spec.addresses for one in made.plans if one.join or one.create))
    for one in made.plans:
        if one.before is None or one.spec.state == "absent":
            continue
        for network, settings in (one.before["NetworkSettings"]["Networks"] or {}).items():
            held = (network, settings.get("IPAddress"))
            if held in wanted - one.spec.addresses:
                with reported(f"container {one.spec.name}: leaving network {network}, where another takes its address"):
                    client.disconnect_container_from_network(one.before["Id"], network, force=False)


def _free_ports(client, made: SetPlan, stopped: list[str]) -> None:
    """Stop containers that hold ports of the host which others of the set are about to take. ``stopped`` gets their
    ids.
    """
    starting = [one for one in made.plans if one.run in ("start", "restart")]
    for one in made.plans:
        if not (one.before and one.before["State"]["Running"] and one.differences.changed):
            continue
        held = published.held_by(one.before)
        if any(published.conflicts(other.spec.ports, held) for other in starting if other is not one):
            with reported(f"container {one.spec.name}: stop, because another takes its port"):
                client.stop(one.before["Id"])
            stopped.append(one.before["Id"])


def _started_again(client, stopped: list[str]) -> list[str]:
    """Start what was stopped for others that did not come to be; what went wrong with that, a line each."""
    faults: list[str] = []
    for container_id in stopped:
        try:
            with reported("containers that were stopped for others: start"):
                there = find(client.inspect_container, container_id)
                if there and not there["State"]["Running"]:
                    client.start(container_id)
        except LabError as error:
            faults.extend(error.faults)
    return faults


def _check_started(client, made: SetPlan) -> None:
    faults: list[str] = []
    for one in made.plans:
        if one.run == "start":
            try:
                container_apply.check_running(client, one.spec, one.spec.name)
            except LabError as error:
                faults.extend(error.faults)
    if faults:
        raise LabError(faults)


def _prune(client, names: set[str], label: str, left: list[str]) -> list[Plan]:
    """Plans that remove containers. A container with the label that is not ours by the host's record is added to
    ``left``.
    """
    known = owned.known(owned.CONTAINER)
    key, _separator, value = label.partition("=")
    # Labels of their own count once, and only on a host that belongs to the lab.
    counts = known.ids is not None or label == f"{owned.LAB_LABEL}={known.lab}"
    surplus = set()
    for one in owner.labelled(client, label):
        if counts and owner.own_label(client, known, one, key) == value:
            surplus.add(whose(one.name))
        elif one.name not in names:
            left.append(
                f"container {one.name} ({one.id[:12]}) bears the label {label}, and by this host's record no module"
                " made it: it stays; remove it yourself, if it is to go (docker rm)"
            )
    return [container_plan.plan(client, absent(name)) for name in sorted(surplus - names)]
