# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A trace as a person reads it: one line a hop, both directions side by side, and the verdict. Pure."""

from __future__ import annotations

from typing import Any

from . import verdict as verdicts
from .plan import Plan
from .seen import BACK, FORTH, Seen
from .verdict import Verdict
from .way import Hop
from .world import CONTROLLER, OWN

_HEADINGS = ("HOP", "HOST", "IN", "INTERFACE", "REQUEST", "REPLY", "AS IT PASSES THERE")
_NUMBERS = {1: "icmp", 6: "tcp", 17: "udp", 50: "esp"}


def lines(plan: Plan, results: dict[str, dict[str, Any]], verdict: Verdict) -> list[str]:
    """The table, then notes."""
    seen = Seen(plan, results)
    rows: list[tuple[str, ...]] = [_HEADINGS]
    said: dict[str, str] = {}
    starts: dict[str, int] = {}
    for number, hop in enumerate(plan.hops):
        if hop.bridge:
            rows.append(("", _host(hop), _inside(plan, hop), hop.at.name, "|", "|", "connects its ports, is not heard"))
            continue
        request, reply = (_cell(seen, number, way, verdict, starts) for way in (FORTH, BACK))
        passes = _passes(plan, seen, number, verdict, said)
        rows.append(
            (str(verdicts.number_of(plan, number)), _host(hop), _inside(plan, hop), hop.at.name, request, reply, passes)
        )
    own = [host for host in results if seen.offset(host) != seen.offset(plan.sender)]
    notes = [f"Clocks differ: times on {', '.join(own)} count from the first packet there."] if own else []
    return [
        _title(plan),
        "",
        *_aligned(rows),
        *([""] if notes or verdict.notes else []),
        *notes,
        *map(_sentence, verdict.notes),
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _title(plan: Plan) -> str:
    what = {
        "icmp": "ICMP echo",
        "tcp": f"TCP SYN to port {plan.request.port}",
        "udp": f"UDP to port {plan.request.port}",
    }
    network = plan.target.network or plan.source.network
    over = f" over {network}" if network else ""
    return (
        f"{plan.source.name} ({plan.source.address}) to {plan.target.name} ({plan.target.address}){over}:"
        f" {what[plan.request.protocol]}"
    )


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
        start = starts.setdefault(seen.offset(host), packet["time"])
        return f"{(packet['time'] - start) // 1000} µs"
    tap = seen.plan.taps[number]
    silent = seen.silent.get(tap) if tap else None
    if verdict.lost == (way, number):
        return f"LOST{f', {silent}' if silent else ''}"
    return "-"


def _passes(plan: Plan, seen: Seen, number: int, verdict: Verdict, said: dict[str, str]) -> str:
    """Headers, from the outside in, where they are other than at the hop before."""
    hop = plan.hops[number]
    link = plan.world.link(hop.at) or {}
    packet = None
    if verdict.shown is not None:
        packet = seen.packet(number, FORTH, verdict.shown) or seen.packet(number, BACK, verdict.shown)
    parts = []
    if packet and packet["layers"]:
        outer = packet["layers"][0]
        swapped = packet["kind"] != "request" and not seen.packet(number, FORTH, verdict.shown or 0)
        ends = f"{outer['src']} > {outer['dst']}"
        addresses = f"{ends} ttl {outer['ttl']}" if "ttl" in outer else ends
        inner = f", VNI {packet['vni']} on UDP {packet['udp_port']}" if packet["vni"] is not None else ""
        parts.append(f"{'reply ' if swapped else ''}{addresses}{inner}")
    elif link.get("kind") == "vxlan":
        parts.append(f"VNI {link['settings'].get('vni')}")
    if hop.translated:
        parts.append(f"goes on to {hop.translated}")
    if link.get("mtu"):
        parts.append(f"mtu {link['mtu']}")
    if packet and packet["checksum_left"]:
        parts.append("checksum left to the card")
    if not link.get("up", True):
        parts.append("DOWN")
    text = ", ".join(parts)
    same = said.get("last") == text
    said["last"] = text
    return '"' if same and text else text


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = {0, 4, 5}
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
