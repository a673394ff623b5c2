# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a step."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.faults import Faults
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.step import CHANGED, FAILED, OK, Step

ALL = ["a", "b", "c"]


def done(step: Step, seconds: float, **outcomes: str | None) -> Step:
    for host, outcome in outcomes.items():
        step.add(host, outcome)
    step.began, step.ended = 100.0, 100.0 + seconds
    return step


@pytest.mark.parametrize(
    ("step", "every", "lines"),
    [
        (done(Step("It boots"), 0.3, a=OK, b=OK), False, []),
        (done(Step("It boots"), 0.3, a=OK, b=OK), True, ["  ok             0.3 s  It boots (a, b)"]),
        (done(Step("It boots"), 33.2, a=OK, b=None, c=None), False, ["  ok            33.2 s  It boots (a)"]),
        (done(Step("It boots"), 33.2, a=None, b=None, c=None), True, []),
        (done(Step("It boots"), 0.3, a=CHANGED, b=OK), False, ["  changed        0.3 s  It boots (a)"]),
        (done(Step("It boots"), 33.2, a=CHANGED, b=OK), False, ["  changed       33.2 s  It boots (a)"]),
        (done(Step("It boots", check=True), 0.3, a=CHANGED), False, ["  would change   0.3 s  It boots (a)"]),
        (done(Step("It boots", once=True), 0.3, a=CHANGED), False, ["  changed        0.3 s  It boots"]),
        (
            done(Step("It boots", once=True, place="here"), 0.3, a=CHANGED),
            False,
            ["  changed        0.3 s  It boots (here)"],
        ),
        (
            done(Step("It boots"), 0.3, a=FAILED, b=CHANGED, c=CHANGED),
            False,
            ["  changed        0.3 s  It boots (b, c)", "  failed         0.3 s  It boots (a)"],
        ),
    ],
)
def test_lines(step: Step, every: bool, lines: list[str]) -> None:
    assert [line for _outcome, line in step.lines(ALL, 5.0, every)] == lines


@pytest.mark.parametrize(
    ("running", "usual", "line"),
    [
        (ALL, "", "It boots (all hosts)"),
        (["b"], "usually about 34 s", "It boots (b), usually about 34 s"),
    ],
)
def test_a_step_that_runs(running: list[str], usual: str, line: str) -> None:
    step = Step("It boots", running=list(running))
    assert step.running_line(ALL, usual) == f"  running        0.0 s  {line}"


def test_a_play_on_the_controller_does_not_name_it() -> None:
    step = done(Step("It is read"), 0.3, localhost=CHANGED)
    assert [line for _outcome, line in step.lines(["localhost"], 5.0, False)] == ["  changed        0.3 s  It is read"]
    assert [line for _outcome, line in step.lines(["localhost", "a"], 5.0, False)] == [
        "  changed        0.3 s  It is read (localhost)"
    ]


def test_what_several_hosts_have_is_shown_once() -> None:
    step = Step(
        "It boots", messages={"b": ["x\n\ny", "z"], "a": ["x\n\ny"]}, diffs={"c": ["+2"], "b": ["+1"], "a": ["+1"]}
    )
    assert step.shown_messages(ALL) == ["x\n\ny", "z"]
    assert list(step.diff_lines(ALL)) == ["a, b:", "+1", "c:", "+2"]
    assert list(Step("It boots", diffs={"a": ["+1", "+2"]}).diff_lines(["a"])) == ["+1", "+2"]


def test_faults_are_shown_once() -> None:
    faults = Faults()
    for host in reversed(ALL):
        faults.add("It boots", ["no etcd"], host)
    faults.add("It boots", ["no dockerd\nwhy\nwhy"], "b")
    faults.add("It starts", ["a: nothing to start"], "")
    faults.add("It boots", ["no etcd"], "a")
    assert len(faults) == 3
    assert faults.shown(ALL) == [
        "It boots:",
        "  all hosts: no etcd",
        "  b: no dockerd",
        "      why",
        "      why",
        "It starts:",
        "  a: nothing to start",
    ]
