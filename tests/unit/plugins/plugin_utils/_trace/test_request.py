# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import trace
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.request import Party, parse
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace import a_lab

CHOICES = "test1, near, test2, emon, emon2, HOST:NAMESPACE"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param(
            "test1",
            "test2",
            (Party("container", "test1", "emon"), Party("container", "test2", "emon2")),
            id="containers",
        ),
        pytest.param("emon", "emon2", (Party("host", "emon", "emon"), Party("host", "emon2", "emon2")), id="hosts"),
        pytest.param(
            "emon:red", "emon2:web", (Party("place", "red", "emon"), Party("place", "web", "emon2")), id="places"
        ),
        pytest.param(
            "test1",
            "10.200.0.9",
            (Party("container", "test1", "emon"), Party("address", "10.200.0.9")),
            id="an address",
        ),
    ],
)
def test_both_ends(source: str, target: str, expected: tuple[Party, Party]) -> None:
    found, faults = parse({"from": source, "to": target, "port": ""}, a_lab.LAB)
    assert found and not faults
    assert (found.source, found.target) == expected


@pytest.mark.parametrize(
    ("port", "expected"), [("", ("icmp", None)), ("80", ("tcp", 80)), ("53/udp", ("udp", 53)), ("80/tcp", ("tcp", 80))]
)
def test_a_port(port: str, expected: tuple[str, int | None]) -> None:
    found, _faults = parse({"from": "test1", "to": "test2", "port": port}, a_lab.LAB)
    assert found and (found.protocol, found.port) == expected


@pytest.mark.parametrize(
    ("question", "faults"),
    [
        pytest.param(
            {"from": "test9", "to": "test2"},
            [f"FROM=test9: no container or host of the lab has that name; choose one of {CHOICES}"],
            id="from",
        ),
        pytest.param(
            {"from": "test1", "to": "test9"},
            [f"TO=test9: no container or host of the lab has that name; choose one of {CHOICES} or an IPv4 address"],
            id="to",
        ),
        pytest.param(
            {"from": "10.200.0.2", "to": "test1"},
            [f"FROM=10.200.0.2: no container or host of the lab has that name; choose one of {CHOICES}"],
            id="from an address",
        ),
        pytest.param(
            {"from": "test1", "to": "test1"},
            ["TO=test1: that is where the packet comes from; name another one"],
            id="the same",
        ),
        pytest.param(
            {"from": "test1", "to": "test2", "port": "http"},
            ["PORT=http: it is no port; give 1 to 65535, or one with a protocol, such as 53/udp"],
            id="port",
        ),
        pytest.param(
            {"from": "test1", "to": "test2", "network": "front"},
            ["NETWORK=front: no network of the lab has that name; choose one of demo"],
            id="network",
        ),
        pytest.param(
            {},
            [
                f"FROM: it is missing; choose one of {CHOICES}",
                f"TO: it is missing; choose one of {CHOICES} or an IPv4 address",
            ],
            id="nothing",
        ),
    ],
)
def test_wrong_input_is_one_line_each(question: dict[str, str], faults: list[str]) -> None:
    assert trace.asked(question, a_lab.LAB)["faults"] == faults


def test_what_has_to_be_read() -> None:
    asked = trace.asked({"from": "test1", "to": "test2", "port": ""}, a_lab.LAB)
    assert asked == {"faults": [], "containers": ["test1", "test2"], "resolve": {"container": "test1", "name": "test2"}}
    published = trace.asked({"from": "emon", "to": "emon2", "port": "80"}, a_lab.LAB)
    assert published == {"faults": [], "containers": ["test2"], "resolve": None}


def test_who_does_what() -> None:
    """Every host has its part, one of them sends, and the others come to it."""
    question = {"from": "test1", "to": "test2", "port": "", "mark": "00ff" * 4, "frames": False}
    plan = trace.planned(a_lab.states(), question, a_lab.LAB)
    parts = plan["parts"]
    assert plan["fault"] == ""
    assert parts.keys() == {"emon", "emon2", "localhost"}
    assert [host for host in parts if "send" in parts[host]] == ["emon"]
    assert parts["emon"]["send"] == {
        "netns": "/run/docker/netns/test1",
        "to": "10.200.0.3",
        "sizes": [84, 1450],
        "count": 6,
    }
    assert parts["emon"]["meeting"] == {"port": 49152 + 0xFF, "guests": 2}
    assert parts["emon2"]["meeting"] == {"port": 49152 + 0xFF, "address": "10.0.0.116"}
    assert parts["localhost"]["meeting"] == {"port": 49152 + 0xFF, "netns": "emon"}
    assert parts["localhost"]["taps"] == [
        {"netns": "emon-underlay", "interface": "emon"},
        {"netns": "emon-underlay", "interface": "emon2"},
    ]


def test_an_end_in_the_same_namespace_is_no_way_to_follow() -> None:
    question = {"from": "emon", "to": a_lab.HOSTS["emon"], "port": "", "mark": "00ff" * 4}
    plan = trace.planned(a_lab.states(), question, a_lab.LAB)
    assert plan["fault"] == (
        "TO=10.0.0.116: emon has that address itself, so the packet passes no interface; name another end"
    )
    assert plan["parts"] == {}


def test_an_end_that_is_not_there_sends_nothing() -> None:
    states = a_lab.states()
    del states["emon2"]
    question = {"from": "test1", "to": "test2", "port": "", "mark": "00ff" * 4}
    plan = trace.planned(states, question, a_lab.LAB)
    assert plan["fault"].startswith("emon2 does not answer")
    assert plan["parts"] == {}
    report = trace.report(states, question, a_lab.LAB, {})
    assert (report["ok"], report["table"], report["verdict"]) == (False, [], plan["fault"])


def test_a_network_that_an_end_is_not_in() -> None:
    lab = {**a_lab.LAB, "networks": [*a_lab.LAB["networks"], {"name": "back", "subnet": "10.201.0.0/24"}]}
    _found, faults = parse({"from": "test1", "to": "emon2", "network": "back"}, lab)
    assert faults == ["NETWORK=back: test1 is not in it, it is in demo"]
