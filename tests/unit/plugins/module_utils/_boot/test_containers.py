# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import containers, desired, endpoints, gossip
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.desired import Desired
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import container_set, entries
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import startup as container_startup
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network

LAB = {"emon.overlay_lab.lab": "emon"}
TEST1 = {"name": "test1", "image": "busybox:lab", "restart_policy": "unless-stopped", "labels": LAB}
TEST3 = {**TEST1, "name": "test3", "networks": [{"name": "demo"}]}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeDocker:
    """The host's dockerd, with both containers, as it is after a power cut."""
    made = FakeDocker()
    made.close = lambda: None  # type: ignore[attr-defined]
    made.all_networks.append(network("demo", subnets=("10.200.0.0/24",)))
    monkeypatch.setattr(container_startup, "_SETTLING_SECONDS", 0)
    monkeypatch.setattr(container_plan.published, "listeners_on_host", list)
    monkeypatch.setattr(containers, "connect", lambda timeout: made)
    monkeypatch.setattr(containers.settings, "read", dict)
    monkeypatch.setattr(containers, "_POLL_SECONDS", 0)
    monkeypatch.setattr(containers.managers, "ask_again", lambda _say, _addresses: None)
    monkeypatch.setattr(containers.lab_lock, "between_runs", free)
    container_set.apply(made, container_set.plan(made, entries.specs([TEST1, TEST3])))
    for one in made.all_containers.values():
        one["State"] |= {"Status": "exited", "Running": False, "Pid": 0, "ExitCode": 255}
    made.calls.clear()
    return made


@contextmanager
def free() -> Iterator[None]:
    yield


def wanted(*given: dict[str, Any]) -> Desired:
    return Desired("emon", entries.validated(list(given)))


def running(docker: FakeDocker) -> list[str]:
    return [one["Name"] for one in docker.all_containers.values() if one["State"]["Running"]]


def test_what_does_not_run_is_started_and_told_and_then_nothing_is_left_to_do(docker: FakeDocker) -> None:
    assert containers.once(wanted(TEST1, TEST3)) == ["container test1: started", "container test3: started"]
    docker.calls.clear()
    assert containers.once(wanted(TEST1, TEST3)) == []
    assert docker.calls == []


@pytest.mark.parametrize("given", [{"restart_policy": "no"}, {"restart_policy": "on-failure"}, {"state": "stopped"}])
def test_what_is_not_to_start_after_a_boot_stays_as_it_is(docker: FakeDocker, given: dict[str, str]) -> None:
    assert containers.once(wanted({**TEST1, **given})) == []
    assert docker.calls == []


def test_containers_of_others_stay_as_they_are(docker: FakeDocker) -> None:
    docker.container("test1")["Config"]["Labels"] = {}
    with pytest.raises(LabError, match="test1: is there and was not made by this module"):
        containers.once(wanted(TEST1))
    assert docker.calls == []


def test_a_place_that_the_store_kept_is_no_obstacle(docker: FakeDocker) -> None:
    """The very repair that overlay.yml makes."""
    docker.all_networks[-1]["Labels"] = LAB

    def start(container: str) -> None:
        if "disconnect" not in [call[0] for call in docker.calls]:
            docker.failing["start"] = "endpoint with name test3 already exists in network demo"
        else:
            docker.failing.clear()
        FakeDocker.start(docker, container)

    docker.start = start  # type: ignore[method-assign]
    # Of a name that no container has, the store's place goes.
    docker.disconnect_container_from_network = lambda *_given, force: docker.calls.append(("disconnect", ""))  # type: ignore[method-assign]
    lines = containers.once(wanted(TEST3))
    assert lines == [
        "container test3: its former place in network demo was left in the store; it is gone",
        "container test3: started",
    ]


def test_one_that_cannot_start_keeps_no_other(docker: FakeDocker) -> None:
    refused = docker.container("test1")["Id"]

    def start(container: str) -> None:
        docker.failing = {"start": "port is already allocated"} if container == refused else {}
        FakeDocker.start(docker, container)

    docker.start = start  # type: ignore[method-assign]
    with pytest.raises(LabError) as caught:
        containers.once(wanted(TEST1, TEST3))
    assert caught.value.faults == ["container test3: started", "container test1: start: port is already allocated"]
    assert running(docker) == ["/test3"]


def test_one_that_cannot_be_planned_keeps_no_other(docker: FakeDocker) -> None:
    """The network of test3 comes with another host, or never."""
    docker.all_networks.pop()
    missing = "container test3: network demo is not on this host: make it with docker_network first"
    with pytest.raises(LabError) as caught:
        containers.once(wanted(TEST3, TEST1))
    assert caught.value.faults == ["container test1: started", missing]
    assert running(docker) == ["/test1"]


def test_no_turn_is_taken_where_nothing_can_start(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    containers.once(wanted(TEST1))
    docker.all_networks.pop()
    monkeypatch.setattr(containers.turn, "of_this_host", lambda _settings: pytest.fail("it keeps the other hosts"))
    with pytest.raises(LabError, match="test3: network demo is not on this host"):
        containers.once(wanted(TEST3, TEST1))


def test_each_container_is_started_in_this_hosts_turn(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The turn goes by itself after a minute, and thirty containers take longer."""
    kept: list[list[str]] = []

    @contextmanager
    def of_this_host(_settings: object) -> Iterator[Any]:
        yield lambda: kept.append(running(docker))

    monkeypatch.setattr(containers.turn, "of_this_host", of_this_host)
    containers.once(wanted(TEST1, TEST3))
    assert kept == [[], ["/test1"]]


def test_nothing_more_is_started_in_another_hosts_turn(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def of_this_host(_settings: object) -> Iterator[Any]:
        def go_on() -> None:
            if running(docker):
                raise LabError("emon2 starts its containers, and this host follows")

        yield go_on

    monkeypatch.setattr(containers.turn, "of_this_host", of_this_host)
    with pytest.raises(LabError) as caught:
        containers.once(wanted(TEST1, TEST3))
    assert caught.value.faults == [
        "container test1: started",
        "emon2 starts its containers, and this host follows",
    ]
    assert running(docker) == ["/test1"]


def test_it_waits_for_what_another_host_brings_and_says_so_once(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = docker.all_networks.pop()
    polls = []

    def read() -> Desired:
        polls.append("")
        if len(polls) == 4:
            docker.all_networks.append(demo)
        return wanted(TEST3)

    monkeypatch.setattr(containers, "read", read)
    lines: list[str] = []
    assert containers.bring_up(lines.append) is True
    assert lines == [
        "waiting: container test3: network demo is not on this host: make it with docker_network first",
        "container test3: started",
        "1 container of the lab emon on this host: running",
    ]


def test_it_gives_up_and_says_what_was_in_the_way(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.all_networks.pop()
    monkeypatch.setattr(containers, "read", lambda: wanted(TEST3))
    lines: list[str] = []
    assert containers.bring_up(lines.append, patience=-1) is False
    assert lines[-1].startswith("given up after") and lines[-1].endswith(": run playbooks/overlay.yml")


def test_dockerd_is_not_restarted_under_a_run(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locks: list[str] = []

    @contextmanager
    def between_runs() -> Iterator[None]:
        locks.append("taken")
        # The first is to start containers; before the second, a run comes and goes.
        if locks == ["taken", "free", "taken"]:
            raise LabError("a run has the lock of the lab: ann@laptop")
        yield
        locks.append("free")

    monkeypatch.setattr(containers.lab_lock, "between_runs", between_runs)
    monkeypatch.setattr(containers.managers, "ask_again", lambda _say, _addresses: locks.append("asked"))
    monkeypatch.setattr(containers, "read", lambda: wanted(TEST1))
    lines: list[str] = []
    assert containers.bring_up(lines.append) is True
    assert locks[-3:] == ["taken", "asked", "free"]
    assert lines == [
        "container test1: started",
        "waiting: a run has the lock of the lab: ann@laptop",
        "1 container of the lab emon on this host: running",
    ]


def test_a_run_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "lab/lock.json"
    run = {"id": "run", "owner": "ann@laptop, process 1", "controller": {}}
    with lab_lock.between_runs(path):
        pass
    assert not path.parent.exists()
    lab_lock.take("emon", run, path=path)
    with pytest.raises(LabError, match="a run has the lock of the lab: ann@laptop"), lab_lock.between_runs(path):
        pytest.fail("a run has it")


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "boot.json"
    with pytest.raises(LabError, match="is not there: run playbooks"):
        desired.read(path)
    path.write_text(wanted(TEST1, TEST3).text())
    assert desired.read(path) == wanted(TEST1, TEST3)
    path.write_text('{"lab": "emon", "containers": "all"}')
    with pytest.raises(LabError, match="damaged"):
        desired.read(path)


def test_dockerd_leaves_the_labs_containers_to_the_unit_and_those_of_others_as_they_are(docker: FakeDocker) -> None:
    docker.container("test3")["Config"]["Labels"] = {}
    for name in ("test1", "test3", "gone"):
        endpoints.hold(docker, "emon", name)
    policies = {one["Name"]: one["HostConfig"]["RestartPolicy"]["Name"] for one in docker.all_containers.values()}
    assert policies == {"/test1": "no", "/test3": "unless-stopped"}
    containers.once(wanted(TEST1))
    assert docker.container("test1")["HostConfig"]["RestartPolicy"] == {"Name": "unless-stopped"}
    assert running(docker) == ["/test1"]


def test_one_that_dockerd_does_not_leave_to_the_unit_keeps_no_other(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = docker.container("test1")["Id"]

    def update(container: str, **given: Any) -> None:
        docker.failing = {"update_container": "no space left on device"} if container == refused else {}
        FakeDocker.update_container(docker, container, **given)

    docker.update_container = update  # type: ignore[method-assign]
    monkeypatch.setattr(endpoints, "connect", lambda _docker_host: docker)
    monkeypatch.setattr(endpoints, "read", lambda: wanted(TEST1, TEST3))
    monkeypatch.setattr(endpoints.systemd, "units", lambda *_names: [None])
    monkeypatch.setattr(endpoints.stale_endpoints, "forget", lambda _unit, _path, meanwhile: meanwhile("unix://"))
    with pytest.raises(LabError, match="container test1: restart policy: no space left"):
        endpoints.forget(pytest.fail)
    assert docker.container("test3")["HostConfig"]["RestartPolicy"] == {"Name": "no"}


STORE = {"cluster-store": "etcd://127.0.0.1:2379"}


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({**STORE, "cluster-advertise": "127.0.0.1:2375"}, "127.0.0.1"),
        ({**STORE, "cluster-advertise": "eth0:2375"}, ""),
        (STORE, ""),
        ({"cluster-advertise": "127.0.0.1:2375"}, ""),
    ],
)
def test_only_a_dockerd_with_a_store_has_to_know_its_address(settings: dict[str, str], address: str) -> None:
    assert gossip.own_address(settings) == address


def test_no_container_starts_before_dockerd_knows_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**STORE, "cluster-advertise": "127.0.0.1:2375"}
    with socket.create_server(("127.0.0.1", 0)) as heard:
        monkeypatch.setattr(gossip, "_PORT", heard.getsockname()[1])
        gossip.check(settings)
    with pytest.raises(LabError, match="dockerd has not reached its store yet"):
        gossip.check(settings)
