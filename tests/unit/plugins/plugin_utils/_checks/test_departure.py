# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host leaves: what is in its way, what knows it, and what is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.departure import departure

A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NAMES = ("e1", "e2", "e3")
HOSTS = {
    name: {"addresses": {"company": f"10.0.0.{name[1]}", "home": f"192.168.1.{name[1]}"}, "etcd": True, "index": 0}
    for name in NAMES
}
NO_UNIT = {"unit": False}
OUTSIDE = {
    "state": "inactive",
    "node_id": "",
    "node_address": "",
    "manager": False,
    "lab": "",
    "managers": [],
    "error": "",
}
OFF = {"unreachable": True, "msg": "No route to host"}


def info(engine: str = "cluster_store", lab: str = "emon", **given: Any) -> dict[str, Any]:
    """What host_info returned on a host of the lab; with ``lab`` empty, on one that has nothing of it."""
    member = {
        "lab": lab,
        "active": bool(lab),
        "kubernetes": False,
        "config": {},
        "data": {"present": bool(lab), "lab": lab, "path": "/var/lib/etcd", "member_id": "1", "cluster_id": "2"},
    }
    nothing = {**member, "lab": "", "active": False, "data": {**member["data"], "present": False}}
    return {
        "record": {
            "lab": lab,
            "uuid": A if lab else "",
            "engine": engine if lab else "",
            "moving_to": "",
            "site": "company" if lab else "",
        },
        "etcd": member if engine == "cluster_store" else nothing,
        "containers": [],
        "networks": [],
        "resolver": NO_UNIT,
        "vxlan": NO_UNIT,
        "swarm": OUTSIDE,
        "let_in": [],
        **given,
    }


RUN: dict[str, Any] = {
    "uuid": A,
    "check": False,
    "force": False,
    "disconnect_allowed": False,
    "host": "e3",
    "silent": {},
    "etcd_removal": {},
    "asked": {},
    "machine": {},
}


def lab(**given: Any) -> dict[str, Any]:
    return {
        "name": "emon",
        "site": "company",
        "hosts": HOSTS,
        "containers": [],
        **given,
    }


def asked(**given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The lab and the run, with what is ``given`` of either."""
    run = {key: given.pop(key, value) for key, value in RUN.items()}
    return lab(**given), run


KNOWN = {"member": {"id": "3", "name": "e3"}}
UNKNOWN: dict[str, Any] = {"member": None}


def recorded(**given: Any) -> dict[str, Any]:
    return {"record": {**info()["record"], **given}}


USED = {
    "networks": [{"name": "demo", "lab": "emon"}, {"name": "theirs", "lab": ""}],
    "containers": [
        {"name": "test3", "lab": "emon", "networks": ["demo"]},
        {"name": "web", "lab": "", "networks": ["demo", "theirs"]},
        {"name": "alien", "lab": "", "networks": ["theirs"]},
    ],
}
CLUSTER = {name: info() for name in NAMES}
DEAD = {name: info() for name in ("e1", "e2")}
CLEARED = {**DEAD, "e3": info(lab="")}


@pytest.mark.parametrize(
    ("infos", "given", "known"),
    [
        pytest.param(CLUSTER, {"etcd_removal": KNOWN}, (True, True), id="alive, a member"),
        pytest.param(CLUSTER, {"etcd_removal": UNKNOWN}, (True, False), id="alive, no member any more"),
        pytest.param(DEAD, {"etcd_removal": KNOWN, "silent": {"e3": OFF}}, (False, True), id="dead, a member"),
        pytest.param(CLEARED, {"etcd_removal": KNOWN}, (False, True), id="its join was killed"),
        pytest.param(CLEARED, {"etcd_removal": UNKNOWN}, (False, False), id="left already"),
        pytest.param(
            {**CLUSTER, "e3": info("swarm")}, {"etcd_removal": UNKNOWN}, (True, False), id="of a former engine"
        ),
        pytest.param(
            {**CLUSTER, "e3": info(**USED)},
            {"etcd_removal": KNOWN, "disconnect_allowed": True},
            (True, True),
            id="by consent",
        ),
        pytest.param(
            {**CLUSTER, "e1": info(**USED)}, {"etcd_removal": KNOWN}, (True, True), id="others are on another host"
        ),
        pytest.param(
            {"e3": info("vxlan")}, {"silent": {"e1": OFF, "e2": OFF}}, (True, False), id="vxlan, all others off"
        ),
    ],
)
def test_who_may_leave(infos: dict[str, Any], given: dict[str, Any], known: tuple[bool, bool]) -> None:
    found = departure(infos, *asked(**given))
    assert found["faults"] == []
    assert (found["ours"], found["member"]) == known
    assert found["nodes"] == []


@pytest.mark.parametrize(
    ("infos", "given", "words"),
    [
        pytest.param(
            CLUSTER,
            {"etcd_removal": KNOWN, "containers": [{"name": "test1", "host": "e3"}, {"name": "test2", "host": "e1"}]},
            ["e3 has containers in the lab file: test1: give"],
            id="with containers",
        ),
        pytest.param(
            {"e3": info()},
            {"hosts": {"e3": HOSTS["e3"]}},
            ["e3 is the only host of the lab file: playbooks/destroy.yml", "give another host etcd: true"],
            id="the only host",
        ),
        pytest.param(
            {**DEAD, "e3": info(**recorded(uuid=B))},
            {"etcd_removal": KNOWN},
            ["e3: it belongs to another lab emon"],
            id="a namesake's",
        ),
        pytest.param(
            {**CLUSTER, "e1": info("vxlan", **recorded(lab="school"))},
            {"etcd_removal": KNOWN},
            ["e1: it belongs to the lab school"],
            id="another host is another lab's",
        ),
        pytest.param(
            {**CLUSTER, "e3": info(record={**info(lab="")["record"]})},
            {"etcd_removal": KNOWN},
            ["e3: it has lost its record, and etcd's configuration is the lab's"],
            id="without its record",
        ),
        pytest.param(
            DEAD,
            {"etcd_removal": {"msg": "x; y", "faults": ["x", "y"]}, "silent": {"e3": OFF}},
            ["x", "y"],
            id="etcd says no",
        ),
        pytest.param(
            DEAD,
            {"etcd_removal": {"msg": "unknown trouble"}, "silent": {"e3": OFF}},
            ["unknown trouble"],
            id="etcd says no in one word",
        ),
        pytest.param(
            {"e3": info()},
            {"silent": {"e1": OFF, "e2": OFF}},
            ["no other member of etcd answers to remove e3"],
            id="the other members are off",
        ),
        pytest.param(
            {"e1": info(etcd=info("vxlan")["etcd"])},
            {"silent": {"e3": OFF}, "hosts": {"e1": {**HOSTS["e1"], "etcd": False}, "e3": HOSTS["e3"]}},
            ["e3 is the only member of etcd: start it; if it is lost"],
            id="the only member is dead",
        ),
        pytest.param(
            {**DEAD, "e3": info(etcd={**info()["etcd"], "data": {**info()["etcd"]["data"], "lab": ""}})},
            {"etcd_removal": KNOWN},
            ["e3: /var/lib/etcd holds the data of an etcd of somebody else"],
            id="somebody else's data",
        ),
        pytest.param(
            {**CLUSTER, "e2": info("swarm")},
            {"etcd_removal": KNOWN},
            ["the engine is being changed, and the hosts have cluster_store and swarm"],
            id="the engine changes",
        ),
        pytest.param(
            {**CLUSTER, "e2": info(**recorded(moving_to="home"))},
            {"etcd_removal": KNOWN},
            ["e2 is moving from company to home"],
            id="a move was killed",
        ),
        pytest.param(
            {**CLUSTER, "e2": info(**recorded(site="home"))},
            {"etcd_removal": KNOWN},
            ["e2 stands at home, not at company"],
            id="the inventory of another site",
        ),
        pytest.param(
            DEAD,
            {"etcd_removal": KNOWN, "silent": {"e3": {"unreachable": True, "msg": "Permission denied (publickey)"}}},
            ["e3: the machine at 10.0.0.3 answers, but refuses the login"],
            id="not dead",
        ),
        pytest.param(
            {"e1": info(), "e3": info()},
            {"etcd_removal": KNOWN, "silent": {"e2": {"failed": True, "msg": "state.json is damaged"}}},
            ["e2: state.json is damaged"],
            id="a damaged record",
        ),
        pytest.param(
            CLUSTER,
            {
                "etcd_removal": KNOWN,
                "asked": {"e3": {"leave": {"msg": "web would end"}}},
                "machine": {"msg": "m", "faults": ["of school"]},
            },
            ["e3: web would end", "of school"],
            id="what the host and its machine say",
        ),
        pytest.param(
            {**CLUSTER, "e3": info(**USED)},
            {"etcd_removal": KNOWN},
            [
                "e3: network demo: containers that are not the lab emon's are on it, and would lose it: web: disconnect"
                " them yourself (docker network disconnect demo NAME), or run again with"
                " -e overlay_network_disconnect_allowed=true"
            ],
            id="others are on a network",
        ),
    ],
)
def test_who_may_not_leave(infos: dict[str, Any], given: dict[str, Any], words: list[str]) -> None:
    found = departure(infos, *asked(**given))["faults"]
    assert len(found) == len(words)
    for line, word in zip(found, words):
        assert word in line


# -- the swarm ---------------------------------------------------------------------------------------------------------


def node(name: str, role: str, **given: Any) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "hostname": name,
        "address": HOSTS[name]["addresses"]["company"],
        "role": role,
        "state": "ready",
        "voter": role == "manager",
        "reachable": role == "manager",
        **given,
    }


def inside(name: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """What docker_swarm_info returns on one of these nodes."""
    mine = next(one for one in nodes if one["id"] == f"id-{name}")
    swarm = {
        "state": "active",
        "node_id": mine["id"],
        "node_address": mine["address"],
        "lab": "emon",
        "error": "",
        "manager": mine["role"] == "manager",
        "managers": [{"node_id": one["id"], "address": one["address"]} for one in nodes if one["role"] == "manager"],
    }
    return {"swarm": swarm, "nodes": nodes if swarm["manager"] else []}


def swarm(nodes: list[dict[str, Any]], answer: tuple[str, ...] = NAMES, **given: Any) -> dict[str, Any]:
    """departure() where these nodes are a swarm, and the hosts ``answer``."""
    views = {name: inside(name, nodes) for name in answer}
    infos = {name: info("swarm", swarm=view["swarm"]) for name, view in views.items()}
    return departure(infos, *asked(**{"asked": {name: {"info": view} for name, view in views.items()}, **given}))


WORKERS = [node("e1", "manager"), node("e2", "worker"), node("e3", "worker")]
MANAGERS = [node(name, "manager") for name in NAMES]
GONE: dict[str, Any] = {"state": "down", "reachable": False}
ALONE = [node("e1", "worker"), node("e2", "worker"), node("e3", "manager")]


def test_a_worker_and_one_of_three_managers_leave() -> None:
    for nodes in (WORKERS, MANAGERS):
        found = swarm(nodes)
        assert (found["faults"], found["nodes"], found["manager"]) == ([], ["id-e3"], "e1")


def test_the_only_manager_hands_over_before_it_leaves() -> None:
    found = swarm(ALONE)
    assert (found["faults"], found["nodes"], found["manager"]) == ([], ["id-e3"], "e3")


def test_the_only_manager_stays_where_nobody_can_take_over() -> None:
    (fault,) = swarm([{**node, **GONE} if node["role"] == "worker" else node for node in ALONE], ("e3",))["faults"]
    assert fault.startswith("e3 is the only manager of the swarm that answers")
    assert fault.endswith("start e1 or e2")


def test_a_swarm_of_one_leaves_with_its_host() -> None:
    view = inside("e3", ALONE[2:])
    infos = {"e1": info("swarm"), "e3": info("swarm", swarm=view["swarm"])}
    assert departure(infos, *asked(asked={"e3": {"info": view}}))["faults"] == []


def test_a_dead_node_is_forgotten() -> None:
    found = swarm([*MANAGERS[:2], node("e3", "manager", **GONE)], ("e1", "e2"))
    assert (found["faults"], found["nodes"], found["ours"]) == ([], ["id-e3"], False)


def test_a_node_that_answers_its_managers_is_not_dead() -> None:
    (fault,) = swarm(MANAGERS, ("e1", "e2"))["faults"]
    assert fault.startswith("e3 does not answer Ansible, but its node answers the swarm's managers")
    assert swarm(MANAGERS, ("e1", "e2"), force=True)["faults"] == []


def test_managers_keep_their_majority() -> None:
    nodes = [node("e1", "manager"), node("e2", "manager", **GONE), node("e3", "manager")]
    (fault,) = swarm(nodes, ("e1", "e3"))["faults"]
    assert "without it 2 managers are left, of which 2 must answer, and only 1 would" in fault


def test_without_a_manager_nobody_is_forgotten() -> None:
    (fault,) = swarm(ALONE, ("e1", "e2"))["faults"]
    assert fault.startswith("no manager of the lab's swarm answers")


def test_a_swarm_that_was_never_founded_keeps_nobody() -> None:
    found = departure({name: info("swarm") for name in NAMES}, *asked())
    assert (found["faults"], found["nodes"]) == ([], [])


def test_one_that_comes_back_to_a_swarm_that_has_forgotten_it_leaves() -> None:
    others = MANAGERS[:2]
    views = {**{name: inside(name, others) for name in ("e1", "e2")}, "e3": inside("e3", MANAGERS)}
    views["e3"]["nodes"] = []
    infos = {name: info("swarm", swarm=view["swarm"]) for name, view in views.items()}
    found = departure(infos, *asked(asked={name: {"info": view} for name, view in views.items()}))
    assert (found["faults"], found["nodes"], found["ours"]) == ([], [], True)


def test_somebody_elses_swarm_is_named() -> None:
    theirs = inside("e1", WORKERS)["swarm"] | {"lab": ""}
    (fault,) = departure({"e1": info("swarm", swarm=theirs), "e3": info("swarm")}, *asked())["faults"]
    assert fault.startswith("e1: is a node of a swarm of somebody else")


# -- what is told ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("infos", "given", "said"),
    [
        pytest.param(CLUSTER, {}, ["e3 has left the lab emon: take it out of the lab file"], id="alive"),
        pytest.param(CLUSTER, {"check": True}, ["e3 would leave the lab emon: take it"], id="check mode"),
        pytest.param(
            DEAD,
            {"etcd_removal": KNOWN},
            ["e3 does not answer: the other hosts no longer know it", "take it out of the lab file"],
            id="dead",
        ),
        pytest.param(
            DEAD,
            {"etcd_removal": KNOWN, "check": True},
            ["e3 does not answer: the other hosts would no longer know it", "take"],
            id="dead, check mode",
        ),
        pytest.param(
            DEAD, {"machine": {"state": "stopped"}}, ["e3 has left the lab emon: take it"], id="off, simulated"
        ),
        pytest.param(CLEARED, {"etcd_removal": KNOWN}, ["e3 has left the lab emon: take it"], id="a join was killed"),
        pytest.param(
            {**DEAD, "e1": info(let_in=["10.0.0.3"])},
            {"machine": {"state": "absent"}},
            ["e3 has left the lab emon: take it"],
            id="a firewall is still open to it",
        ),
        pytest.param(CLEARED, {}, ["e3 has left the lab emon already, and nothing is changed"], id="again"),
        pytest.param(
            DEAD,
            {"machine": {"state": "absent"}},
            ["e3 has left the lab emon already, and nothing is changed"],
            id="again, simulated",
        ),
        pytest.param(
            DEAD, {}, ["e3 has left the lab emon already, and nothing is changed; it does not answer"], id="again, dead"
        ),
    ],
)
def test_what_is_told(infos: dict[str, Any], given: dict[str, Any], said: list[str]) -> None:
    told = departure(infos, *asked(**{"etcd_removal": UNKNOWN, **given}))["told"]
    assert len(told) == len(said)
    for line, begin in zip(told, said):
        assert line.startswith(begin)
    assert said[0].endswith("changed") is (said == told)


def test_managers_of_before_a_forced_new_cluster_have_no_vote() -> None:
    lost = {**GONE, "voter": False}
    found = swarm([node("e1", "manager"), *(node(name, "manager", **lost) for name in ("e2", "e3"))], ("e1",))
    assert (found["faults"], found["nodes"]) == ([], ["id-e3"])
