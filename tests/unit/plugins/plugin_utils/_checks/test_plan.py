# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which parts of a run are needed, and what is told of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import plan

NAMES = ("emon", "emon2")
NETWORK = {"name": "demo", "subnet": "10.200.0.0/24", "mtu": 1450, "underlay_mtu": 1500, "allow_overlap": False}


def lab(**given: Any) -> dict[str, Any]:
    addresses = {"emon": "10.0.0.116", "emon2": "10.0.0.117"}
    return {
        "name": "emon",
        "uuid": "of-emon",
        "site": "company",
        "sites": {"company": {"subnet": "10.0.0.0/24"}},
        "engine": "cluster_store",
        "hosts": {
            name: {"addresses": {"company": addresses[name]}, "etcd": True, "index": index}
            for index, name in enumerate(NAMES, 1)
        },
        "networks": [NETWORK],
        "containers": [],
        "switch": {"hosts": []},
        "etcd": {"tls": True},
        **given,
    }


def infos() -> dict[str, dict[str, Any]]:
    """Of a lab that is as wanted."""
    return {
        name: {
            "machine_id": f"id-of-{name}",
            "index": index,
            "record": {
                "lab": "emon",
                "uuid": "of-emon",
                "machine_id": f"id-of-{name}",
                "site": "company",
                "moving_to": "",
                "engine": "cluster_store",
            },
            "let_in": [],
            "let_in_by": "",
            "etcd": {
                "version": "3.4.23",
                "lab": "emon",
                "ready": True,
                "enabled": True,
                "outdated": False,
                "data": {"present": True, "lost": False, "claimed": True, "member_id": name},
            },
            "docker": {"version": "20.10.24", "active": True},
            "python_libraries": {"docker": True},
            "python_packages": {"docker": [], "pyroute2": []},
            "networks": [{"name": "demo", "id": "1", "lab": "emon"}],
            "resolver": {"version": "2.90", "active": True, "enabled": True},
            "vxlan": {"active": True, "enabled": True},
            "swarm": {"manager": True},
            "lock": {"state": "free", "reason": ""},
            "time": 1.0,
        }
        for index, name in enumerate(NAMES, 1)
    }


def step(part: str, module: str, *lines: str, faults: tuple[str, ...] = (), **result: Any) -> dict[str, Any]:
    return {"part": part, "module": module, "lines": list(lines), "faults": list(faults), "result": result}


def steps() -> dict[str, list[dict[str, Any]]]:
    members = [
        {"name": name, "id": name, "is_learner": False, "peer_urls": [f"https://{one['addresses']['company']}:2380"]}
        for name, one in lab()["hosts"].items()
    ]
    found = {
        name: [
            step("etcd", "file_set"),
            step("docker_engine", "docker_daemon"),
            step("containers", "docker_container_set"),
            step("state", "overlay_state", networks=[], containers=[name]),
        ]
        for name in NAMES
    }
    found["emon"] += [
        step("etcd", "etcd_info", members=members, missing=[], remedies=[]),
        step("overlay_network", "docker_network"),
        step("overlay_network", "etcd_key", values=[{"key": "/docker/nodes"}]),
    ]
    return found


def test_a_lab_that_is_as_wanted_needs_nothing() -> None:
    assert plan.changes(lab(), infos(), steps(), []) == {
        "rows": [],
        "table": [],
        "parts": [],
        "states": {name: {"networks": [], "containers": [name]} for name in NAMES},
        "evidence": {"keys": ["/docker/nodes"], "remedies": []},
    }


Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any]


def of_host(key: str, **given: Any) -> Change:
    return lambda _lab, infos, _steps: infos["emon2"][key].update(given)


def of_step(number: int, *lines: str, faults: tuple[str, ...] = ()) -> Change:
    def change(_lab: dict[str, Any], _infos: dict[str, Any], steps: dict[str, Any]) -> None:
        steps["emon2"][number].update(lines=list(lines), faults=list(faults))

    return change


def of_lab(**given: Any) -> Change:
    return lambda lab, _infos, _steps: lab.update(given)


def of_cluster(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda _lab, _infos, steps: change(steps["emon"][4]["result"])


NO_RECORD = dict.fromkeys(("lab", "uuid", "machine_id", "site", "moving_to", "engine"), "")


@pytest.mark.parametrize(
    ("change", "first", "row"),
    [
        (
            of_host("record", **NO_RECORD),
            "lab",
            "emon2 lab record: absent -> lab emon, site company, engine cluster_store",
        ),
        (of_host("lock", reason="ended"), "lab", "emon2 lab lock of another run (ended) -> released"),
        (of_host("record", uuid=""), "lab", "emon2 lab record: uuid: absent -> of-emon"),
        (of_host("record", engine="swarm"), "lab", "emon2 lab record: engine: swarm -> cluster_store"),
        (of_host("record", moving_to="company"), "lab", "emon2 lab record: moving to company -> arrived"),
        (
            lambda lab, infos, _steps: (
                lab["switch"].update(hosts=["emon2"]),
                infos["emon2"]["record"].update(site="home"),
            ),
            "lab",
            "emon2 lab site: home -> company",
        ),
        (lambda _lab, infos, _steps: infos["emon2"].update(index=3), "lab", "emon2 lab record: index: 3 -> 2"),
        (
            lambda _lab, infos, _steps: infos["emon2"].update(let_in=["10.0.0.9"], let_in_by="emon"),
            "lab",
            "emon2 lab firewall: lets in 10.0.0.9 -> no longer",
        ),
        (of_host("etcd", version=""), "etcd", "emon2 etcd etcd: absent -> installed and started"),
        (of_host("etcd", lab=""), "etcd", "emon2 etcd etcd: no member -> a member of the cluster"),
        (of_host("etcd", ready=False), "etcd", "emon2 etcd etcd: ready: false -> true"),
        (of_host("etcd", enabled=False), "etcd", "emon2 etcd etcd: enabled: false -> true"),
        (of_host("etcd", outdated=True), "etcd", "emon2 etcd etcd: started before its files -> restarted"),
        (
            lambda _lab, infos, _steps: infos["emon2"]["etcd"]["data"].update(claimed=False),
            "etcd",
            "emon2 etcd record of etcd's data: absent -> its ids",
        ),
        (of_step(0, "/etc/default/etcd: a -> b"), "etcd", "emon2 etcd /etc/default/etcd: a -> b"),
        (of_cluster(lambda one: one.update(missing=["emon2: refused"])), "etcd", "emon etcd emon2: refused -> healthy"),
        (
            of_cluster(lambda one: one["members"][1].update(peer_urls=[])),
            "etcd",
            "emon2 etcd peer URLs:  -> https://10.0.0.117:2380",
        ),
        (
            of_cluster(lambda one: one["members"][1].update(id="b")),
            "etcd",
            "emon2 etcd record of etcd's data: member emon2 -> b",
        ),
        (of_host("docker", version=""), "docker_engine", "emon2 docker_engine Docker: absent -> installed"),
        (
            of_host("python_packages", docker=["python3-docker"]),
            "docker_engine",
            "emon2 docker_engine python3-docker: absent -> installed",
        ),
        (of_step(1, "daemon.json: x: 1 -> 2"), "docker_engine", "emon2 docker_engine daemon.json: x: 1 -> 2"),
        (
            lambda _lab, infos, _steps: infos["emon2"].update(networks=[]),
            "overlay_network",
            "emon2 overlay_network record of the network demo: absent -> its id",
        ),
        (
            lambda _lab, infos, steps: (
                infos["emon2"].update(networks=[], docker={"version": "20.10.24", "active": False}),
                steps["emon2"][1].update(lines=["docker.service: active: false -> true"]),
            ),
            "docker_engine",
            "emon2 docker_engine docker.service: active: false -> true",
        ),
        (of_step(2, "test2: running: false -> true"), "containers", "emon2 containers test2: running: false -> true"),
        (
            of_step(2, faults=("dockerd does not answer",)),
            "containers",
            "emon2 containers not known: dockerd does not answer",
        ),
    ],
)
def test_what_differs_is_told_and_run_with_all_that_follows(change: Change, first: str, row: str) -> None:
    wanted, found, told = lab(), infos(), steps()
    change(wanted, found, told)
    planned = plan.changes(wanted, found, told, [])
    assert row in [f"{one['host']} {one['part']} {one['change']}" for one in planned["rows"]]
    assert planned["parts"] == list(plan.PARTS[plan.PARTS.index(first) :])


@pytest.mark.parametrize(
    ("line", "host"),
    [("emon.crt: absent -> CN emon", "emon"), ("emon2-peer.crt: old -> new", "emon2"), ("ca.crt: a -> b", "emon")],
)
def test_what_differs_in_the_pki_directory_is_told(line: str, host: str) -> None:
    planned = plan.changes(lab(), infos(), steps(), [line])
    assert planned["rows"] == [{"host": host, "part": "etcd", "change": line}]
    assert planned["parts"] == list(plan.PARTS[plan.PARTS.index("etcd") :])


def test_a_dockerd_without_its_store_is_not_compared() -> None:
    found, told = infos(), steps()
    found["emon2"]["etcd"]["ready"] = False
    told["emon"][1]["lines"].append("docker.service: active: false -> true")
    planned = plan.changes(lab(), found, told, [])
    assert planned["table"] == [
        "emon2  etcd  etcd: ready: false -> true",
        "What dockerd keeps in etcd is compared once etcd is healthy.",
    ]
    assert planned["parts"] == list(plan.PARTS[1:])


def test_a_dockerd_that_does_not_run_tells_of_no_network() -> None:
    found = infos()
    found["emon2"].update(networks=[], docker={"version": "20.10.24", "active": False})
    assert plan.changes(lab(), found, steps(), [])["rows"] == []


def test_what_nobody_compared_is_run() -> None:
    told = steps()
    told["emon"] = [one for one in told["emon"] if one["part"] != "overlay_network"]
    planned = plan.changes(lab(), infos(), told, [])
    assert (planned["rows"], planned["parts"]) == ([], ["overlay_network", "containers", "underlay"])


def test_an_engine_without_etcd_needs_none() -> None:
    told = {host: [one for one in of_one if one["part"] != "etcd"] for host, of_one in steps().items()}
    told["emon"].append(step("overlay_network", "topology"))
    found = infos()
    for one in found.values():
        one["record"]["engine"] = "vxlan"
    planned = plan.changes(lab(engine="vxlan"), found, told, [])
    assert (planned["rows"], planned["parts"], planned["evidence"]) == ([], [], None)


def test_a_state_that_is_not_of_all_is_read_again() -> None:
    told = steps()
    told["emon2"] = told["emon2"][:-1]
    assert plan.changes(lab(), infos(), told, [])["states"] == {}


def test_hosts_of_which_the_same_is_told_are_one_line() -> None:
    rows = [{"host": host, "part": "etcd", "change": "etcd: absent -> installed"} for host in NAMES]
    rows.append({"host": "emon", "part": "containers", "change": "test1: absent -> running"})
    assert plan.table(rows) == [
        "emon, emon2  etcd        etcd: absent -> installed",
        "emon         containers  test1: absent -> running",
    ]


def test_a_host_that_changed_meanwhile_is_compared_with_everything() -> None:
    later = copy.deepcopy(infos())
    later["emon"].update(time=2.0, lock={"state": "held"})
    assert plan.confirmed(later, infos(), ["containers"]) == ["containers"]
    later["emon2"]["docker"]["version"] = "26.1"
    assert plan.confirmed(later, infos(), ["containers"]) == list(plan.PARTS)
    del later["emon2"]
    assert plan.confirmed(later, infos(), ["containers"]) == list(plan.PARTS)
