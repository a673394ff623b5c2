# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
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
