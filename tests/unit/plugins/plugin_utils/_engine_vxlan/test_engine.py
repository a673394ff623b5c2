# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan import engine
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan import plan as vxlan_plan

LAB: dict[str, Any] = {
    "name": "emon",
    "site": "company",
    "engine": "vxlan",
    "hosts": {
        "emon": {"addresses": {"company": "10.0.0.116", "home": "192.168.1.116"}, "index": 1},
        "emon2": {"addresses": {"company": "10.0.0.117", "home": "192.168.1.117"}, "index": 2},
        "emon4": {"addresses": {"company": "10.0.0.119", "home": "192.168.1.119"}, "index": 4},
    },
    "networks": [
        {"name": "demo", "subnet": "10.200.0.0/24", "mtu": 1450, "allow_overlap": False},
        {"name": "back", "subnet": "10.201.0.0/28", "mtu": 1400, "allow_overlap": True},
    ],
    "containers": [
        {"name": "test1", "host": "emon", "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}]},
        {"name": "te..st", "host": "emon", "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}]},
        {
            "name": "store",
            "host": "emon4",
            "networks": [
                {"name": "back", "ipv4_address": "", "aliases": ["db", "a..b"]},
                {"name": "demo", "ipv4_address": "10.200.0.9", "aliases": []},
            ],
        },
    ],
}
VNIS = {"demo": 12345678, "back": 9999999}
MARK = mark_of("emon-vxlan")


@pytest.fixture(autouse=True)
def known_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        engine.addresses, "vnis", lambda _lab, networks: {one["name"]: VNIS[one["name"]] for one in networks}
    )
    monkeypatch.setattr(engine.addresses, "mac", lambda lab, network, host: f"mac of {lab} {network} {host}")


def test_plan_of_a_host() -> None:
    plan = vxlan_plan.plan(LAB, "emon4")
    assert vxlan_plan.bridges(LAB, "emon4") == [
        {
            "name": "demo",
            "ipam_config": [{"subnet": "10.200.0.0/24", "gateway": "10.200.0.152", "ip_range": "10.200.0.152/29"}],
            "mtu": 1450,
            "driver_options": {"com.docker.network.bridge.name": "vxbr-12345678"},
            "allow_overlap": False,
        },
        {
            "name": "back",
            "ipam_config": [{"subnet": "10.201.0.0/28", "gateway": "10.201.0.14", "ip_range": "10.201.0.14/31"}],
            "mtu": 1400,
            "driver_options": {"com.docker.network.bridge.name": "vxbr-9999999"},
            "allow_overlap": True,
        },
    ]
    assert plan["topology"]["name"] == "emon-vxlan"
    assert plan["topology"]["vxlans"][0] == {
        "name": "vxlan-12345678",
        "vni": 12345678,
        "local": "10.0.0.119",
        "port": 14789,
        "remotes": ["10.0.0.116", "10.0.0.117"],
        "learning": True,
        "mtu": 1450,
        "mac": "mac of emon demo emon4",
        "master": "vxbr-12345678",
    }
    assert plan["group"] == MARK
    assert plan["port"] == 14789
    assert plan["hosts"] == [
        {"address": "10.200.0.2", "names": ["test1"]},
        {"address": "10.201.0.2", "names": ["store", "db"]},
        {"address": "10.200.0.9", "names": ["store"]},
    ]
    assert plan["names"] == ["test1", "store", "db"]


def test_longest_names_of_links() -> None:
    assert all(len(f"{prefix}-{engine.addresses.VNIS[-1]}") <= 15 for prefix in ("vxlan", "vxbr"))


def test_only_local_and_remotes_differ_between_sites() -> None:
    here, there = vxlan_plan.plan(LAB, "emon"), vxlan_plan.plan({**LAB, "site": "home"}, "emon")
    for plan, local, remotes in (
        (here, "10.0.0.116", ["10.0.0.117", "10.0.0.119"]),
        (there, "192.168.1.116", ["192.168.1.117", "192.168.1.119"]),
    ):
        for link in plan["topology"]["vxlans"]:
            assert (link.pop("local"), link.pop("remotes")) == (local, remotes)
    assert here == there


def test_containers_have_addresses_and_ask_their_own_host() -> None:
    found = engine.containers(LAB)
    assert [[place["ipv4_address"] for place in one["networks"]] for one in found] == [
        ["10.200.0.2"],
        ["10.200.0.3"],
        ["10.201.0.2", "10.200.0.9"],
    ]
    assert [one["dns"] for one in found] == [["10.200.0.128"], ["10.200.0.128"], ["10.201.0.14"]]
    assert engine.containers({**LAB, "containers": found}) == found


def info(index: int = 0, **given: Any) -> dict[str, Any]:
    return {
        "record": {"lab": "emon" if index else "", "engine": "vxlan" if index else ""},
        "index": index,
        "vxlan": {"links": []},
        "listening": {"tcp": [], "udp": []},
        "resolver": {"version": "2.90", "available": ""},
        "python": {"path": "/usr/bin/python3", "distributions": True},
        "python_libraries": {"pyroute2": True},
        "python_packages": {"pyroute2": []},
        **given,
    }


OURS = {"name": "vxlan-12345678", "vni": 12345678, "port": 14789, "group": str(MARK)}


@pytest.mark.parametrize(
    ("of_emon2", "expected"),
    [
        pytest.param(info(2), [], id="fit"),
        pytest.param(info(2, vxlan={"links": [OURS]}, listening={"tcp": [], "udp": [14789]}), [], id="its own VXLANs"),
        pytest.param(
            info(2, vxlan={"links": [{**OURS, "vni": 7, "group": "default"}]}, listening={"tcp": [], "udp": [14789]}),
            [],
            id="somebody else's VXLAN of another VNI",
        ),
        pytest.param(info(2, vxlan={"links": [{**OURS, "port": 4789, "group": "default"}]}), [], id="on another port"),
        pytest.param(
            info(2, vxlan={"links": [{**OURS, "name": "vx", "group": "default"}]}),
            [
                "emon2: the VXLAN vx has the VNI 12345678 on UDP port 14789, which the network demo needs: remove it"
                " (ip link delete vx)"
            ],
            id="somebody else's VXLAN of the same VNI",
        ),
        pytest.param(
            info(2, vxlan={"links": [{**OURS, "name": "vx", "vni": 0, "group": "default"}]}),
            [
                f"emon2: the VXLAN vx takes every VNI on UDP port 14789, which the network {network} needs: remove it"
                " (ip link delete vx)"
                for network in ("demo", "back")
            ],
            id="somebody else's VXLAN of every VNI",
        ),
        pytest.param(
            info(2, listening={"tcp": [], "udp": [14789]}),
            ["emon2: udp port 14789 is in use, and VXLANs need it: find its owner with ss -lunp and stop it"],
            id="the port is in use",
        ),
        pytest.param(
            info(2, listening={"tcp": [53], "udp": [53]}),
            [
                "emon2: udp and tcp port 53 is in use on all addresses, and the lab's resolver needs it on its"
                " gateways: bind its owner (ss -lunp) to addresses of its own"
            ],
            id="another resolver on all addresses",
        ),
        pytest.param(info(0, resolver={"version": "", "available": "2.90"}), [], id="dnsmasq is to be had"),
        pytest.param(
            info(0, resolver={"version": "", "available": ""}),
            ["emon2: dnsmasq is neither installed nor in this host's package sources: install it, or add a source"],
            id="no dnsmasq",
        ),
        pytest.param(
            info(0, python_libraries={"pyroute2": False}, python_packages={"pyroute2": ["python3-pyroute2"]}),
            [],
            id="pyroute2 is to be had",
        ),
        pytest.param(
            info(0, python_libraries={"pyroute2": False}),
            [
                "emon2: the Python library pyroute2 is neither installed nor in this host's package sources"
                " (python3-pyroute2): add a source, or /usr/bin/python3 -m pip install pyroute2"
            ],
            id="no pyroute2",
        ),
        pytest.param(
            info(1),
            [
                "emon and emon2 have both recorded the index 1, so their containers would share addresses: take emon2"
                " out of the lab, and let it join again"
            ],
            id="two records with one index",
        ),
    ],
)
def test_faults_of_hosts(of_emon2: dict[str, Any], expected: list[str]) -> None:
    assert engine.faults(LAB, {"emon": info(1), "emon2": of_emon2, "emon4": info(4)}, []) == expected


@pytest.mark.parametrize(
    ("infos", "expected"),
    [
        pytest.param({"emon": info(1)}, [], id="a limited run"),
        pytest.param({"emon": info(), "emon2": info(), "emon4": info()}, [], id="all are new"),
        pytest.param(
            {"emon": info(1), "emon4": info()},
            [
                "emon4 cannot join in a run without emon2: only all hosts together know which addresses are taken; run"
                " with all of them, or take those that are gone out of the lab file"
            ],
            id="a newcomer in a limited run",
        ),
    ],
)
def test_who_may_join(infos: dict[str, Any], expected: list[str]) -> None:
    assert engine.faults(LAB, infos, []) == expected


def test_an_index_without_a_slice() -> None:
    lab = deepcopy(LAB)
    lab["hosts"]["emon4"]["index"] = 5
    assert engine.faults(lab, {name: info(host["index"]) for name, host in lab["hosts"].items()}, []) == [
        "emon4: its index 5 is too large for the network back: 10.201.0.0/28 has slices for 4 hosts; take a larger"
        " subnet, or a lower index"
    ]


# -- checks ------------------------------------------------------------------------------------------------------------


UNITS = """\
Id=overlay-lab-vxlan.service
ActiveState=active
UnitFileState=enabled

Id=overlay-lab-resolver.service
ActiveState=active
UnitFileState=enabled"""


def state(host: str) -> dict[str, Any]:
    """What overlay_state returns on a host that works."""
    plan = vxlan_plan.plan(LAB, host)
    networks = []
    for network, link in zip(vxlan_plan.bridges(LAB, host), plan["topology"]["vxlans"], strict=True):
        known = {key: link[key] for key in ("name", "vni", "port", "local", "mtu", "remotes")}
        networks.append(
            {
                "name": network["name"],
                "exists": True,
                "id": f"id of {network['name']} on {host}",
                "driver": "bridge",
                "ipam": [dict(network["ipam_config"][0])],
                "vxlans": [{**known, "up": True}],
            }
        )
    return {"networks": networks, "containers": [], "forwarding": [], "boot": {"state": "active", "said": ""}}


def checks(change: Any = None, units: str = UNITS) -> list[str]:
    states = {host: state(host) for host in LAB["hosts"]}
    if change:
        change(states["emon"]["networks"][0])
    return engine.checks(LAB, states, {**dict.fromkeys(LAB["hosts"], UNITS), "emon2": units})


def link(**given: Any) -> Any:
    return lambda network: network["vxlans"][0].update(given)


AGAIN = "run playbooks/overlay.yml"
TITLE = "emon: vxlan-12345678 of the network demo"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(None, [], id="it works"),
        pytest.param(
            lambda network: network.update(exists=False),
            [f"emon: the network demo is not there: {AGAIN}"],
            id="no network",
        ),
        pytest.param(
            lambda network: network.update(driver="overlay"),
            [f"emon: the network demo is one of the driver overlay: remove it, and {AGAIN}"],
            id="another driver",
        ),
        pytest.param(
            lambda network: network["ipam"][0].update(gateway="10.200.0.1", ip_range=None),
            [
                "emon: the network demo has gateway 10.200.0.1, wanted 10.200.0.128: remove it and its containers, and"
                f" {AGAIN}",
                "emon: the network demo has ip range none, wanted 10.200.0.128/29: remove it and its containers, and"
                f" {AGAIN}",
            ],
            id="another gateway, no range",
        ),
        pytest.param(
            lambda network: network.update(
                ipam=[{"subnet": "10.9.0.0/24", "gateway": "10.200.0.128", "ip_range": "10.200.0.128/29"}]
            ),
            [
                "emon: the network demo has subnet 10.9.0.0/24, wanted 10.200.0.0/24: remove it and its containers, and"
                f" {AGAIN}"
            ],
            id="another subnet",
        ),
        pytest.param(
            lambda network: network["vxlans"].clear(),
            [f"emon: no VXLAN of VNI 12345678 is a port of vxbr-12345678, the bridge of demo: {AGAIN}"],
            id="no VXLAN",
        ),
        pytest.param(
            link(vni=7),
            [f"emon: no VXLAN of VNI 12345678 is a port of vxbr-12345678, the bridge of demo: {AGAIN}"],
            id="another VNI",
        ),
        pytest.param(
            link(local="192.168.1.116", port=4789, mtu=1500, up=False),
            [
                f"{TITLE} has local 192.168.1.116, wanted 10.0.0.116: {AGAIN}",
                f"{TITLE} has port 4789, wanted 14789: {AGAIN}",
                f"{TITLE} has mtu 1500, wanted 1450: {AGAIN}",
                f"{TITLE} is down: {AGAIN}",
            ],
            id="other attributes",
        ),
        pytest.param(
            link(remotes=["10.0.0.117", "10.0.0.118"]),
            [
                f"{TITLE} does not lead to emon4 at 10.0.0.119: {AGAIN}",
                f"{TITLE} leads to 10.0.0.118, where no other host of the lab is: {AGAIN}",
            ],
            id="one missing, one too many",
        ),
    ],
)
def test_checks(change: Any, expected: list[str]) -> None:
    assert checks(change) == expected


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param(
            UNITS.replace("ActiveState=active", "ActiveState=failed", 1),
            [
                "emon2: overlay-lab-vxlan.service is failed, enabled: its VXLANs would not come back after a reboot;"
                f" see its journal, and {AGAIN}"
            ],
            id="failed",
        ),
        pytest.param(
            UNITS[: UNITS.rindex("enabled")].replace(
                "resolver.service\nActiveState=active", "resolver.service\nActiveState=inactive"
            ),
            [
                "emon2: overlay-lab-resolver.service is inactive, not there: containers on other hosts are not found by"
                f" name; see its journal, and {AGAIN}"
            ],
            id="not there",
        ),
    ],
)
def test_checks_of_units(units: str, expected: list[str]) -> None:
    assert checks(units=units) == expected


def test_a_host_that_took_no_part_is_not_judged() -> None:
    assert engine.checks(LAB, {"emon": state("emon")}, {"emon": UNITS}) == []
