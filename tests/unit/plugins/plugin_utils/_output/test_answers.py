# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command answered in several places."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.answers import told

TARGETS: dict[str, list[dict[str, Any]]] = {
    "emon": [{"name": "emon", "argv": []}, {"name": "test1", "argv": []}],
    "emon2": [{"name": "emon2", "argv": []}],
    "emon3": [{"name": "emon3", "argv": []}],
}


def answer(stdout: str = "", rc: int = 0, stderr: str = "") -> dict[str, Any]:
    return {"rc": rc, "stdout": stdout, "stderr": stderr}


def results(*of_emon: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"emon": {"results": list(of_emon)}, **{host: {"results": [one]} for host, one in others.items()}}


def test_equal_answers_are_folded() -> None:
    said = told(results(answer("6.1.0"), answer("6.1.0"), emon2=answer("6.1.0"), emon3=answer("6.1.0")), TARGETS)
    assert said["lines"] == ["everywhere:", "  6.1.0"]
    assert said["failed"] == []
    assert [(one["name"], one["host"]) for one in said["data"]][:2] == [("emon", "emon"), ("test1", "emon")]


def test_all_but_one() -> None:
    targets = {f"emon{number}": [{"name": f"emon{number}", "argv": []}] for number in range(6)}
    answers = {host: {"results": [answer("no" if host == "emon3" else "yes")]} for host in targets}
    assert told(answers, targets)["lines"] == ["everywhere but emon3:", "  yes", "emon3:", "  no"]


def test_different_answers_stand_below_their_places() -> None:
    said = told(results(answer("a\nb"), answer("c"), emon2=answer("a\nb"), emon3=answer()), TARGETS)
    assert said["lines"] == ["emon, emon2:", "  a", "  b", "test1:", "  c", "emon3:", "  (nothing)"]


def test_a_command_that_fails() -> None:
    said = told(results(answer("x"), answer("x", 1, "no such file"), emon2=answer("x"), emon3=answer("x")), TARGETS)
    assert said["lines"][2:] == ["test1, exit code 1:", "  x", "  no such file"]
    assert said["failed"] == ["test1: exit code 1"]


def test_a_host_that_does_not_answer() -> None:
    answers = {**results(answer("x"), answer("x")), "emon2": {"unreachable": True, "msg": "No route to host"}}
    answers["emon3"] = {"results": [{"msg": "Task failed: docker: command not found"}]}
    said = told(answers, TARGETS)
    assert said["lines"][2:] == [
        "emon2, could not be run:",
        "  No route to host",
        "emon3, could not be run:",
        "  docker: command not found",
    ]
    assert said["failed"] == ["emon2: could not be run", "emon3: could not be run"]
    assert [one["rc"] for one in said["data"]] == [0, 0, None, None]
