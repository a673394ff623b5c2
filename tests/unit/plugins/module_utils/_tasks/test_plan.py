# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task, secrets
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import plan

KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def file_step(path: Path, **options: Any) -> dict[str, Any]:
    return {"part": "etcd", "module": "file_set", "options": {"files": [{"path": str(path), **options}]}}


def test_the_modules_are_those_of_the_documentation() -> None:
    page = yaml.safe_load(import_module("ansible_collections.emon.overlay_lab.plugins.modules.plan").DOCUMENTATION)
    assert page["options"]["steps"]["suboptions"]["module"]["choices"] == sorted(plan.TASKS)


def test_what_would_change_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    told = plan.predict(file_step(tmp_path / "a.conf", content="x\ny\n"))
    assert told["lines"] == [f"{tmp_path}/a.conf: absent -> (its text)"]
    assert told["result"]["changed_paths"] == [f"{tmp_path}/a.conf"]
    assert (told["part"], told["module"], told["faults"]) == ("etcd", "file_set", [])
    assert list(tmp_path.iterdir()) == []


def test_what_is_as_wanted_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("x\n", encoding="utf-8")
    (tmp_path / "a.conf").chmod(0o644)
    owner = (tmp_path / "a.conf").owner()
    group = (tmp_path / "a.conf").group()
    told = plan.predict(file_step(tmp_path / "a.conf", content="x\n", owner=owner, group=group))
    assert (told["lines"], told["faults"], told["result"]["changed_paths"]) == ([], [], [])


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "missing required arguments: files"),
        ({"files": [], "stat": "present"}, "stat"),
        ({"files": [{"path": "relative", "content": "x"}]}, "relative"),
    ],
)
def test_a_step_that_cannot_be_run_is_a_fault(options: dict[str, Any], fault: str) -> None:
    told = plan.predict({"part": "etcd", "module": "file_set", "options": options})
    assert len(told["faults"]) == 1
    assert fault in told["faults"][0]
    assert (told["lines"], told["result"]) == ([], {})


@pytest.mark.parametrize("error", [LabError("out of order"), OSError(5, "Input/output error", "/x")])
def test_what_a_module_fails_with_is_a_fault(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        raise error

    monkeypatch.setitem(plan.TASKS, "file_set", Task({}, fail))
    told = plan.predict({"part": "etcd", "module": "file_set", "options": {}})
    assert told["faults"] == ["out of order" if isinstance(error, LabError) else "/x: Input/output error"]


def test_a_library_that_is_missing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries._missing", {"x": ""})
    monkeypatch.setitem(plan.TASKS, "file_set", Task({}, lambda _params, _check: {}, ("x",)))
    told = plan.predict({"part": "etcd", "module": "file_set", "options": {}})
    assert told["faults"] == ["the Python library x is missing: install x"]


def test_secrets_of_a_step_are_known(tmp_path: Path) -> None:
    step = file_step(tmp_path / "a.key", secret_content=KEY)
    assert plan.secrets([step]) == {KEY}
    assert KEY not in str(plan.predict(step))
    assert secrets(plan.TASKS["file_set"], {"files": [{"path": "/x", "content": "open"}]}) == set()
