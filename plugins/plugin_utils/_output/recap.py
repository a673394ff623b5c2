# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The last lines of a run: what changed where, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .hosts import CONTROLLER

# By host, as Ansible counts: "changed", "failures", "unreachable" and others.
Counts = Mapping[str, Mapping[str, int]]


def recap(of_hosts: Counts, check: bool) -> list[str]:
    """At most two lines: how many changes on which hosts, and which hosts failed."""
    found = []
    by_number: dict[int, list[str]] = {}
    for host, counts in of_hosts.items():
        by_number.setdefault(counts["changed"], []).append(host)
    changed = [
        f"{number}{' each' if len(hosts) > 1 else ''} on {', '.join(hosts)}"
        for number, hosts in sorted(by_number.items(), reverse=True)
        if number
    ]
    if changed:
        found.append(f"{'would change' if check else 'changed'}: {'; '.join(changed)}")
    failed = [host for host, counts in of_hosts.items() if counts["failures"] and host != CONTROLLER]
    away = [host for host, counts in of_hosts.items() if counts["unreachable"] and not counts["failures"]]
    named = [f"{word}: {', '.join(hosts)}" for word, hosts in (("failed", failed), ("unreachable", away)) if hosts]
    return found + (["; ".join(named)] if named else [])


def conclusion(lab: Mapping[str, Any], of_hosts: Counts | None, faults: int, seconds: float, check: bool) -> str:
    """The last line; ``of_hosts``: None where the run did not come to its end."""
    whose = f"lab {lab['name']} at {lab['site']}: " if lab else ""
    if of_hosts is None:
        how = "ended early" + (f", {_count(faults, 'fault')}" if faults else "")
    elif any(counts["failures"] or counts["unreachable"] for counts in of_hosts.values()):
        how = f"failed: {_count(faults, 'fault')}"
    else:
        changed = sum(counts["changed"] for counts in of_hosts.values())
        done = "would change" if check else "changed"
        how = f"ok, {changed} {done}" if changed else f"ok, nothing {done}"
    return f"{whose}{how}, {seconds:.0f} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
