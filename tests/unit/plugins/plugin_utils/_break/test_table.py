# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue as people read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import BY_NAME, FAULTS
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._break import table

PAGE = Path(__file__).resolve().parents[5] / "docs/break.md"


def test_the_documentation_has_the_catalogue() -> None:
    assert "\n".join(table.markdown()) in PAGE.read_text(encoding="utf-8"), "run tests/faults_table"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vxlan-down", "all"),
        ("forwarding-missing", "cluster_store, swarm; may heal by itself"),
        ("flood-missing", "vxlan"),
        ("etcd-killed", "cluster_store"),
        ("resolver-stopped", "vxlan"),
        ("host-link-down", "all; simulated hosts only"),
        ("clock-wrong", "all; real hosts only"),
    ],
)
def test_for_whom(name: str, expected: str) -> None:
    assert table.for_whom(BY_NAME[name]) == expected


def test_a_terminal_has_all_of_it() -> None:
    lines = table.lines()
    at = next(number for number, line in enumerate(lines) if line.startswith("flood-missing"))
    fault = BY_NAME["flood-missing"]
    assert [line.strip() for line in lines[at + 1 : at + 3]] == [fault.symptom, "engines: vxlan"]
    assert sum(line[0] != " " for line in lines) == 1 + len(FAULTS)
    assert max(map(len, lines)) < 150
