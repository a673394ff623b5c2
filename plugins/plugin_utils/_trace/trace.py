# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The two halves of a trace as filters call them: before the packets, and after. Plain data in and out."""

from __future__ import annotations

from typing import Any

from . import plan as plans
from . import request as requests
from . import table, verdict
from .causes import named
from .ends import Nowhere
from .way import Hop


def asked(question: dict[str, Any], lab: dict[str, Any]) -> dict[str, Any]:
    """{"faults": [line], "containers": names to look for, "resolve": {"container", "name"} or None}."""
    request, faults = requests.parse(question, lab)
    if request is None:
        return {"faults": faults, "containers": [], "resolve": None}
    kinds = (requests.CONTAINER, requests.PLACE)
    names = [one.name for one in (request.source, request.target) if one.kind in kinds]
    if request.port and request.target.kind == requests.HOST:
        # It may be published for one of these.
        names += [one["name"] for one in lab["containers"] if one["host"] == request.target.host]
    both = request.source.kind == request.target.kind == requests.CONTAINER
    resolve = {"container": request.source.name, "name": request.target.name} if both else None
    return {"faults": [], "containers": list(dict.fromkeys(names)), "resolve": resolve}


def planned(states: dict[str, dict[str, Any]], question: dict[str, Any], lab: dict[str, Any]) -> dict[str, Any]:
    """{"fault": why nothing is sent, or "", "parts": host -> options of packet_trace, "hops": [the way as data]}."""
    try:
        made = _plan(states, question, lab)
    except Nowhere as error:
        return {"fault": str(error), "parts": {}, "hops": []}
    frames = bool(question.get("frames"))
    return {
        "fault": "",
        "parts": plans.parts(made, question["mark"], frames),
        "hops": [_shown(one) for one in made.hops],
    }


def report(
    states: dict[str, dict[str, Any]], question: dict[str, Any], lab: dict[str, Any], results: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """{"ok": bool, "title": line, "table": [line], "verdict": line, "lost": {"direction", "hop"} or None, "hops": as of
    `planned`, each with what `table.places` says of it}.
    """
    try:
        made = _plan(states, question, lab)
    except Nowhere as error:
        return {"ok": False, "title": "", "table": [], "verdict": str(error), "lost": None, "hops": []}
    found = verdict.judge(made, results)
    lost = None
    if found.lost:
        lost = {"direction": found.lost[0], "hop": made.number(found.lost[1])}
    return {
        "ok": found.ok,
        "title": table.title(made),
        "table": table.lines(made, results, found),
        "verdict": found.line,
        "lost": lost,
        "hops": [{**_shown(hop), **place} for hop, place in zip(made.hops, table.places(made, results, found))],
    }


def capture(
    states: dict[str, dict[str, Any]], question: dict[str, Any], lab: dict[str, Any], results: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """What each hop heard, as the option ``interfaces`` of the module pcapng_file."""
    made = _plan(states, question, lab)
    found = []
    for number, hop in enumerate(made.hops):
        tap = made.taps[number]
        if tap is None:
            continue
        heard = [one for one in results.get(tap[0], {}).get("sightings", []) if one["tap"] == tap[1] and one["frame"]]
        hop_number = made.number(number)
        found.append(
            {
                "name": f"{hop_number} {made.names.get(hop.at.space) or hop.at.space.host} {hop.at.name}",
                "description": f"hop {hop_number}, {named(hop.at, made.names)}",
                "packets": [
                    {"time": one["time"], "frame": one["frame"], "comment": _comment(hop_number, one)} for one in heard
                ],
            }
        )
    return found


def _comment(hop: int, sighting: dict[str, Any]) -> str:
    """The same packet has the same words at each hop, whatever it is packed in."""
    which = f"packet {sighting['index']}, " if sighting["index"] is not None else ""
    said = f" ({sighting['said']})" if sighting["said"] else ""
    return f"{which}{sighting['kind']}{said}, hop {hop}, {'out' if sighting['outgoing'] else 'in'}"


def _plan(states: dict[str, dict[str, Any]], question: dict[str, Any], lab: dict[str, Any]) -> plans.Plan:
    request, faults = requests.parse(question, lab)
    if request is None:
        raise Nowhere("; ".join(faults))
    return plans.make(request, states, lab)


def _shown(hop: Hop) -> dict[str, Any]:
    return {
        "host": hop.at.space.host,
        "netns": hop.at.space.netns,
        "interface": hop.at.name,
        "outgoing": hop.outgoing,
        "heard": not hop.bridge,
        "vni": hop.tunnel.vni if hop.tunnel else None,
    }
