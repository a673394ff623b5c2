# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fault is made on which host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import BY_NAME
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._break import asked

LAB: dict[str, Any] = {
    "name": "emon",
    "site": "company",
    "simulated": True,
    "engine": "cluster_store",
    "hosts": {"emon": {"addresses": {"company": "10.0.0.116"}}, "emon2": {"addresses": {"company": "10.0.0.117"}}},
    "containers": [{"name": "test1", "host": "emon"}, {"name": "test2", "host": "emon2"}],
}
REAL = {**LAB, "simulated": False}
QUESTION = {"fault": "", "host": "", "seed": "", "confirm": ""}


def ask(lab: dict[str, Any] = LAB, **given: str) -> dict[str, Any]:
    return asked.asked({**QUESTION, **given}, lab)


def test_without_a_question_the_catalogue_is_shown() -> None:
    found = ask()
    assert found["host"] == ""
    assert found["table"][0].startswith("FAULT ")
    assert ask(REAL)["faults"] == []


def test_by_name() -> None:
    found = ask(fault="vxlan-down", host="emon2")
    assert (found["host"], found["told"], found["table"]) == ("emon2", True, [])
    assert found["options"] == {
        "name": ["vxlan-down"],
        "address": "10.0.0.117",
        "peers": ["10.0.0.116"],
        "containers": ["test2"],
    }
    assert ask(fault="vxlan-down")["host"] == "emon"


def test_a_cable_is_on_the_controller() -> None:
    found = ask(fault="cable-out", host="emon2")
    assert found["options"] == {
        "name": ["cable-out"],
        "cable": {"host": "emon2", "netns": "emon-underlay", "port": "emon2"},
    }


def test_a_seed_chooses_the_same_each_time_and_says_nothing() -> None:
    assert ask(seed="7") == ask(seed="7")
    assert ask(seed="7")["told"] is False
    chosen = [ask(seed=str(seed)) for seed in range(60)]
    assert {found["host"] for found in chosen} == {"emon", "emon2"}
    firsts = {found["options"]["name"][0] for found in chosen}
    assert len(firsts) > 15
    assert not firsts & {"flood-missing", "resolver-stopped", "clock-wrong"}
    for found in chosen:
        outside = {BY_NAME[name].on_controller for name in found["options"]["name"]}
        assert outside == {"cable" in found["options"]}
    assert {ask(seed=str(seed), host="emon2")["host"] for seed in range(9)} == {"emon2"}


def test_a_seed_spares_the_way_to_a_real_host() -> None:
    names = {name for seed in range(9) for name in ask(REAL, seed=str(seed), confirm="emon")["options"]["name"]}
    assert "vxlan-down" in names
    assert [name for name in names if BY_NAME[name].simulated_only] == []


@pytest.mark.parametrize(
    ("lab", "given", "lines"),
    [
        (LAB, {"fault": "x"}, ["FAULT=x: there is no such fault; choose one of vxlan-down, "]),
        (LAB, {"fault": "vxlan-down", "host": "z"}, ["HOST=z: no host of the lab has that name; choose one of emon, "]),
        (LAB, {"fault": "x", "host": "z"}, ["FAULT=x", "HOST=z"]),
        (LAB, {"fault": "vxlan-down", "seed": "7"}, ["SEED=7: a seed chooses a fault"]),
        (LAB, {"fault": "flood-missing"}, ["FAULT=flood-missing is not for the engine cluster_store: it is for vxlan"]),
        ({**LAB, "engine": "auto"}, {"fault": "flood-missing"}, []),
        (LAB, {"fault": "clock-wrong"}, ["FAULT=clock-wrong is for real hosts"]),
        (REAL, {"fault": "clock-wrong", "confirm": "emon"}, []),
        (
            REAL,
            {"fault": "vxlan-down", "host": "emon"},
            ["this would break emon of the lab emon, whose hosts are real"],
        ),
        (REAL, {"seed": "7", "confirm": "x"}, ["this would break a host of the lab emon"]),
        (REAL, {"seed": "7", "confirm": "emon"}, []),
        (
            REAL,
            {"fault": "cable-out", "confirm": "emon"},
            ["FAULT=cable-out is for simulated hosts: the cables of real ones are out of reach"],
        ),
        *(
            (REAL, {"fault": name, "confirm": "emon"}, [f"FAULT={name} is for simulated hosts: a real one could not"])
            for name in ("host-link-down", "host-address-removed", "host-route-wrong")
        ),
        (REAL, {"fault": "source-address-wrong", "confirm": "emon"}, ["FAULT=source-address-wrong is for simulated"]),
    ],
)
def test_what_cannot_be_is_told_in_one_go(lab: dict[str, Any], given: dict[str, str], lines: list[str]) -> None:
    found = ask(lab, **given)
    assert len(found["faults"]) == len(lines)
    assert all(fault.startswith(line) for fault, line in zip(found["faults"], lines, strict=True))


def test_what_was_mended() -> None:
    one = {"name": "vxlan-down", "summary": "it is down", "since": 1.0, "was_there": True}
    assert asked.told({"emon": [one], "emon2": [{**one, "was_there": False}]}) == [
        "emon: vxlan-down: it is down; mended",
        "emon2: vxlan-down: it is down; it was gone already",
    ]
    assert asked.told({"emon": []}) == ["nothing is broken by make break"]
