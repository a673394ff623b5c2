# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether the links between hosts are what the lab file asks: what to measure, what it means, and what it costs others.

``lab``: as of verification.py.
"""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import shape
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping.shape import Shape

# So many lost packets tell a share to about a tenth.
_LOST = 100
_FEWEST, _MOST = 100, 5000
# A host that answers late is no faulty link; one that answers at once is.
_TIMES_TOO_FAST = 1.25
_TIMES_TOO_SOON = 0.8
# By how many standard deviations a share may be off, and by how much at least.
_DEVIATIONS, _LEAST_SHARE = 4, 0.002
# Of packets that are sent again until one is answered, so few remain unanswered.
_UNANSWERED = 1e-6


def asked(lab: dict[str, Any], host: str, other: str) -> Shape:
    """What the lab file asks of the link between two hosts."""
    link: dict[str, str] = next((one for one in lab.get("links", {}).get(host, ()) if one["host"] == other), {})
    return shape.read(link, [])


def patience(lab: dict[str, Any], host: str, other: str) -> tuple[float, float]:
    """Seconds that an answer over a link takes at most, and in which a probe may be repeated, beyond those of a link
    that is asked for nothing.
    """
    wanted = asked(lab, host, other)
    slow = 2 * (wanted.delay + wanted.jitter) + (4.0 if wanted.rate and wanted.rate < 10**6 else 0.0)
    lost = 1 - (1 - wanted.loss) ** 2
    attempts = math.ceil(math.log(_UNANSWERED) / math.log(lost)) if lost else 1
    return slow, (attempts - 1) * (1.0 + slow)


def measures(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[dict[str, Any]]:
    """Option `measures` of the module reachability for one host."""
    return [
        {
            "to": link["address"],
            "count": _count(asked(lab, host, link["host"])),
            "timeout": 1.0 + patience(lab, host, link["host"])[0],
            "rate": asked(lab, host, link["host"]).rate,
            "mtu": lab["sites"][lab["site"]]["mtu"],
        }
        for link in _of(lab, states, host)
    ]


def _of(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[dict[str, str]]:
    """The links that this host measures. Of two hosts one does, and each about as many as the others."""
    order = list(lab["hosts"])
    found = []
    for link in lab.get("links", {}).get(host, ()):
        here, there = order.index(host), order.index(link["host"])
        first = min(here, there) if (here + there) % 2 else max(here, there)
        if here == first and {host, link["host"]} <= set(states):
            found.append(link)
    return found


def _count(wanted: Shape) -> int:
    return min(math.ceil(_LOST / (2 * wanted.loss)), _MOST) if wanted.loss else _FEWEST


def rows(lab: dict[str, Any], states: dict[str, dict], measured: dict[str, list[dict]]) -> list[dict[str, Any]]:
    """{"from", "to", "asked": {key: text}, "loss", "rate", "rtt_ms", "faults"} each: what was asked and measured."""
    found = []
    for host in states:
        answers = measured.get(host, [])
        for number, link in enumerate(_of(lab, states, host)):
            answer = answers[number] if number < len(answers) else {}
            wanted = asked(lab, host, link["host"])
            row = {
                "from": host,
                "to": link["host"],
                "asked": {key: link[key] for key in shape.KEYS if key in link},
                **{key: answer.get(key) for key in ("loss", "rate", "rtt_ms")},
            }
            found.append({**row, "faults": [*_faults(row, wanted, answer)]})
    return found


def _faults(row: dict[str, Any], wanted: Shape, answer: dict[str, Any]) -> list[str]:
    where = f"the link between {row['from']} and {row['to']}"
    remedy = "run playbooks/overlay.yml"
    if not answer.get("received"):
        return [f"{where} could not be measured ({answer.get('error') or 'nothing was sent'})"]
    found = []
    # Of what is lost both ways, twice the share, one half.
    off = _DEVIATIONS * math.sqrt(wanted.loss / (2 * answer["sent"])) + _LEAST_SHARE
    if wanted.loss and abs(row["loss"] - wanted.loss) > off:
        found.append(
            f"{where} loses {_percent(row['loss'])}, and the lab file asks for {_percent(wanted.loss)}: {remedy}"
        )
    if wanted.rate and (row["rate"] or 0) > wanted.rate * _TIMES_TOO_FAST:
        found.append(f"{where} carries {_bits(row['rate'])}, and the lab file asks for {_bits(wanted.rate)}: {remedy}")
    soonest = 2000 * (wanted.delay - wanted.jitter)
    if wanted.delay and row["rtt_ms"] < soonest * _TIMES_TOO_SOON:
        found.append(
            f"{where} answers within {row['rtt_ms']:.1f} ms, and the lab file asks for a delay of"
            f" {row['asked']['delay']} in each direction: {remedy}"
        )
    return found


def table(links: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The cells, head first: a row for each thing that is asked of a link; [] where nothing is."""
    cells = [
        (f"{row['from']} - {row['to']}", key, text, _measured(row, key))
        for row in links
        for key, text in row["asked"].items()
    ]
    return [("LINK", "WHAT", "ASKED", "MEASURED"), *cells] if cells else []


def _measured(row: dict[str, Any], key: str) -> str:
    """Of one direction, as it was asked for."""
    if key == "rate" and row["rate"] is not None:
        return _bits(row["rate"])
    if key == "loss" and row["loss"] is not None:
        return _percent(row["loss"])
    if key == "delay" and row["rtt_ms"] is not None:
        return f"{row['rtt_ms'] / 2:.3g}ms"
    return "-"


def _percent(value: float) -> str:
    return f"{value * 100:.3g}%"


def _bits(value: float) -> str:
    for unit, size in (("gbit", 10**9), ("mbit", 10**6)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value / 1000:.3g}kbit"
