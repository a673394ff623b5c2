# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp, measure

GIVEN: dict[str, Any] = {"to": "127.0.0.1", "count": 20, "timeout": 1.0, "rate": 0, "mtu": 1500}


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


def test_replies_that_wait_count_though_the_program_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of many programs may not let it run for longer than a reply may take."""
    select, monotonic, looked = measure.select.select, time.monotonic, []

    def too_soon(*arguments: Any) -> Any:
        looked.append(1)
        return ([], [], []) if len(looked) <= GIVEN["count"] else select(*arguments)

    monkeypatch.setattr(measure.select, "select", too_soon)
    monkeypatch.setattr(measure.time, "monotonic", lambda: monotonic() + 10.0 * (len(looked) >= GIVEN["count"]))
    assert measure.run([measure.Measure(**GIVEN)])[0]["loss"] == 0.0


def test_few_are_sent_before_the_first_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the neighbour's address is known, the kernel keeps some and drops the others: that is no loss of a link."""
    collect, began, sent = measure._collect, time.monotonic(), []

    def late(channel: object, ident: int, data: bytes, exchange: measure._Exchange) -> int:
        if time.monotonic() < began + 0.3:
            sent.append(len(exchange.sent))
            return -1
        return collect(channel, ident, data, exchange)  # type: ignore[arg-type]

    monkeypatch.setattr(measure, "_collect", late)
    answer = measure.run([measure.Measure(**{**GIVEN, "count": 500})])[0]
    assert max(sent) <= 64
    assert (answer["sent"], answer["received"]) == (500, 500)
