# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What only one kind of link has: its settings, their numbers in the kernel, and what can change in place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any


@dataclass(frozen=True)
class Setting:
    """One attribute of a kind. ``label``: pyroute2's name, for writing; ``number``: the kernel's, for reading."""

    label: str
    number: int
    decode: Callable[[bytes], Any]
    in_place: bool = True

    def read(self, value: bytes | None) -> Any:
        return None if value is None else self.decode(value)


def _u32(value: bytes) -> int:
    return struct.unpack("=I", value)[0]


def _u8_flag(value: bytes) -> bool:
    return bool(value[0])


def _flag(value: bytes) -> bool:
    return bool(_u32(value))


def _port(value: bytes) -> int:
    return struct.unpack(">H", value)[0]


def _address(value: bytes) -> str:
    return str(ip_address(value))


MACVLAN_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
_MODE_NAMES = {number: name for name, number in MACVLAN_MODES.items()}

KINDS: dict[str, dict[str, Setting]] = {
    "bridge": {"stp": Setting("IFLA_BR_STP_STATE", 5, _flag)},
    "veth": {},
    "vxlan": {
        "vni": Setting("IFLA_VXLAN_ID", 1, _u32, in_place=False),
        "local": Setting("IFLA_VXLAN_LOCAL", 4, _address, in_place=False),
        "local6": Setting("IFLA_VXLAN_LOCAL6", 17, _address, in_place=False),
        "port": Setting("IFLA_VXLAN_PORT", 15, _port, in_place=False),
        "learning": Setting("IFLA_VXLAN_LEARNING", 7, _u8_flag),
    },
    "macvlan": {"mode": Setting("IFLA_MACVLAN_MODE", 1, lambda value: _MODE_NAMES.get(_u32(value), "source"))},
}
