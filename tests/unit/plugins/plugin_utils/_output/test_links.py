# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses and pings, as chapters 1 and 2 show them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import links

VETH: dict[str, Any] = {"kind": "veth", "name": "veth-test1", "addresses": [], "peer": None, "master": ""}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "test1: veth veth-test1"),
        ({"addresses": ["192.168.1.1/24", "fd00::1/64"]}, "test1: veth veth-test1 192.168.1.1/24 fd00::1/64"),
        (
            {"peer": {"name": "veth-test2", "netns": "test2"}, "master": "br0"},
            "test1: veth veth-test1, the other end is veth-test2 in test2, a port of br0",
        ),
    ],
)
def test_a_link(given: dict[str, Any], line: str) -> None:
    loopback = {**VETH, "kind": "", "name": "lo"}
    there = [{"netns": "test1", "links": [loopback, {**VETH, **given}]}, {"netns": "", "links": [VETH]}]
    assert links.lines(there, []) == [line]


def test_pings() -> None:
    probes = [
        {"netns": "test1", "to": "192.168.1.2", "ok": True, "rtt_ms": {"avg": 0.0456}},
        {"netns": "test2", "to": "192.168.1.9", "ok": False},
    ]
    assert links.lines([], probes) == [
        "test1 reaches 192.168.1.2 in 0.046 ms",
        "test2 does not reach 192.168.1.9",
    ]
