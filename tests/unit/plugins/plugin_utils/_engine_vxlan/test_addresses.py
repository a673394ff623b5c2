# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan import addresses
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.shares import Shares


@pytest.mark.parametrize(
    ("subnet", "room", "slices", "first", "last"),
    [
        ("10.200.0.0/16", 32766, 256, "10.200.128.0/25", "10.200.255.128/25"),
        ("10.200.0.0/20", 2046, 256, "10.200.8.0/29", "10.200.15.248/29"),
        ("10.200.0.0/23", 254, 32, "10.200.1.0/29", "10.200.1.248/29"),
        ("10.200.0.0/24", 126, 16, "10.200.0.128/29", "10.200.0.248/29"),
        ("10.200.0.0/25", 62, 16, "10.200.0.64/30", "10.200.0.124/30"),
        ("10.200.0.0/26", 30, 16, "10.200.0.32/31", "10.200.0.62/31"),
        ("10.200.0.0/27", 14, 8, "10.200.0.16/31", "10.200.0.30/31"),
        ("10.200.0.0/28", 6, 4, "10.200.0.8/31", "10.200.0.14/31"),
        ("10.200.0.0/29", 2, 2, "10.200.0.4/31", "10.200.0.6/31"),
    ],
)
def test_shares(subnet: str, room: int, slices: int, first: str, last: str) -> None:
    shares = Shares(IPv4Network(subnet))
    assert (shares.room, shares.slices) == (room, slices)
    assert (str(shares.slice(1)), str(shares.slice(slices))) == (first, last)
    assert shares.gateway(1) == IPv4Network(first)[0]
    # The slices are the upper half, without overlap and without a gap.
    assert sum(shares.slice(index).num_addresses for index in range(1, slices + 1)) == shares.upper.num_addresses
    assert len({shares.slice(index) for index in range(1, slices + 1)}) == slices
    assert len(list(shares.free([]))) == room


def network(name: str, subnet: str) -> dict[str, Any]:
    return {"name": name, "subnet": subnet}


def container(name: str, *places: tuple[str, str]) -> dict[str, Any]:
    return {"name": name, "networks": [{"name": place, "ipv4_address": address} for place, address in places]}


def test_containers_are_placed_in_the_order_of_the_file() -> None:
    networks = [network("demo", "10.200.0.0/24"), network("back", "10.201.0.0/29")]
    containers = [
        container("test1", ("demo", "")),
        container("test2", ("demo", ""), ("back", "10.201.0.2")),
        container("test3", ("demo", "10.200.0.4"), ("back", "")),
        container("test4", ("demo", "")),
    ]
    placed = addresses.placed(networks, containers)
    assert [[place["ipv4_address"] for place in one["networks"]] for one in placed] == [
        ["10.200.0.2"],
        ["10.200.0.3", "10.201.0.2"],
        ["10.200.0.4", "10.201.0.3"],
        ["10.200.0.5"],
    ]
    assert addresses.placed(networks, placed) == placed
    assert containers[0]["networks"][0]["ipv4_address"] == ""  # what came in is not changed


def test_vnis_do_not_depend_on_other_networks() -> None:
    demo, back = {"name": "demo"}, {"name": "back"}
    found = addresses.vnis("emon", [demo, back])
    assert addresses.vnis("emon", [back, demo]) == found
    assert addresses.vnis("emon", [demo]) == {"demo": found["demo"]}
    assert addresses.vnis("other", [demo]) != {"demo": found["demo"]}
    assert set(found.values()) <= set(addresses.VNIS)


def test_vnis_that_come_out_the_same_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses.zlib, "crc32", lambda _: len(addresses.VNIS) - 1)
    assert addresses.vnis("emon", [{"name": "demo"}, {"name": "back"}]) == {"demo": 0xFFFFFF, "back": 0x800000}


def test_macs_are_unicast_and_differ() -> None:
    macs = {addresses.mac("emon", network, host) for network in ("demo", "back") for host in ("emon", "emon2")}
    assert len(macs) == 4
    assert all(mac.startswith("02:") for mac in macs)


def test_free_leaves_out_what_is_taken() -> None:
    free = Shares(IPv4Network("10.200.0.0/29")).free([IPv4Address("10.200.0.2")])
    assert [str(address) for address in free] == ["10.200.0.3"]
