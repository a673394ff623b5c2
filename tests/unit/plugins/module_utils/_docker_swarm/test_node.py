# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import node as swarm_node
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.node import Request
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker


def node(name: str, role: str, reachable: bool = True, state: str = "ready", **given: Any) -> dict[str, Any]:
    """A node as dockerd lists it."""
    status = {"Leader": False, "Reachability": "reachable" if reachable else "unreachable", "Addr": f"{name}:2377"}
    return {
        "ID": f"id-{name}",
        "Version": {"Index": 7},
        "Spec": {"Role": role, "Availability": "active"},
        "Description": {"Hostname": name},
        "Status": {"State": state, "Addr": name},
        "ManagerStatus": status if role == "manager" else None,
        **given,
    }


def docker(*nodes: dict[str, Any]) -> FakeDocker:
    made = FakeDocker()
    made.all_nodes = deepcopy(list(nodes))
    return made


def run(made: FakeDocker, **given: Any) -> tuple[bool, list[dict[str, Any]]]:
    plan = swarm_node.plan(made, Request(**given))
    return plan.differences.changed, swarm_node.apply(made, plan)


ONE, TWO, THREE = node("e1", "manager"), node("e2", "manager"), node("e3", "manager")
WORKER = node("e4", "worker")
LOST = node("e3", "manager", reachable=False, state="down")
# As a manager lists those of before, after docker swarm init --force-new-cluster.
BEFORE = [node(name, "manager", state="down", ManagerStatus=None) for name in ("e2", "e3")]


@pytest.mark.parametrize(
    ("nodes", "given", "calls"),
    [
        pytest.param(
            [ONE, WORKER], {"node": "e4", "role": "manager"}, [("update_node", "id-e4 manager")], id="promoted"
        ),
        pytest.param([ONE, WORKER], {"node": "id-e4", "role": "worker"}, [], id="a worker already"),
        pytest.param([ONE, WORKER], {"node": "e4"}, [], id="nothing asked"),
        pytest.param(
            [ONE, TWO, THREE], {"node": "e2", "role": "worker"}, [("update_node", "id-e2 worker")], id="demoted"
        ),
        pytest.param(
            [ONE, TWO, LOST],
            {"node": "e3", "present": False},
            [("update_node", "id-e3 worker"), ("remove_node", "id-e3")],
            id="a lost manager is forgotten",
        ),
        pytest.param(
            [ONE, *BEFORE],
            {"node": "e2", "present": False},
            [("remove_node", "id-e2")],
            id="a manager that has no vote any more is forgotten",
        ),
        pytest.param(
            [ONE, node("e4", "worker", state="down")],
            {"node": "e4", "present": False},
            [("remove_node", "id-e4")],
            id="a lost worker is forgotten",
        ),
        pytest.param(
            [ONE, node("e4", "worker", state="down"), node("e4", "worker", state="down", ID="id-former")],
            {"node": "e4", "present": False},
            [("remove_node", "id-e4"), ("remove_node", "id-former")],
            id="all that had the name",
        ),
        pytest.param([ONE], {"node": "e4", "present": False}, [], id="nobody knows it"),
        pytest.param(
            [ONE, WORKER], {"node": "e4", "present": False, "force": True}, [("remove_node", "id-e4")], id="by force"
        ),
    ],
)
def test_what_is_done_and_done_once(nodes: list, given: dict[str, Any], calls: list[tuple[str, str]]) -> None:
    made = docker(*nodes)
    changed, _ = run(made, **given)
    assert made.calls == calls
    assert changed is bool(calls)
    again, listed = run(made, **given)
    assert not again
    assert made.calls == calls
    assert len(listed) == (0 if given.get("present") is False else 1)


@pytest.mark.parametrize(
    ("nodes", "given", "fault"),
    [
        pytest.param(
            [ONE, WORKER],
            {"node": "e9", "role": "manager"},
            "node e9: is not a node of this swarm: its nodes are e1, e4",
            id="unknown",
        ),
        pytest.param(
            [ONE, WORKER, node("e4", "worker", ID="id-former")],
            {"node": "e4", "role": "manager"},
            "node e4: is listed twice, give its id: its nodes are e1, e4, e4",
            id="twice",
        ),
        pytest.param(
            [ONE, WORKER],
            {"node": "e1", "role": "worker"},
            "node e1: is the only manager: make another node one first (role: manager)",
            id="the only manager",
        ),
        pytest.param(
            [ONE, *BEFORE],
            {"node": "e1", "present": False, "force": True},
            "node e1: is the only manager: make another node one first (role: manager)",
            id="the only manager that has a vote",
        ),
        pytest.param(
            [ONE, TWO, LOST],
            {"node": "e2", "role": "worker"},
            "node e2: without it 2 managers are left, of which 2 must answer, and only 1 would: bring the others back,"
            " or remove those that are gone first",
            id="the majority",
        ),
        pytest.param(
            [ONE, WORKER],
            {"node": "e4", "present": False},
            "node e4: answers, and would still act as a node: let it leave first, or set force to true",
            id="alive",
        ),
    ],
)
def test_what_is_refused_before_anything_changes(nodes: list, given: dict[str, Any], fault: str) -> None:
    made = docker(*nodes)
    with pytest.raises(LabError) as caught:
        run(made, **given)
    assert str(caught.value) == fault
    assert made.calls == []


def test_without_a_majority_the_reason_is_told() -> None:
    made = docker()
    made.failing["nodes"] = "rpc error: The swarm does not have a leader."
    with pytest.raises(LabError, match=r"list of the swarm's nodes: rpc error: The swarm does not have a leader\."):
        run(made, node="e1")


def test_check_mode_predicts_the_role() -> None:
    plan = swarm_node.plan(docker(ONE, WORKER), Request(node="e4", role="manager"))
    assert plan.expected[0]["role"] == "manager"
    assert plan.differences.diff["before"] == "node e4: role: worker\n"
