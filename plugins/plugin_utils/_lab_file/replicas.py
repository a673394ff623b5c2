# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""Which host each replica of a container is on: by rounds, each with one replica on each host."""

from __future__ import annotations

from collections.abc import Sequence


def spread(replicas: int, hosts: Sequence[str]) -> list[str]:
    """The host of each replica, the first one's first.

    No host has more than one replica more than another, and a further replica moves none. Hosts join one after the
    other, in their order: the last one takes its share. All others stay, beside a few where a host has more than two.
    """
    places = [0] * replicas
    # In the first round, each replica has a host of its own: a host beyond it gets none.
    for new in range(1, min(len(hosts), replicas)):
        # The rounds of one host less were shorter.
        for start in range(0, replicas, new + 1):
            places[start : start + new + 1] = _round(places[start : start + new + 1], new)
    return [hosts[place] for place in places]


def _round(places: list[int], new: int) -> list[int]:
    """One round with the new host. It looks at no later replica, so that there may be one or not."""
    if len(set(places)) == len(places):
        return places
    found: dict[int, None] = {}
    for place in places:
        kept = place
        if place in found:
            kept = next(host for host in (new, *range(new)) if host not in found)
        found[kept] = None
    return list(found)
