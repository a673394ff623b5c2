# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import apply as swarm_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import plan as swarm_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network, swarm_of

ADDRESS = "10.0.0.117"
MANAGER = "10.0.0.116:2377"
JOINED = {"lab": "emon", "node_id": "node-id", "gateway_bridge": False}


@pytest.fixture(autouse=True)
def record(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The host's record, in memory: section -> content."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(host_record, "section", lambda name: dict(kept.get(name) or {}))
    monkeypatch.setattr(host_record, "update", lambda name, content: kept.update({name: content}))
    return kept


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the node keeps its files."""
    monkeypatch.setattr(swarm_view, "DIRECTORY", tmp_path)
    return tmp_path


def requested(**given: Any) -> swarm_plan.Request:
    defaults = {
        "lab": "emon",
        "advertise_addr": ADDRESS,
        "listen_addr": "0.0.0.0:2377",
        "data_path_addr": None,
        "default_addr_pool": None,
        "subnet_size": 24,
        "gateway_bridge": None,
        "remote_addrs": None,
        "join_token": None,
        "force": False,
        "purge": False,
        "others_stay": False,
        "cluster_id": "",
        "state": "present",
    }
    return swarm_plan.request({**defaults, **given})


def run(docker: FakeDocker | None, **given: Any) -> tuple[swarm_plan.Plan, dict[str, Any]]:
    plan = swarm_plan.plan(docker, requested(**given))
    return plan, swarm_apply.apply(docker, plan)


def container(docker: FakeDocker, name: str, lab: str = "emon", running: bool = True, **networks: str) -> None:
    """A container on these networks: name -> id."""
    docker.all_containers[name] = {
        "Id": name,
        "Name": f"/{name}",
        "State": {"Status": "running" if running else "exited", "Running": running, "Pid": 1, "ExitCode": 0},
        "Config": {"Labels": {"emon.overlay_lab.lab": lab} if lab else {}},
        "NetworkSettings": {"Networks": {one: {"NetworkID": identity} for one, identity in networks.items()}},
    }


def overlay(docker: FakeDocker, name: str) -> None:
    docker.all_networks.append(network(name, "overlay", Scope="swarm", Id=f"{name}-id"))


def member(docker: FakeDocker, record: dict[str, Any], manager: bool = False) -> None:
    docker.swarm = swarm_of(ADDRESS, manager)
    record["docker_swarm"] = dict(JOINED)


def test_a_swarm_is_founded_once(docker: FakeDocker, record: dict[str, Any]) -> None:
    plan, swarm = run(docker, default_addr_pool=["10.255.0.0/16"])
    assert (plan.differences.diff["before"], plan.differences.diff["after"]) == (
        "swarm: absent\n",
        f"swarm: a node at {ADDRESS}, the first one\n",
    )
    assert (swarm["state"], swarm["manager"], swarm["lab"], swarm["node_address"]) == ("active", True, "emon", ADDRESS)
    assert record["docker_swarm"] == JOINED
    again, same = run(docker, default_addr_pool=["10.254.0.0/16"])
    assert not again.differences.changed
    assert same == swarm
    assert docker.calls == [("init_swarm", f"{ADDRESS} ['10.255.0.0/16']")]


def test_a_host_joins_with_a_token_that_no_output_has(docker: FakeDocker, record: dict[str, Any]) -> None:
    plan, swarm = run(docker, remote_addrs=[MANAGER], join_token="SWMTKN-secret")
    assert docker.calls == [("join_swarm", f"{ADDRESS} {MANAGER} SWMTKN-secret")]
    assert (swarm["manager"], swarm["lab"]) == (False, "emon")
    assert record["docker_swarm"] == JOINED
    assert "SWMTKN" not in repr(plan) + json.dumps(plan.differences.diff) + json.dumps(swarm)


def test_a_node_that_goes_on_joining_after_a_kill_is_ours(docker: FakeDocker, record: dict[str, Any]) -> None:
    docker.failing["join_swarm"] = "context deadline exceeded"
    with pytest.raises(LabError, match=f"swarm: joining it at {MANAGER}: context deadline exceeded"):
        run(docker, remote_addrs=[MANAGER], join_token="t")
    # dockerd goes on trying. What it comes to is told by its certificate.
    docker.swarm = {**swarm_of(ADDRESS, manager=False), "LocalNodeState": "pending", "NodeID": ""}
    assert swarm_view.read(docker)["lab"] == "emon"
    docker.swarm = swarm_of(ADDRESS, manager=False)
    assert swarm_view.read(docker)["lab"] == ""


@pytest.mark.parametrize(("becomes", "fault"), [("active", ""), ("error", "Timeout was reached before node joined")])
def test_a_join_that_dockerd_goes_on_with_is_waited_for(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, becomes: str, fault: str
) -> None:
    made = swarm_plan.plan(docker, requested(remote_addrs=[MANAGER], join_token="t"))
    docker.failing["join_swarm"] = "Timeout was reached before node joined."
    pending, later = ({**swarm_of(ADDRESS, manager=False), "LocalNodeState": state} for state in ("pending", becomes))
    docker.swarm = pending
    monkeypatch.setattr(swarm_apply.time, "sleep", lambda _seconds: setattr(docker, "swarm", later))
    with pytest.raises(LabError, match=f"joining it at {MANAGER}: {fault}") if fault else nullcontext():
        assert swarm_apply.apply(docker, made)["state"] == "active"


def test_check_mode_predicts_the_same_keys(docker: FakeDocker) -> None:
    expected = swarm_plan.plan(docker, requested()).expected
    _, swarm = run(docker)
    assert expected.keys() == swarm.keys()
    assert {key: expected[key] for key in ("state", "manager", "lab")} == {
        key: swarm[key] for key in ("state", "manager", "lab")
    }


@pytest.mark.parametrize(
    ("swarm", "joined_as", "fault"),
    [
        ({}, "", "this host is a node of a swarm of somebody else (10.0.0.117): it is left alone; leave that swarm"),
        ({}, "other-id", "this host is a node of a swarm of somebody else (10.0.0.117): it is left alone"),
        (
            {"NodeAddr": "192.168.1.117"},
            "node-id",
            "a node of the swarm at 192.168.1.117, wanted 10.0.0.117: a node",
        ),
        ({"LocalNodeState": "locked", "NodeID": ""}, "node-id", "its swarm node is locked, and works only once it is"),
        (
            {"LocalNodeState": "error", "NodeID": "", "Error": "no\nroute"},
            "node-id",
            "its swarm node is error (no route): see journalctl -u docker.service there",
        ),
    ],
)
def test_a_node_that_cannot_be_used(
    docker: FakeDocker, record: dict[str, Any], swarm: dict[str, Any], joined_as: str, fault: str
) -> None:
    docker.swarm = swarm_of(ADDRESS, manager=False) | swarm
    record["docker_swarm"] = {**JOINED, "node_id": joined_as} if joined_as else {}
    with pytest.raises(LabError) as caught:
        run(docker, remote_addrs=[MANAGER], join_token="t")
    assert fault in str(caught.value)
    assert docker.calls == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_manager_of_another_lab_is_known_by_the_swarms_label(docker: FakeDocker, state: str) -> None:
    docker.swarm = swarm_of(ADDRESS, manager=True) | {"Cluster": {"Spec": {"Labels": {"emon.overlay_lab.lab": "x"}}}}
    with pytest.raises(LabError, match="a swarm of the lab x"):
        run(docker, state=state, force=True)


def test_containers_of_a_swarm_that_is_gone_are_freed_before_the_host_joins(docker: FakeDocker) -> None:
    container(docker, "test2", running=False, demo="former-id", bridge="bridge-id-0123456789")
    container(docker, "fresh", running=False, demo="")
    container(docker, "theirs", lab="", demo="former-id")
    plan, _ = run(docker)
    assert [one.name for one in plan.joined] == ["test2"]
    assert docker.calls == [("disconnect", "/test2 demo"), ("init_swarm", f"{ADDRESS} None")]


def test_a_host_leaves_in_order(docker: FakeDocker, record: dict[str, Any]) -> None:
    member(docker, record)
    overlay(docker, "demo")
    docker.all_networks.append(network("docker_gwbridge", Id="gw-id"))
    container(docker, "test2", demo="demo-id", bridge="bridge-id-0123456789")
    container(docker, "test3", running=False, demo="demo-id")
    plan, swarm = run(docker, state="absent")
    assert docker.calls == [
        ("stop", "test2"),
        ("disconnect", "/test2 demo"),
        ("disconnect", "/test3 demo"),
        ("leave_swarm", "force"),
    ]
    assert plan.expected == swarm == swarm_view.nothing("inactive")
    assert record["docker_swarm"] == JOINED | {"node_id": "-"}
    again, _ = run(docker, state="absent")
    assert not again.differences.changed
    # And for good.
    docker.calls.clear()
    run(docker, state="absent", purge=True)
    assert docker.calls == [("remove_network", "gw-id")]
    assert record["docker_swarm"] is None
    assert not run(docker, state="absent", purge=True)[0].differences.changed


def test_a_gateway_bridge_that_was_there_before_stays(docker: FakeDocker, record: dict[str, Any]) -> None:
    docker.all_networks.append(network("docker_gwbridge", Id="gw-id"))
    run(docker, gateway_bridge="172.20.0.0/16")
    assert record["docker_swarm"]["gateway_bridge"] is True
    run(docker, state="absent", purge=True)
    assert [call for call, _ in docker.calls] == ["init_swarm", "leave_swarm"]


def gateway_bridge_left(docker: FakeDocker, record: dict[str, Any], **given: Any) -> None:
    record["docker_swarm"] = dict(JOINED)
    docker.all_networks.append(network("docker_gwbridge", Id="gw-id", **given))
    run(docker, state="absent", purge=True)


def test_the_ingress_networks_endpoint_is_waited_for(
    docker: FakeDocker, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swarm_apply.time, "sleep", lambda _seconds: docker.all_networks[-1]["Containers"].clear())
    gateway_bridge_left(docker, record, Containers={"ingress-sbox": {"Name": "gateway_ingress-sbox"}})
    assert docker.calls == [("remove_network", "gw-id")]


def test_a_gateway_bridge_that_still_has_it_is_asked_again(
    docker: FakeDocker, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.failing["remove_network"] = "error while removing network: network docker_gwbridge has active endpoints"
    monkeypatch.setattr(swarm_apply.time, "sleep", lambda _seconds: docker.failing.clear())
    gateway_bridge_left(docker, record)
    assert docker.calls == [("remove_network", "gw-id")]


def test_a_gateway_bridge_that_somebody_uses_stays(
    docker: FakeDocker, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swarm_apply, "_GONE_SECONDS", 0)
    gateway_bridge_left(docker, record, Containers={"f00": {"Name": "theirs"}})
    assert docker.calls == []


def test_a_gateway_bridge_is_made_where_it_is_in_nobodys_way(docker: FakeDocker, record: dict[str, Any]) -> None:
    run(docker, gateway_bridge="172.20.0.0/16")
    made = docker.all_networks[-1]
    assert (made["Name"], made["IPAM"]["Config"]) == ("docker_gwbridge", [{"Subnet": "172.20.0.0/16"}])
    assert record["docker_swarm"]["gateway_bridge"] is False
    run(docker, state="absent")
    run(docker)
    assert record["docker_swarm"]["gateway_bridge"] is False
    run(docker, state="absent", purge=True)
    assert docker.all_networks[-1]["Name"] == "bridge"


@pytest.mark.parametrize(
    ("force", "faults"),
    [
        (True, []),
        (
            False,
            [
                "containers that are not the lab's are on the swarm's networks, and would lose them: theirs: disconnect"
                " them, or set force to true",
                "services run on this swarm, and would end with it: web: remove them, or set force to true",
            ],
        ),
    ],
)
def test_others_who_use_the_swarm(docker: FakeDocker, record: dict[str, Any], force: bool, faults: list[str]) -> None:
    member(docker, record, manager=True)
    overlay(docker, "demo")
    docker.all_services.append("web")
    container(docker, "theirs", lab="", demo="demo-id")
    try:
        run(docker, state="absent", force=force)
        assert docker.calls == [("disconnect", "/theirs demo"), ("leave_swarm", "force")]
    except LabError as error:
        assert error.faults == faults
        assert docker.calls == []


def test_services_keep_nobody_whose_swarm_goes_on(docker: FakeDocker, record: dict[str, Any]) -> None:
    member(docker, record, manager=True)
    docker.all_services.append("web")
    run(docker, state="absent", others_stay=True)
    assert docker.calls == [("leave_swarm", "force")]


def test_a_node_that_gives_up_waiting_leaves_when_it_is_asked_again(
    docker: FakeDocker, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    member(docker, record)
    really, asked = docker.leave_swarm, []

    def leave(force: bool) -> bool:
        asked.append(force)
        # The SDK takes "context deadline exceeded" for success.
        return True if len(asked) == 1 else really(force)

    monkeypatch.setattr(docker, "leave_swarm", leave)
    run(docker, state="absent")
    assert len(asked) == 2
    assert docker.swarm["LocalNodeState"] == "inactive"


LEADERLESS = "rpc error: The swarm does not have a leader."


@pytest.mark.parametrize(
    ("state", "error", "why"),
    [
        pytest.param("active", "", LEADERLESS, id="no majority"),
        pytest.param("pending", "no route", "its node is pending: no route", id="pending"),
        pytest.param("locked", "", "its node is locked", id="locked"),
        pytest.param("error", "certificate expired", "its node is error: certificate expired", id="error"),
    ],
)
def test_a_manager_that_cannot_tell_its_services_does_not_leave(
    docker: FakeDocker, record: dict[str, Any], directory: Path, state: str, error: str, why: str
) -> None:
    member(docker, record, manager=state == "active")
    docker.swarm |= {"LocalNodeState": state, "Error": error}
    docker.failing["services"] = LEADERLESS
    (directory / "raft" / "wal").mkdir(parents=True)
    with pytest.raises(LabError) as caught:
        run(docker, state="absent")
    assert caught.value.faults == [
        f"the services of this swarm cannot be read ({why}), and this manager's copy of them would be deleted: start"
        " the other managers; where they are lost, make this one the only manager, which keeps services and secrets"
        " (docker swarm init --force-new-cluster --advertise-addr 10.0.0.117), and run again; or set force to true"
    ]
    assert docker.calls == []
    run(docker, state="absent", force=True)
    assert docker.calls == [("leave_swarm", "force")]


def leaderless(docker: FakeDocker, directory: Path, cluster: str = "c1") -> None:
    """The others have left: nobody can ask this manager any more."""
    docker.failing["services"] = LEADERLESS
    docker.swarm |= {"Cluster": {"ID": cluster, "Spec": {"Labels": {"emon.overlay_lab.lab": "emon"}}}}
    (directory / "raft" / "wal").mkdir(parents=True, exist_ok=True)


def test_managers_that_were_asked_in_time_leave_one_after_the_other(
    docker: FakeDocker, record: dict[str, Any], directory: Path
) -> None:
    member(docker, record, manager=True)
    leaderless(docker, directory)
    with pytest.raises(LabError, match="cannot be read"):
        run(docker, state="leaving")
    del docker.failing["services"]
    docker.all_services.append("web")
    with pytest.raises(LabError, match="services run on this swarm, and would end with it: web"):
        run(docker, state="leaving")
    docker.all_services.clear()
    assert record["docker_swarm"] == JOINED
    plan, swarm = run(docker, state="leaving")
    assert (plan.differences.changed, swarm["state"], docker.calls) == (False, "active", [])
    leaderless(docker, directory, cluster="c2")
    with pytest.raises(LabError, match="cannot be read"):
        run(docker, state="absent")
    leaderless(docker, directory)
    assert run(docker, state="absent")[0].leave
    assert record["docker_swarm"] == JOINED | {"node_id": "-"}


def test_what_was_asked_long_ago_counts_for_nothing(
    docker: FakeDocker, record: dict[str, Any], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(docker, record, manager=True)
    leaderless(docker, directory)
    docker.failing.clear()
    run(docker, state="leaving")
    now = swarm_plan.time.time()
    leaderless(docker, directory)
    for later in (-60, 3601):
        monkeypatch.setattr(swarm_plan.time, "time", lambda later=later: now + later)
        with pytest.raises(LabError, match="cannot be read"):
            run(docker, state="absent")


@pytest.mark.parametrize(("cluster_id", "leaves"), [("", True), ("c1", True), ("c2", False)])
def test_services_go_on_in_the_swarm_of_those_who_stay_alone(
    docker: FakeDocker, record: dict[str, Any], directory: Path, cluster_id: str, leaves: bool
) -> None:
    member(docker, record, manager=True)
    leaderless(docker, directory)
    with nullcontext() if leaves else pytest.raises(LabError, match="cannot be read"):
        assert run(docker, state="absent", others_stay=True, cluster_id=cluster_id)[0].leave


@pytest.mark.parametrize("state", ["active", "pending"])
def test_a_worker_leaves_whatever_state_its_swarm_is_in(
    docker: FakeDocker, record: dict[str, Any], directory: Path, state: str
) -> None:
    member(docker, record)
    docker.swarm |= {"LocalNodeState": state}
    docker.failing["services"] = LEADERLESS
    run(docker, state="absent")
    assert docker.calls == [("leave_swarm", "force")]


def test_what_is_left_of_somebody_elses_swarm_is_not_touched(docker: FakeDocker, record: dict[str, Any]) -> None:
    overlay(docker, "demo")
    container(docker, "theirs", lab="", demo="demo-id")
    record["docker_swarm"] = JOINED | {"lab": "school"}
    assert not run(docker, state="absent", force=True)[0].differences.changed
    assert record["docker_swarm"]["lab"] == "school"
    assert docker.calls == []


def test_a_network_that_stays_is_named(
    docker: FakeDocker, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swarm_apply, "_GONE_SECONDS", 0)
    record["docker_swarm"] = dict(JOINED)
    overlay(docker, "demo")
    with pytest.raises(LabError, match=r"network demo \(demo-id\) is left over from the swarm that this host left"):
        run(docker, state="absent")


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        ({"AdvertiseAddr": "10.0.0.117:2377", "LocalAddr": ""}, ADDRESS),
        ({"LocalAddr": "10.0.0.117"}, ADDRESS),
        ({}, ""),
    ],
)
def test_a_node_whose_dockerd_does_not_run(
    tmp_path: Path, record: dict[str, Any], saved: dict[str, str], expected: str
) -> None:
    record["docker_swarm"] = dict(JOINED)
    (tmp_path / "docker-state.json").write_text(json.dumps(saved), encoding="utf-8")
    found = swarm_view.of_stopped(tmp_path)
    assert (found["state"], found["node_address"], found["lab"]) == ("", expected, "emon")
    assert swarm_view.of_stopped(tmp_path / "none") == swarm_view.nothing("")


def test_a_node_whose_dockerd_does_not_start_is_taken_away_from_it(
    tmp_path: Path, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(systemd, "stop", lambda *names, timeout: stopped.extend(names))
    (tmp_path / "docker-state.json").write_text('{"AdvertiseAddr": "10.0.0.117:2377"}', encoding="utf-8")
    (tmp_path / "raft").mkdir()
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / "swarm-node.key").touch()
    record["docker_swarm"] = JOINED | {"gateway_bridge": True}
    plan, swarm = run(None, state="absent")
    assert plan.differences.changed
    assert list(tmp_path.iterdir()) == []
    assert stopped == ["docker.socket", "docker.service"]
    assert swarm == swarm_view.nothing("")
    # Another node that somebody makes of the host is none of the lab's.
    docker = FakeDocker()
    docker.swarm = swarm_of(ADDRESS, manager=False)
    assert swarm_view.read(docker)["lab"] == ""
    assert record["docker_swarm"]["gateway_bridge"] is True
    assert not run(None, state="absent")[0].differences.changed


def test_bad_options_are_named_all_at_once() -> None:
    with pytest.raises(LabError) as caught:
        requested(advertise_addr="eth0", default_addr_pool=["10.255.0.0/33"], gateway_bridge="172.20.0.1/16")
    assert caught.value.faults == [
        "advertise_addr: 'eth0' is not an address such as 10.0.0.116",
        "default_addr_pool: '10.255.0.0/33' is not a subnet",
        "gateway_bridge: '172.20.0.1/16' is not a subnet",
    ]


@pytest.mark.parametrize(
    ("state", "label", "node_id", "expected"),
    [
        pytest.param("active", "emon", "abc", "emon", id="ours"),
        pytest.param("active", "", swarm_view.JOINING, "", id="a manager of somebody else's, founded before ours"),
        pytest.param("pending", "", "abc", "emon", id="a manager that does not know yet"),
        pytest.param("active", "", swarm_view.LEFT, "", id="left"),
    ],
)
def test_whose_swarm_it_is(state: str, label: str, node_id: str, expected: str) -> None:
    spec = {"Labels": {"emon.overlay_lab.lab": label} if label else {}}
    said = {"LocalNodeState": state, "NodeID": "abc", "ControlAvailable": True, "Cluster": {"ID": "c1", "Spec": spec}}
    assert swarm_view.shown(said, {"lab": "emon", "node_id": node_id})["lab"] == expected
