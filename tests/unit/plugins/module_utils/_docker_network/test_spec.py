# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.spec import MTU_OPTION, Pool, parse


def params(**given: Any) -> dict[str, Any]:
    return {"name": "demo", "driver": "bridge", **given}


def test_the_short_form_is_one_pool() -> None:
    assert parse(params(subnet="10.200.0.0/24")).pools == (Pool("10.200.0.0/24"),)


def test_everything_is_taken_over_in_one_spelling() -> None:
    spec = parse(
        params(
            driver="overlay",
            ipam_config=[
                {
                    "subnet": "10.200.0.0/24",
                    "gateway": "10.200.0.1",
                    "ip_range": "10.200.0.128/25",
                    "aux_addresses": {"printer": "10.200.0.9"},
                },
                {"subnet": "FD00:0::/64", "gateway": None, "ip_range": None, "aux_addresses": None},
            ],
            enable_ipv6=True,
            mtu=1500,
            driver_options={"encrypted": True, "number": 3},
            labels={"lab": "emon"},
        )
    )
    assert spec.pools == (
        Pool("10.200.0.0/24", "10.200.0.1", "10.200.0.128/25", {"printer": "10.200.0.9"}),
        Pool("fd00::/64"),
    )
    assert spec.options == {"encrypted": "true", "number": "3", MTU_OPTION: "1500"}


def test_what_is_not_given_is_not_compared() -> None:
    spec = parse(params())
    assert (spec.pools, spec.options, spec.labels) == ((), {}, {})
    assert (spec.internal, spec.attachable, spec.enable_ipv6, spec.ipam_driver) == (None, None, None, None)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"name": "de mo"}, "name: 'de mo' is no Docker network name"),
        ({"name": "-demo"}, "name: '-demo' is no Docker network name"),
        ({"name": "bridge"}, "name: bridge is one of Docker's own networks"),
        ({"subnet": "10.200.0.1/24"}, "subnet: 10.200.0.1/24 is no subnet: did you mean 10.200.0.0/24?"),
        ({"subnet": "10.200.0.0"}, "subnet: 10.200.0.0 has no prefix length; write for example 10.200.0.0/24"),
        ({"subnet": "ten"}, "subnet: 'ten' is no subnet such as 10.1.0.0/24"),
        ({"subnet": "10.200.0.0/24", "ipam_config": [{"subnet": "10.201.0.0/24"}]}, "subnet: is the short form"),
        ({"ipam_config": [{"subnet": "fd00::/64"}]}, "ipam_config[0]: fd00::/64 is IPv6: set enable_ipv6 to true"),
        (
            {"ipam_config": [{"subnet": "10.1.0.0/16"}, {"subnet": "10.1.2.0/24"}]},
            "ipam_config: 10.1.2.0/24 and 10.1.0.0/16 overlap",
        ),
        (
            {"ipam_config": [{"subnet": "10.1.0.0/24", "gateway": "10.2.0.1"}]},
            "ipam_config[0].gateway: 10.2.0.1 is not inside 10.1.0.0/24",
        ),
        (
            {"ipam_config": [{"subnet": "10.1.0.0/24", "gateway": "one"}]},
            "ipam_config[0].gateway: 'one' is no IP address",
        ),
        (
            {"ipam_config": [{"subnet": "10.1.0.0/24", "ip_range": "10.2.0.0/25"}]},
            "ipam_config[0].ip_range: 10.2.0.0/25 is not inside 10.1.0.0/24",
        ),
        (
            {"ipam_config": [{"subnet": "10.1.0.0/24", "aux_addresses": {"a": "10.9.0.1"}}]},
            "ipam_config[0].aux_addresses[a]: 10.9.0.1 is not inside 10.1.0.0/24",
        ),
        ({"mtu": 67}, "mtu: 67 is not between 68 and 65535"),
        ({"mtu": 1500, "driver_options": {MTU_OPTION: "1400"}}, f"mtu: 1500 contradicts driver_options[{MTU_OPTION}]"),
    ],
)
def test_a_fault_is_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(LabError) as caught:
        parse(params(**given))
    (fault,) = caught.value.faults
    assert fault.startswith(line)
    assert "\n" not in fault


def test_all_faults_come_together() -> None:
    with pytest.raises(LabError) as caught:
        parse(params(name="none", subnet="10.200.0.1/24", mtu=1))
    assert len(caught.value.faults) == 3
