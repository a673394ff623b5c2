# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a link may be asked to be like, and how that is written: a rate, times, shares of its packets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# As tc(8) writes them; a kbit has 1000 bits.
RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(kbit|mbit|gbit)")
TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(us|ms|s)")
SHARE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%")
RATE_RULE = "write a number and kbit, mbit or gbit, such as 100mbit"
TIME_RULE = "write a number and us, ms or s, such as 20ms"
SHARE_RULE = "write a number and %, such as 1%"
_BITS = {"kbit": 1000, "mbit": 1000**2, "gbit": 1000**3}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_LEAST_RATE, _MOST_RATE = "64kbit", "10gbit"
_LONGEST, _MOST = "5s", "50%"


@dataclass(frozen=True)
class Shape:
    """Of one direction of a link. ``rate``: bits a second, 0 for what the link has; times in seconds; shares from 0 to
    1, of the packets that are lost, sent twice, sent with a wrong bit, or sent before those that wait.
    """

    rate: int = 0
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    reorder: float = 0.0

    @property
    def emulated(self) -> bool:
        """Whether it takes netem."""
        return any((self.delay, self.jitter, self.duplicate, self.corrupt, self.reorder))

    @property
    def queued(self) -> bool:
        """Whether packets that leave wait in a queue for it."""
        return bool(self.rate or self.emulated)

    @property
    def kernel_modules(self) -> dict[str, str]:
        """Module that the kernel needs for it -> the key of the lab file that asks for it."""
        found = dict.fromkeys(("sch_htb", "cls_u32"), "rate" if self.rate else self._first()) if self.queued else {}
        if self.emulated:
            found["sch_netem"] = self._first()
        if self.loss:
            found["nft_numgen"] = "loss"
        return found

    def _first(self) -> str:
        return next((key for key in ("delay", "jitter", "duplicate", "corrupt", "reorder") if getattr(self, key)), "")


def _rate(text: str) -> int:
    number, unit = _parts(RATE, text)
    return round(float(number) * _BITS[unit])


def _time(text: str) -> float:
    number, unit = _parts(TIME, text)
    return round(float(number) * _SECONDS[unit], 9)


def _share(text: str) -> float:
    return round(float(_parts(SHARE, text)[0]) / 100, 6)


def _parts(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError
    return found.groups()


# Key -> how it is read, what has to be written, the least and the most of it.
_READERS: dict[str, tuple[Callable[[str], Any], str, str, str]] = {
    "rate": (_rate, RATE_RULE, _LEAST_RATE, _MOST_RATE),
    **dict.fromkeys(("delay", "jitter"), (_time, TIME_RULE, "0ms", _LONGEST)),
    **dict.fromkeys(("loss", "duplicate", "corrupt", "reorder"), (_share, SHARE_RULE, "0%", _MOST)),
}
KEYS = tuple(_READERS)


def meaning(key: str, text: str | None) -> Any:
    """The value of one key, by which 1000kbit and 1mbit, and 0% and nothing, are the same."""
    return _READERS[key][0](text) or None if text else None


def read(given: Mapping[str, Any], faults: list[str]) -> Shape:
    """A shape of texts by key, of which any may be missing or empty; faults are added, ``key: sentence``."""
    values: dict[str, Any] = {}
    for key, (reader, rule, least, most) in _READERS.items():
        text = given.get(key)
        if not text:
            continue
        try:
            value = reader(str(text))
        except ValueError:
            faults.append(f"{key}: {text!r} is none: {rule}")
            continue
        if not reader(least) <= value <= reader(most):
            faults.append(f"{key}: {text} is not between {least} and {most}")
        values[key] = value
    delay = values.get("delay", 0.0)
    if values.get("jitter") and values["jitter"] > delay:
        faults.append(f"jitter: {given['jitter']} is more than the delay, which it is part of: give a longer delay")
    if values.get("reorder") and not delay:
        faults.append("reorder: packets can overtake only those that wait: give a delay as well")
    return Shape(**values)
