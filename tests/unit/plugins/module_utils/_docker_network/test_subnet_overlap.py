# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.spec import NetworkSpec, Pool
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.subnet_overlap import Taken, faults

UNDERLAY = Taken(ip_network("10.0.0.0/24"), "underlay company")
HOST = Taken(ip_network("10.0.0.117/32"), "host emon2")
ROUTE = Taken(ip_network("10.0.0.0/24"), "the host's route on eth0", "eth0")
DOCKER0 = Taken(ip_network("172.17.0.0/16"), "network bridge", segment=False)
IPV6 = Taken(ip_network("fd00::/64"), "underlay six")
EVERYTHING = (UNDERLAY, HOST, ROUTE, DOCKER0, IPV6)


def network(driver: str, subnet: str, ip_range: str | None = None, parent: str = "") -> NetworkSpec:
    return NetworkSpec("demo", driver, (Pool(subnet, ip_range=ip_range),), options={"parent": parent} if parent else {})


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (network("overlay", "10.200.0.0/24"), []),
        (network("overlay", "10.0.0.0/24"), ["underlay company", "host emon2", "the host's route on eth0"]),
        (network("bridge", "10.0.0.0/8"), ["underlay company", "host emon2", "the host's route on eth0"]),
        (network("bridge", "10.0.0.64/26"), ["host emon2", "underlay company", "the host's route on eth0"]),
        (network("bridge", "172.17.9.0/24"), ["network bridge"]),
        (network("bridge", "fd00::/80"), ["underlay six"]),
        (NetworkSpec("demo"), []),
    ],
)
def test_both_sides_of_an_overlap_are_named(spec: NetworkSpec, named: list[str]) -> None:
    found = faults(spec, EVERYTHING)
    assert sorted(line.split(" of ")[1].split(":")[0] for line in found) == sorted(named)
    assert all(f"network demo: subnet {spec.pools[0].subnet} overlaps" in line for line in found)


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
@pytest.mark.parametrize(
    ("subnet", "ip_range", "parent", "lines"),
    [
        ("10.0.0.0/24", None, "eth0", ["shares 10.0.0.0/24 with underlay company: give it an ip_range"]),
        ("10.0.0.0/24", "10.0.0.192/26", "eth0", []),
        ("10.0.0.0/24", "10.0.0.64/26", "eth0", ["ip_range 10.0.0.64/26 overlaps 10.0.0.117/32 of host emon2"]),
        ("10.0.0.0/24", "10.0.0.8/29", "eth0", ["ip_range 10.0.0.8/29 holds 10.0.0.9, an address of this host"]),
        ("10.0.0.0/24", "10.0.0.192/26", "eth1", ["overlaps 10.0.0.0/24 of the host's route on eth0"]),
        ("172.17.0.0/16", "172.17.9.0/24", "eth0", ["overlaps 172.17.0.0/16 of network bridge"]),
        ("10.7.0.0/24", None, "eth0", []),
    ],
)
def test_a_network_on_its_parent_shares_the_segment_but_no_address(
    driver: str, subnet: str, ip_range: str | None, parent: str, lines: list[str]
) -> None:
    found = faults(network(driver, subnet, ip_range, parent), EVERYTHING, [ip_address("10.0.0.9")])
    assert len(found) == len(lines)
    assert all(line in fault for line, fault in zip(lines, found, strict=True))
