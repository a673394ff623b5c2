# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What containers reach beside their networks: what the lab file expects, and nobody with whom they share no network.

``lab`` and ``states`` are those of verification.py. A question is one probe. Containers that do not run are asked
nothing: verification names them anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.model import NONE, OPEN, REFUSED

# Seconds for an answer. Silence costs all of it, and packets of a container nearby take no hundredth.
_ANSWER_SECONDS = 5.0
_SILENCE_SECONDS = 1.0
_REFUSAL = "refused"
_UNKNOWN, _NOT_PROBED = "unknown", "not probed"
# Of a host that answered for none of its probes.
_UNASKED: dict[str, Any] = {"ok": False, "sent": 0, "unknown_name": False, "error": "the host gave no answers"}


@dataclass(frozen=True)
class Question:
    """``place``: where the lab file has it, '' for containers that share no network."""

    host: str
    source: str
    to: str
    target: str
    port: int | None
    result: str
    within: int
    place: str


def questions(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[Question]:
    """Those of one host's containers: what is expected, in the order of the lab file, then who is isolated."""
    running = {one["name"] for one in states.get(host, {}).get("containers", ()) if one["running"]}
    expected = [
        Question(host, one["from"], one["to"], one["to"], one["port"], one["result"], one["within"], f"expect[{index}]")
        for index, one in enumerate(lab.get("expect") or ())
        if one["from"] in running
    ]
    # Who answers at such an address may be a machine outside of the lab.
    outside = {one["name"] for one in lab["networks"] if one.get("allow_overlap") or one.get("allow_public")}
    return expected + [
        Question(host, source["name"], place["address"], target["name"], None, NONE, 0, "")
        for source in lab["containers"]
        if source["name"] in running
        for state in states.values()
        for target in state["containers"]
        if target["name"] != source["name"] and target["running"] and not _share(lab, source, target["name"])
        for place in target["networks"]
        if place["address"] and place["name"] not in outside
    ]


def _share(lab: dict[str, Any], source: dict[str, Any], target: str) -> bool:
    networks = {place["name"] for place in source["networks"]}
    return any(
        place["name"] in networks for one in lab["containers"] if one["name"] == target for place in one["networks"]
    )


def probe(question: Question) -> dict[str, Any]:
    """Options of the module reachability for a question."""
    timeout = _SILENCE_SECONDS if question.result == NONE else _ANSWER_SECONDS
    options = {"container": question.source, "to": question.to, "count": 1, "timeout": timeout}
    if question.within:
        options |= {"within": float(question.within), "interval": 0.5}
    return options | ({} if question.port is None else {"protocol": "tcp", "port": question.port})


def row(lab: dict[str, Any], question: Question, answer: dict[str, Any] | None) -> dict[str, Any]:
    """{"from", "to", "port", "expected", "found", "ok", "fault"}; ``found`` may be `unknown` as well, for a name, or
    `not probed`.
    """
    answer = _UNASKED if answer is None else answer
    found = _found(answer)
    unknown_is_none = found == _UNKNOWN and question.result == NONE and question.to in _names(lab)
    ok = found == question.result or unknown_is_none
    return {
        "from": question.source,
        "to": question.target,
        "port": question.port,
        "expected": question.result,
        "found": found,
        "ok": ok,
        "fault": "" if ok else _fault(question, found, answer["error"]),
    }


def _found(answer: dict[str, Any]) -> str:
    if answer["ok"]:
        return OPEN
    if answer["unknown_name"]:
        return _UNKNOWN
    if not answer["sent"]:
        return _NOT_PROBED
    return REFUSED if refused(answer) else NONE


def refused(answer: dict[str, Any]) -> bool:
    """Whether the target itself refused a connection, and not dockerd to tell of the place that asked."""
    return bool(answer["sent"]) and _REFUSAL in (answer["error"] or "")


def _names(lab: dict[str, Any]) -> set[str]:
    """Containers of the lab and their aliases: names that Docker tells only to those who share a network with them."""
    return {one["name"] for one in lab["containers"]} | {
        alias for one in lab["containers"] for place in one["networks"] for alias in place.get("aliases", ())
    }


def _fault(question: Question, found: str, error: str | None) -> str:
    where = f"{question.host}: {question.source}"
    target = question.to if question.port is None else f"{question.to}:{question.port}"
    if found == _NOT_PROBED:
        what = target if question.place else f"{question.target} at {question.to}"
        wanted = f": {question.place} of the lab file expects {question.result}" if question.place else ""
        return f"{where} could not try {what} ({error}){wanted}"
    if not question.place:
        shares = "with which it shares no network: look for a route between them"
        return f"{where} reaches {question.target} at {question.to}, {shares}"
    wanted = f"{question.place} of the lab file expects {question.result}"
    if found == OPEN:
        return f"{where} reaches {target}: {wanted}"
    if found == REFUSED:
        return f"{where} is refused at {target}: {wanted}; does a program listen there?"
    waited = f" within {question.within} s" if question.within else ""
    return f"{where} gets no answer from {target}{waited} ({error}): {wanted}"


def isolation(rows: list[dict[str, Any]]) -> str:
    """What was found of containers that share no network, in one line."""
    untried = sum(row["found"] == _NOT_PROBED for row in rows)
    reached = sum(not row["ok"] for row in rows) - untried
    told = [
        f"{len(rows) - untried} tried",
        f"{reached} REACHED" if reached else "none reached",
        *([f"{untried} NOT PROBED"] if untried else []),
    ]
    return f"Addresses of containers with which no network is shared: {', '.join(told)}."


def table(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The cells of what the lab file expects, head first; [] if it expects nothing."""
    cells = [
        (
            one["from"],
            one["to"] if one["port"] is None else f"{one['to']}:{one['port']}",
            one["expected"],
            one["found"] if one["ok"] else one["found"].upper(),
        )
        for one in rows
    ]
    return [("FROM", "TO", "EXPECTED", "FOUND"), *cells] if cells else []
