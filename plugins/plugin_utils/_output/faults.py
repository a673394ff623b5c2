# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What hosts say, each text once with the hosts that have it; and the faults of a run, which are told at its end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .hosts import fold


def by_text(texts: Mapping[str, Iterable[str]], everyone: Iterable[str]) -> dict[str, list[str]]:
    """Text -> its hosts, of host -> texts: in the order of ``everyone``, not in that in which hosts answered."""
    order = list(everyone)
    found: dict[str, list[str]] = {}
    for host in sorted(texts, key=lambda host: order.index(host) if host in order else -1):
        for text in texts[host]:
            having = found.setdefault(text, [])
            if host not in having:
                having.append(host)
    return found


def fault_lines(text: str, hosts: Collection[str], everyone: Collection[str], indent: str = "  ") -> list[str]:
    """One fault: a line, and below it what a program printed."""
    first, *more = text.split("\n")
    where = f"{fold(hosts, everyone)}: " if hosts else ""
    return [f"{indent}{where}{first}", *(f"{indent}    {line}" for line in more)]


class Faults:
    """Faults by step and host."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[str]]] = {}

    def add(self, step: str, texts: Iterable[str], host: str) -> None:
        """``host``: '' where the fault is no single host's, so that the text says whom it concerns."""
        self._found.setdefault(step, {}).setdefault(host, []).extend(texts)

    def __len__(self) -> int:
        return sum(len(by_text(texts, ())) for texts in self._found.values())

    def shown(self, everyone: Collection[str]) -> list[str]:
        """The faults as lines, below the steps that failed."""
        found = []
        for step, of_hosts in self._found.items():
            found.append(f"{step}:")
            for text, hosts in by_text(of_hosts, everyone).items():
                found += fault_lines(text, [host for host in hosts if host], everyone)
        return found
