# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A step of a run: one task, on all hosts that it runs on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from .faults import by_text, fault_lines
from .hosts import CONTROLLER, fold

# How a host fared, in the order in which the lines of one step are printed.
CHANGED, OK, IGNORED, RESCUED, UNREACHABLE, FAILED = "changed", "ok", "ignored", "rescued", "unreachable", "failed"
OUTCOMES = (CHANGED, OK, IGNORED, RESCUED, UNREACHABLE, FAILED)
RUNNING = "running"
_WOULD_CHANGE = "would change"


@dataclass
class Step:
    """``key`` tells steps apart; ``once``: it runs once for all hosts; ``place``: where, if it is delegated, or ''."""

    name: str
    key: str = ""
    once: bool = False
    place: str = ""
    check: bool = False
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    announced: bool = False
    running: list[str] = field(default_factory=list)
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    changed_items: Counter[str] = field(default_factory=Counter)
    # By host: what failed items say; messages and differences, which several hosts may have the same.
    item_faults: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    diffs: dict[str, list[str]] = field(default_factory=dict)
    # Faults that do not end the run, so that they are told at once; results in full, where they were asked for.
    mild_faults: dict[str, list[str]] = field(default_factory=dict)
    details: dict[str, list[str]] = field(default_factory=dict)

    def add(self, host: str, outcome: str | None) -> None:
        """A host is done with the step; None where it was skipped."""
        if host in self.running:
            self.running.remove(host)
        self.ended = time.monotonic()
        if outcome is not None:
            self.outcomes.setdefault(outcome, []).append(host)

    @property
    def succeeded(self) -> bool:
        return bool(self.outcomes) and self.outcomes.keys() <= {CHANGED, OK}

    @property
    def seconds(self) -> float:
        return (self.ended if self.ended and not self.running else time.monotonic()) - self.began

    def lines(self, everyone: Collection[str], slow: float, every: bool) -> Iterator[tuple[str, str]]:
        """(outcome, line) of what is worth a line: changes, what went wrong, what took ``slow`` seconds; or of all."""
        for outcome in OUTCOMES:
            hosts = self.outcomes.get(outcome, [])
            dull = outcome == OK and not every and (self.seconds < slow or len(self.outcomes) > 1)
            if not hosts or dull:
                continue
            word = _WOULD_CHANGE if outcome == CHANGED and self.check else outcome
            items = max((self.changed_items[host] for host in hosts), default=0) if outcome == CHANGED else 0
            counted = f", {items} items" if items > 1 else ""
            yield outcome, f"{self._line(word, self._where(hosts, everyone))}{counted}"
            if outcome in (IGNORED, RESCUED):
                told = {host: self.mild_faults.get(host, []) for host in hosts}
                for text, having in by_text(told, everyone).items():
                    for line in fault_lines(text, [] if self.once else having, everyone, " " * 24):
                        yield outcome, line

    def running_line(self, everyone: Collection[str], usual: str) -> str:
        """What it is doing, on which hosts, and how long that usually takes."""
        return self._line(RUNNING, self._where(self.running, everyone)) + (f", {usual}" if usual else "")

    def diff_lines(self, everyone: Collection[str]) -> Iterator[str]:
        """Differences, below the hosts that have them where there are several."""
        for diff, hosts in by_text(self.diffs, everyone).items():
            if not self.once and len(everyone) > 1:
                yield f"{fold(hosts, everyone)}:"
            yield diff

    def shown_messages(self, everyone: Collection[str]) -> list[str]:
        return list(by_text(self.messages, everyone))

    def _line(self, word: str, where: str) -> str:
        return f"  {word:<12}{self.seconds:6.1f} s  {self.name}{f' ({where})' if where else ''}"

    def _where(self, hosts: Collection[str], everyone: Collection[str]) -> str:
        if self.once:
            return self.place
        return "" if list(everyone) == [CONTROLLER] else fold(hosts, everyone)
