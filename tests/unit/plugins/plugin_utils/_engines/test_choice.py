# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import choose

MIXED = (
    "engine auto: Docker is 20.10.24 on host0, 23.0.1 on host1: auto needs Docker on one side of 23 on"
    " all hosts, because cluster_store ended before 23; install one version on all, or set engine: vxlan in the lab"
    " file, which serves them all"
)


@pytest.mark.parametrize(
    ("wanted", "versions", "expected", "why", "faults"),
    [
        (
            "auto",
            ["20.10.24", "20.10.24"],
            "cluster_store",
            "auto: Docker is 20.10.24 on host0, 20.10.24 on host1, below 23",
            [],
        ),
        ("auto", ["22.06.0", ""], "cluster_store", "auto: Docker is 22.06.0 on host0, below 23", []),
        ("auto", [""], "cluster_store", "auto: Docker is not known, below 23", []),
        (
            "auto",
            ["20.10.24", "23.0.1"],
            "swarm",
            "auto: Docker is 20.10.24 on host0, 23.0.1 on host1, 23 or later",
            [MIXED],
        ),
        ("auto", ["26.1.5", "26.1.5"], "swarm", "auto: Docker is 26.1.5 on host0, 26.1.5 on host1, 23 or later", []),
        ("vxlan", ["20.10.24"], "vxlan", "the lab file says so", []),
        ("cluster_store", ["26.1.5"], "cluster_store", "the lab file says so", []),
    ],
)
@pytest.mark.parametrize("source", ["version", "available"])
def test_choose(wanted: str, versions: list[str], expected: str, why: str, faults: list[str], source: str) -> None:
    infos = {
        f"host{index}": {"docker": {"version": "", "available": "", source: version}}
        for index, version in enumerate(versions)
    }
    assert choose(wanted, infos) == {"engine": expected, "why": why, "faults": faults}
