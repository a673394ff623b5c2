# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm import engine as engine_swarm
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._engine_swarm.test_membership import (
    NOBODY,
    OUTSIDE,
    TWO,
    inside,
    lab,
    node,
)

DEMO = {"name": "demo", "id": "2uoqkye4eblcj6dqwcv8a6ras"}
PEERS = ["10.0.0.1", "10.0.0.2"]
AGAIN = "run playbooks/overlay.yml"


def lab_of_three() -> dict[str, Any]:
    containers = [{"name": f"test{host[1:]}", "host": host, "networks": [{"name": "demo"}]} for host in ("e1", "e2")]
    return {**lab("e1", "e2", "e3"), "networks": [{"name": "demo"}], "containers": containers}


NODES = [*TWO, node("e3")]


def evidence() -> dict[str, Any]:
    """What docker_swarm_info returns on the three hosts of a lab that works."""
    found = {name: {**inside(name, NODES), "networks": [{**DEMO, "peers": PEERS}]} for name in ("e1", "e2", "e3")}
    return deepcopy(found)


def states() -> dict[str, Any]:
    """What overlay_state returns there: the worker e3 has no container, and has not learned of the network."""
    networks = [{**DEMO, "exists": True}, {**DEMO, "exists": True}, {"name": "demo", "id": None, "exists": False}]
    seen: dict[str, Any] = {
        host: {"networks": [network], "containers": [], "forwarding": [], "boot": {"state": "active", "said": ""}}
        for host, network in zip(("e1", "e2", "e3"), networks, strict=True)
    }
    for host in ("e1", "e2"):
        seen[host]["containers"] = [{"name": f"test{host[1:]}", "running": True, "networks": [{"name": "demo"}]}]
    return seen


def with_links(infos: dict[str, Any], **link: Any) -> dict[str, Any]:
    """What host_info says beside the swarm: no lab yet, and maybe a VXLAN."""
    more = {"record": {"lab": "", "engine": ""}, "vxlan": {"links": [link] if link else []}}
    return {host: {**info, **more} for host, info in infos.items()}


def test_a_lab_that_works() -> None:
    assert engine_swarm.checks(lab_of_three(), states(), evidence()) == []


def test_a_run_without_a_manager_sees_its_own_part() -> None:
    found = {name: one for name, one in evidence().items() if name != "e1"}
    seen = {name: one for name, one in states().items() if name != "e1"}
    assert engine_swarm.checks(lab_of_three(), seen, found) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        pytest.param(
            ("e2", "swarm", "state"), "pending",
            [f"e2: its swarm node is pending (no reason given): {AGAIN}"], id="a node that does not come up",
        ),
        pytest.param(
            ("e2", "swarm", "node_address"), "192.168.1.2",
            [f"e2: its swarm node announces 192.168.1.2, and the host is at 10.0.0.2: {AGAIN}"], id="a stale address",
        ),
        pytest.param(
            ("e2", "swarm", "node_id"), "id-other",
            [f"e2: is a node of another swarm than e1: {AGAIN}"], id="another swarm",
        ),
        pytest.param(
            ("e1", "nodes", 1, "state"), "down",
            ["e2: its swarm node is down for the managers: does dockerd run there, and does it reach tcp port 2377 of"
             " e1?"],
            id="node down",
        ),
        pytest.param(
            ("e1", "nodes", 0, "reachable"), False,
            ["e1: its swarm manager does not reach the others: open tcp port 2377 between the managers"],
            id="a manager that is not reachable",
        ),
        pytest.param(
            ("e1", "nodes"), [],
            ["e1: the managers of the swarm have no majority (): start the others"], id="no majority",
        ),
        pytest.param(
            ("e1", "networks"), [],
            [f"the swarm has no network demo, says e1: {AGAIN}"], id="no network",
        ),
        pytest.param(
            ("e1", "networks", 0, "id"), "newer",
            [f"{host}: its network demo (2uoqkye4eblc) is left over from a swarm that no longer exists: docker network"
             f" rm 2uoqkye4eblc there, or restart dockerd, and {AGAIN}" for host in ("e1", "e2")],
            id="phantom networks",
        ),
    ],
)  # fmt: skip
def test_faults(path: tuple[Any, ...], value: Any, expected: list[str]) -> None:
    found = evidence()
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value  # type: ignore[index]
    assert engine_swarm.checks(lab_of_three(), states(), found) == expected


def test_a_host_with_a_container_needs_the_network() -> None:
    seen = states()
    seen["e2"]["networks"][0]["exists"] = False
    assert engine_swarm.checks(lab_of_three(), seen, evidence()) == [f"e2: the network demo is not there: {AGAIN}"]


def unheard() -> dict[str, Any]:
    found = evidence()
    found["e2"]["networks"][0]["peers"] = ["10.0.0.2"]
    return found


def test_hosts_that_have_not_heard_of_each_other_are_waited_for() -> None:
    assert engine_swarm.awaited(lab_of_three(), states(), evidence()) == {}
    fault = (
        "e2: has not heard of 10.0.0.1 on network demo: wait a minute; if it stays so, open tcp and udp port 7946"
        " between the hosts"
    )
    expected = {"e2": {"fault": fault, "peers": {"demo": ["10.0.0.1"]}}}
    assert engine_swarm.awaited(lab_of_three(), states(), unheard()) == expected


@pytest.mark.parametrize("host", ["e1", "e2"])
def test_hosts_without_a_container_that_runs_neither_hear_nor_are_heard_of(host: str) -> None:
    seen = states()
    seen[host]["containers"][0]["running"] = False
    assert engine_swarm.awaited(lab_of_three(), seen, unheard()) == {}


@pytest.mark.parametrize(
    ("host", "key", "value"),
    [
        pytest.param("e2", "state", "pending", id="the node does not come up"),
        pytest.param("e1", "node_address", "192.168.1.1", id="the peer announces another address"),
        pytest.param("e2", "node_id", "id-other", id="it is a node of another swarm"),
    ],
)
def test_what_has_another_cause_is_not_waited_for(host: str, key: str, value: str) -> None:
    found = unheard()
    found[host]["swarm"][key] = value
    assert engine_swarm.awaited(lab_of_three(), states(), found) == {}


THREE = [node(name, "manager") for name in ("e1", "e2", "e3")]


@pytest.mark.parametrize(
    ("missing", "infos", "expected"),
    [
        pytest.param([], {"e1": OUTSIDE, "e2": OUTSIDE}, [], id="all answer"),
        pytest.param(
            ["e3"], {"e1": OUTSIDE, "e2": OUTSIDE},
            ["e3 not reached: a swarm is founded with all hosts of the lab file; start the missing hosts"],
            id="nothing is founded without one",
        ),
        pytest.param(["e3"], {name: inside(name, THREE) for name in ("e1", "e2")}, [], id="a majority is there"),
        pytest.param(["e3"], {name: inside(name, NODES) for name in ("e1", "e2")}, [], id="a worker is off"),
        pytest.param(
            ["e2", "e3"], {"e1": inside("e1", THREE)},
            ["e2, e3 not reached: the swarm needs 2 of its 3 managers, and 1 would be there: start the missing hosts,"
             " or take lost ones out of the lab file"],
            id="no majority is there",
        ),
        pytest.param(
            ["e1"], {"e2": inside("e2", NODES), "e3": inside("e3", NODES)},
            ["e1 not reached: the swarm needs 1 of its 1 managers, and 0 would be there: start the missing hosts, or"
             " take lost ones out of the lab file"],
            id="the manager is off",
        ),
        pytest.param(
            ["e3"], {"e1": inside("e1", THREE, node_address="192.168.1.1"), "e2": OUTSIDE},
            ["e3 not reached: a swarm is founded with all hosts of the lab file; start the missing hosts"],
            id="the lab has moved",
        ),
    ],
)  # fmt: skip
def test_hosts_that_do_not_answer(missing: list[str], infos: dict[str, Any], expected: list[str]) -> None:
    assert engine_swarm.faults(lab_of_three(), with_links(infos), missing) == expected


ENTERED = ["swarm node: another -> the lab's"]
ANEW = ["swarm: no manager has its data -> founded anew; services, secrets and configs that people had in it are lost"]
LEFT = [node("e1", "manager"), node("e2", "manager"), node("e3", "manager", state="down", reachable=False)]


@pytest.mark.parametrize(
    ("names", "infos", "told"),
    [
        pytest.param(["e1", "e2"], {"e1": OUTSIDE, "e2": OUTSIDE}, {"e1": ENTERED, "e2": ENTERED}, id="a new lab"),
        pytest.param(
            ["e1", "e2", "e3"],
            {"e1": inside("e1", LEFT), "e2": inside("e2", LEFT), "e3": OUTSIDE},
            {"e3": ["swarm node: data gone -> removed, and joined again as manager"]},
            id="one of three managers has lost its data",
        ),
        pytest.param(
            ["e1", "e2"],
            {"e1": OUTSIDE, "e2": inside("e2", TWO)},
            {"e1": ANEW, "e2": ENTERED},
            id="the only manager has",
        ),
        pytest.param(
            ["e1", "e2", "e3"],
            {"e1": inside("e1", LEFT), "e2": inside("e2", LEFT)},
            {},
            id="a host that was not asked",
        ),
    ],
)
def test_what_a_run_tells_of_the_swarm(names: list[str], infos: dict[str, Any], told: dict[str, list[str]]) -> None:
    results = {host: {"docker_swarm_info": [info]} for host, info in infos.items()}
    found = engine_swarm.changes(lab(*names), infos, results)  # type: ignore[arg-type]
    assert found == told


def test_a_foreign_swarm_is_named_before_anything_changes() -> None:
    infos = {"e1": OUTSIDE, "e2": inside("e2", TWO, lab=""), "e3": {"swarm": NOBODY}}
    assert [line.partition(":")[0] for line in engine_swarm.faults(lab_of_three(), with_links(infos), [])] == ["e2"]


def test_addresses_that_swarm_takes_first_are_named() -> None:
    fixed = [("test1", "e1", "10.0.9.2"), ("test2", "e2", "10.0.9.5"), ("test3", "e3", None)]
    given: dict[str, Any] = {
        "engine": "swarm",
        "networks": [{"name": "demo", "subnet": "10.0.9.0/24"}],
        "containers": [
            {"name": name, "host": host, "networks": [{"name": "demo", "ipv4_address": address}]}
            for name, host, address in fixed
        ],
    }
    infos = with_links({"e1": OUTSIDE})
    assert engine_swarm.faults({**lab_of_three(), **given}, infos, []) == [
        f"{name}: its ipv4_address {address} in demo is one of those that Swarm takes first, for hosts and containers"
        " without one: choose 10.0.9.6 or a later one"
        for name, _host, address in fixed[:2]
    ]
    # Everybody in a lab that stands has an address; and a subnet may be smaller than what is asked of it.
    joined = {"e1": {**infos["e1"], "record": {"lab": "emon", "engine": "swarm"}}}
    assert engine_swarm.faults({**lab_of_three(), **given}, joined, []) == []
    given["networks"][0]["subnet"] = "10.0.9.0/30"
    assert len(engine_swarm.faults({**lab_of_three(), **given}, infos, [])) == 2


@pytest.mark.parametrize(
    ("vni", "port", "named"),
    [
        pytest.param(4096, 4789, True, id="the first that Docker takes"),
        pytest.param(0, 4789, True, id="every packet of the port"),
        pytest.param(4096, 8472, False, id="another port"),
        pytest.param(10100, 4789, False, id="far from Docker's"),
    ],
)
def test_a_foreign_vxlan_that_docker_would_meet_is_named(vni: int, port: int, named: bool) -> None:
    infos = with_links({"e1": OUTSIDE}, name="theirs", vni=vni, port=port, group="0")
    said = "\n".join(engine_swarm.faults(lab_of_three(), infos, []))
    takes = f"has the VNI {vni}" if vni else "takes every VNI"
    assert (f"e1: the VXLAN theirs {takes} on UDP port {port}" in said) == named
