# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A trace as a person reads it: one line a hop, both directions side by side, and the verdict. Pure."""

from __future__ import annotations

from typing import Any

from .plan import Plan
from .seen import BACK, FORTH, Seen
from .verdict import Verdict
from .way import Hop
from .world import CONTROLLER, OWN

_HEADINGS = ("HOP", "HOST", "IN", "INTERFACE", "MTU", "REQUEST", "REPLY", "TTL", "PACKET")
_TO_THE_RIGHT = frozenset({0, 4, 5, 6, 7})
_NOT_HEARD = "a bridge: what it forwards is not heard"


def lines(plan: Plan, results: dict[str, dict[str, Any]], verdict: Verdict) -> list[str]:
    """The table, then notes."""
    seen = Seen(plan, results)
    rows: list[tuple[str, ...]] = [_HEADINGS]
    starts: dict[str, int] = {}
    before = ""
    for number, hop in enumerate(plan.hops):
        link = plan.world.link(hop.at) or {}
        place = (_host(hop), _inside(plan, hop), hop.at.name, str(link.get("mtu", "")))
        if hop.bridge:
            rows.append(("", *place, "", "", "", _NOT_HEARD))
            continue
        packet = _shown(seen, number, verdict)
        text = _packet(plan, hop, packet)
        ttl = str(packet["layers"][0].get("ttl", "")) if packet else ""
        cells = [_cell(seen, number, way, verdict, starts) for way in (FORTH, BACK)]
        rows.append((str(plan.number(number)), *place, *cells, ttl, "" if text == before else text))
        before = text
    notes = [_sentence(one) for one in (*_clocks(seen), *_checksums(seen, verdict), *verdict.notes)]
    return [title(plan), "", *_aligned(rows), *([""] if notes else []), *notes]


def places(plan: Plan, results: dict[str, dict[str, Any]], verdict: Verdict) -> list[dict[str, Any]]:
    """The same for programs: each hop's number, None for a bridge, where it is, and the cells of both directions."""
    seen = Seen(plan, results)
    starts: dict[str, int] = {}
    found = []
    for number, hop in enumerate(plan.hops):
        cells = ["", ""] if hop.bridge else [_cell(seen, number, way, verdict, starts) for way in (FORTH, BACK)]
        found.append(
            {
                "number": None if hop.bridge else plan.number(number),
                "inside": _inside(plan, hop),
                "request": cells[0],
                "reply": cells[1],
            }
        )
    return found


def title(plan: Plan) -> str:
    """Who sends what to whom."""
    what = {
        "icmp": "ICMP echo",
        "tcp": f"TCP SYN to port {plan.request.port}",
        "udp": f"UDP to port {plan.request.port}",
    }
    over = f" over {plan.target.network}" if plan.target.network and plan.target.network == plan.source.network else ""
    return (
        f"{plan.source.name} ({plan.source.address}) to {plan.target.name} ({plan.target.address}){over}:"
        f" {what[plan.request.protocol]}"
    )


def _clocks(seen: Seen) -> list[str]:
    others = [host for host in seen.results if seen.clock(host) != seen.clock(seen.plan.sender)]
    return (
        [f"each host has a clock of its own: on {', '.join(others)}, times count from the first packet"]
        if others
        else []
    )


def _checksums(seen: Seen, verdict: Verdict) -> list[str]:
    left = [
        str(seen.plan.number(number))
        for number in range(len(seen.plan.hops))
        if (packet := _shown(seen, number, verdict)) and packet["checksum_left"]
    ]
    return (
        [f"at {'hop' if len(left) == 1 else 'hops'} {', '.join(left)}, the checksum is left to the network card"]
        if left
        else []
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _host(hop: Hop) -> str:
    return "-" if hop.at.space.host == CONTROLLER else hop.at.space.host


def _inside(plan: Plan, hop: Hop) -> str:
    return "host" if hop.at.space.netns == OWN else plan.names.get(hop.at.space, hop.at.space.netns)


def _cell(seen: Seen, number: int, way: str, verdict: Verdict, starts: dict[str, int]) -> str:
    """When a hop saw the packet, in microseconds since the first hop; or why it did not."""
    if verdict.shown is None or not seen.heard(number):
        return "?"
    packet = seen.packet(number, way, verdict.shown)
    if packet:
        host = seen.plan.hops[number].at.space.host
        start = starts.setdefault(seen.clock(host), packet["time"])
        return f"{(packet['time'] - start) // 1000} µs"
    return "LOST" if verdict.lost == (way, number) else "-"


def _shown(seen: Seen, number: int, verdict: Verdict) -> dict[str, Any] | None:
    """The packet that a line shows: the request, or the reply where only that was seen."""
    if verdict.shown is None:
        return None
    return seen.packet(number, FORTH, verdict.shown) or seen.packet(number, BACK, verdict.shown)


def _packet(plan: Plan, hop: Hop, packet: dict[str, Any] | None) -> str:
    """Its addresses, the outer ones first, and what happens to it there."""
    parts = []
    if packet and packet["layers"]:
        outer, *inner = packet["layers"]
        parts.append(f"{outer['src']} > {outer['dst']}")
        if packet["vni"] is not None and inner:
            parts[0] += f", UDP {packet['udp_port']}, VNI {packet['vni']} ({inner[0]['src']} > {inner[0]['dst']})"
        if packet["kind"] == "esp":
            parts[0] += ", ESP"
        if packet["kind"] == "error":
            parts.append(packet["said"])
    link = plan.world.link(hop.at) or {}
    if link.get("kind") == "vxlan":
        parts.append(f"VNI {link['settings'].get('vni')}")
    if hop.translated:
        parts.append(f"goes on to {hop.translated}")
    if not link.get("up", True):
        parts.append("the link is down")
    return ", ".join(parts)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in _TO_THE_RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
