# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What results say: faults and messages, as lines."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import texts


@pytest.mark.parametrize(
    ("result", "faults"),
    [
        ({"msg": "one"}, ["one"]),
        ({"msg": "one\n\n two \n"}, ["one", "two"]),
        ({"msg": ["one", "two\nthree"]}, ["one", "two", "three"]),
        ({"msg": "one two", "faults": ["one", "two"]}, ["one", "two"]),
        ({"msg": "one", "faults": []}, ["one"]),
        ({"msg": "one", "faults": [{"no": "text"}]}, ["one"]),
        ({"msg": "Task failed: Module failed: one"}, ["one"]),
        ({"reason": "no such file"}, ["no such file"]),
        ({"msg": {"a": 1}}, ["{'a': 1}"]),
        ({}, ["it failed, and does not say why"]),
        ({"censored": "because of no_log", "msg": "secret"}, ["its output is hidden, because no_log is set"]),
        ({"msg": "rc 1", "stderr": "why\n", "stdout": "what"}, ["rc 1\nwhy"]),
        ({"msg": "rc 1", "stderr": "", "stdout": "what"}, ["rc 1\nwhat"]),
        ({"msg": "rc 1", "stdout": "".join(f"{n}\n" for n in range(9))}, ["rc 1\n4\n5\n6\n7\n8"]),
        ({"msg": "crashed", "module_stderr": "boom"}, ["crashed\nboom"]),
        ({"msg": "rc 1", "faults": ["one"], "stderr": "why"}, ["one"]),
    ],
)
def test_faults(result: dict[str, Any], faults: list[str]) -> None:
    assert texts.faults(result) == faults


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        ({"msg": "one"}, ["one"]),
        ({"msg": "a   b\n\nc\n"}, ["a   b", "", "c"]),
        ({"msg": ["a", "", "b  "]}, ["a", "", "b"]),
        ({"msg": ["a", 1]}, ["a", "1"]),
        ({"msg": ""}, [""]),
        ({"msg": []}, []),
        ({"msg": {"a": 1}}, None),
        ({"msg": [{"a": 1}]}, None),
        ({"lab_site": "company"}, None),
    ],
)
def test_messages(result: dict[str, Any], lines: list[str] | None) -> None:
    assert texts.message(result) == lines
