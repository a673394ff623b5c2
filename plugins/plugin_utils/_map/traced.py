# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A trace on the map: its hops as elements of the picture, in the order in which the packet met them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .model import UNDERLAY, Model

# Cells: the packet should have been seen and was not; it came no further; nobody listened, as at a bridge.
_LOST, _AFTER = "LOST", "-"
_UNHEARD = frozenset({"", "?"})
_OWN = "host"
_THERE, _BACK = "request", "reply"


def traced(model: Model, report: dict[str, Any]) -> dict[str, Any]:
    """``report``: what the filter trace_report returns, with the time when it was ``made``.

    {"title", "made", "ok", "verdict", "hops": [{"name", "number", "request", "reply", "elements"}], "steps": [{"hop",
    "way", "lost"}]}: ``elements`` are those to mark, none for what the map does not draw; the steps end where it was
    lost.
    """
    places = _places(model)
    hops = [_hop(hop, places) for hop in report["hops"]]
    for one, other, following in zip(report["hops"], report["hops"][1:], hops[1:]):
        # Between real hosts, nobody listens in the underlay.
        if one["host"] != other["host"] and UNDERLAY not in (one["inside"], other["inside"]):
            following["elements"].append(UNDERLAY)
    return {
        "title": report["title"],
        "made": report["made"],
        "ok": report["ok"],
        "verdict": report["verdict"],
        "hops": hops,
        "steps": list(_steps(hops)),
    }


def _steps(hops: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    order = list(enumerate(hops))
    for way, those in ((_THERE, order), (_BACK, order[::-1])):
        passed: list[dict[str, Any]] = []
        for number, hop in those:
            cell = hop[way]
            if cell == _AFTER:
                break
            # That the packet was where nobody listened shows at the next hop.
            passed.append({"hop": number, "way": way, "lost": cell == _LOST})
            if cell not in _UNHEARD:
                yield from passed
                passed = []
            if cell == _LOST:
                return


def _hop(hop: dict[str, Any], places: dict[tuple[str, str, str], list[str]]) -> dict[str, Any]:
    inside, on = hop["inside"], hop["host"]
    if inside == UNDERLAY:
        where, elements = "in the underlay", [UNDERLAY]
    else:
        where = f"on {on}" if inside == _OWN else f"in {inside} on {on}"
        elements = places.get((on, inside, hop["interface"]), [])
    return {
        "name": f"{hop['interface']} {where}",
        "number": hop["number"],
        "request": hop["request"],
        "reply": hop["reply"],
        "elements": list(elements),
    }


def _places(model: Model) -> dict[tuple[str, str, str], list[str]]:
    """(host, container or network or ``host``, interface) -> the elements that are marked for it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for host in model["hosts"]:
        name = host["name"]
        found[name, _OWN, host["uplink"]["name"]] = [host["uplink"]["id"]]
        inside = {part["network"]: part["network"] if part["netns"] else _OWN for part in host["namespaces"]}
        for part in host["namespaces"]:
            for link in filter(None, (part["bridge"], part["vxlan"])):
                found[name, inside[part["network"]], link["name"]] = [link["id"]]
        for container in host["containers"]:
            for one in container["interfaces"]:
                found[name, container["name"], one["name"]] = [one["id"], container["id"]]
                if one["port"] and one["network"] in inside:
                    found[name, inside[one["network"]], one["port"]["name"]] = [one["port"]["id"]]
    return found
