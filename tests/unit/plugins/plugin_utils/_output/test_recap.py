# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last lines of a run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.recap import conclusion, recap

LAB = {"name": "emon", "site": "company", "simulated": True}


def hosts(**changed_failed_away: tuple[int, int, int]) -> dict[str, dict[str, int]]:
    keys = ("changed", "failures", "unreachable")
    return {name: dict(zip(keys, numbers)) for name, numbers in changed_failed_away.items()}


@pytest.mark.parametrize(
    ("of_hosts", "check", "lines"),
    [
        (hosts(a=(0, 0, 0)), False, []),
        (hosts(a=(1, 0, 0)), True, ["would change: 1 on a"]),
        (hosts(a=(2, 0, 0), b=(5, 0, 0), c=(2, 0, 0), d=(0, 0, 0)), False, ["changed: 5 on b; 2 each on a, c"]),
        (hosts(a=(1, 1, 0), b=(0, 0, 1), c=(0, 1, 1)), False, ["changed: 1 on a", "failed: a, c; unreachable: b"]),
        (hosts(b=(0, 0, 1)), False, ["unreachable: b"]),
        (hosts(localhost=(2, 1, 0)), False, ["changed: 2 on localhost"]),
    ],
)
def test_recap(of_hosts: dict[str, dict[str, int]], check: bool, lines: list[str]) -> None:
    assert recap(of_hosts, check) == lines


@pytest.mark.parametrize(
    ("lab", "of_hosts", "faults", "check", "line"),
    [
        (LAB, hosts(a=(3, 0, 0), b=(4, 0, 0)), 0, False, "lab emon at company: ok, 7 changed, 33 s"),
        (LAB, hosts(a=(0, 0, 0)), 0, False, "lab emon at company: ok, nothing changed, 33 s"),
        (LAB, hosts(a=(3, 0, 0)), 0, True, "lab emon at company: ok, 3 would change, 33 s"),
        (LAB, hosts(a=(0, 0, 0)), 0, True, "lab emon at company: ok, nothing would change, 33 s"),
        (LAB, hosts(a=(3, 1, 0)), 1, False, "lab emon at company: failed: 1 fault, 33 s"),
        ({}, hosts(a=(3, 0, 1)), 2, False, "failed: 2 faults, 33 s"),
        ({}, {}, 0, False, "ok, nothing changed, 33 s"),
        (LAB, None, 0, False, "lab emon at company: ended early, 33 s"),
        (LAB, None, 2, False, "lab emon at company: ended early, 2 faults, 33 s"),
    ],
)
def test_conclusion(lab: dict[str, Any], of_hosts: Any, faults: int, check: bool, line: str) -> None:
    assert conclusion(lab, of_hosts, faults, 33.2, check) == line
