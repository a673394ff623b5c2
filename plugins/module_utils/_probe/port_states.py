# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Ports, and what becomes of them where hosts probe each other's: the words of a probe's result."""

from __future__ import annotations

from dataclasses import dataclass

# What became of a peer's port.
OPEN = "open"  # its probe answered
SERVICE = "service"  # TCP: somebody answered who is no probe of this peer's
IN_USE = "in_use"  # UDP: the peer says that a service of its own has it
REFUSED = "refused"
UNREACHABLE = "unreachable"
NO_ANSWER = "no_answer"
# What became of a port of our own; or IN_USE, or UNREACHABLE where it cannot be had at all.
LISTENING = "listening"


@dataclass(frozen=True, order=True)
class Port:
    protocol: str  # tcp, udp
    number: int

    def __str__(self) -> str:
        return f"{self.protocol}/{self.number}"
