# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What hosts say to each other while they probe their ports: one JSON object a UDP datagram, or a line over TCP.

Over TCP the listener greets first, so nothing is sent into a service of another kind. Pure: values in, bytes out.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

# Far below any MTU, so a datagram is never fragmented.
LARGEST = 1024


@dataclass(frozen=True)
class Greeting:
    """The listener's first word over TCP."""

    lab: str
    host: str


@dataclass(frozen=True)
class Hello:
    """A probe. ``sent``: its host's clock, seconds of the epoch; ``done``: that host needs no more answers from us;
    ``busy``: ports of that host that a service has, as "udp/4789"."""

    lab: str
    host: str
    nonce: str
    sent: float
    done: bool
    busy: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """The answer to a Hello, whose nonce it bears. ``received``, ``sent``: the answering host's clock."""

    lab: str
    host: str
    nonce: str
    received: float
    sent: float
    done: bool
    busy: tuple[str, ...]


def encode(message: Greeting | Hello | Reply) -> bytes:
    return json.dumps(asdict(message), separators=(",", ":")).encode() + b"\n"


def decode_greeting(data: bytes) -> Greeting | None:
    found = _decode(data, {"lab": str, "host": str})
    return Greeting(**found) if found else None


def decode_hello(data: bytes) -> Hello | None:
    kinds = {"lab": str, "host": str, "nonce": str, "sent": float, "done": bool, "busy": list}
    found = _decode(data, kinds)
    return Hello(**{**found, "busy": tuple(found["busy"])}) if found else None


def decode_reply(data: bytes) -> Reply | None:
    kinds = {"lab": str, "host": str, "nonce": str, "received": float, "sent": float, "done": bool, "busy": list}
    found = _decode(data, kinds)
    return Reply(**{**found, "busy": tuple(found["busy"])}) if found else None


def _decode(data: bytes, kinds: dict[str, type]) -> dict[str, Any] | None:
    """The object, if it has exactly these keys with values of these types; whatever else may arrive is nothing."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.keys() != kinds.keys():
        return None
    return found if all(_is_sound(found[key], kind) for key, kind in kinds.items()) else None


def _is_sound(value: Any, kind: type) -> bool:
    """Names go into lines for a person, so they hold no control character; times are finite, to be reckoned with."""
    if not isinstance(value, kind):
        return False
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, list):
        return all(_is_sound(one, str) for one in value)
    return not isinstance(value, float) or math.isfinite(value)


@dataclass(frozen=True)
class ClockSample:
    """How far a peer's clock is ahead, in seconds, known to half the round trip (as NTP has it, RFC 5905 section 8)."""

    offset: float
    round_trip: float

    @classmethod
    def of(cls, sent: float, received: float, replied: float, arrived: float) -> ClockSample:
        """``sent`` and ``arrived`` by this host's clock, ``received`` and ``replied`` by the peer's."""
        return cls(
            offset=((received - sent) + (replied - arrived)) / 2, round_trip=(arrived - sent) - (replied - received)
        )
