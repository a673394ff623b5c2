# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm.membership import (
    ids_of,
    manager_count,
    managers,
    owner_faults,
    plan,
    successor,
)

ADDRESSES = {f"e{number}": f"10.0.0.{number}" for number in range(1, 6)}


def lab(*names: str) -> dict[str, Any]:
    return {
        "name": "emon",
        "site": "company",
        "hosts": {name: {"addresses": {"company": ADDRESSES[name], "home": f"192.168.1.{name[1:]}"}} for name in names},
    }


def node(name: str, role: str = "worker", **given: Any) -> dict[str, Any]:
    """A node as a manager lists it."""
    return {
        "id": f"id-{name}",
        "hostname": name,
        "address": ADDRESSES[name],
        "role": role,
        "state": "ready",
        "reachable": role == "manager",
        **given,
    }


NOBODY: dict[str, Any] = {"state": "inactive", "node_id": "", "node_address": "", "manager": False, "lab": "",
                          "managers": [], "error": ""}  # fmt: skip
OUTSIDE: dict[str, Any] = {"swarm": NOBODY, "nodes": [], "error": ""}


def inside(name: str, nodes: list[dict[str, Any]], lost: bool = False, **given: Any) -> dict[str, Any]:
    """What docker_swarm_info returns on a host that is one of these nodes. ``lost``: without a quorum."""
    manager = any(one["id"] == f"id-{name}" and one["role"] == "manager" for one in nodes)
    swarm = {
        "state": "active",
        "node_id": f"id-{name}",
        "node_address": ADDRESSES[name],
        "manager": manager,
        "lab": "emon",
        "managers": [{"node_id": one["id"], "address": one["address"]} for one in nodes if one["role"] == "manager"],
        "error": "",
        **given,
    }
    return {
        "swarm": swarm,
        "nodes": nodes if manager and not lost else [],
        "error": "no leader" if lost else "",
    }


TWO = [node("e1", "manager"), node("e2")]
THREE = [node("e1", "manager"), node("e2", "manager"), node("e3", "manager")]
OTHER = [node("e2", "manager"), node("e3")]
MOVED = {"node_address": "192.168.1.2"}


@pytest.mark.parametrize(("hosts", "expected"), [(1, 1), (2, 1), (3, 3), (4, 3), (16, 3)])
def test_manager_count(hosts: int, expected: int) -> None:
    assert manager_count(hosts) == expected


@pytest.mark.parametrize(
    ("names", "infos", "expected"),
    [
        pytest.param(
            ["e1", "e2"], {"e1": OUTSIDE, "e2": OUTSIDE},
            {"found": "e1", "manager": "e1", "join": {"e2": "worker"}},
            id="two hosts found a swarm with one manager",
        ),
        pytest.param(
            ["e2", "e3"],
            {"e2": inside("e2", [node("e1", "manager"), node("e2")]), "e3": inside("e3", THREE, state="pending")},
            {"leave": ["e2", "e3"], "found": "e2", "manager": "e2", "join": {"e3": "worker"}},
            id="one waits for managers that are not in the lab file any more",
        ),
        pytest.param(
            ["e1", "e2", "e3"],
            {"e1": inside("e1", TWO), "e2": inside("e2", TWO), "e3": inside("e3", THREE, state="pending")},
            {"leave": ["e3"], "manager": "e1", "join": {"e3": "manager"}, "promote": ["id-e2"]},
            id="one waits for managers that have forgotten it",
        ),
        pytest.param(
            ["e1", "e2", "e3", "e4"], dict.fromkeys(["e1", "e2", "e3", "e4"], OUTSIDE),
            {"found": "e1", "manager": "e1", "join": {"e2": "manager", "e3": "manager", "e4": "worker"}},
            id="four found one with three",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO), "e2": inside("e2", TWO)}, {"manager": "e1"},
            id="nothing to do",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO[:1]), "e2": OUTSIDE}, {"manager": "e1", "join": {"e2": "worker"}},
            id="founded, and killed before anybody joined",
        ),
        pytest.param(
            ["e1", "e2", "e3"], {"e1": inside("e1", TWO), "e2": inside("e2", TWO), "e3": OUTSIDE},
            {"manager": "e1", "join": {"e3": "manager"}, "promote": ["id-e2"]},
            id="a third host: two more managers",
        ),
        pytest.param(
            ["e4", "e1", "e2", "e3"],
            {**{name: inside(name, THREE) for name in ("e1", "e2", "e3")}, "e4": OUTSIDE},
            {"manager": "e1", "join": {"e4": "worker"}},
            id="managers stay managers, whatever the order in the file",
        ),
        pytest.param(
            ["e1", "e2"], {name: inside(name, [*THREE[:2], node("e3")]) for name in ("e1", "e2")},
            {"manager": "e1", "demote": ["id-e2"], "strangers": ["e3"]},
            id="a worker taken out of the file, after which one manager is enough",
        ),
        pytest.param(
            ["e1", "e2"],
            {name: inside(name, THREE) for name in ("e1", "e2")},
            {"manager": "e1", "strangers": ["e3"]},
            id="a manager taken out of the file, which may be lost: nobody is demoted before it is forgotten",
        ),
        pytest.param(
            ["e1", "e2"], {"e2": inside("e2", TWO)}, {"manager": "e1"},
            id="limited to a worker: its manager is known by its address",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO)}, {"manager": "e1"}, id="limited to the manager",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": OUTSIDE, "e2": inside("e2", TWO)},
            {"leave": ["e2"], "found": "e1", "manager": "e1", "join": {"e2": "worker"}},
            id="the manager has left, and the worker not yet",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO), "e2": OUTSIDE},
            {"manager": "e1", "remove": ["id-e2"], "join": {"e2": "worker"}},
            id="the worker has left, and the manager not yet",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO, node_address="192.168.1.1"), "e2": inside("e2", TWO, **MOVED)},
            {"leave": ["e1", "e2"], "found": "e1", "manager": "e1", "join": {"e2": "worker"}},
            id="all hosts have moved first",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO), "e2": inside("e2", TWO, **MOVED)},
            {"leave": ["e2"], "manager": "e1", "remove": ["id-e2"], "join": {"e2": "worker"}},
            id="one node announces the address of the other site",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO), "e2": inside("e2", TWO, state="error", node_id="")},
            {"leave": ["e2"], "manager": "e1", "remove": ["id-e2"], "join": {"e2": "worker"}},
            id="one node does not come up again",
        ),
        pytest.param(
            ["e1", "e2"],
            {"e1": inside("e1", [*TWO, node("e2", id="id-former", state="down")]), "e2": inside("e2", TWO)},
            {"manager": "e1", "remove": ["id-former"]},
            id="what a host was before is forgotten",
        ),
        pytest.param(
            ["e1", "e2", "e3"],
            {name: inside(name, [*THREE, node("e3", id="id-former", state="down")]) for name in ("e1", "e2")},
            {"manager": "e1"},
            id="of a host that is not asked nothing is forgotten",
        ),
        pytest.param(
            ["e2", "e3"],
            {"e2": inside("e2", [*TWO, node("e3")]), "e3": inside("e3", [*TWO, node("e3")])},
            {"leave": ["e2", "e3"], "found": "e2", "manager": "e2", "join": {"e3": "worker"}},
            id="the only manager is lost and out of the file: a new swarm",
        ),
        pytest.param(
            ["e2"], {"e2": inside("e2", THREE, lost=True)},
            {"leave": ["e2"], "found": "e2", "manager": "e2"},
            id="two of three managers are lost and out of the file: a new swarm",
        ),
        pytest.param(
            ["e1", "e2", "e3"],
            {"e1": inside("e1", [node("e1", "manager")]), **{name: inside(name, OTHER) for name in ("e2", "e3")}},
            {"leave": ["e1"], "manager": "e2", "join": {"e1": "manager"}, "promote": ["id-e3"]},
            id="of two swarms the larger one stays",
        ),
    ],
)  # fmt: skip
def test_plan(names: list[str], infos: dict[str, Any], expected: dict[str, Any]) -> None:
    made = plan(infos, lab(*names))
    made["strangers"] = [line.split()[0] for line in made["strangers"]]
    everything = {"leave": [], "found": "", "manager": "", "remove": [], "join": {}, "promote": [], "demote": [],
                  "strangers": [], "faults": []}  # fmt: skip
    acts = {"leave", "found", "remove", "join", "promote", "demote"}
    assert made == {**everything, **expected, "changes": bool(acts & expected.keys())}


@pytest.mark.parametrize(
    ("names", "infos", "expected"),
    [
        pytest.param(
            ["e1", "e2"], {"e2": OUTSIDE},
            ["no host of this run is in the lab's swarm, and e1 took no part in this run: a swarm is founded with all"
             " hosts of the lab file; run without --limit, start them, or take them out of the file"],
            id="nobody founds a swarm with half a lab",
        ),
        pytest.param(
            ["e1", "e2", "e3"], {"e2": inside("e2", TWO), "e3": OUTSIDE},
            ["e3: cannot join the swarm without e1, a manager of it: run without --limit, or start e1"],
            id="nobody joins without a manager",
        ),
        pytest.param(
            ["e1", "e2", "e3"], {"e1": inside("e1", THREE, lost=True)},
            ["e1: the managers of the swarm have no majority (no leader): start e2 and e3; if they are lost for good,"
             " take them out of the lab file, and a new swarm is founded"],
            id="two of three managers are away",
        ),
        pytest.param(
            ["e1", "e2", "e3"], {name: inside(name, THREE, lost=True) for name in ("e1", "e2", "e3")},
            [f"{name}: the managers of the swarm have no majority (no leader): see journalctl -u docker.service there,"
             " then run again" for name in ("e1", "e2", "e3")],
            id="all managers run and elect none: nothing is thrown away",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": inside("e1", TWO, state="pending", error="no route"), "e2": inside("e2", TWO)},
            ["e1: its swarm node is pending (no route): see journalctl -u docker.service there"],
            id="one that waits may be all that the others need",
        ),
        pytest.param(
            ["e2", "e3", "e4"],
            {"e2": inside("e2", THREE, state="pending", error="no leader"), "e3": inside("e3", THREE, lost=True)},
            ["e2: its swarm node is pending (no leader): see journalctl -u docker.service there"],
            id="two of three managers run, one of which waits",
        ),
        pytest.param(
            ["e1", "e2"], {"e1": OUTSIDE, "e2": inside("e2", TWO, lab="")},
            ["e2: is a node of a swarm of somebody else (state active, at 10.0.0.2): it is left alone; leave that swarm"
             " yourself (docker swarm leave), or take this host out of the lab file"],
            id="a swarm of somebody else",
        ),
    ],
)  # fmt: skip
def test_why_nothing_is_done(names: list[str], infos: dict[str, Any], expected: list[str]) -> None:
    made = plan(infos, lab(*names))
    assert made["faults"] == expected
    assert not made["changes"]


@pytest.mark.parametrize(
    ("swarm", "expected"),
    [
        ({}, []),
        ({"state": "inactive", "lab": ""}, []),
        ({"state": "", "lab": ""}, []),
        ({"lab": "school"}, ["e1: is a node of a swarm of the lab school (state active, at 10.0.0.1): it is"]),
        ({"state": "locked", "node_id": ""}, ["e1: its swarm node is locked, and works only once it is unlocked"]),
        (
            {"state": "locked", "lab": ""},
            ["e1: is a node of a swarm of somebody else (state locked, at 10.0.0.1): it is"],
        ),
    ],
)
def test_whose_swarm_it_is(swarm: dict[str, Any], expected: list[str]) -> None:
    lines = owner_faults({"e1": inside("e1", TWO, **swarm)["swarm"]}, "emon")
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=True)] == expected


def test_a_host_whose_record_is_lost_has_another_remedy() -> None:
    swarms = {name: inside(name, TWO, lab="")["swarm"] for name in ("e1", "e2")}
    lines = owner_faults(swarms, "emon", {"e2": ", or put the record back"})
    assert [line.partition("lab file")[2] for line in lines] == ["", ", or put the record back"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("e2", ["id-e2", "id-former"]),  # by its address at either site
        ("ubuntu", ["id-ubuntu"]),
        ("id-e1", ["id-e1"]),
        ("e9", []),
    ],
)
def test_nodes_of_a_host(name: str, expected: list[str]) -> None:
    nodes = [
        *TWO,
        node("e2", id="id-former", hostname="debian", address="192.168.1.2"),
        node("e3", id="id-ubuntu", hostname="ubuntu"),
    ]
    assert ids_of(nodes, name, lab("e1", "e2")) == expected


NOBODY_TAKES_OVER = {"host": "", "node": "", "promote": False}


@pytest.mark.parametrize(
    ("host", "nodes", "expected"),
    [
        pytest.param(
            "e1", TWO, {"host": "e2", "node": "id-e2", "promote": True}, id="a worker, where there is no other"
        ),
        pytest.param("e1", THREE, {"host": "e2", "node": "id-e2", "promote": False}, id="another manager"),
        pytest.param("e2", TWO, {"host": "e1", "node": "id-e1", "promote": False}, id="a worker leaves"),
        pytest.param("e1", [node("e1", "manager")], NOBODY_TAKES_OVER, id="the last host"),
        pytest.param("e1", [TWO[0], node("e2", state="down")], NOBODY_TAKES_OVER, id="the other one is down"),
        pytest.param("e1", [TWO[0], node("e5")], NOBODY_TAKES_OVER, id="the other one is no host of the lab"),
    ],
)
def test_who_takes_over(host: str, nodes: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert successor(inside(host, nodes), host, lab("e1", "e2", "e3")) == expected


def test_managers_that_can_be_told() -> None:
    nodes = [node("e1", "manager"), node("e2")]
    infos = {
        "e1": inside("e1", nodes),
        "e2": {**OUTSIDE, "swarm": {**NOBODY, "lab": "emon"}},
        "e3": {},
        "e4": {**inside("e1", nodes), "swarm": {**NOBODY, "lab": "other"}},
    }
    assert managers(infos, infos["e1"]["swarm"]["lab"]) == ["e1"]
