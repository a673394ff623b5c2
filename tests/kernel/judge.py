# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the options of a topology with what iproute2 sees."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import Any

from . import iproute2


def whole_state() -> Any:
    return sorted(iproute2.namespaces()), iproute2.links(""), iproute2.routes("")


def differing(wanted: dict[str, Any]) -> list[str]:
    """What iproute2 sees otherwise than it was asked for."""
    faults: list[str] = []
    places = sorted({item["name"] for item in wanted["namespaces"]})
    if iproute2.namespaces() != set(places):
        faults.append(f"namespaces {iproute2.namespaces()} instead of {places}")
    seen = {place: iproute2.links(place) for place in [*places, ""]}
    names: dict[str, set[str]] = {place: {"lo"} for place in seen}
    for kind in ("bridge", "veth", "vxlan", "macvlan"):
        for item in wanted[f"{kind}s"]:
            for end in [item, item["peer"]] if kind == "veth" else [item]:
                place = end["netns"] or ""
                names[place].add(end["name"])
                faults += _link_faults(kind, end, seen[place].get(end["name"]))
        if kind == "veth":
            faults += [fault for item in wanted["veths"] for fault in _peer_faults(item, seen)]
    for place, expected in names.items():
        if set(seen[place]) != expected:
            faults.append(f"links {sorted(seen[place])} in {place!r} instead of {sorted(expected)}")
        if not seen[place]["lo"]["up"]:
            faults.append(f"lo in {place!r} is down")
    for place in seen:
        faults += _route_faults(place, wanted["routes"])
    return faults


def _link_faults(kind: str, asked: dict[str, Any], seen: dict[str, Any] | None) -> list[str]:
    title = f"{kind} {asked['name']} in {asked['netns']!r}"
    if seen is None:
        return [f"{title} is missing"]
    expected = {
        name: asked.get(name) for name in ("mtu", "mac", "up", "stp", "vni", "port", "local", "learning", "mode")
    }
    expected["kind"] = kind
    for option in ("addresses", "remotes"):
        if asked.get(option) is not None:
            expected[option] = set(asked[option])
    if asked.get("addresses"):
        expected["addresses"] = {str(ip_interface(address)) for address in asked["addresses"]}
    faults = [
        f"{title}: {name} is {seen[name]!r} instead of {value!r}"
        for name, value in expected.items()
        if value is not None and seen[name] != value
    ]
    if asked.get("master") is not None and seen["master"] != (asked["master"] or None):
        faults.append(f"{title}: master is {seen['master']!r} instead of {asked['master']!r}")
    return faults


def _peer_faults(item: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    peer = item["peer"]
    one = seen[item["netns"] or ""].get(item["name"])
    other = seen[peer["netns"] or ""].get(peer["name"])
    if one and other and (one["below"] != other["index"] or other["below"] != one["index"]):
        return [f"veth {item['name']} in {item['netns']!r} and {peer['name']} in {peer['netns']!r} are not peers"]
    return []


def _route_faults(place: str, asked: list[dict[str, Any]]) -> list[str]:
    seen = iproute2.routes(place)
    expected = []
    for route in asked:
        if (route["netns"] or "") == place:
            default = "::/0" if ":" in route["via"] else "0.0.0.0/0"
            to = default if route["to"] == "default" else route["to"]
            expected.append((to, str(ip_address(route["via"])), route["dev"]))
    faults = [
        f"route {to} via {via} dev {dev} in {place!r} is missing"
        for to, via, dev in expected
        if not any(one[:2] == (to, via) and dev in (None, one[2]) for one in seen)
    ]
    extra = len(seen) - len(expected)
    return faults + ([f"{extra} routes in {place!r} more than asked for: {seen}"] if extra > 0 else [])
