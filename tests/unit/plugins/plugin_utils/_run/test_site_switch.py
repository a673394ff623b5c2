# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.site_switch import (
    announced,
    completed,
    faults,
    switch,
)

ADDRESSES = {
    "emon": {"home": "192.168.1.116", "company": "10.0.0.116"},
    "emon2": {"home": "192.168.1.117", "company": "10.0.0.117"},
}


def lab(**given: Any) -> dict[str, Any]:
    hosts = {name: {"addresses": addresses, "etcd": True} for name, addresses in ADDRESSES.items()}
    return {
        "name": "emon",
        "site": "home",
        "hosts": hosts,
        "traits": {"uses_etcd": True},
        **given,
    }


def info(name: str, at: str = "company", **given: Any) -> dict[str, Any]:
    """What host_info returns on a host that was proven at the company; ``at``: where it is now."""
    record = {"lab": "emon", "site": "company", "moving_to": "", **given.pop("record", {})}
    data = {"path": "/var/lib/etcd/default.etcd", "present": given.pop("data", True)}
    return {
        "record": record,
        "addresses": [{"address": ADDRESSES[name][at]}, {"address": "172.17.0.1"}],
        "etcd": {"lab": "emon", "data": data},
        "docker": {
            "store": "etcd://10.0.0.116:2379",
            "data": {"path": "/srv/docker", "present": given.pop("run", True)},
        },
        "time": 1000.0,
        **given,
    }


def infos(**given: Any) -> dict[str, dict[str, Any]]:
    return {name: info(name, **given) for name in ADDRESSES}


NONE = {"lab": "", "site": "", "moving_to": ""}


@pytest.mark.parametrize(
    ("site", "given", "expected"),
    [
        pytest.param("company", {}, (False, "company", True, False), id="where it stands"),
        pytest.param("home", {}, (True, "company", False, False), id="hosts still at the company"),
        pytest.param("home", {"at": "home"}, (True, "company", True, False), id="hosts that moved first"),
        pytest.param(
            "home", {"record": {"moving_to": "home"}}, (True, "company", False, True), id="interrupted, forward"
        ),
        pytest.param("company", {"record": {"moving_to": "home"}}, (True, "home", True, True), id="interrupted, back"),
        pytest.param("home", {"at": "home", "record": NONE}, (False, "home", True, False), id="hosts of no lab"),
        pytest.param("home", {"record": {"lab": "other"}}, (False, "home", False, False), id="hosts of another lab"),
    ],
)
def test_switch(site: str, given: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = switch(lab(site=site), infos(**given))
    assert (told["moving"], told["from"], told["carried"], told["interrupted"]) == expected
    assert told["to"] == site


def test_one_host_that_ended_the_switch_before_the_others_is_still_a_switch() -> None:
    found = infos(at="home", record={"moving_to": "home"})
    found["emon"]["record"] = {"lab": "emon", "site": "home", "moving_to": ""}
    assert switch(lab(), found)["moving"] and switch(lab(site="company"), found)["moving"]


def of_three(site: str, *records: dict[str, str], at: str = "home") -> dict[str, Any]:
    """What `switch` tells of a lab of three hosts with these records, the last of which has its address of ``at``."""
    addresses = {**ADDRESSES, "emon3": {"home": "192.168.1.118", "company": "10.0.0.118"}}
    found = {}
    for name, record in zip(addresses, records, strict=False):
        where = at if name == "emon3" else site
        found[name] = {
            "record": {"lab": "emon", "site": "home", "moving_to": "", **record},
            "addresses": [{"address": addresses[name][where]}],
        }
    return switch(lab(site=site, hosts={name: {"addresses": one} for name, one in addresses.items()}), found)


HOME, COMPANY = {"site": "home"}, {"site": "company"}


def test_who_comes_later_moves_alone() -> None:
    told = of_three("home", HOME, HOME, COMPANY)
    assert (told["moving"], told["hosts"], told["from"]) == (False, ["emon3"], "company")
    assert of_three("home", HOME, HOME, {"site": "company", "moving_to": "home"})["hosts"] == ["emon3"]
    assert not of_three("home", HOME, HOME, HOME)["hosts"]


def test_where_most_come_from_elsewhere_all_move() -> None:
    for told in (
        # It never left; the lab moved without it, and comes back.
        of_three("company", HOME, HOME, COMPANY, at="company"),
        of_three("home", HOME, COMPANY, COMPANY),
        # One host of three is off, and so nobody knows where most are.
        of_three("home", HOME, COMPANY),
        # A simulated one, that the run has to move.
        of_three("home", HOME, HOME, COMPANY, at="company"),
    ):
        assert told["moving"] and told["hosts"][:2] == ["emon", "emon2"]


@pytest.mark.parametrize(
    ("of_lab", "found", "expected"),
    [
        pytest.param({}, infos(), [], id="fit"),
        pytest.param({"site": "company", "limited": True}, {"emon": info("emon")}, [], id="limited, but no switch"),
        pytest.param(
            {"limited": True},
            {"emon": info("emon")},
            ["the switch from company to home needs all hosts of the lab: run it without --limit"],
            id="limited",
        ),
        pytest.param(
            {},
            {"emon": info("emon"), "emon2": info("emon2", time=1061.0)},
            ["the clocks of emon and emon2 are 61 s apart: set them, better by NTP, before the switch"],
            id="clocks",
        ),
        pytest.param(
            {},
            {"emon": info("emon"), "emon2": info("emon2", data=False)},
            [
                "emon2: etcd's data is missing (/var/lib/etcd/default.etcd): the switch from company to home would lose"
                " it; restore it first, with playbooks/etcd_restore.yml or playbooks/etcd_recover.yml"
            ],
            id="data",
        ),
        pytest.param(
            {},
            {"emon": info("emon"), "emon2": info("emon2", run=False)},
            [
                "emon2: Docker's data is missing (/srv/docker): the switch from company to home would create the lab's"
                " containers again; mount its disk, or run once at company, which creates them there"
            ],
            id="Docker's data",
        ),
        pytest.param(
            {},
            {
                "emon": info("emon"),
                "emon2": {**info("emon2", record=NONE), "etcd": {"lab": "", "data": {"present": False}}},
            },
            [
                "the switch from company to home needs etcd's data on 2 of its 2 members, and only emon has it: let the"
                " others join at company first, or make a new cluster of that data, with playbooks/etcd_recover.yml"
            ],
            id="a host that was installed anew",
        ),
        pytest.param(
            {},
            {"emon": info("emon")},
            [
                "the switch from company to home needs etcd's data on 2 of its 2 members: emon has it, emon2 was not"
                " read: run again when every host is reached"
            ],
            id="a host that was not read",
        ),
        pytest.param(
            {"limited": True},
            {"emon2": info("emon2", at="home", record=NONE)},
            [
                "emon2: no host of the lab emon is in this run, so the lab's site is not known: run without"
                " --limit, or with one of its hosts"
            ],
            id="a newcomer alone",
        ),
        pytest.param(
            {"traits": {"uses_etcd": False}}, {"emon": info("emon", data=False)}, [], id="an engine without etcd"
        ),
    ],
)
def test_faults(of_lab: dict[str, Any], found: dict[str, Any], expected: list[str]) -> None:
    run = {"limited": False, "clock_seconds": 60}
    run = {key: of_lab.pop(key, value) for key, value in run.items()}
    assert faults(lab(**of_lab), found, run) == expected


def of_switch(moving: bool = True, hosts: tuple[str, ...] = ("emon", "emon2"), **told: Any) -> dict[str, Any]:
    switch = {"moving": moving, "hosts": list(hosts), "from": "company", "to": "home", "carried": False}
    traits = {"move": "Containers pause and stay", "pauses": told.pop("pauses", True)}
    return {"name": "emon", "switch": {**switch, "interrupted": False, **told}, "traits": traits}


@pytest.mark.parametrize(
    ("lab", "check", "words"),
    [
        (
            of_switch(),
            False,
            "The lab emon moves from company to home. Its hosts move in this run. Containers pause and stay.",
        ),
        (
            of_switch(carried=True, interrupted=True),
            True,
            "The lab emon would move from company to home (an earlier switch did not finish). Its hosts are there"
            " already. Containers pause and stay; what follows cannot be predicted in check mode.",
        ),
        (
            of_switch(False, ("emon2",)),
            False,
            "The lab emon is at home already; emon2 comes now, from company. Only containers there pause.",
        ),
        (
            of_switch(False, pauses=False),
            False,
            "The lab emon is at home already; emon, emon2 come now, from company. Containers pause and stay.",
        ),
        (
            of_switch(False),
            True,
            "The lab emon is at home already; emon, emon2 would come now, from company. Only containers there pause;"
            " what follows cannot be predicted in check mode.",
        ),
    ],
)
def test_what_is_said_before_a_switch(lab: dict[str, Any], check: bool, words: str) -> None:
    assert announced(lab, check) == words


@pytest.mark.parametrize(
    ("lab", "etcd_seconds", "words"),
    [
        (
            of_switch(),
            4.56,
            "The lab emon has moved from company to home. From the first container that stopped to the last packet that"
            " was proven it took 12.3 s; etcd took no writes for 4.6 s.",
        ),
        (
            of_switch(False, ("emon2",), carried=True),
            None,
            "emon2 has moved from company to home. The hosts had moved before; from the first change of this run to the"
            " last packet that was proven it took 12.3 s.",
        ),
        (
            of_switch(False),
            None,
            "emon, emon2 have moved from company to home. From the first container that stopped to the last packet that"
            " was proven it took 12.3 s.",
        ),
    ],
)
def test_what_is_said_after_a_switch(lab: dict[str, Any], etcd_seconds: float | None, words: str) -> None:
    assert completed(lab, 12.34, etcd_seconds) == words
