# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp, measure

GIVEN = {"to": "127.0.0.1", "count": 20, "timeout": 1.0, "rate": 0, "mtu": 1500}


def test_the_loss_of_one_direction_is_that_of_a_round_trip_less_the_way_back() -> None:
    assert measure.one_way(1000, 1000) == 0.0
    assert measure.one_way(10000, 9801) == pytest.approx(0.01)
    assert measure.one_way(100, 25) == 0.5
    assert measure.one_way(0, 0) is None


@pytest.mark.parametrize(
    ("arrived", "rate"),
    [
        ({}, None),
        ({5: 1.0}, None),
        # 1000 bytes each 10 ms are 800 kbit/s; the first three packets did not wait.
        ({0: 1.0, 1: 1.0, 2: 1.0, 3: 1.01, 4: 1.02, 5: 1.03}, 800_000),
        # Those that are missing have passed the queue before they were lost.
        ({3: 1.01, 13: 1.11}, 800_000),
    ],
)
def test_a_rate_is_told_by_when_replies_come(arrived: dict[int, float], rate: int | None) -> None:
    assert measure.rate_of(arrived, 1000, burst=3) == rate


def test_wrong_options_are_told_at_once() -> None:
    with pytest.raises(LabError) as caught:
        measure.parse([{**GIVEN, "to": "emon2"}, {**GIVEN, "count": 0, "mtu": 100}])
    assert caught.value.faults == [
        "measures[0].to: 'emon2' is not an IPv4 address",
        "measures[1].count: 0 is out of range, give 1 to 20000",
        "measures[1].mtu: 100 is out of range, give 576 to 65535",
    ]


@pytest.mark.parametrize("number", [0, 1, 255, 256, 65535])
@pytest.mark.parametrize("data", [b"", b"\xff" * 9, bytes(range(200))])
def test_a_request_gets_another_number(number: int, data: bytes) -> None:
    request = icmp.echo_request(icmp.IPV4, 0xBEEF, 0, data)
    assert icmp.renumbered(request, number) == icmp.echo_request(icmp.IPV4, 0xBEEF, number, data)
