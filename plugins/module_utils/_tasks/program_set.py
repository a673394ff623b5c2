# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module program_set: its options and what it does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.installed import Wanted
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task

_ARGUMENTS = {
    "name": {"type": "str", "required": True, "choices": sorted(KINDS)},
    "lab": {"type": "str"},
    "version": {"type": "str"},
    "sha256": {"type": "str"},
    "source": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
_RULES = {"required_if": [("state", "present", ("lab", "version", "sha256"))]}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    wanted = None
    if params["state"] == "present":
        source = Path(params["source"]) if params["source"] else None
        wanted = Wanted(params["lab"], params["version"], params["sha256"].lower(), source)
    plan = installed.plan(params["name"], wanted)
    if not check_mode:
        installed.apply(plan)
    return {"differences": plan.differences, "unpacked": plan.unpack}


TASK = Task(_ARGUMENTS, _run, rules=_RULES)
