# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module boot_unit: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import unit
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.desired import Desired
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import entries

_ARGUMENTS = {
    "lab": {"type": "str", "required": True},
    "containers": {"type": "list", "elements": "dict", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    present = params["state"] == "present"
    plan = unit.plan(Desired(params["lab"], entries.validated(params["containers"])) if present else None)
    if plan.differences.changed and not check_mode:
        unit.apply(plan)
    return {"differences": plan.differences, "changed_paths": [str(path) for path in plan.files.changed_paths]}


TASK = Task(_ARGUMENTS, _run)
