# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import container_set
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.entries import specs
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network

IMAGE = {"image": "busybox:lab"}
LABEL = {"labels": {"lab": "x"}}


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def docker() -> FakeDocker:
    made = FakeDocker()
    made.all_networks.append(network("demo", subnets=("10.200.0.0/24",)))
    return made


def run(docker: FakeDocker, *entries: dict[str, Any], prune_label: str = "") -> tuple[bool, list[str]]:
    plan = container_set.plan(docker, specs(list(entries)), prune_label)
    containers, _healed = container_set.apply(docker, plan)
    return plan.differences.changed, [one["name"] for one in containers]


def test_containers_are_made_in_their_order_and_may_need_each_other(docker: FakeDocker) -> None:
    entries = (
        {"name": "web", **IMAGE},
        {"name": "linked", **IMAGE, "links": ["web"]},
    )
    assert run(docker, *entries) == (True, ["web", "linked"])
    docker.container("linked")["HostConfig"]["Links"] = ["/web:/linked/web"]
    assert run(docker, *entries) == (False, ["web", "linked"])


def test_one_may_share_the_namespace_of_one_before_it(docker: FakeDocker) -> None:
    shell = {"name": "shell", **IMAGE, "network_mode": "container:web"}
    assert run(docker, {"name": "web", **IMAGE}, shell)[0] is True
    with pytest.raises(LabError, match="container shell: network_mode: container later is not there"):
        run(docker, {**shell, "network_mode": "container:later"}, {"name": "later", **IMAGE})


def test_those_of_the_label_that_are_not_named_are_removed(docker: FakeDocker) -> None:
    run(docker, {"name": "one", **IMAGE, **LABEL}, {"name": "two", **IMAGE, **LABEL}, {"name": "mine", **IMAGE})
    assert run(docker, {"name": "one", **IMAGE, **LABEL}, prune_label="lab=x") == (True, ["one"])
    assert sorted(one["Name"] for one in docker.all_containers.values()) == ["/mine", "/one"]


def test_the_faults_of_all_come_together_before_anything_is_made(docker: FakeDocker) -> None:
    with pytest.raises(LabError) as caught:
        run(docker, {"name": "one", "image": "nope:1"}, {"name": "two", **IMAGE, "networks": [{"name": "nope"}]})
    assert [line.split(":")[0] for line in caught.value.faults] == ["container one", "container two"]
    assert docker.calls == []


@pytest.mark.parametrize(
    ("entries", "lines"),
    [
        ([{**IMAGE}], ["containers[0]: missing required arguments: name"]),
        ([{"name": "one", "foo": 1}], ["containers[0]: unsupported option foo. Supported parameters include: "]),
        ([{"name": "one", "state": "up"}], ["containers[0]: value of state must be one of: "]),
        ([{"name": "one", **IMAGE}] * 2, ["container one: is given twice"]),
        (
            [{"name": name, **IMAGE, "published_ports": ["80:80"]} for name in ("one", "two")],
            ["container two: port 80/tcp of the host is in use by container one: publish another"],
        ),
        (
            [
                {"name": name, **IMAGE, "networks": [{"name": "demo", "ipv4_address": "10.200.0.9"}]}
                for name in ("one", "two")
            ],
            ["container two: 10.200.0.9 on network demo is wanted by container one as well"],
        ),
    ],
)
def test_what_two_of_them_want_is_named(entries: list[dict[str, Any]], lines: list[str]) -> None:
    with pytest.raises(LabError) as caught:
        specs(entries)
    assert len(caught.value.faults) == len(lines)
    assert all(fault.startswith(line) for fault, line in zip(caught.value.faults, lines, strict=True))


@pytest.mark.parametrize("killed_before", ["stop", "rename", "start", "remove_container"])
@pytest.mark.parametrize("wanted", [["one"], []])
def test_a_replacement_that_was_killed_does_not_stand_in_the_way(
    docker: FakeDocker, killed_before: str, wanted: list[str]
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_arguments: object, **_options: object) -> None:
        raise Killed

    run(docker, {"name": "one", **IMAGE, **LABEL})
    setattr(docker, killed_before, kill)
    with pytest.raises(Killed):
        run(docker, {"name": "one", **IMAGE, **LABEL, "command": "sleep 2"}, prune_label="lab=x")
    delattr(docker, killed_before)
    entries = [{"name": name, **IMAGE, **LABEL, "command": "sleep 2"} for name in wanted]
    assert run(docker, *entries, prune_label="lab=x") == (True, wanted)
    assert [one["Name"] for one in docker.all_containers.values()] == [f"/{name}" for name in wanted]
    assert run(docker, *entries, prune_label="lab=x") == (False, wanted)


def on_demo(name: str, address: str) -> dict[str, Any]:
    return {"name": name, **IMAGE, **LABEL, "networks": [{"name": "demo", "ipv4_address": address}]}


def settle_addresses(docker: FakeDocker) -> None:
    """What dockerd does with the fixed addresses of running containers."""
    demo = next(one for one in docker.all_networks if one["Name"] == "demo")
    demo["Containers"] = {}
    for one in docker.all_containers.values():
        settings = one["NetworkSettings"]["Networks"].get("demo")
        if settings:
            settings.update(NetworkID=demo["Id"], IPAddress=settings["IPAMConfig"]["IPv4Address"])
            demo["Containers"][one["Id"]] = {"Name": one["Name"][1:], "IPv4Address": f"{settings['IPAddress']}/24"}


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        pytest.param(
            [("one", "10.200.0.2"), ("two", "10.200.0.3")],
            [("one", "10.200.0.3"), ("two", "10.200.0.2")],
            ["/one", "/two"],
            id="two swap theirs",
        ),
        pytest.param(
            [("one", "10.200.0.2"), ("two", "10.200.0.3")],
            [("new", "10.200.0.2"), ("one", "10.200.0.3"), ("two", "10.200.0.4")],
            ["/one", "/two"],
            id="all make room for a new one",
        ),
        pytest.param(
            [("one", "10.200.0.2"), ("two", "10.200.0.3")], [("two", "10.200.0.2")], ["/two"], id="one closes up"
        ),
        pytest.param(
            [("one", "10.200.0.2"), ("two", "10.200.0.3")],
            [("one", "10.200.0.2"), ("two", "10.200.0.4")],
            ["/two"],
            id="only one moves",
        ),
    ],
)
def test_addresses_move(
    docker: FakeDocker, before: list[tuple[str, str]], after: list[tuple[str, str]], left: list[str]
) -> None:
    run(docker, *(on_demo(*one) for one in before), prune_label="lab=x")
    settle_addresses(docker)
    docker.calls.clear()
    ids = {one["Name"]: one["Id"] for one in docker.all_containers.values()}
    assert run(docker, *(on_demo(*one) for one in after), prune_label="lab=x")[0] is True
    assert [what.split()[0] for method, what in docker.calls if method == "disconnect"] == left
    assert all(docker.container(name)["Id"] == ids[f"/{name}"] for name, _ in after if f"/{name}" in ids)
    settle_addresses(docker)
    assert run(docker, *(on_demo(*one) for one in after), prune_label="lab=x")[0] is False


def test_an_address_that_nobody_leaves_is_taken(docker: FakeDocker) -> None:
    run(docker, on_demo("one", "10.200.0.2"), {**on_demo("two", "10.200.0.3")})
    settle_addresses(docker)
    anywhere = {**on_demo("two", ""), "networks": [{"name": "demo"}]}
    with pytest.raises(LabError, match="is in use by container two on network demo: choose another"):
        run(docker, on_demo("one", "10.200.0.3"), anywhere)


def published(name: str, *ports: str, **given: Any) -> dict[str, Any]:
    return {"name": name, **IMAGE, **LABEL, "published_ports": list(ports), **given}


WEB = published("web", "8080:80")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([WEB], [published("new", "8080:80")], id="a rename"),
        pytest.param([WEB], [published("new", "8080:80"), published("web", "9090:80")], id="a new one takes it first"),
        pytest.param([WEB], [published("web", "9090:80"), published("new", "8080:80")], id="a new one takes it last"),
        pytest.param(
            [WEB, published("api", "9090:80")],
            [published("web", "9090:80"), published("api", "8080:80")],
            id="two swap theirs",
        ),
        pytest.param([WEB], [published("new", "8080:80"), published("web")], id="one publishes nothing any more"),
        pytest.param(
            [WEB], [published("new", "8080:80"), {"name": "web", "state": "stopped"}], id="one is to be stopped"
        ),
        pytest.param([WEB], [published("new", "8080:80"), {"name": "web", "state": "absent"}], id="one is to go"),
        pytest.param([WEB], [published("new", "8080:80"), published("web", "80", state="present")], id="one keeps on"),
    ],
)
def test_a_port_moves_between_containers(
    docker: FakeDocker, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    run(docker, *before, prune_label="lab=x")
    assert run(docker, *after, prune_label="lab=x")[0] is True
    for entry in after:
        if entry.get("state") != "absent":
            assert docker.container(entry["name"])["State"]["Running"] is (entry.get("state") != "stopped")
    assert run(docker, *after, prune_label="lab=x")[0] is False


def test_a_port_that_somebody_else_has_is_not_taken(docker: FakeDocker) -> None:
    run(docker, published("mine", "9090:80", labels={}), WEB)
    for wanted in (published("new", "9090:80"), published("new", "8080:80")):
        with pytest.raises(LabError, match=r"of the host is in use by container (mine|web): publish another"):
            run(docker, wanted)


def test_whoever_was_stopped_for_its_port_runs_again_after_a_failure(docker: FakeDocker) -> None:
    run(docker, WEB)
    docker.failing = {"create_container": "no space left"}
    with pytest.raises(LabError, match="no space left"):
        run(docker, published("new", "8080:80"), published("web", "9090:80"))
    assert docker.container("web")["State"]["Running"]


def test_what_earlier_tasks_make_is_taken_as_there(docker: FakeDocker) -> None:
    run(docker, WEB)
    wanted = specs([{**WEB, "image": "web:2"}, {"name": "two", **IMAGE, "networks": [{"name": "net2"}]}])
    with pytest.raises(LabError) as caught:
        container_set.plan(docker, wanted, "lab=x")
    assert [line.split(":")[0] for line in caught.value.faults] == ["container web", "container two"]
    told = container_set.plan(docker, wanted, "lab=x", networks=["net2"], images=["web:2"]).differences.lines
    assert told == [
        "container web: image: busybox:lab -> web:2",
        "container two: absent -> busybox:lab on net2",
    ]
