# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a container is: by ids in the host's record, since a committed image hands labels on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import (
    ahead,
    container_set,
    published_ports,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import apply as container_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import foreign as container_foreign
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.entries import specs
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import parse
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import plan as swarm_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import host_info
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker

LAB = "emon.overlay_lab.lab"
PRUNE = f"{LAB}=emon"
TEST1 = {"name": "test1", "image": "busybox:lab", "labels": {LAB: "emon"}}
TEST2 = {**TEST1, "name": "test2"}


pytestmark = pytest.mark.usefixtures("quick")


def run(docker: FakeDocker, *entries: dict[str, Any], prune_label: str = PRUNE) -> container_set.SetPlan:
    plan = container_set.plan(docker, specs(list(entries)), prune_label)
    container_set.apply(docker, plan)
    return plan


def commit(docker: FakeDocker, source: str, name: str) -> None:
    """docker commit SOURCE, and docker run --name NAME of that image."""
    labels = dict(docker.container(source)["Config"]["Labels"])
    docker.images[f"{name}-image"] = {"Id": f"sha256:{name}", "Config": {"Labels": dict(labels)}}
    docker.all_containers[f"{name}-id-0123456789"] = {
        "Id": f"{name}-id-0123456789",
        "Name": f"/{name}",
        "Image": f"sha256:{name}",
        "State": {"Status": "running", "Running": True, "Pid": 1, "ExitCode": 0},
        "Config": {"Image": f"{name}-image", "Labels": labels},
        "HostConfig": {"NetworkMode": "bridge"},
        "NetworkSettings": {"Networks": {}, "Ports": {}},
    }


def names(docker: FakeDocker) -> list[str]:
    return sorted(one["Name"].lstrip("/") for one in docker.all_containers.values())


def of_lab(path: Path, lab: str = "emon") -> None:
    """The host belongs to a lab, and no ids were ever recorded on it."""
    path.write_text(json.dumps({"lab": lab, "sections": {}}), encoding="utf-8")


def test_what_is_made_of_a_committed_image_stays_and_is_named(docker: FakeDocker) -> None:
    run(docker, TEST1, TEST2)
    commit(docker, "test1", "theirs")
    plan = run(docker, TEST1)
    assert names(docker) == ["test1", "theirs"]
    assert len(plan.left) == 1
    assert plan.left[0].startswith("container theirs (theirs-id-01) bears the label emon.overlay_lab.lab=emon, and by")
    run(docker)
    assert names(docker) == ["theirs"]


def test_labels_that_somebody_gave_are_no_id(docker: FakeDocker) -> None:
    run(docker, TEST1)
    commit(docker, "test1", "theirs")
    # docker run --label ..., of an image without labels
    docker.container("theirs")["Image"] = "sha256:busybox"
    assert run(docker).left
    assert names(docker) == ["theirs"]


@pytest.mark.parametrize("entries", [[TEST1], [{**TEST1, "command": "sleep 9"}], [{**TEST1, "state": "absent"}]])
def test_a_wanted_name_that_somebody_elses_container_has_is_refused(
    docker: FakeDocker, entries: list[dict[str, Any]]
) -> None:
    run(docker, TEST1)
    commit(docker, "test1", "theirs")
    run(docker)
    docker.container("theirs")["Name"] = "/test1"
    docker.calls.clear()
    with pytest.raises(LabError) as caught:
        run(docker, *entries)
    assert [line.split(":")[0] for line in caught.value.faults] == ["container test1"]
    assert docker.calls == []


def test_one_made_by_hand_without_the_label_is_not_the_labs(docker: FakeDocker) -> None:
    run(docker, {**TEST1, "labels": {}}, prune_label="")
    docker.calls.clear()
    with pytest.raises(LabError, match=r"container test1: is there \(test1-id-1\) and is not the lab's"):
        run(docker, TEST1)
    assert docker.calls == []


@pytest.mark.parametrize("state", ["started", "stopped", "absent"])
def test_by_name_too_a_committed_image_makes_no_container_of_ours(docker: FakeDocker, state: str) -> None:
    run(docker, TEST1)
    commit(docker, "test1", "theirs")
    docker.calls.clear()
    options = {"image": None, "state": state, "stop_timeout": 1, "name": "theirs"}
    with pytest.raises(LabError, match="container theirs: is there and was not made by this module"):
        container_apply.apply(docker, container_plan.plan(docker, parse(options)))
    assert docker.calls == []


def test_a_lab_that_was_made_before_ids_were_recorded_is_taken_over_once(docker: FakeDocker, host_record: Path) -> None:
    run(docker, TEST1, TEST2)
    commit(docker, "test1", "theirs")
    of_lab(host_record)
    plan = run(docker, TEST1)
    assert names(docker) == ["test1", "theirs"]
    assert len(plan.left) == 1
    assert set(owned.of_kind("container") or {}) == {docker.container("test1")["Id"]}
    assert not run(docker, TEST1).differences.changed
    # Once: what comes with labels of its own from now on is somebody else's.
    commit(docker, "test1", "later")
    docker.container("later")["Image"] = "sha256:busybox"
    run(docker, TEST1)
    assert names(docker) == ["later", "test1", "theirs"]


@pytest.mark.parametrize("lab", ["", "other"])
def test_without_a_record_of_the_lab_nothing_is_pruned(docker: FakeDocker, host_record: Path, lab: str) -> None:
    run(docker, TEST1, TEST2)
    of_lab(host_record, lab)
    assert len(run(docker, TEST1).left) == 1
    assert names(docker) == ["test1", "test2"]


def test_one_whose_maker_was_killed_before_it_knew_the_id_is_known(docker: FakeDocker) -> None:
    class Killed(BaseException):
        pass

    really = docker.create_container_from_config

    def kill(*arguments: Any) -> None:
        really(*arguments)
        raise Killed

    docker.create_container_from_config = kill  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        run(docker, TEST1)
    docker.create_container_from_config = really  # type: ignore[method-assign]
    run(docker, TEST1)
    assert docker.container("test1")["State"]["Running"]
    run(docker)
    assert names(docker) == []


@pytest.mark.parametrize("recorded", [True, False])
def test_no_volume_goes_with_a_container(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, recorded: bool) -> None:
    run(docker, {**TEST1, "labels": {}}, prune_label="")
    if not recorded:
        owned.forget("container")
    asked: list[bool] = []
    monkeypatch.setattr(docker, "remove_container", lambda _id, v, force: asked.append(v))
    options = {"image": None, "state": "absent", "stop_timeout": 1, "name": "test1"}
    container_apply.apply(docker, container_plan.plan(docker, parse(options)))
    assert asked == [False]


def test_a_host_of_no_lab_keeps_nothing_of_the_last_one(docker: FakeDocker, host_record: Path) -> None:
    run(docker, TEST1, TEST2, prune_label="")
    assert host_record.exists()
    run(docker)
    assert names(docker) == []
    assert not host_record.exists()


def test_what_inherits_the_labs_label_is_somebody_elses_for_a_restart_of_dockerd(docker: FakeDocker) -> None:
    run(docker, TEST1)
    commit(docker, "test1", "theirs")
    assert [one.name for one in container_foreign.running(docker)] == ["theirs"]


@pytest.mark.parametrize(
    "gone", [{"Names": None, "Labels": None}, {"Names": [], "Labels": None, "NetworkSettings": None}]
)
def test_an_entry_without_a_name_is_shown_by_its_id(docker: FakeDocker, gone: dict[str, Any]) -> None:
    """Docker's list has such entries while a container is being removed."""
    run(docker, TEST1)
    entry = {"Id": "0123456789abcdef", "State": "running", "ImageID": "", "Ports": [{"PublicPort": 80, "Type": "tcp"}]}
    listed = docker.containers(all=True)
    docker.containers = lambda all=False, filters=None: [*listed, {**entry, **gone}]  # type: ignore[method-assign]
    docker.inspect_container = lambda _id: {"HostConfig": {}}  # type: ignore[method-assign]
    assert [one.name for one in container_foreign.running(docker)] == ["0123456789ab"]
    assert published_ports.listeners_of([{**entry, **gone}])[0].name == "container 0123456789ab"
    assert swarm_plan._connected(docker, "emon", lambda _name, _settings: False) == ()
    shown = host_info._container(docker, owned.known(owned.CONTAINER), {**entry, **gone})
    assert shown == {"name": "0123456789ab", "running": True, "lab": "", "networks": [], "passing": False}
    wanted = specs([{**TEST1, "networks": [{"name": "bridge"}]}])
    assert ahead.freed(docker, wanted, ["gone"]) == ahead.NOTHING
