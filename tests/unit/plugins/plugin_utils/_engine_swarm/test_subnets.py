# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm.subnets import (
    address_pool,
    addresses,
    gateway_bridge,
)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "10.255.0.0/16"),
        (["10.0.0.0/24", "192.168.1.0/24", "10.200.0.0/24"], "10.255.0.0/16"),
        (["10.255.3.0/24"], "10.254.0.0/16"),
        (["10.255.3.7/32", "10.254.0.1/8"], "172.31.0.0/16"),
        (["10.0.0.0/8", "172.31.0.5/16", "172.28.0.0/14"], "172.27.0.0/16"),
        (["10.0.0.0/8", "172.16.0.0/12"], "192.168.0.0/16"),
    ],
)
def test_a_pool_overlaps_nothing(taken: list[str], expected: str) -> None:
    assert address_pool(taken) == expected


def test_where_nothing_is_free_all_is_named() -> None:
    with pytest.raises(LabError, match=r"no private /16 is free .* beside 10\.0\.0\.0/8, 172\.16\.0\.0/12, 192\.168"):
        address_pool(["10.0.0.0/8", "172.16.0.0/12", "192.168.7.0/24"])


@pytest.mark.parametrize(
    ("wanted", "taken", "expected"),
    [
        pytest.param(["10.0.0.0/24", "10.6.0.0/24"], ["172.17.0.1/16"], "", id="Docker's own choice will do"),
        pytest.param(["192.168.1.0/24"], ["172.17.0.1/16"], "172.18.0.0/16", id="a site where Docker goes last"),
        pytest.param(["172.18.5.0/24"], [], "192.168.0.0/16", id="a site where Docker would take it"),
        pytest.param(["172.18.5.0/24", "192.168.1.0/24"], [], "172.19.0.0/16", id="the first one that is free"),
        pytest.param(
            ["172.18.5.0/24", "192.168.1.0/24"], ["172.19.0.1/20"], "172.20.0.0/16", id="but for what is there"
        ),
    ],
)
def test_the_gateway_bridge(wanted: list[str], taken: list[str], expected: str) -> None:
    assert gateway_bridge(wanted, taken) == expected


def test_addresses_of_hosts_are_taken_with_their_subnets() -> None:
    found = [{"address": "10.0.0.116", "prefix": 24}, {"address": "fe80::1", "prefix": 64}]
    assert addresses({"emon": {"addresses": found}, "emon2": {"addresses": []}}) == ["10.0.0.116/24"]
