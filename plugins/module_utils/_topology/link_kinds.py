# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What only one kind of link has: its settings, how the kernel writes them, and which can change in place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any


def _u32(value: bytes) -> int:
    return struct.unpack("=I", value)[0]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Setting:
    """One attribute of a kind. ``label``: pyroute2's name, to write it; ``number``: the kernel's, to read it."""

    label: str
    number: int
    decode: Callable[[bytes], Any]
    encode: Callable[[Any], Any] = _same
    in_place: bool = True

    def read(self, value: bytes | None) -> Any:
        return None if value is None else self.decode(value)


_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
_MODE_NAMES = {number: name for name, number in _MODES.items()}
MACVLAN_MODES = tuple(_MODES)

KINDS: dict[str, dict[str, Setting]] = {
    "bridge": {"stp": Setting("IFLA_BR_STP_STATE", 5, lambda value: bool(_u32(value)), int)},
    "veth": {},
    "vxlan": {
        "vni": Setting("IFLA_VXLAN_ID", 1, _u32, in_place=False),
        "local": Setting("IFLA_VXLAN_LOCAL", 4, lambda value: str(ip_address(value)), in_place=False),
        "local6": Setting("IFLA_VXLAN_LOCAL6", 17, lambda value: str(ip_address(value)), in_place=False),
        "port": Setting("IFLA_VXLAN_PORT", 15, lambda value: struct.unpack(">H", value)[0], in_place=False),
        "learning": Setting("IFLA_VXLAN_LEARNING", 7, lambda value: bool(value[0]), int),
    },
    "macvlan": {
        "mode": Setting("IFLA_MACVLAN_MODE", 1, lambda value: _MODE_NAMES.get(_u32(value), "source"), _MODES.get)
    },
}


def needs_recreation(kind: str, name: str, before: Any, after: Any) -> bool:
    """Whether the kernel cannot change this setting of a link that exists."""
    if kind == "macvlan":  # passthru takes its parent whole, from birth to death
        return "passthru" in (before, after)
    return not KINDS[kind][name].in_place
