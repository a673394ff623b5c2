# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/late-faults.md names each place where a run can end with a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_ROOT = Path(__file__).resolve().parents[3]
_PAGE = (_ROOT / "docs/late-faults.md").read_text(encoding="utf-8")
_UTILS = _ROOT / "plugins/module_utils"
# What others raise through.
_NOT_A_PLACE = {"_core/errors.py"}


def _tasks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _tasks(one)
    elif isinstance(value, dict):
        if any(key.rpartition(".")[2] in ("fail", "assert") for key in value):
            yield value
        for key in ("block", "rescue", "always", "pre_tasks", "tasks", "post_tasks", "handlers"):
            yield from _tasks(value.get(key))


def test_each_task_that_ends_a_run_has_a_verdict() -> None:
    files = [path for folder in ("roles", "playbooks") for path in (_ROOT / folder).rglob("*.yml")]
    there = {
        f"{path.relative_to(_ROOT)}: {task['name']}"
        for path in files
        for task in _tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
    }
    assert len(there) > 40
    assert set(re.findall(r"^\| `((?:roles|playbooks)/.+?)` \| .+ \|$", _PAGE, re.MULTILINE)) == there


def test_each_file_that_raises_a_fault_has_a_verdict() -> None:
    there = {
        str(path.relative_to(_UTILS))
        for path in _UTILS.rglob("*.py")
        if re.search(r"raise (LabError|Overdue|Missing|RefusedError|_partly)\(", path.read_text(encoding="utf-8"))
    }
    named = re.findall(r"`(_\w+/\w+\.py)`", "".join(re.findall(r"^\| (`_.+?) \|", _PAGE, re.MULTILINE)))
    assert len(named) == len(set(named))
    assert there - _NOT_A_PLACE - set(named) == set()
    assert {one for one in named if not (_UTILS / one).exists()} == set()
