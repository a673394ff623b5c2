# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.junit import junit

PAIR = {
    "network": "demo",
    "from": "test1",
    "to": "test2",
    "by_address": True,
    "by_name": True,
    "full_mtu": True,
    "tcp": True,
}
REPORT: dict[str, Any] = {
    "faults": [],
    "pairs": [{**PAIR, "faults": []}],
    "expected": [{"from": "web", "to": "db", "port": 80, "expected": "open", "ok": True, "fault": ""}],
    "isolated": [{"from": "web", "to": "alone", "port": None, "expected": "none", "ok": True, "fault": ""}],
}


def cases(report: dict[str, Any]) -> tuple[dict[str, str], list[tuple[str, str, str | None]]]:
    suite = ElementTree.fromstring(junit("emon", report))
    found = [(one.get("classname", ""), one.get("name", ""), one.findtext("failure")) for one in suite]
    return suite.attrib, found


def test_everything_that_was_tried_is_a_case() -> None:
    head, found = cases(REPORT)
    assert head == {"name": "emon", "tests": "7", "failures": "0", "errors": "0"}
    assert found == [
        ("demo", "test1 reaches test2 by address", None),
        ("demo", "test1 reaches test2 by name", None),
        ("demo", "test1 reaches test2 at full MTU", None),
        ("demo", "test1 reaches test2 over TCP", None),
        ("expect", "web to db:80: open", None),
        ("isolation", "web does not reach alone", None),
        ("emon", "hosts and engine", None),
    ]


def test_what_xml_cannot_have_is_left_out() -> None:
    """A program's words may have colours and other control characters."""
    fault = "emon: \x1b[31mno\x1b[0m \x00name\ufffe\ud800\tin 2 lines\nhere \U0001f427"
    report = {**REPORT, "faults": [fault], "pairs": [{**PAIR, "to": "te\x07st2", "by_name": False, "faults": [fault]}]}
    _head, found = cases(report)
    told = "emon: [31mno[0m name\tin 2 lines\nhere \U0001f427"
    assert found[1] == ("demo", "test1 reaches test2 by name", told)


def test_each_fault_is_told_where_it_belongs_and_none_is_lost() -> None:
    by_name = "emon: test1 does not reach test2 by name (no <such> name)"
    report = {
        "faults": ["emon2: dockerd does not answer", by_name, "db is silent", "web reaches alone"],
        "pairs": [{**PAIR, "by_name": False, "faults": [by_name]}],
        "expected": [{**REPORT["expected"][0], "ok": False, "fault": "db is silent"}],
        "isolated": [{**REPORT["isolated"][0], "ok": False, "fault": "web reaches alone"}],
    }
    head, found = cases(report)
    assert head["failures"] == "4"
    assert [failure for *_, failure in found] == [
        None, by_name, None, None, "db is silent", "web reaches alone", "emon2: dockerd does not answer",
    ]  # fmt: skip
