# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated.underlay import (
    mac_address,
    port_name,
    underlay,
)

SITES = {"home": {"subnet": "192.168.1.0/24", "mtu": 1500}, "company": {"subnet": "10.0.0.0/22", "mtu": "9000"}}
HOSTS = {
    "emon": {"addresses": {"home": "192.168.1.116", "company": "10.0.0.116"}},
    "a-host-with-a-long-name": {"addresses": {"home": "192.168.1.117", "company": "10.0.0.117"}},
}


def test_underlay() -> None:
    assert underlay("emon", {"emon": HOSTS["emon"]}, "home", SITES) == {
        "name": "emon-underlay",
        "namespaces": [{"name": "emon-underlay"}, {"name": "emon"}],
        "bridges": [{"name": "underlay", "netns": "emon-underlay", "mtu": 1500}],
        "veths": [
            {
                "name": "eth0",
                "netns": "emon",
                "addresses": ["192.168.1.116/24"],
                "mtu": 1500,
                "mac": mac_address("emon", "emon"),
                "peer": {"name": "emon", "netns": "emon-underlay", "master": "underlay", "mtu": 1500},
            }
        ],
    }


@pytest.mark.parametrize(
    ("site", "mtu", "addresses"),
    [
        ("home", 1500, ["192.168.1.116/24", "192.168.1.117/24"]),
        ("company", 9000, ["10.0.0.116/22", "10.0.0.117/22"]),
    ],
)
def test_site(site: str, mtu: int, addresses: list[str]) -> None:
    made = underlay("emon", HOSTS, site, SITES)
    assert [veth["addresses"][0] for veth in made["veths"]] == addresses
    ends: list[dict[str, Any]] = [*made["bridges"], *made["veths"], *(veth["peer"] for veth in made["veths"])]
    assert {end["mtu"] for end in ends} == {mtu}


def test_only_addresses_and_mtu_change_with_the_site() -> None:
    def shape(site: str) -> list[tuple[str, str, str]]:
        return [(one["netns"], one["mac"], one["peer"]["name"]) for one in underlay("l", HOSTS, site, SITES)["veths"]]

    assert shape("home") == shape("company")


@pytest.mark.parametrize("host", ["e", "exactly-15-long", "sixteen-long-one", "h" * 63])
def test_port_names_are_links_that_the_kernel_takes(host: str) -> None:
    name = port_name(host)
    assert len(name) <= 15
    assert (name == host) is (len(host) <= 15)


def test_long_names_that_begin_alike_have_different_ports() -> None:
    assert len({port_name(f"a-host-with-a-long-name{number}") for number in range(100)}) == 100


def test_mac_addresses_are_local_unicast_and_differ() -> None:
    macs = {mac_address(lab, host) for lab in ("emon", "four") for host in ("emon", "emon2", "emon3")}
    assert len(macs) == 6
    for mac in macs:
        octets = bytes.fromhex(mac.replace(":", ""))
        assert len(octets) == 6
        assert octets[0] & 0b11 == 0b10


def test_addresses_are_in_their_subnet() -> None:
    for veth in underlay("emon", HOSTS, "company", SITES)["veths"]:
        assert ipaddress.ip_interface(veth["addresses"][0]).network == ipaddress.ip_network("10.0.0.0/22")
