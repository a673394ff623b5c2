# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import pcapng_file

pcapng = pytest.importorskip("pcapng", reason="python-pcapng is not installed")
FRAMES = [bytes(range(60)), bytes(60)]


def options(dest: Path) -> dict[str, Any]:
    frames = [base64.b64encode(frame).decode() for frame in FRAMES]
    return {
        "dest": str(dest),
        "comment": "test1 to test2",
        "interfaces": [
            {
                "name": "1 test1 eth0",
                "description": "hop 1",
                "packets": [{"time": 1_700_000_000_000_000_002, "frame": frames[1], "comment": "packet 0, reply"}],
            },
            {
                "name": "2 demo veth0",
                "description": "hop 2",
                "packets": [{"time": 1_700_000_000_000_000_001, "frame": frames[0], "comment": ""}],
            },
        ],
    }


def test_a_reader_finds_interfaces_and_frames_in_the_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "trace.pcapng"
    pcapng_file.write(pcapng_file.parse(options(file)))
    with file.open("rb") as stream:
        section, *blocks = pcapng.FileScanner(stream)
    names = [one.options["if_name"] for one in blocks if isinstance(one, pcapng.blocks.InterfaceDescription)]
    packets = [one for one in blocks if isinstance(one, pcapng.blocks.EnhancedPacket)]
    assert section.options["opt_comment"] == "test1 to test2"
    assert names == ["1 test1 eth0", "2 demo veth0"]
    assert [(one.interface_id, one.packet_data) for one in packets] == [(1, FRAMES[0]), (0, FRAMES[1])]
    assert [(one.timestamp_high << 32) + one.timestamp_low for one in packets] == [
        1_700_000_000_000_000_001,
        1_700_000_000_000_000_002,
    ]
    assert packets[1].options["opt_comment"] == "packet 0, reply"


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    given = options(tmp_path / "nowhere/trace.pcapng")
    given["interfaces"][0]["packets"][0]["time"] = -1
    given["comment"] = given["interfaces"][0]["name"] = "x" * 65536
    given["interfaces"][1]["packets"][0] = {"time": 1 << 64, "frame": "*", "comment": ""}
    with pytest.raises(LabError) as error:
        pcapng_file.parse(given)
    assert error.value.faults == [
        f"dest: there is no directory {tmp_path}/nowhere",
        "interfaces[0].packets[0].time: -1 is out of range, give nanoseconds since the epoch",
        f"interfaces[1].packets[0].time: {1 << 64} is out of range, give nanoseconds since the epoch",
        "interfaces[1].packets[0].frame: it is no Base64",
        "comment: it is longer than 65535 bytes",
        "interfaces[0].name: it is longer than 65535 bytes",
    ]
