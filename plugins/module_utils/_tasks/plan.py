# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module plan: what other modules of the collection would change, by their own code, in one process."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import task
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import argspec
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run as run_topology

from . import (
    boot_unit,
    busybox_image,
    docker_container_set,
    docker_daemon,
    docker_network,
    docker_swarm_info,
    etcd_info,
    etcd_key,
    file_set,
    overlay_state,
    underlay_links,
)

TASKS: dict[str, Task] = {
    "boot_unit": boot_unit.TASK,
    "busybox_image": busybox_image.TASK,
    "docker_container_set": docker_container_set.TASK,
    "docker_daemon": docker_daemon.TASK,
    "docker_network": docker_network.TASK,
    "docker_swarm_info": docker_swarm_info.TASK,
    "etcd_info": etcd_info.TASK,
    "etcd_key": etcd_key.TASK,
    "file_set": file_set.TASK,
    "overlay_state": overlay_state.TASK,
    "underlay_links": underlay_links.TASK,
    "topology": Task(argspec.topology(), run_topology, ("pyroute2",)),
}
ARGUMENTS = {
    "steps": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "part": {"type": "str", "required": True},
            "module": {"type": "str", "required": True, "choices": sorted(TASKS)},
            "options": {"type": "dict", "required": True},
        },
    }
}


def secrets(steps: list[dict[str, Any]]) -> set[str]:
    """What no output may show: the values of the steps' options that are secret."""
    return {value for step in steps for value in task.secrets(TASKS[step["module"]], step["options"])}


def predict(step: dict[str, Any]) -> dict[str, Any]:
    """{"part", "module"} as in the step, and what _core.task.predict says of its module and options."""
    told = task.predict(TASKS[step["module"]], step["options"])
    return {"part": step["part"], "module": step["module"], **told}
