# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import apply as container_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import CONTAINER_OPTIONS, parse
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.view import shown
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import (
    FakeDocker,
    Restarting,
    network,
    swarm_of,
)

LOST = "could not get network sandbox (oper true): failed get network namespace"


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def docker() -> FakeDocker:
    made = FakeDocker()
    made.all_networks += [network("demo", subnets=("10.200.0.0/24",)), network("other", subnets=("10.201.0.0/24",))]
    return made


def planned(docker: FakeDocker, **given: Any) -> container_plan.Plan:
    result = ArgumentSpecValidator(CONTAINER_OPTIONS).validate({"name": "test1", "image": "busybox:lab", **given})
    assert not result.error_messages
    return container_plan.plan(docker, parse(result.validated_parameters))


def run(docker: FakeDocker, **given: Any) -> tuple[bool, dict[str, Any], list[str]]:
    plan = planned(docker, **given)
    container, healed = container_apply.apply(docker, plan)
    return plan.differences.changed, container, healed


def changes(docker: FakeDocker) -> list[str]:
    made = [method for method, _what in docker.calls]
    docker.calls.clear()
    return made


def test_a_container_is_made_and_started_once(docker: FakeDocker) -> None:
    given = {"networks": [{"name": "demo", "ipv4_address": "10.200.0.9"}, {"name": "other"}]}
    changed, made, healed = run(docker, **given)
    assert (changed, made["state"], sorted(made["networks"]), healed) == (True, "running", ["demo", "other"], [])
    assert changes(docker) == ["create_container", "connect", "start"]
    assert run(docker, **given)[0] is False
    assert changes(docker) == []


def test_check_mode_returns_the_same_keys(docker: FakeDocker) -> None:
    expected = container_plan.expected(planned(docker, networks=[{"name": "demo"}]))
    _, made, _ = run(docker, networks=[{"name": "demo"}])
    assert expected.keys() == made.keys()
    assert (expected["id"], expected["state"]) == ("", "running")


@pytest.mark.parametrize(
    ("state", "calls", "status"),
    [
        ("started", ["create_container", "start"], "running"),
        ("present", ["create_container"], "created"),
        ("stopped", ["create_container"], "created"),
        ("absent", [], None),
    ],
)
def test_what_is_made_for_each_state(docker: FakeDocker, state: str, calls: list[str], status: str | None) -> None:
    _, made, _ = run(docker, state=state)
    assert changes(docker) == calls
    assert made.get("state") == status


@pytest.mark.parametrize(
    ("state", "calls"), [("started", []), ("present", []), ("stopped", ["stop"]), ("absent", ["remove_container"])]
)
@pytest.mark.parametrize("image", ["busybox:lab", None])
def test_what_is_done_to_a_running_one(docker: FakeDocker, state: str, calls: list[str], image: str | None) -> None:
    run(docker)
    docker.calls.clear()
    run(docker, state=state, image=image)
    assert changes(docker) == calls
    assert run(docker, state=state, image=image)[0] is False


def test_networks_are_joined_and_left_in_place(docker: FakeDocker) -> None:
    _, before, _ = run(docker, networks=[{"name": "demo"}])
    docker.calls.clear()
    _, after, _ = run(docker, networks=[{"name": "other", "aliases": ["web"]}])
    assert changes(docker) == ["disconnect", "connect"]
    assert (list(after["networks"]), after["id"]) == (["other"], before["id"])


@pytest.mark.parametrize(
    "given",
    [{"aliases": ["web"]}, {"ipv4_address": "10.200.0.9"}, {"links": ["other:o"]}],
    ids=lambda given: next(iter(given)),
)
def test_a_network_that_is_joined_differently_is_joined_again(docker: FakeDocker, given: dict[str, Any]) -> None:
    run(docker, networks=[{"name": "demo"}])
    docker.calls.clear()
    run(docker, networks=[{"name": "demo", **given}])
    assert changes(docker) == ["disconnect", "connect"]
    assert run(docker, networks=[{"name": "demo", **given}])[0] is False


def test_aliases_that_docker_adds_are_no_difference(docker: FakeDocker) -> None:
    given = {"hostname": "somewhere", "networks": [{"name": "demo", "aliases": ["web", "somewhere"]}]}
    _, made, _ = run(docker, **given)
    settings = docker.container("test1")["NetworkSettings"]["Networks"]["demo"]
    settings["Aliases"] = ["web", "somewhere", made["id"][:12]]
    changed, again, _ = run(docker, **given)
    assert (changed, again["networks"]["demo"]["aliases"]) == (False, ["web"])


def test_an_address_that_is_not_asked_for_may_be_any(docker: FakeDocker) -> None:
    run(docker, networks=[{"name": "demo", "ipv4_address": "10.200.0.9"}])
    assert run(docker, networks=[{"name": "demo"}])[0] is False


def test_a_network_that_was_made_anew_is_joined_again(docker: FakeDocker) -> None:
    run(docker, networks=[{"name": "demo"}, {"name": "other"}])
    docker.all_networks[-1]["Id"] = "other-id-new"
    plan = planned(docker, networks=[{"name": "demo"}, {"name": "other"}])
    assert (plan.leave, [endpoint.network for endpoint in plan.join]) == (("other",), ["other"])


def test_the_restart_policy_changes_in_place(docker: FakeDocker) -> None:
    run(docker)
    docker.calls.clear()
    run(docker, restart_policy="always")
    assert changes(docker) == ["update_container"]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"command": "sleep 2"}, "command"),
        ({"published_ports": ["8080:80"]}, "published_ports"),
        ({"network_mode": "none"}, "network_mode"),
        ({"labels": {"a": "b"}}, "labels[a]"),
        ({"init": False}, "init"),
    ],
)
def test_what_is_fixed_at_creation_makes_it_anew_and_is_named(
    docker: FakeDocker, given: dict[str, Any], what: str
) -> None:
    run(docker, command="sleep 1")
    docker.calls.clear()
    plan = planned(docker, **{"command": "sleep 1", **given})
    assert what in [one.what for one in plan.differences.found if one.recreate]
    container_apply.apply(docker, plan)
    assert changes(docker) == ["create_container", "stop", "rename", "rename", "start", "remove_container"]


def test_another_image_behind_the_same_name_makes_it_anew(docker: FakeDocker) -> None:
    run(docker)
    docker.images["busybox:lab"] = {"Id": "sha256:newer"}
    assert [one.what for one in planned(docker).differences.found] == ["image id"]


def test_the_former_container_comes_back_when_the_new_one_does_not_start(docker: FakeDocker) -> None:
    _, before, _ = run(docker)
    plan = planned(docker, command="sleep 2")
    docker.exit_code = 127
    with pytest.raises(LabError, match="container test1: ended at once with exit code 127: last words"):
        container_apply.apply(docker, plan)
    (back,) = docker.all_containers.values()
    assert (back["Id"], back["Name"]) == (before["id"], "/test1")
    assert changes(docker)[-2:] == ["rename", "start"]


def test_a_container_runs_on_when_none_can_be_made_in_its_place(docker: FakeDocker) -> None:
    _, before, _ = run(docker)
    docker.calls.clear()
    docker.failing["create_container"] = "mkdir /var/lib/docker/containers/0: read-only file system"
    with pytest.raises(LabError, match=r"^container test1: creation: mkdir .*: read-only file system$"):
        run(docker, command="sleep 2")
    (same,) = docker.all_containers.values()
    assert (same["Id"], same["State"]["Running"], changes(docker)) == (before["id"], True, [])


def test_a_new_container_that_does_not_start_leaves_nothing(docker: FakeDocker) -> None:
    docker.failing["start"] = "no such command"
    with pytest.raises(LabError, match="container test1: start: no such command"):
        run(docker)
    assert docker.all_containers == {}


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("moment", range(6))
def test_a_dockerd_that_restarts_at_any_moment_leaves_the_former_container(
    docker: FakeDocker, moment: int, done: bool
) -> None:
    _, before, _ = run(docker)
    plan = planned(docker, command="sleep 2", networks=[{"name": "demo"}, {"name": "other"}])
    with pytest.raises(LabError, match=r"dockerd hung up .does it restart..; run again$"):
        container_apply.apply(Restarting(docker, moment, done), plan)
    (back,) = docker.all_containers.values()
    assert (back["Id"], back["Name"], back["State"]["Running"]) == (before["id"], "/test1", True)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("moment", range(3))
def test_a_dockerd_that_restarts_at_any_moment_leaves_no_half_made_container(
    docker: FakeDocker, moment: int, done: bool
) -> None:
    plan = planned(docker, networks=[{"name": "demo"}, {"name": "other"}])
    with pytest.raises(LabError, match=r"dockerd hung up .does it restart..; run again$"):
        container_apply.apply(Restarting(docker, moment, done), plan)
    assert docker.all_containers == {}


@pytest.mark.parametrize("killed_before", ["create_container", "stop", "rename", "start", "remove_container"])
@pytest.mark.parametrize("state", ["started", "absent"])
def test_a_replacement_that_was_killed_is_completed(docker: FakeDocker, killed_before: str, state: str) -> None:
    class Killed(BaseException):
        pass

    def kill(*_arguments: object, **_options: object) -> None:
        raise Killed

    run(docker)
    method = "create_container_from_config" if killed_before == "create_container" else killed_before
    setattr(docker, method, kill)
    with pytest.raises(Killed):
        run(docker, command="sleep 2")
    delattr(docker, method)
    changed, made, _ = run(docker, command="sleep 2", state=state)
    names = [one["Name"] for one in docker.all_containers.values()]
    assert (changed, made.get("state"), names) == (
        True,
        "running" if state == "started" else None,
        ["/test1"] if state == "started" else [],
    )
    assert run(docker, command="sleep 2", state=state)[0] is False


@pytest.mark.parametrize("state", ["started", "stopped", "present", "absent"])
def test_a_foreign_container_is_left_alone(docker: FakeDocker, state: str) -> None:
    run(docker)
    docker.container("test1")["Config"]["Labels"].clear()
    docker.calls.clear()
    with pytest.raises(LabError, match="container test1: is there and was not made by this module"):
        run(docker, state=state)
    assert changes(docker) == []


def test_the_beginning_of_an_id_is_no_name(docker: FakeDocker) -> None:
    run(docker)
    docker.container("test1")["Name"] = "/somebody"
    assert planned(docker, state="absent", name="test1-id-1").before is None


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"image": "nope:1"}, "image nope:1 is not on this host: make load IMAGE=nope:1, or docker pull it"),
        ({"networks": [{"name": "nope"}]}, "network nope is not on this host: make it with docker_network first"),
        (
            {"networks": [{"name": "demo", "ipv4_address": "10.9.0.1"}]},
            "10.9.0.1 is not inside 10.200.0.0/24 of network demo",
        ),
        (
            {"networks": [{"name": "demo", "ipv4_address": "10.200.0.7"}]},
            "10.200.0.7 is in use by container taken on network demo: choose another",
        ),
        ({"network_mode": "container:nope"}, "network_mode: container nope is not there"),
        ({"network_mode": "container:still"}, "network_mode: container still does not run: start it first"),
        ({"links": ["nope"]}, "links: container nope is not there"),
        ({"published_ports": ["8080:80"]}, "port 8080/tcp of the host is in use by container web: publish another"),
    ],
)
def test_what_is_missing_or_taken_is_named_before_anything_is_made(
    docker: FakeDocker, given: dict[str, Any], line: str
) -> None:
    docker.all_networks[1]["Containers"] = {"taken-id": {"Name": "taken", "IPv4Address": "10.200.0.7/24"}}
    run(docker, name="web")
    docker.container("web")["Ports"] = [{"PublicPort": 8080, "Type": "tcp", "IP": "0.0.0.0"}]
    run(docker, name="still", state="stopped")
    docker.calls.clear()
    with pytest.raises(LabError) as caught:
        run(docker, **given)
    (fault,) = caught.value.faults
    assert fault.startswith(f"container test1: {line}")
    assert changes(docker) == []


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"network_mode": "container:db"}, "network_mode: container db is not there"),
        ({"links": ["db"]}, "links: container db is not there"),
    ],
)
def test_the_beginning_of_an_id_is_not_the_container_that_is_named(
    docker: FakeDocker, given: dict[str, Any], line: str
) -> None:
    """Docker would take it for one."""
    run(docker, name="web")
    stranger = {**docker.inspect_container("web"), "Id": "db3f0c"}
    known = docker.inspect_container
    docker.inspect_container = lambda name: stranger if name == "db" else known(name)  # type: ignore[method-assign]
    with pytest.raises(LabError, match=line):
        planned(docker, **given)


def test_its_own_ports_are_no_conflict(docker: FakeDocker) -> None:
    run(docker, published_ports=["8080:80"])
    docker.container("test1")["Ports"] = [{"PublicPort": 8080, "Type": "tcp", "IP": "0.0.0.0"}]
    run(docker, published_ports=["8080:80", "8081:81"])


def test_a_container_left_behind_in_a_former_namespace_is_restarted(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"name": "second", "network_mode": "container:test1"}
    run(docker)
    run(docker, **given)
    docker.container("second")["HostConfig"]["NetworkMode"] = f"container:{docker.inspect_container('test1')['Id']}"
    monkeypatch.setattr(container_plan, "_namespace_is_stale", lambda _before, _other, found: found.compare("n", 1, 2))
    docker.calls.clear()
    run(docker, **given)
    assert changes(docker) == ["restart"]


def test_a_container_whose_partner_was_made_anew_is_made_anew(docker: FakeDocker) -> None:
    given = {"name": "second", "network_mode": "container:test1"}
    run(docker)
    run(docker, **given)
    docker.container("second")["HostConfig"]["NetworkMode"] = "container:gone"
    assert "network_mode" in [one.what for one in planned(docker, **given).differences.found]


def test_a_lost_sandbox_is_mended_by_joining_again(docker: FakeDocker) -> None:
    networks = [{"name": "demo", "ipv4_address": "10.200.0.9", "aliases": ["web"]}]
    run(docker, networks=networks)
    run(docker, state="stopped", networks=networks)
    start = docker.start

    def start_after_joining_again(container: str) -> None:
        docker.failing = {} if ("disconnect", "/test1 demo") in docker.calls else {"start": LOST}
        start(container)

    docker.start = start_after_joining_again  # type: ignore[method-assign]
    _, made, healed = run(docker, networks=networks)
    assert made["state"] == "running"
    assert healed == ["container test1: its sandbox was lost in a crash of the host; it joined network demo again"]
    assert run(docker, networks=networks)[0] is False


@pytest.mark.parametrize("network_id", ["u6nz4590racwe73x7rc3rgwnw", "0123456789abcdef" * 4], ids=["swarm", "others"])
def test_a_place_in_a_network_that_was_made_anew_is_taken_again(docker: FakeDocker, network_id: str) -> None:
    networks = [{"name": "demo", "aliases": ["web"]}]
    run(docker, networks=networks)
    run(docker, state="stopped", networks=networks)
    # What dockerd gave it the last time is no address that it has to have.
    docker.container("test1")["NetworkSettings"]["Networks"]["demo"]["IPAMConfig"] = {"IPv4Address": "10.200.0.7"}
    start = docker.start

    def start_after_joining_again(container: str) -> None:
        gone = {"start": f"network {network_id} not found"}
        docker.failing = {} if ("disconnect", "/test1 demo") in docker.calls else gone
        start(container)

    docker.start = start_after_joining_again  # type: ignore[method-assign]
    _, made, healed = run(docker, networks=networks)
    assert healed == ["container test1: its place in the network was lost; it joined network demo again"]
    assert made["networks"]["demo"]["ipv4_address"] == ""


@pytest.mark.parametrize(
    "said",
    [
        "network demo not found",
        "Could not attach to network demo: rpc error: code = NotFound desc = network demo not found",
    ],
)
def test_a_network_that_nobody_has_is_not_joined_again(docker: FakeDocker, said: str) -> None:
    run(docker, state="stopped", networks=[{"name": "demo"}])
    docker.failing["start"] = said
    docker.calls.clear()
    with pytest.raises(LabError, match=said):
        run(docker, networks=[{"name": "demo"}])
    assert docker.calls == []


def test_a_swarm_without_managers_has_a_remedy(docker: FakeDocker) -> None:
    run(docker, state="stopped", networks=[{"name": "demo"}])
    docker.failing["start"] = "Could not attach to network demo: context deadline exceeded"
    with pytest.raises(LabError, match="container test1: start: no manager of the swarm answers: start the managers"):
        run(docker, networks=[{"name": "demo"}])


@pytest.mark.parametrize(
    ("manager", "faults"),
    [
        (False, []),
        (True, ["container test1: network later is not on this host: make it with docker_network first"]),
    ],
)
def test_a_worker_learns_of_a_network_when_a_container_joins(
    docker: FakeDocker, manager: bool, faults: list[str]
) -> None:
    docker.swarm = swarm_of("10.0.0.117", manager=manager)
    try:
        planned(docker, networks=[{"name": "later", "ipv4_address": "10.9.9.9"}])
        assert faults == []
    except LabError as error:
        assert error.faults == faults


def test_a_lost_sandbox_that_dockerd_holds_on_to_has_a_remedy(docker: FakeDocker) -> None:
    run(docker, state="stopped", networks=[{"name": "demo"}])
    docker.failing["start"] = LOST
    with pytest.raises(LabError, match="lost in a crash of the host, and dockerd holds on to it: run docker_daemon"):
        run(docker, networks=[{"name": "demo"}])


def test_without_an_image_only_the_running_state_matters(docker: FakeDocker) -> None:
    assert run(docker, image=None, state="stopped")[0] is False
    with pytest.raises(LabError, match="container test1: is not there: give image to make it"):
        run(docker, image=None)


def test_a_paused_container_is_resumed(docker: FakeDocker) -> None:
    run(docker)
    docker.container("test1")["State"] |= {"Paused": True, "Status": "paused"}
    docker.calls.clear()
    run(docker)
    assert changes(docker) == ["unpause"]


def test_the_digest_is_not_shown(docker: FakeDocker) -> None:
    run(docker, labels={"a": "b"})
    assert shown(docker.inspect_container("test1"))["labels"] == {"a": "b"}
