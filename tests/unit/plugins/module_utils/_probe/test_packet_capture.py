# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import packet_capture


def params(dest: Path | str, **given: Any) -> dict[str, Any]:
    defaults = {"netns": None, "container": None, "interface": "any", "filter": "", "seconds": 10.0, "count": None}
    return {**defaults, "dest": str(dest), **given}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"interface": ""}, "interface: '' is not an interface's name"),
        ({"interface": "a b"}, "interface: 'a b' is not an interface's name"),
        ({"interface": "interface-too-long"}, "interface: 'interface-too-long' is not an interface's name"),
        ({"seconds": 0.0}, "seconds: 0 is out of range, give 0.1 to 3600"),
        ({"seconds": float("inf")}, "seconds: inf is out of range, give 0.1 to 3600"),
        ({"seconds": float("nan")}, "seconds: nan is out of range, give 0.1 to 3600"),
        ({"count": 0}, "count: 0 is out of range, give at least 1"),
        ({"filter": "icmp\0"}, "filter: it has a NUL character"),
        ({"netns": "a", "container": "b"}, "container: 'b' excludes netns 'a': give only one of them"),
        ({"dest": "x.pcap"}, "dest: 'x.pcap' is not an absolute path"),
        ({"dest": "/"}, "dest: / is a directory, name a file in it"),
        ({"dest": "/no/such/x.pcap"}, "dest: there is no directory /no/such"),
    ],
)
def test_faults(tmp_path: Path, given: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError) as caught:
        packet_capture.parse({**params(tmp_path / "x.pcap"), **given})
    assert caught.value.faults == [fault]


def test_all_faults_come_together() -> None:
    with pytest.raises(LabError) as caught:
        packet_capture.parse(params("x", interface="", seconds=-1.0, count=-1))
    assert len(caught.value.faults) == 4


def test_a_capture_in_words(tmp_path: Path) -> None:
    capture = packet_capture.parse(
        params(tmp_path / "x.pcap", netns="a", interface="e0", filter=" icmp ", seconds=2.5, count=3)
    )
    assert str(capture) == (
        f"packets that match 'icmp' on interface e0 of namespace a, for 2.5 s, 3 at most, into {tmp_path}/x.pcap"
    )
    assert capture.part == tmp_path / "x.pcap.part"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("tcpdump: nope: No such device exists\n(No such device exists)\n", "nope: No such device exists"),
        (
            "tcpdump: data link type LINUX_SLL2\ntcpdump: can't parse filter expression: syntax error\n",
            "can't parse filter expression: syntax error",
        ),
        ("Segmentation fault\n", "Segmentation fault"),
        ("", "it gave no reason"),
    ],
)
def test_tcpdump_speaks_for_itself(said: str, expected: str) -> None:
    assert packet_capture._sentence(said) == expected
