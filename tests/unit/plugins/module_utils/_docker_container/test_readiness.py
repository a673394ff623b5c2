# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that waits until others are ready."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import container_set, readiness
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.entries import specs
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.readiness import Dependency
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker

pytestmark = pytest.mark.usefixtures("quick")
STORE = {"name": "store", "image": "busybox:lab"}
WEB = {"name": "web", "image": "busybox:lab", "depends_on": [{"name": "store"}]}


class Slow(FakeDocker):
    """Its containers have a health check, whose status changes with each look."""

    def __init__(self, *statuses: str) -> None:
        super().__init__()
        self.statuses = list(statuses)

    def inspect_container(self, name: str) -> dict[str, Any]:
        found = super().inspect_container(name)
        if name == "store" and found["State"]["Running"] and self.statuses:
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            found["State"]["Health"] = {"Status": status}
        return found


def started(docker: FakeDocker) -> list[str]:
    return [docker.container(what)["Name"] for method, what in docker.calls if method == "start"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_POLL_SECONDS", 0)


def test_it_starts_once_the_other_is_healthy() -> None:
    docker = Slow(*["starting"] * 8, "healthy")
    container_set.apply(docker, container_set.plan(docker, specs([STORE, WEB])))
    assert started(docker) == ["/store", "/web"]
    assert docker.statuses == ["healthy"]


@pytest.mark.parametrize(
    ("statuses", "condition", "fault"),
    [
        ([], "", ""),
        ([], "service_started", ""),
        (["starting"], "service_started", ""),
        (["healthy"], "service_healthy", ""),
        ([], "service_healthy", "depends on store with service_healthy, and that has no health check: give it one"),
        (["unhealthy"], "", "depends on store, which is unhealthy: see docker inspect store"),
        (["starting"], "", "waits for store, which is not healthy after 0 s: see docker logs store"),
    ],
)
def test_conditions(statuses: list[str], condition: str, fault: str) -> None:
    docker = Slow(*statuses)
    container_set.apply(docker, container_set.plan(docker, specs([STORE])))
    wait = [Dependency("store", condition)]
    if not fault:
        readiness.await_ready(docker, "web", wait, patience=0)
        return
    with pytest.raises(LabError, match=fault):
        readiness.await_ready(docker, "web", wait, patience=0)


def test_one_that_ended_is_not_waited_for() -> None:
    docker = FakeDocker()
    container_set.apply(docker, container_set.plan(docker, specs([STORE])))
    docker.stop("store")
    with pytest.raises(LabError, match="depends on store, which is exited with exit code 0: see docker logs store"):
        container_set.apply(docker, container_set.plan(docker, specs([WEB])))
    assert started(docker) == ["/store"]


def test_one_that_is_not_there_is_a_fault_before_anything_is_made() -> None:
    docker = FakeDocker()
    with pytest.raises(LabError, match="container web: depends_on: container store is not there"):
        container_set.plan(docker, specs([WEB, STORE]))
    assert docker.calls == []


def test_one_that_runs_waits_for_nobody() -> None:
    docker = FakeDocker()
    wanted = specs([STORE, WEB])
    container_set.apply(docker, container_set.plan(docker, wanted))
    docker.all_containers = {key: one for key, one in docker.all_containers.items() if one["Name"] == "/web"}
    assert not container_set.plan(docker, specs([WEB])).differences.changed
