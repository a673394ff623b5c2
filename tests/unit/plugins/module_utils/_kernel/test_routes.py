# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.routes import (
    Route,
    has_default_route,
    parse_addresses4,
    parse_addresses6,
    read_addresses,
    read_link_local,
    read_routes,
)

# Taken from a host with eth0 10.99.0.1/24, docker0 172.17.0.1/16 and a default route.
ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\tFE00630A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ROUTE6 = """fd000001000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
"""  # noqa: E501
TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.99.0.0
        /24 link UNICAST
     |-- 10.99.0.1
        /32 host LOCAL
     |-- 10.99.0.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
Local:
     |-- 10.99.0.1
        /32 host LOCAL
"""
INET6 = """00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000042acfffe110002 02 40 20 80     eth0
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, text in {"route": ROUTE, "ipv6_route": ROUTE6, "fib_trie": TRIE, "if_inet6": INET6}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_routes_to_particular_subnets_are_read(proc: Path) -> None:
    assert read_routes(proc) == [
        Route(ip_network("10.99.0.0/24"), "eth0"),
        Route(ip_network("172.17.0.0/16"), "docker0"),
        Route(ip_network("fd00:1::/64"), "eth0"),
    ]


def test_the_halves_by_which_a_vpn_leads_everywhere_are_no_segment(tmp_path: Path) -> None:
    heading = ROUTE.splitlines()[0]
    halves = "tun0\t00000000\t0\t0001\t0\t0\t0\t00000080\t0\t0\t0\ntun0\t00000080\t0\t0001\t0\t0\t0\t00000080\t0\t0\t0"
    (tmp_path / "route").write_text(f"{heading}\n{halves}\n")
    assert read_routes(tmp_path) == []


def test_the_way_out_is_found_and_the_unreachable_one_is_none(proc: Path) -> None:
    assert has_default_route(proc)
    (proc / "route").write_text(ROUTE.splitlines()[0] + "\n")
    assert not has_default_route(proc)


def test_addresses_are_those_of_links_that_lead_somewhere(proc: Path) -> None:
    assert read_addresses(proc) == [ip_address("10.99.0.1")]
    assert parse_addresses4(TRIE) == [ip_address("10.99.0.1"), ip_address("127.0.0.1")]
    assert parse_addresses6(INET6)[1] == ip_address("fe80::42:acff:fe11:2")


def test_link_local_addresses_are_named_with_their_links(proc: Path) -> None:
    assert read_link_local(proc) == {"fe80::42:acff:fe11:2": "eth0"}


def test_a_kernel_without_ipv6_has_no_such_tables(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTE)
    assert [route.device for route in read_routes(tmp_path)] == ["eth0", "docker0"]
    assert read_link_local(tmp_path) == {}
