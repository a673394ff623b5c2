# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import locking
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.identity import this_run

OWN = this_run()


def refused(run: str, **controller: Any) -> dict[str, Any]:
    return {
        "changed": False,
        "lock": {"state": "refused", "holder": {"run": run, "controller": {**OWN["controller"], **controller}}},
    }


HELD = {"changed": False, "lock": {"state": "held"}}
UNREACHABLE = {"unreachable": True, "msg": "no route"}
DEAD = {"start": 1}


@pytest.mark.parametrize(
    ("results", "ended"),
    [
        pytest.param([HELD], [None], id="taken"),
        pytest.param([UNREACHABLE], [None], id="a host that does not answer"),
        pytest.param([refused("a")], [None], id="its process runs"),
        pytest.param([refused("a", boot="x", machine="y")], [None], id="another controller's"),
        pytest.param([refused("a", **DEAD), HELD], [None, "a"], id="its process has gone"),
        pytest.param([refused("a", **DEAD), refused("b")], [None, "a"], id="another run was quicker"),
    ],
)
def test_a_run_that_has_ended_is_named_to_the_module(
    monkeypatch: pytest.MonkeyPatch, results: list[dict[str, Any]], ended: list[str | None]
) -> None:
    monkeypatch.setattr(locking.ActionBase, "run", lambda *_arguments: {})
    action = locking.LockingAction.__new__(locking.LockingAction)
    action._task = SimpleNamespace(args={"lab": "emon"})
    action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action._remove_tmp_path = lambda _path: None
    calls: list[dict[str, Any]] = []

    def execute(module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        calls.append(dict(module_args))
        return results[len(calls) - 1]

    action._execute_module = execute
    assert action.run() == results[-1]
    assert [call.get("_ended") for call in calls] == ended
    assert all((call["lab"], call["_run"]) == ("emon", OWN) for call in calls)


def test_a_clock_is_known_between_the_question_and_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking.ActionBase, "run", lambda *_arguments: {})
    clock = iter([100.0, 102.0, 110.0, 111.0])
    monkeypatch.setattr(locking.time, "time", lambda: next(clock))
    action = locking.LockingAction.__new__(locking.LockingAction)
    action._task = SimpleNamespace(args={"lab": "emon"})
    action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action._remove_tmp_path = lambda _path: None
    answers = iter([{**refused("a", **DEAD), "time": 161.0}, {**HELD, "time": 170.5}])
    action._execute_module = lambda **_given: next(answers)
    # As of the answer that counts.
    assert action.run()["clock"] == {"least": 59.5, "most": 60.5}


@pytest.mark.parametrize("raised", [True, False], ids=["it cannot answer", "it fails"])
@pytest.mark.parametrize("version", ["3.8.18", "3.11.2"])
def test_a_python_that_is_too_old_is_named_instead(monkeypatch: pytest.MonkeyPatch, raised: bool, version: str) -> None:
    monkeypatch.setattr(locking.ActionBase, "run", lambda *_arguments: {})
    action = locking.LockingAction.__new__(locking.LockingAction)
    action._task = SimpleNamespace(args={"lab": "emon"})
    action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action._remove_tmp_path = lambda _path: None
    action._used_interpreter = "#!/usr/bin/python3"
    action._low_level_execute_command = lambda _command: {"stdout": version}
    failed = {"failed": True, "msg": "'type' object is not subscriptable"}

    def execute(module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        if raised:
            raise locking.AnsibleError("Module result deserialization failed.")
        return failed

    action._execute_module = execute
    if version == "3.8.18":
        result = action.run()
        assert result["failed"]
        assert "/usr/bin/python3, is 3.8.18" in result["msg"]
    elif raised:
        with pytest.raises(locking.AnsibleError, match="deserialization"):
            action.run()
    else:
        assert action.run() == failed


@pytest.mark.parametrize("error", [AnsibleConnectionFailure, locking.AnsibleError])
def test_a_host_that_cannot_be_reached_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(locking.ActionBase, "run", lambda *_arguments: {})
    action = locking.LockingAction.__new__(locking.LockingAction)
    action._task = SimpleNamespace(args={"lab": "emon"})
    action._used_interpreter = "#!/usr/bin/python3"
    asked: list[str] = []
    action._low_level_execute_command = asked.append

    def execute(module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        raise error("Host Key checking is enabled")

    action._execute_module = execute
    with pytest.raises(error):
        action.run()
    assert asked == []
