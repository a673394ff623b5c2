# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.indexes import with_indexes


def info(index: int, lab: str = "emon") -> dict[str, Any]:
    return {"record": {"lab": lab}, "index": index}


@pytest.mark.parametrize(
    ("hosts", "infos", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": info(0, ""), "b": info(0, "")}, {"a": 1, "b": 2}, id="a new lab"),
        pytest.param({"b": 1, "c": 2}, {"b": info(2), "c": info(3)}, {"b": 2, "c": 3}, id="the first has left"),
        pytest.param(
            {"b": 1, "c": 2, "d": 3},
            {"b": info(2), "c": info(3), "d": info(0, "")},
            {"b": 2, "c": 3, "d": 1},
            id="a newcomer, whose place is taken",
        ),
        pytest.param(
            {"n": 1, "b": 2, "c": 3},
            {"n": info(0, ""), "b": info(2), "c": info(3)},
            {"n": 1, "b": 2, "c": 3},
            id="a newcomer takes the place of one that has left",
        ),
        pytest.param({"a": 1, "b": 2}, {"a": info(2), "b": info(1)}, {"a": 2, "b": 1}, id="another order"),
        pytest.param({"a": 1, "b": 2}, {"b": info(1)}, {"a": 2, "b": 1}, id="one that was not asked"),
        pytest.param({"a": 1}, {"a": info(7, "other")}, {"a": 1}, id="another lab's record"),
        pytest.param({"a": 9, "b": 2}, {"a": info(0, ""), "b": info(0, "")}, {"a": 9, "b": 2}, id="as the file says"),
    ],
)
def test_with_indexes(hosts: dict[str, int], infos: dict[str, Any], expected: dict[str, int]) -> None:
    found = with_indexes({name: {"index": index} for name, index in hosts.items()}, infos, "emon")
    assert {name: host["index"] for name, host in found.items()} == expected
