# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A swarm's node as a manager keeps it: its role, and whether it is known at all. Plan first, then apply."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported

from .health import quorum_faults
from .view import nodes_of

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Request:
    """``node``: an id or a host name. ``role``: "" leaves it alone. ``wait_seconds``: for a manager to come or go."""

    node: str
    present: bool = True
    role: str = ""
    force: bool = False
    wait_seconds: float = 30


@dataclass(frozen=True)
class Plan:
    """``listed``: the nodes that are meant, as dockerd lists them; more than one only with state absent."""

    request: Request
    listed: tuple[dict[str, Any], ...]
    differences: Differences

    @property
    def expected(self) -> list[dict[str, Any]]:
        if not self.request.present:
            return []
        role = {"role": self.request.role} if self.request.role else {}
        return [node | role for node in nodes_of(self.listed)]


def plan(client, request: Request) -> Plan:
    """LabError with every fault; nothing is changed."""
    listed = list_nodes(client)
    meant = _meant(listed, request.node)
    found = Differences()
    faults = _faults(listed, meant, request)
    if faults:
        raise LabError(f"node {request.node}: {fault}" for fault in faults)
    for node in meant:
        what = f"node {_hostname(node)}"
        if not request.present:
            found.add(what, f"{node['Spec']['Role']}, {node['Status']['State']}", None)
        elif request.role:
            found.compare(f"{what}: role", node["Spec"]["Role"], request.role)
    return Plan(request, tuple(meant), found)


def list_nodes(client) -> list[dict[str, Any]]:
    """All nodes as dockerd lists them. LabError where this is no manager, or the managers have no majority."""
    with reported("list of the swarm's nodes"):
        return client.nodes()


def _meant(listed: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """By id, else by host name: one that left and joined again is there twice."""
    return [node for node in listed if node["ID"] == name] or [node for node in listed if _hostname(node) == name]


def _hostname(node: dict[str, Any]) -> str:
    return (node.get("Description") or {}).get("Hostname") or node["ID"]


def _faults(listed: list[dict[str, Any]], meant: list[dict[str, Any]], request: Request) -> list[str]:
    if request.present:
        if len(meant) == 1:
            return [] if request.role != "worker" else _quorum_faults(listed, meant)
        known = ", ".join(_hostname(node) for node in listed)
        what = "is listed twice, give its id" if meant else "is not a node of this swarm"
        return [f"{what}: its nodes are {known}"]
    ready = [node for node in meant if node["Status"]["State"] == "ready"]
    faults = _quorum_faults(listed, meant)
    if ready and not request.force:
        faults.append("answers, and would still act as a node: let it leave first, or set force to true")
    return faults


def _quorum_faults(listed: list[dict[str, Any]], going: list[dict[str, Any]]) -> list[str]:
    return quorum_faults(nodes_of(listed), {node["ID"] for node in going})


def apply(client, made: Plan) -> list[dict[str, Any]]:
    """Carry the plan out; returns the nodes as modules show them, none where they are absent."""
    request = made.request
    if not made.differences.changed:
        return made.expected
    if request.present:
        for node in made.listed:
            _change_role(client, node, request.role, request.wait_seconds)
        ids = {node["ID"] for node in made.listed}
        return nodes_of([node for node in list_nodes(client) if node["ID"] in ids])
    for node in made.listed:
        # One without a vote, as after a new cluster was forced, cannot be demoted, and need not be.
        if node.get("ManagerStatus"):
            _change_role(client, node, "worker", request.wait_seconds)
        with reported(f"node {node['ID']}: removal"):
            client.remove_node(node["ID"], force=True)
    return []


def _change_role(client, node: dict[str, Any], role: str, seconds: float) -> None:
    """Ask for the role, and wait until the managers agree: they change one membership after the other."""
    deadline = time.monotonic() + seconds
    name = _hostname(node)
    with reported(f"node {name}: role {role}"):
        client.update_node(node["ID"], node["Version"]["Index"], {**node["Spec"], "Role": role})
    while not _has_role(list_nodes(client), node["ID"], role):
        if time.monotonic() > deadline:
            raise LabError(f"node {name}: is no {role} after {seconds:g} s: see journalctl -u docker.service there")
        time.sleep(_POLL_SECONDS)


def _has_role(listed: list[dict[str, Any]], node_id: str, role: str) -> bool:
    for node in listed:
        if node["ID"] == node_id:
            status = node.get("ManagerStatus")
            return bool(status and status.get("Reachability") == "reachable") if role == "manager" else not status
    return True
