# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the taps of a trace heard, as one file that Wireshark opens: an interface for each, named and described."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import declare

with declare("pcapng"):
    from pcapng import FileWriter
    from pcapng.blocks import EnhancedPacket, InterfaceDescription, SectionHeader

_ETHERNET = 1
# Time stamps count nanoseconds: ten to the power of minus nine.
_NANOSECONDS = b"\x09"
_WORD = 0xFFFFFFFF
_NO_LIMIT = 0
_LONGEST_TEXT = 65535

OPTIONS: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "comment": {"type": "str", "default": ""},
    "interfaces": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "packets": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "time": {"type": "int", "required": True},
                    "frame": {"type": "str", "required": True},
                    "comment": {"type": "str", "default": ""},
                },
            },
        },
    },
}


@dataclass(frozen=True)
class Packet:
    """``interface``: by its number; ``time``: nanoseconds since the epoch."""

    interface: int
    time: int
    frame: bytes
    comment: str


@dataclass(frozen=True)
class Capture:
    """The file as it is to be."""

    dest: Path
    comment: str
    interfaces: tuple[tuple[str, str], ...]  # name, description
    packets: tuple[Packet, ...]


def parse(params: dict[str, Any]) -> Capture:
    """Read the module's options. Raises LabError with every fault in them."""
    dest = Path(params["dest"])
    faults = []
    if dest.is_dir():
        faults.append(f"dest: {dest} is a directory, name a file in it")
    elif not dest.parent.is_dir():
        faults.append(f"dest: there is no directory {dest.parent}")
    packets = []
    texts = {"comment": params["comment"]}
    for number, interface in enumerate(params["interfaces"]):
        texts |= {f"interfaces[{number}].{option}": interface[option] for option in ("name", "description")}
        for index, one in enumerate(interface["packets"]):
            packet = f"interfaces[{number}].packets[{index}]"
            texts[f"{packet}.comment"] = one["comment"]
            if not 0 <= one["time"] < 1 << 64:
                faults.append(f"{packet}.time: {one['time']} is out of range, give nanoseconds since the epoch")
            try:
                frame = base64.b64decode(one["frame"], validate=True)
            except (binascii.Error, ValueError):
                faults.append(f"{packet}.frame: it is no Base64")
                continue
            packets.append(Packet(number, one["time"], frame, one["comment"]))
    faults += [
        f"{option}: it is longer than {_LONGEST_TEXT} bytes"
        for option, text in texts.items()
        if len(text.encode()) > _LONGEST_TEXT
    ]
    if faults:
        raise LabError(faults)
    interfaces = tuple((one["name"], one["description"]) for one in params["interfaces"])
    return Capture(dest, params["comment"], interfaces, tuple(sorted(packets, key=lambda one: one.time)))


def write(capture: Capture) -> None:
    """Make the file, or replace it. Raises LabError."""
    try:
        with atomic_file.written(capture.dest, 0o644) as stream:
            _write(capture, stream)
    except OSError as error:
        raise LabError(f"dest: {capture.dest} cannot be written: {reason(error)}") from error


def _write(capture: Capture, stream: IO[bytes]) -> None:
    section = SectionHeader(options={"opt_comment": capture.comment, "shb_userappl": "emon.overlay_lab"})
    interfaces = [
        section.new_member(
            InterfaceDescription,
            link_type=_ETHERNET,
            snaplen=_NO_LIMIT,
            options={"if_name": name, "if_description": description, "if_tsresol": _NANOSECONDS},
        )
        for name, description in capture.interfaces
    ]
    writer = FileWriter(stream, section)
    for packet in capture.packets:
        block = section.new_member(
            EnhancedPacket,
            interface_id=interfaces[packet.interface].interface_id,
            timestamp_high=packet.time >> 32,
            timestamp_low=packet.time & _WORD,
            packet_len=len(packet.frame),
            packet_data=packet.frame,
            options={"opt_comment": packet.comment} if packet.comment else {},
        )
        writer.write_block(block)
