# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module program_archive: its options and what it does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import source
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task

_ARGUMENTS = {
    "archives": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True, "choices": sorted(KINDS)},
            "archive": {"type": "str", "required": True},
            "sha256": {"type": "str", "required": True},
        },
    },
    "cache": {"type": "path", "required": True},
}


def _run(params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
    archives: dict[str, Any] = {}
    faults: list[str] = []
    for one in params["archives"]:
        try:
            found = source.get(one["name"], one["archive"], one["sha256"].lower(), Path(params["cache"]))
        except LabError as error:
            faults += error.faults
            continue
        archives[one["name"]] = {
            "path": str(found.path),
            "machine": found.machine,
            "megabytes": found.megabytes,
            "fetched": found.fetched,
        }
    return {"archives": archives, "faults": faults}


TASK = Task(_ARGUMENTS, _run)
