# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module busybox_image: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import busybox_image

_ARGUMENTS = DOCKER_ARGUMENTS | {
    "name": {"type": "str", "required": True},
    "path": {"type": "path"},
    "pull": {"type": "str"},
    "pull_timeout": {"type": "int", "default": 20},
    "build": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    request = busybox_image.request(params)
    docker_host = params["docker_host"]
    client = connect(docker_host, params["timeout"])
    plan = busybox_image.plan(client, request)
    if check_mode:
        result = busybox_image.expected(plan)
    else:
        result = busybox_image.apply(client, plan, lambda: connect(docker_host, params["pull_timeout"]))
    left = list(plan.left)
    return {"differences": plan.differences, "left": left, "warnings": list(left), **vars(result)}


TASK = Task(_ARGUMENTS, _run, ("docker",))
