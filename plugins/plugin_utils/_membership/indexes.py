# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which index each host of a lab has: its number, which it keeps when others come and go. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any


def with_indexes(hosts: Mapping[str, Any], infos: Mapping[str, Any], lab: str) -> dict[str, Any]:
    """``hosts`` (lab_hosts) with `index` as it is to be: a host that has recorded one keeps it, whatever stands in the
    file, and a newcomer takes the one that the file gives it, or where that is taken, the lowest free one.

    ``infos``: host -> what the module host_info returned there.
    """
    recorded = {name: infos[name]["index"] for name in hosts if recorded_index(infos.get(name), lab)}
    taken = set(recorded.values())
    found = {}
    for name, host in hosts.items():
        index = recorded.get(name, host["index"])
        if name not in recorded and index in taken:
            index = next(free for free in count(1) if free not in taken)
        taken.add(index)
        found[name] = {**host, "index": index}
    return found


def recorded_index(info: Mapping[str, Any] | None, lab: str) -> int:
    """The index that a host of the lab has recorded; 0 where it has none, or was not asked."""
    return info["index"] if info and info["record"]["lab"] == lab else 0
