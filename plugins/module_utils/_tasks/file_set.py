# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module file_set: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files as kept
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.kept_files import Former
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import FILE_OPTIONS, Plan, parse

_ARGUMENTS = {
    "files": {"type": "list", "elements": "dict", "required": True, "options": FILE_OPTIONS},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
_SECTION = "file_set"


def _apply(plan: Plan, recorded: dict[str, Any], formers: dict[str, Former], present: bool) -> None:
    # Recorded before the first file is touched, and forgotten after the last one is gone: a run that is killed in
    # between leaves a record that is right.
    after = kept.to_record(plan.formers)
    if present:
        plan.keep()
        _record(after, recorded)
        plan.apply()
    else:
        plan.apply()
        _record(after, recorded)
        kept.discard(formers, plan.formers)


def _record(after: dict[str, Any], before: dict[str, Any]) -> None:
    if after != before:
        host_record.update(_SECTION, after or None)


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    present = params["state"] == "present"
    files = parse(params["files"], present)
    recorded = host_record.section(_SECTION)
    formers = kept.from_record(recorded)
    plan = Plan(files, formers)
    # A record of an older lab is brought up to date by the first run.
    if (plan.differences.changed or kept.to_record(plan.formers) != recorded) and not check_mode:
        _apply(plan, recorded, formers, present)
    return {
        "differences": plan.differences,
        "changed_paths": [str(path) for path in plan.changed_paths],
        "warnings": plan.notes,
    }


TASK = Task(_ARGUMENTS, _run)
