# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module docker_daemon: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DEFAULT_HOST
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import apply as daemon_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import plan as daemon_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import FILE_OPTIONS

_ARGUMENTS = {
    "lab": {"type": "str", "default": ""},
    "settings": {"type": "dict", "default": {}},
    "files": {"type": "list", "elements": "dict", "default": [], "options": FILE_OPTIONS},
    "path": {"type": "path", "default": "/etc/docker/daemon.json"},
    "service": {"type": "str", "default": "docker.service"},
    "enabled": {"type": "bool", "default": True},
    "restart_allowed": {"type": "bool", "default": False},
    "override": {"type": "bool", "default": False},
    "restore": {"type": "bool", "default": False},
    "swarm": {"type": "bool", "default": False},
    "forget_endpoints": {"type": "bool", "default": False},
    "docker_host": {"type": "str", "default": DEFAULT_HOST},
    "timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "stopped", "absent"], "default": "present"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    plan = daemon_plan.plan(daemon_plan.request(params))
    restarted = [] if check_mode else daemon_apply.apply(plan)
    return {
        "differences": plan.differences,
        "restarted": plan.restart,
        "version": plan.version,
        "containers_restarted": restarted,
        "warnings": plan.files.notes,
    }


TASK = Task(_ARGUMENTS, _run, ("docker",))
