# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a packet between two containers, along the links of the model: to be compared with that of page.js."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.model import UNDERLAY, Model


def between(model: Model, one: str, other: str) -> dict[str, Any]:
    """{"network", "elements": [id], "why"}: over the first network that both containers are on.

    ``one``, ``other``: ids of containers. Without a way, ``why`` says so, and the elements are those up to the gap.
    """
    first, second = _container(model, one), _container(model, other)
    shared = [
        (here, there)
        for here in first["interfaces"]
        for there in second["interfaces"]
        if here["network"] == there["network"]
    ]
    if not shared:
        return {"network": "", "elements": [], "why": f"{first['name']} and {second['name']} share no network."}
    here, there = shared[0]
    down, up = descent(model, one, here["id"]), descent(model, other, there["id"])
    common = [element for element in down if element in up]
    if common:
        turn = common[0]
        elements = [*down[: down.index(turn) + 1], *reversed(up[: up.index(turn)])]
        return {"network": here["network"], "elements": elements, "why": ""}
    gap = down if down[-1] != UNDERLAY else up
    return {
        "network": here["network"],
        "elements": gap,
        "why": f"The way of {first['name'] if gap is down else second['name']} ends here.",
    }


def descent(model: Model, container: str, interface: str) -> list[str]:
    """From a container by one of its interfaces down to the underlay, as far as it leads."""
    below: dict[str, str] = {}
    for link in model["links"]:
        below.setdefault(link["from"], link["to"])
    found = [container, interface]
    while found[-1] in below:
        found.append(below[found[-1]])
    return found


def _container(model: Model, element: str) -> dict[str, Any]:
    return next(one for host in model["hosts"] for one in host["containers"] if one["id"] == element)
