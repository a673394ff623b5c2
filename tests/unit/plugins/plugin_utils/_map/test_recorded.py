# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labs as real hosts told them, of each engine: what the module lab_status returned, recorded on simulated hosts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import status
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import formats, model
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import ways

RECORDED = Path(__file__).parent / "recorded"
ENGINES = ("cluster_store", "swarm", "vxlan")


@pytest.fixture(params=ENGINES)
def recorded(request: pytest.FixtureRequest) -> dict[str, Any]:
    found = json.loads((RECORDED / f"{request.param}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_real_lab_is_as_wanted(recorded: dict[str, Any]) -> None:
    report = status.report(recorded["lab"], recorded["views"], {})
    assert report["lines"] == []
    assert {row["state"] for row in report["data"]["hosts"]} == {"as wanted"}


def test_a_way_leads_from_each_container_to_the_others_of_its_network(recorded: dict[str, Any]) -> None:
    found = model.build(recorded["lab"], recorded["views"], {}, "")
    containers = [one for host in found["hosts"] for one in host["containers"]]
    assert len(containers) >= 2
    for one in containers:
        for other in containers:
            shared = {link["network"] for link in one["interfaces"]} & {link["network"] for link in other["interfaces"]}
            if one is not other and shared:
                way = ways.between(found, one["id"], other["id"])
                assert way["why"] == ""
                assert len(way["elements"]) in (7, 13)


def test_a_vxlan_that_goes_down_is_marked(recorded: dict[str, Any]) -> None:
    views = copy.deepcopy(recorded["views"])
    host = next(iter(views))
    network = next(one for one in views[host]["networks"] if one["vxlans"])
    network["vxlans"][0]["up"] = False
    found = model.build(recorded["lab"], views, {}, "")
    assert [one["element"] for one in found["differences"]] == [f"vxlan:{host}/{network['name']}"]


@pytest.mark.parametrize("ending", sorted(formats.FORMATS))
def test_every_format_is_written(recorded: dict[str, Any], ending: str) -> None:
    assert formats.render(model.build(recorded["lab"], recorded["views"], {}, ""), f"map{ending}")
