# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trace as the map shows it: every hop of a trace is an element of the picture, up to where the packet was lost."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import model
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.traced import traced
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs, traces, ways


def made(engine: str = "cluster_store") -> model.Model:
    lab = labs.lab(2, engine)
    return model.build(lab, labs.views(lab), {}, "now")


@pytest.mark.parametrize("engine", ["cluster_store", "swarm", "vxlan"])
@pytest.mark.parametrize("simulated", [True, False])
def test_a_packet_that_arrives_goes_the_way_of_the_map_and_back(engine: str, simulated: bool) -> None:
    found = made(engine)
    shown = traced(found, traces.report(found, simulated=simulated))
    marked = [element for hop in shown["hops"] for element in hop["elements"]]
    assert set(marked) == set(ways.between(found, "container:test1", "container:test2")["elements"])
    hops = list(range(len(shown["hops"])))
    assert [one["hop"] for one in shown["steps"]] == [*hops, *hops[::-1]]
    assert not any(one["lost"] for one in shown["steps"])
    assert (shown["ok"], shown["verdict"]) == (True, "arrived: test1 reaches test2")


@pytest.mark.parametrize(
    ("lost", "elements", "steps"),
    [
        (("request", 1), ["interface:test1/demo", "container:test1"], 1),
        (("request", 3), ["vxlan:emon/demo"], 4),
        (("request", 5), ["underlay"], 6),
        (("request", 8), ["vxlan:emon2/demo"], 9),
        # There on twelve hops, two of them bridges, and three of them back.
        (("reply", 8), ["vxlan:emon2/demo"], 16),
        (("reply", 4), ["uplink:emon"], 20),
    ],
)
def test_the_steps_end_at_the_hop_that_did_not_see_it(lost: tuple[str, int], elements: list[str], steps: int) -> None:
    found = made()
    shown = traced(found, traces.report(found, lost))
    assert [one["lost"] for one in shown["steps"]] == [False] * (steps - 1) + [True]
    last = shown["steps"][-1]
    assert last["way"] == lost[0]
    assert shown["hops"][last["hop"]]["elements"] == elements


def test_a_hop_where_nobody_listened_is_passed_like_a_bridge() -> None:
    found = made()
    report = traces.report(found)
    whole = traced(found, report)["steps"]
    for hop in report["hops"]:
        hop["request"] = "?" if hop["host"] == "emon2" and hop["inside"] != "test2" else hop["request"]
    assert traced(found, report)["steps"] == whole
    # Nobody tells how far it came.
    report["hops"][-1] |= {"request": "-", "reply": "-"}
    last = traced(found, report)["steps"][-1]
    assert found["hosts"][0]["name"] == "emon" and report["hops"][last["hop"]]["inside"] == "underlay"


def test_what_the_map_does_not_draw_is_told_all_the_same() -> None:
    found = made()
    report = traces.report(found)
    report["hops"][1] |= {"inside": "host", "interface": "veth9"}
    hop = traced(found, report)["hops"][1]
    assert (hop["name"], hop["elements"]) == ("veth9 on emon", [])


def test_a_packet_that_was_not_sent_has_a_verdict_alone() -> None:
    found = made()
    shown = traced(found, {**traces.report(found), "ok": False, "verdict": "emon2 does not answer", "hops": []})
    assert (shown["hops"], shown["steps"], shown["verdict"]) == ([], [], "emon2 does not answer")
