# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a network is: by its id in the host's record, whatever name it has."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import apply as network_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._docker_network import steps

LABELS = {"emon.overlay_lab.lab": "emon"}
planned = partial(steps.planned, driver="overlay", lab="emon", labels=LABELS)
run = partial(steps.run, driver="overlay", lab="emon", labels=LABELS)


def container(docker: FakeDocker, name: str, labels: dict[str, str] | None = None) -> None:
    """One that is on the network."""
    docker.all_containers[name] = {
        "Id": name,
        "Name": f"/{name}",
        "Image": "sha256:busybox",
        "State": {"Status": "running", "Running": True, "Pid": 1, "ExitCode": 0},
        "Config": {"Labels": labels or {}},
        "NetworkSettings": {"Networks": {"demo": {}}},
    }


def foreign(docker: FakeDocker, **given: Any) -> None:
    """A network of the lab's name with a container on it."""
    docker.all_networks.append(network("demo", "overlay", Id="foreign-id-0123456789", **given))
    container(docker, "theirs")


def used(docker: FakeDocker) -> str:
    """The lab's network, with a container of the lab's, one of a committed image, and others of other hosts; its id."""
    _, made = run(docker)
    owned.claim(owned.CONTAINER, {"test1": {"name": "test1", "labels": LABELS}})
    container(docker, "test1", LABELS)
    container(docker, "web", LABELS)
    for name in ("test2", "cache"):
        docker.inspect_network(made["id"])["Containers"][f"ep-{name}"] = {"Name": name}
    docker.calls.clear()
    return made["id"]


@pytest.mark.parametrize("labels", [{}, LABELS])
@pytest.mark.parametrize("force", [True, False])
def test_a_foreign_network_of_the_labs_name_stays_with_its_containers(
    docker: FakeDocker, host_record: Path, labels: dict[str, str], force: bool
) -> None:
    owned.claim("network", {})
    foreign(docker, Labels=labels)
    plan, _ = run(docker, state="absent", force=force)
    assert (docker.calls, plan.differences.changed) == ([], False)
    assert plan.left == (
        "network demo (foreign-id-0) is there and is not the lab emon's, by this host's record: it is left alone; give"
        " the lab's another name, or remove it yourself (docker network rm foreign-id-0)",
    )
    with pytest.raises(LabError, match=r"network demo \(foreign-id-0\) is there and is not the lab emon's"):
        run(docker, recreate=True, driver="bridge")
    assert docker.calls == []


def test_the_labs_own_goes_from_beside_a_foreign_one_of_its_name(docker: FakeDocker) -> None:
    _, made = run(docker)
    foreign(docker)
    docker.all_containers.clear()
    run(docker, state="absent", force=True)
    assert docker.calls == [("create_network", "demo"), ("remove_network", made["id"])]


OTHERS = (
    "network demo: containers that are not the lab emon's are on it, and would lose it: web, cache (on another host):"
    " disconnect them yourself (docker network disconnect demo NAME), or set disconnect_allowed (the role"
    " overlay_network: overlay_network_disconnect_allowed) to true"
)


@pytest.mark.parametrize("force", [True, False])
def test_others_keep_the_labs_network(docker: FakeDocker, force: bool) -> None:
    used(docker)
    with pytest.raises(LabError) as caught:
        planned(docker, state="absent", force=force, lab_containers=["test1", "test2"])
    ours = "network demo: is used by test1, test2: remove these containers, or set force to true to disconnect them"
    assert caught.value.faults == ([OTHERS] if force else [OTHERS, ours])


def test_others_lose_it_where_that_is_allowed(docker: FakeDocker) -> None:
    made = used(docker)
    # The double has no containers of other hosts.
    docker.disconnect_container_from_network = lambda *given, **_: docker.calls.append(("disconnect", given[0]))  # type: ignore[method-assign]
    with pytest.raises(LabError, match="is used by test1, test2: remove these"):
        planned(docker, state="absent", disconnect_allowed=True, lab_containers=["test2"])
    run(docker, state="absent", force=True, disconnect_allowed=True, lab_containers=["test2"])
    left = [("disconnect", name) for name in ("test1", "web", "test2", "cache")]
    assert docker.calls == [*left, ("remove_network", made)]


def test_by_hand_networks_are_managed_by_name(docker: FakeDocker) -> None:
    foreign(docker)
    run(docker, lab="", state="absent", force=True)
    assert [call for call, _ in docker.calls] == ["disconnect", "remove_network"]


def test_what_was_made_is_recorded_until_it_is_gone(docker: FakeDocker, host_record: Path) -> None:
    _, made = run(docker)
    assert owned.of_kind("network") == {made["id"]: {"name": "demo", "lab": "emon"}}
    assert not run(docker)[0].differences.changed
    run(docker, state="absent")
    assert not host_record.exists()


def test_another_host_records_the_id_by_which_the_maker_knows_it(docker: FakeDocker) -> None:
    owned.claim("network", {})
    docker.all_networks.append(network("demo", "overlay", Id="n1-0123456789", Labels=LABELS))
    plan, _ = run(docker, id="n1-0123456789")
    assert not plan.differences.changed
    assert owned.owns("network", "n1-0123456789")


def test_one_that_another_host_removed_is_forgotten(docker: FakeDocker, host_record: Path) -> None:
    details = {"name": "demo", "lab": "emon"}
    owned.claim("network", {"gone": details, "other": {**details, "name": "store"}})
    foreign(docker)
    plan, _ = run(docker, state="absent")
    assert (plan.differences.changed, set(owned.of_kind("network") or {})) == (False, {"other"})


def test_networks_from_before_ids_were_recorded_are_taken_over_together(docker: FakeDocker, host_record: Path) -> None:
    host_record.write_text(json.dumps({"lab": "emon", "sections": {}}), encoding="utf-8")
    for name in ("demo", "back"):
        docker.all_networks.append(network(name, "overlay", Labels=LABELS))
    docker.all_networks.append(network("other", "overlay"))
    assert not run(docker)[0].differences.changed
    assert not run(docker, name="back")[0].differences.changed
    assert {one["name"] for one in (owned.of_kind("network") or {}).values()} == {"demo", "back"}
    with pytest.raises(LabError, match=r"network other .* is not the lab emon's"):
        run(docker, name="other")


def test_without_a_record_a_label_makes_nothing_removable(docker: FakeDocker) -> None:
    foreign(docker, Labels=LABELS)
    assert run(docker, state="absent", force=True)[0].left
    assert docker.calls == []


def test_one_whose_maker_was_killed_before_it_knew_the_id_is_known(docker: FakeDocker) -> None:
    owned.begin(owned.NETWORK, "demo", {"lab": "emon"})
    foreign(docker, Labels=LABELS)
    docker.all_containers.clear()
    assert not run(docker)[0].differences.changed
    assert owned.owns("network", "foreign-id-0123456789")


def test_one_that_dockerd_refused_is_not_expected(docker: FakeDocker, host_record: Path) -> None:
    docker.failing["create_network"] = "no such driver"
    with pytest.raises(LabError, match="no such driver"):
        run(docker)
    assert not host_record.exists()


def test_one_whose_subnet_was_chosen_badly_is_not_expected(docker: FakeDocker, host_record: Path) -> None:
    with pytest.raises(LabError, match="Docker chose it: give subnet"):
        run(docker, avoid=[{"name": "underlay", "subnet": "172.29.0.0/24"}])
    assert not host_record.exists()


def test_one_that_may_have_been_made_is_expected(docker: FakeDocker) -> None:
    class Hanging(FakeDocker):
        def create_network(self, name: str, **given: Any) -> dict[str, str]:
            super().create_network(name, **given)
            raise requests.exceptions.ConnectionError("dockerd hung up")

    hanging = Hanging()
    with pytest.raises(LabError):
        run(hanging)
    assert not run(hanging)[0].differences.changed
    assert owned.of_kind("network") == {"demo-id-new-1": {"name": "demo", "lab": "emon"}}


def test_the_former_one_that_came_back_is_the_labs(docker: FakeDocker, host_record: Path) -> None:
    run(docker, labels={})
    plan = planned(docker, driver="nonsense", recreate=True)
    steps.refuse_driver(docker, "nonsense")
    with pytest.raises(LabError, match="the former network was made again"):
        network_apply.apply(docker, plan)
    (back,) = docker.networks(names=["demo"])
    assert owned.of_kind("network") == {back["Id"]: {"name": "demo", "lab": "emon"}}
