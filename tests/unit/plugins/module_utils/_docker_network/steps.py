# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network as the module docker_network makes it: planned, and applied."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner as container_owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import apply as network_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import plan as network_plan
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker


def planned(docker: FakeDocker, **given: Any) -> network_plan.Plan:
    defaults = {"state": "present", "recreate": False, "force": False, "allow_overlap": False, "avoid": None}
    defaults |= {"mtu": None, "mtu_from": None}
    request = network_plan.request({"name": "demo", **defaults, **given})
    return network_plan.plan(docker, request, container_owner.reader(docker))


def run(docker: FakeDocker, **given: Any) -> tuple[network_plan.Plan, dict[str, Any]]:
    plan = planned(docker, **given)
    return plan, network_apply.apply(docker, plan)


def refuse_driver(docker: FakeDocker, driver: str) -> None:
    """From now on no network of that driver can be made."""
    create = docker.create_network

    def create_others(name: str, **given: Any) -> dict[str, str]:
        if given["driver"] == driver:
            docker.failing["create_network"] = "no such driver"
        try:
            return create(name, **given)
        finally:
            docker.failing.clear()

    docker.create_network = create_others  # type: ignore[method-assign]
