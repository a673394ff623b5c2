# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import shape
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping.shape import Shape


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, Shape()),
        ({"rate": "100mbit"}, Shape(rate=100_000_000)),
        ({"rate": "1.5gbit", "loss": "0.1%"}, Shape(rate=1_500_000_000, loss=0.001)),
        ({"delay": "20ms", "jitter": "500us"}, Shape(delay=0.02, jitter=0.0005)),
        ({"rate": None, "loss": ""}, Shape()),
        (
            {"delay": "1s", "reorder": "5%", "duplicate": "1%", "corrupt": "2%"},
            Shape(0, 1.0, 0.0, 0.0, 0.01, 0.02, 0.05),
        ),
    ],
)
def test_what_is_written_is_read(given: dict[str, str], wanted: Shape) -> None:
    faults: list[str] = []
    assert shape.read(given, faults) == wanted
    assert faults == []


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"rate": "100"}, "rate: '100' is none: write a number and kbit, mbit or gbit, such as 100mbit"),
        ({"rate": "1kbit"}, "rate: 1kbit is not between 64kbit and 10gbit"),
        ({"delay": "20"}, "delay: '20' is none: write a number and us, ms or s, such as 20ms"),
        ({"delay": "6s"}, "delay: 6s is not between 0ms and 5s"),
        ({"loss": "51%"}, "loss: 51% is not between 0% and 50%"),
        ({"loss": 1}, "loss: 1 is none: write a number and %, such as 1%"),
        ({"jitter": "1ms"}, "jitter: 1ms is more than the delay, which it is part of: give a longer delay"),
        ({"reorder": "1%"}, "reorder: packets can overtake only those that wait: give a delay as well"),
    ],
)
def test_a_wrong_value_is_one_line(given: dict[str, str], line: str) -> None:
    faults: list[str] = []
    shape.read(given, faults)
    assert faults == [line]


@pytest.mark.parametrize(
    ("given", "modules"),
    [
        (Shape(loss=0.01), {"nft_numgen": "loss"}),
        (Shape(rate=1000), {"sch_htb": "rate", "cls_u32": "rate"}),
        (Shape(jitter=0.1, delay=0.1), {"sch_htb": "delay", "cls_u32": "delay", "sch_netem": "delay"}),
        (Shape(rate=1000, corrupt=0.1), {"sch_htb": "rate", "cls_u32": "rate", "sch_netem": "corrupt"}),
    ],
)
def test_what_the_kernel_needs_for_it(given: Shape, modules: dict[str, str]) -> None:
    assert given.kernel_modules == modules


def test_two_ways_to_write_one_rate() -> None:
    assert shape.meaning("rate", "1000kbit") == shape.meaning("rate", "1mbit")
    assert shape.meaning("loss", "0%") is shape.meaning("loss", None) is None
