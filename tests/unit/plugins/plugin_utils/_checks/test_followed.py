# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packet that is followed where a verification fails."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import followed

LAB: dict[str, Any] = {
    "hosts": {"emon": {}, "emon2": {}},
    "containers": [
        {"name": "web", "host": "emon", "networks": [{"name": "front"}, {"name": "back"}]},
        {"name": "db", "host": "emon2", "networks": [{"name": "back", "aliases": ["database"]}]},
    ],
}
SOUND = dict.fromkeys(("by_address", "by_name", "full_mtu", "tcp"), True)


def pair(source: str, target: str, *failed: str, network: str = "back") -> dict[str, Any]:
    return {"from": source, "to": target, "network": network, **SOUND, **dict.fromkeys(failed, False)}


def expected(to: str, found: str, wanted: str = "open", port: int | None = 5432) -> dict[str, Any]:
    row = {"from": "web", "to": to, "port": port, "expected": wanted, "found": found}
    return {**row, "ok": wanted == found}


def asked(source: str, target: str, port: str = "", network: str = "back") -> dict[str, str]:
    return {"from": source, "to": target, "port": port, "network": network}


@pytest.mark.parametrize(
    ("pairs", "rows", "question"),
    [
        pytest.param([pair("web", "db")], [expected("db", "open")], {}, id="all is well"),
        pytest.param(
            [pair("web", "db", "by_name"), pair("db", "web", "by_address")], [], asked("db", "web"), id="address first"
        ),
        pytest.param([pair("web", "db", "by_name")], [], asked("web", "db"), id="by name"),
        pytest.param([pair("web", "db", "tcp"), pair("db", "web", "full_mtu")], [], asked("db", "web"), id="full size"),
        pytest.param([pair("web", "db", "tcp")], [], asked("web", "db", "61007"), id="TCP"),
        pytest.param(
            [pair("web", "db", "by_address", network="front"), pair("web", "db", "by_address")],
            [],
            asked("web", "db", network="front"),
            id="over the network where it failed",
        ),
        pytest.param([], [expected("db", "none")], asked("web", "db", "5432", ""), id="expected, and no answer"),
        pytest.param([], [expected("db", "refused")], asked("web", "db", "5432", ""), id="expected, and refused"),
        pytest.param(
            [], [expected("db", "none", "refused")], asked("web", "db", "5432", ""), id="a refusal, and no answer"
        ),
        pytest.param([], [expected("db", "unknown", port=None)], asked("web", "db", "", ""), id="an unknown name"),
        pytest.param([], [expected("database", "none")], asked("web", "db", "5432", ""), id="an alias"),
        pytest.param([], [expected("10.0.0.9", "none")], asked("web", "10.0.0.9", "5432", ""), id="an address"),
        pytest.param(
            [],
            [expected("example.org", "none"), expected("emon2", "none")],
            asked("web", "emon2", "5432", ""),
            id="a name outside of the lab cannot be followed, a host can",
        ),
        pytest.param([], [expected("db", "open", "none")], {}, id="it is reached, and should not be"),
        pytest.param([], [expected("db", "not probed")], {}, id="nobody asked"),
    ],
)
def test_which_packet(pairs: list[dict[str, Any]], rows: list[dict[str, Any]], question: dict[str, str]) -> None:
    assert followed.question(LAB, {"pairs": pairs, "expected": rows}, ["emon", "emon2", "localhost"]) == question


@pytest.mark.parametrize("end", ["db", "emon2"])
def test_a_host_that_failed_itself_has_told_why(end: str) -> None:
    report = {
        "pairs": [pair("db", "web", "by_name")],
        "expected": [expected(end, "none"), expected("10.0.0.9", "none")],
    }
    assert followed.question(LAB, report, ["emon", "localhost"]) == asked("web", "10.0.0.9", "5432", "")


@pytest.mark.parametrize(
    ("port", "traced", "line"),
    [
        pytest.param("", {"ok": False, "lost": {"hop": 3}}, "the verdict", id="lost"),
        pytest.param("61007", {"ok": False, "lost": {"hop": 3}}, "the verdict", id="TCP is lost"),
        pytest.param("5432", {"ok": False, "lost": None}, "the verdict", id="refused"),
        pytest.param(
            "61007",
            {"ok": False, "lost": None},
            "web sends a SYN to db, and the answer is back: what TCP loses is larger, or its checksum is wrong",
            id="the verification is over",
        ),
        pytest.param("61007", {"ok": False, "lost": None, "hops": []}, "the verdict", id="nothing was sent"),
    ],
)
def test_what_is_added(port: str, traced: dict[str, Any], line: str) -> None:
    report = {"verdict": "the verdict", "hops": [1], **traced}
    assert followed.verdict(asked("web", "db", port), report) == line
