# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module docker_network: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import apply as network_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import plan as network_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import view as network_view

_ARGUMENTS = DOCKER_ARGUMENTS | {
    "name": {"type": "str", "required": True},
    "driver": {"type": "str", "default": "bridge"},
    "subnet": {"type": "str"},
    "ipam_config": {
        "type": "list",
        "elements": "dict",
        "options": {
            "subnet": {"type": "str", "required": True},
            "gateway": {"type": "str"},
            "ip_range": {"type": "str"},
            "aux_addresses": {"type": "dict"},
        },
    },
    "ipam_driver": {"type": "str"},
    "enable_ipv6": {"type": "bool"},
    "mtu": {"type": "int"},
    "mtu_from": {"type": "str"},
    "driver_options": {"type": "dict"},
    "labels": {"type": "dict"},
    "attachable": {"type": "bool"},
    "internal": {"type": "bool"},
    "avoid": {
        "type": "list",
        "elements": "dict",
        "options": {"subnet": {"type": "str", "required": True}, "name": {"type": "str", "required": True}},
    },
    "allow_overlap": {"type": "bool", "default": False},
    "recreate": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "disconnect_allowed": {"type": "bool", "default": False},
    "lab": {"type": "str", "default": ""},
    "lab_containers": {"type": "list", "elements": "str", "default": []},
    "id": {"type": "str", "default": ""},
    "wait_seconds": {"type": "float", "default": 0},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    request = network_plan.request(params)
    client = connect(params["docker_host"], params["timeout"])
    if request.id and params["wait_seconds"] and params["state"] == "present":
        network_view.read(client, [request.spec.name], params["wait_seconds"])
    plan = network_plan.plan(client, request, owner.reader(client))
    return {
        "network": plan.expected if check_mode else network_apply.apply(client, plan),
        "differences": plan.differences,
        "left": list(plan.left),
        "warnings": list(plan.left),
    }


TASK = Task(_ARGUMENTS, _run, ("docker",))
