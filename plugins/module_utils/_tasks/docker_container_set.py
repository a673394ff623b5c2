# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module docker_container_set: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import (
    DEFAULT_HOST,
    DOCKER_ARGUMENTS,
    connect,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import (
    container_set,
    entries,
    environment,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.gratuitous_arp import announce

_ARGUMENTS = DOCKER_ARGUMENTS | {
    "containers": {"type": "list", "elements": "dict", "required": True},
    "prune_label": {"type": "str", "default": ""},
    "secrets": {"type": "str", "default": "", "no_log": True},
    "coming_networks": {"type": "list", "elements": "str", "default": []},
    "coming_images": {"type": "list", "elements": "str", "default": []},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    wanted = entries.specs(params["containers"], environment.unpacked(params["secrets"]))
    client = connect(params["docker_host"], params["timeout"])
    coming = (params["coming_networks"], params["coming_images"]) if check_mode else ()
    plan = container_set.plan(client, wanted, params["prune_label"], "", *coming)
    healed: list[str] = []
    if check_mode:
        containers = container_set.expected(plan)
    else:
        containers, healed = container_set.apply(client, plan)
        if plan.differences.changed and params["docker_host"] == DEFAULT_HOST:
            announce(containers)
    return {
        "differences": plan.differences,
        "containers": containers,
        "healed": healed,
        "left": list(plan.left),
        "warnings": list(plan.left),
    }


TASK = Task(_ARGUMENTS, _run, ("docker",))
