# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How long packets take from hop to hop. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from . import asked_links
from .plan import Plan
from .seen import BACK, FORTH, Seen

# From one hop to the next it takes microseconds, and some milliseconds where the machine is busy.
_SLOW_MS = 100


def slow(plan: Plan, seen: Seen) -> str:
    """Where packets waited longest, if that is long; else ''."""
    waited, number = max(_waits(plan, seen), default=(0, 0))
    if waited < _SLOW_MS:
        return ""
    where = plan.named(number)
    why = asked_links.slow_at(plan, number)
    why = f"the lab file asks for {why}" if why else "a queue holds packets back"
    return f"slow: it takes up to {waited} ms to {where}, where microseconds are usual: {why}"


def _waits(plan: Plan, seen: Seen) -> Iterator[tuple[int, int]]:
    """(milliseconds, hop) of each packet between two hops whose hosts have one clock."""
    for sent in seen.sent:
        for way in (FORTH, BACK):
            for number in range(len(plan.hops)):
                here = seen.packet(number, way, sent.index)
                before = seen.before(way, number) if here and seen.heard(number) else None
                there = seen.packet(before, way, sent.index) if before is not None else None
                if not here or not there or before is None:
                    continue
                clocks = {seen.clock(plan.hops[one].at.space.host) for one in (number, before)}
                if len(clocks) == 1:
                    yield (here["time"] - there["time"]) // 1_000_000, number
