# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module underlay_links: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import links
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping.shape import KEYS

_LINK = {
    "host": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    **{key: {"type": "str"} for key in KEYS},
}
_ARGUMENTS = {
    "lab": {"type": "str", "default": ""},
    "address": {"type": "str"},
    "links": {"type": "list", "elements": "dict", "default": [], "options": _LINK},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    asked = links.wanted(params["address"], params["links"] if params["state"] == "present" else [])
    plan = links.plan(params["lab"], asked)
    if plan.differences.changed and not check_mode:
        links.apply(plan)
    return {"differences": plan.differences, "interface": asked.device}


TASK = Task(_ARGUMENTS, _run, rules={"required_if": [("state", "present", ("address",))]})
