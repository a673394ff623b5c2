# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Who has which address and which number with the engine vxlan. Pure: all of it follows from the lab file."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.mac import derived_from

from .shares import Shares

# The upper half of all VNIs. Docker counts from 256 or 4096, people from 1.
VNIS = range(0x800000, 0x1000000)


def shares(network: Mapping[str, Any]) -> Shares:
    """Of one of lab_networks."""
    return Shares(IPv4Network(network["subnet"]))


def placed(networks: list[dict[str, Any]], containers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``containers`` (lab_containers) with an ipv4_address in each of their networks.

    One that the file gives stays; the others follow in the order of the file.
    """
    free = {}
    for network in networks:
        given = [
            IPv4Address(place["ipv4_address"])
            for container in containers
            for place in container["networks"]
            if place["name"] == network["name"] and place["ipv4_address"]
        ]
        free[network["name"]] = shares(network).free(given)
    return [
        {
            **container,
            "networks": [
                {**place, "ipv4_address": place["ipv4_address"] or str(next(free[place["name"]]))}
                for place in container["networks"]
            ],
        }
        for container in containers
    ]


def vnis(lab: str, networks: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Network -> VNI: made of the lab's and the network's name, so that no other network changes it.

    Of two that come out the same, which is one chance in four million, the later in the file takes the next number.
    """
    found: dict[str, int] = {}
    for network in networks:
        vni = zlib.crc32(f"{lab}/{network['name']}".encode()) % len(VNIS)
        while VNIS[vni] in found.values():
            vni = (vni + 1) % len(VNIS)
        found[network["name"]] = VNIS[vni]
    return found


def mac(lab: str, network: str, host: str) -> str:
    """The MAC of a host's VXLAN in a network."""
    return derived_from(f"{lab}/{network}/{host}")
