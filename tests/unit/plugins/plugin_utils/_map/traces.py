# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a trace reports of a packet between two containers of a map's lab."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.model import Model

Report = dict[str, Any]


def report(model: Model, lost: tuple[str, int] | None = None, simulated: bool = True) -> Report:
    """Between the first containers of the first two hosts; ``lost``: direction, and the number of a hop."""
    one, other = model["hosts"][:2]
    source, target = (host["containers"][0]["name"] for host in (one, other))
    between = [("localhost", "underlay", one["name"], True), ("localhost", "underlay", other["name"], True)]
    hops = [*_down(one), *(between if simulated else []), *_down(other)[::-1]]
    numbers = iter(range(1, len(hops) + 1))
    made = [
        {"host": host, "inside": inside, "interface": interface, "number": next(numbers) if heard else None}
        for host, inside, interface, heard in hops
    ]
    for hop in made:
        hop |= {way: _cell(hop["number"], way, lost) for way in ("request", "reply")}
    return {
        "lab": model["lab"]["name"],
        "site": model["lab"]["site"],
        "made": "15:20:00",
        "title": f"{source} to {target} over demo: ICMP echo",
        "ok": lost is None,
        "verdict": f"arrived: {source} reaches {target}"
        if lost is None
        else f"{source} does not reach {target}: lost at hop {lost[1]}",
        "hops": made,
    }


def _down(host: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    found = host["containers"][0]
    interface, part = found["interfaces"][0], host["namespaces"][0]
    inside = part["network"] if part["netns"] else "host"
    name = host["name"]
    return [
        (name, found["name"], interface["name"], True),
        (name, inside, interface["port"]["name"], True),
        (name, inside, part["bridge"]["name"], False),
        (name, inside, part["vxlan"]["name"], True),
        (name, "host", host["uplink"]["name"], True),
    ]


def _cell(number: int | None, way: str, lost: tuple[str, int] | None) -> str:
    if number is None:
        return ""
    if lost == (way, number):
        return "LOST"
    direction, at = lost or ("", 0)
    after = number > at if way == "request" else number < at
    never = (way, direction) == ("reply", "request")
    return "-" if lost and (never or (way == direction and after)) else f"{number} µs"
