# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines import choice
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


@pytest.mark.parametrize("ask", [choice.named, choice.traits, lambda name: choose(name, {})])
def test_a_name_that_is_no_engine_is_one_line(ask) -> None:
    with pytest.raises(LabError) as raised:
        ask("swrm")
    assert raised.value.faults == [
        "engine: swrm is not one of cluster_store, swarm, vxlan: use one of these in the lab file"
    ]


def test_traits() -> None:
    assert choice.traits("vxlan") == {
        "uses_etcd": False,
        "dockerd_store": False,
        "swarm_mode": False,
        "own_resolver": True,
        "pauses": False,
        "move": "Containers keep running",
    }
    assert not any(choice.traits("auto")[trait] for trait in ("uses_etcd", "dockerd_store", "swarm_mode"))
    assert [name for name in choice.ENGINES if choice.traits(name)["uses_etcd"]] == ["cluster_store"]
    assert [name for name in choice.ENGINES if choice.traits(name)["swarm_mode"]] == ["swarm"]


@pytest.mark.parametrize(
    ("former", "name", "expected"),
    [
        ("cluster_store", "swarm", False),
        ("swarm", "vxlan", True),
        ("vxlan", "swarm", True),
        ("of another", "swarm", False),
    ],
)
def test_containers_that_ask_a_resolver_of_the_engines_are_made_anew(former: str, name: str, expected: bool) -> None:
    assert choice.makes_containers_anew(former, name) is expected


def test_a_lab_file_that_leaves_the_choice_has_the_stricter_rules() -> None:
    assert choice.for_lab_file("auto") is choice.ENGINES["swarm"]
    assert choice.for_lab_file("vxlan") is choice.ENGINES["vxlan"]
