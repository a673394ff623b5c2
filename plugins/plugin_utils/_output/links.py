# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Links, addresses and pings of namespaces, as the playbooks of chapters 1 and 2 show them. Pure."""

from __future__ import annotations

from typing import Any


def lines(namespaces: list[dict[str, Any]], probes: list[dict[str, Any]]) -> list[str]:
    """``namespaces``: what topology_info returned; ``probes``: results of reachability."""
    return [
        *(
            f"{one['netns']}: {_link(link)}"
            for one in namespaces
            for link in one["links"]
            # Every namespace has the loopback, which is of no kind.
            if one["netns"] and link["kind"]
        ),
        *(
            f"{probe['netns']} reaches {probe['to']} in {probe['rtt_ms']['avg']:.3f} ms"
            if probe["ok"]
            else f"{probe['netns']} does not reach {probe['to']}"
            for probe in probes
        ),
    ]


def _link(link: dict[str, Any]) -> str:
    shown = " ".join([link["kind"], link["name"], *link["addresses"]])
    if link.get("peer"):
        shown += f", the other end is {link['peer']['name']} in {link['peer']['netns']}"
    return f"{shown}, a port of {link['master']}" if link.get("master") else shown
