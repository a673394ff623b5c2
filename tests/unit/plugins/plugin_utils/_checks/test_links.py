# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import links

HOSTS = ("a", "b", "c")


def lab(**asked: str) -> dict[str, Any]:
    """Every link of three hosts is asked for the same."""
    return {
        "hosts": dict.fromkeys(HOSTS),
        "site": "home",
        "sites": {"home": {"mtu": 1400}},
        "links": {
            one: [{"host": other, "address": f"10.0.0.{other}", **asked} for other in HOSTS if other != one]
            for one in HOSTS
        },
    }


def states(*hosts: str) -> dict[str, dict]:
    return {host: {} for host in hosts}


def answer(**given: Any) -> dict[str, Any]:
    return {"sent": 5000, "received": 4900, "loss": 0.01, "rate": 10**7, "rtt_ms": 40.0, "error": None, **given}


def test_each_link_is_measured_from_one_side() -> None:
    asked = lab(rate="10mbit", loss="1%")
    by_host = {host: [one["to"] for one in links.measures(asked, states(*HOSTS), host)] for host in HOSTS}
    assert by_host == {"a": ["10.0.0.b"], "b": ["10.0.0.c"], "c": ["10.0.0.a"]}
    assert links.measures(asked, states("a", "b"), "c") == []
    assert links.measures(asked, states("a"), "a") == []
    assert links.measures(asked, states(*HOSTS), "a") == [
        {"to": "10.0.0.b", "count": 5000, "timeout": 1.0, "rate": 10**7, "mtu": 1400}
    ]


@pytest.mark.parametrize(
    ("given", "count"),
    [({"loss": "0.1%"}, 5000), ({"loss": "10%"}, 500), ({"delay": "1ms"}, 100), ({"loss": "50%"}, 100)],
)
def test_a_small_loss_takes_many_packets(given: dict[str, str], count: int) -> None:
    assert links.measures(lab(**given), states(*HOSTS), "a")[0]["count"] == count


@pytest.mark.parametrize(
    ("asked", "found", "faults"),
    [
        ({"loss": "1%", "rate": "10mbit", "delay": "20ms"}, {}, []),
        ({"loss": "1%"}, {"loss": 0.0135}, []),
        ({"loss": "1%"}, {"loss": 0.0}, ["the link between a and b loses 0%, and the lab file asks for 1%"]),
        ({"loss": "1%"}, {"loss": 0.05}, ["the link between a and b loses 5%, and the lab file asks for 1%"]),
        # The network beneath may lose some of its own.
        ({"rate": "10mbit"}, {"loss": 0.02}, []),
        # Slower than asked: the network beneath, or a busy host.
        ({"loss": "1%", "rate": "20mbit"}, {}, []),
        (
            {"loss": "1%", "rate": "5mbit"},
            {},
            ["the link between a and b carries 10mbit, and the lab file asks for 5mbit"],
        ),
        ({"loss": "1%", "delay": "20ms"}, {"rtt_ms": 300.0}, []),
        (
            {"loss": "1%", "delay": "20ms"},
            {"rtt_ms": 0.2},
            [
                "the link between a and b answers within 0.2 ms, and the lab file asks for a delay of 20ms in each"
                " direction"
            ],
        ),
        (
            {"loss": "1%"},
            {"received": 0, "error": "no answer within 1 s"},
            ["the link between a and b could not be measured (no answer within 1 s)"],
        ),
    ],
)
def test_what_was_measured_is_judged(asked: dict[str, str], found: dict[str, Any], faults: list[str]) -> None:
    (row,) = links.rows(lab(**asked), states("a", "b"), {"a": [answer(**found)]})
    assert [line.removesuffix(": run playbooks/overlay.yml") for line in row["faults"]] == faults


def test_the_table_has_what_was_asked_beside_what_was_measured() -> None:
    measured = {"a": [answer(loss=0.0093, rate=9_870_000)]}
    asked = lab(loss="1%", rate="10mbit", delay="20ms", jitter="2ms")
    assert links.table(links.rows(asked, states("a", "b"), measured)) == [
        ("LINK", "WHAT", "ASKED", "MEASURED"),
        ("a - b", "rate", "10mbit", "9.87mbit"),
        ("a - b", "delay", "20ms", "20ms"),
        ("a - b", "jitter", "2ms", "-"),
        ("a - b", "loss", "1%", "0.93%"),
    ]
    assert links.table([]) == []


def test_what_may_be_lost_is_sent_again() -> None:
    assert links.patience(lab(), "a", "b") == (0.0, 0.0)
    assert links.patience(lab(delay="100ms", jitter="50ms"), "a", "b") == (pytest.approx(0.3), 0.0)
    assert links.patience(lab(loss="1%"), "a", "b") == (0.0, 3.0)
    assert links.patience(lab(loss="50%"), "a", "b") == (0.0, 48.0)
    assert links.patience({"hosts": {}}, "a", "b") == (0.0, 0.0)
