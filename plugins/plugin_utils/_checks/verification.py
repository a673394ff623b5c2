# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether a lab works, judged from what its hosts showed. Pure functions: what to probe, and what the answers mean.

``lab``: that of chosen.chosen(), as the role verification makes it of its options; "expect", "links" and "sites" may be
missing.
``states``: host -> what the module overlay_state returned there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.health import FAILED
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.health import NAME as BOOT_UNIT
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

from . import differences, expectations, followed, links

# IPv4 and ICMP headers, which the MTU includes and an echo request's size does not.
_ICMP_OVERHEAD = 28
# Hosts begin a moment apart, and hear by gossip of a container that has just started.
_WITHIN = 5.0
# Some segments of full size in each direction.
_FULL_SEGMENTS = 4


@dataclass(frozen=True)
class Pair:
    """One direction between two containers of a network.

    ``named``: where the target's name may lead: two containers may share more than this network, and either will do.
    """

    network: str
    mtu: int
    source: str
    host: str
    target: str
    address: str
    named: frozenset[str]


def pairs(lab: dict[str, Any], states: dict[str, dict]) -> list[Pair]:
    """Every ordered pair of containers that share a network, within which they can meet, and have an address on it."""
    crosses_hosts = ENGINES[lab["engine"]].crosses_hosts
    addresses = {
        (container["name"], place["name"]): place["address"]
        for state in states.values()
        for container in state["containers"]
        for place in container["networks"]
    }
    found = []
    for network in lab["networks"]:
        members = [container for container in lab["containers"] if network["name"] in _networks(container)]
        found += [
            Pair(
                network["name"],
                network["mtu"],
                one["name"],
                one["host"],
                other["name"],
                address,
                frozenset(addresses.get((other["name"], shared), "") for shared in _networks(one) & _networks(other)),
            )
            for one in members
            for other in members
            if one is not other
            and (crosses_hosts or one["host"] == other["host"])
            and (address := addresses.get((other["name"], network["name"])))
        ]
    return [pair for pair in found if pair.host in states]


def _networks(container: dict[str, Any]) -> set[str]:
    return {place["name"] for place in container["networks"]}


def probes(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[dict[str, Any]]:
    """Options of the module reachability for one host's containers: four probes for each of its pairs, then one for
    each of its questions (expectations.py).
    """
    hosts = {container["name"]: container["host"] for container in lab["containers"]}
    of_pairs = [
        probe
        for pair in pairs(lab, states)
        if pair.host == host
        for probe in _probes(pair, links.patience(lab, host, hosts[pair.target]))
    ]
    return of_pairs + [expectations.probe(one) for one in expectations.questions(lab, states, host)]


def _probes(pair: Pair, patience: tuple[float, float]) -> list[dict[str, Any]]:
    slow, again = patience
    base = {"container": pair.source, "count": 1, "timeout": slow + 5.0, "within": _WITHIN + again}
    # TCP itself sends again what was lost.
    ping = base | {"timeout": slow + (1.0 if again else 5.0)}
    return [
        {**ping, "to": pair.address},
        {**ping, "to": pair.target},
        {**ping, "to": pair.address, "size": pair.mtu - _ICMP_OVERHEAD, "dont_fragment": True},
        {
            **base,
            "to": pair.address,
            "protocol": "tcp",
            "port": followed.ECHO_PORT,
            "payload": _FULL_SEGMENTS * pair.mtu,
        },
    ]


def echoes(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[dict[str, Any]]:
    """Option `echoes` of the module reachability for one host: its containers answer those that probe them over TCP."""
    mine = {one["name"] for one in states.get(host, {}).get("containers", ())}
    asked = Counter(pair.target for pair in pairs(lab, states) if pair.target in mine)
    patience = max((sum(links.patience(lab, host, one)) for one in lab["hosts"]), default=0.0)
    return [
        {"container": name, "port": followed.ECHO_PORT, "connections": count, "seconds": _WITHIN + patience}
        for name, count in asked.items()
    ]


def report(
    lab: dict[str, Any],
    states: dict[str, dict],
    results: dict[str, list[dict]],
    evidence: Any,
    measured: dict[str, list[dict]] | None = None,
) -> dict[str, Any]:
    """What was proven, and each fault with its remedy: {"ok": bool, "faults": [line], "restart": [container to start
    again], "awaited": {host: what the engine can wait for}, "pairs": [row], "expected": [row], "isolated": [row],
    "links": [row], "table": [line]}. The rows of `expected` and `isolated` are those of expectations.py, those of
    `links` of links.py.

    ``results``: host -> results of the module reachability for `probes`; ``evidence``: what the engine's checks need;
    ``measured``: host -> what reachability measured for links.measures.
    """
    engine = ENGINES[lab["engine"]]
    rows = [row for host in states for row in _pair_rows(lab, states, results, host)]
    asked = [answered for host in states for answered in _answered(lab, states, results, host)]
    expected = [expectations.row(lab, one, answer) for one, answer in asked if one.place]
    isolated = [expectations.row(lab, one, answer) for one, answer in asked if not one.place]
    measured_links = links.rows(lab, states, measured or {})
    # If packets cross, missing entries in the evidence are no fault: it was read a moment before the probes.
    awaited = {} if all(row["by_address"] for row in rows) else engine.awaited(lab, states, evidence)
    faults = [
        *engine.checks(lab, states, evidence),
        *(line for host, state in states.items() for line in _boot_faults(host, state)),
        *(one.line for host, state in states.items() for one in differences.of_containers(lab, host, state)),
        *(one.line for host in states for one in differences.of_forwarding(lab, states, host)),
        *(fault for row in rows for fault in row["faults"]),
        *(row["fault"] for row in [*expected, *isolated] if not row["ok"]),
        *(one["fault"] for one in awaited.values()),
        *(fault for row in measured_links for fault in row["faults"]),
    ]
    return {
        "ok": not faults,
        "faults": faults,
        "restart": _to_restart(lab, states, rows),
        "awaited": awaited,
        "pairs": rows,
        "expected": expected,
        "isolated": isolated,
        "links": measured_links,
        "table": [
            *_table(lab, states, rows),
            *_expectation_table(expected, isolated),
            *_link_table(measured_links),
            *_unseen(lab, states),
        ],
    }


def _boot_faults(host: str, state: dict) -> list[str]:
    if state["boot"]["state"] != FAILED:
        return []
    said = state["boot"]["said"] or "it said nothing"
    return [f"{host}: {BOOT_UNIT} failed after a boot ({said}): see its journal, and run playbooks/overlay.yml"]


def _to_restart(lab: dict[str, Any], states: dict[str, dict], rows: list[dict]) -> list[str]:
    """Running containers to which no packet or no name leads, in the order of the lab.

    A restart gives them a new endpoint, and tells every dockerd their names, unless the engine has its own resolver.
    """
    needed = ("by_address",) if ENGINES[lab["engine"]].own_resolver else ("by_address", "by_name")
    unreached = {row["to"] for row in rows if row["probed"] and not all(row[key] for key in needed)}
    unreached |= {
        container["name"]
        for host, state in states.items()
        for other, other_state in states.items()
        if other != host
        for container in other_state["containers"]
        if differences.misled(lab, state, other, container)
    }
    running = {one["name"] for state in states.values() for one in state["containers"] if one["running"]}
    return [one["name"] for one in lab["containers"] if one["name"] in unreached & running]


# -- pairs -------------------------------------------------------------------------------------------------------------


def _pair_rows(lab: dict[str, Any], states: dict[str, dict], results: dict[str, list[dict]], host: str) -> list[dict]:
    of_host = [pair for pair in pairs(lab, states) if pair.host == host]
    answers = results.get(host, [])
    return [_pair_row(pair, answers[4 * index : 4 * index + 4]) for index, pair in enumerate(of_host)]


def _answered(
    lab: dict[str, Any], states: dict[str, dict], results: dict[str, list[dict]], host: str
) -> list[tuple[expectations.Question, dict | None]]:
    """A host's questions with their answers, which stand behind those of its pairs; None for one without."""
    first = 4 * sum(pair.host == host for pair in pairs(lab, states))
    answers = chain(results.get(host, [])[first:], repeat(None))
    return list(zip(expectations.questions(lab, states, host), answers))


def _pair_row(pair: Pair, answers: list[dict]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "network": pair.network,
        "from": pair.source,
        "to": pair.target,
        "address": pair.address,
        "rtt_ms": None,
        "faults": [],
    }
    where = f"{pair.host}: {pair.source} does not reach {pair.target}"
    if len(answers) < 4:
        unproven = dict.fromkeys(("probed", "by_address", "by_name", "full_mtu", "tcp", "payload"), False)
        return {**row, **unproven, "faults": [f"{where}: it was not probed"]}
    by_address, by_name, full, tcp = answers
    proven = {
        "probed": by_address["sent"] > 0,
        "by_address": by_address["ok"],
        "by_name": by_name["ok"] and by_name["address"] in pair.named,
        "full_mtu": full["ok"],
        # With fewer forks than hosts, the other end may have had its turn: a refusal crosses both ways, too.
        "tcp": tcp["ok"] or expectations.refused(tcp),
        "payload": tcp["ok"],
    }
    faults = []
    remedy = "see docs/faults.md, or run playbooks/overlay.yml"
    if not proven["by_address"]:
        faults.append(f"{where} at {pair.address} over {pair.network} ({by_address['error']}): {remedy}")
    if not proven["by_name"]:
        said = by_name["error"] or f"the name leads to {by_name['address']}"
        faults.append(f"{where} by name ({said}): {remedy}")
    if proven["by_address"] and not proven["full_mtu"]:
        faults.append(
            f"{where} with packets of {pair.mtu} bytes ({full['error']}): the underlay carries less than"
            f" {pair.mtu + kernel_vxlan.OVERHEAD[4]} bytes; set the site's mtu in the lab file"
        )
    if proven["by_address"] and not proven["tcp"]:
        faults.append(f"{where} by TCP ({tcp['error']}): a firewall between them, or checksum offload")
    rtt = by_address["rtt_ms"]["avg"] if by_address["rtt_ms"] else None
    return {**row, **proven, "rtt_ms": rtt, "faults": faults}


# -- the table ---------------------------------------------------------------------------------------------------------


def _table(lab: dict[str, Any], states: dict[str, dict], rows: list[dict]) -> list[str]:
    containers = [("HOST", "CONTAINER", "INTERFACES")]
    for host, state in states.items():
        for container in state["containers"]:
            shown = ", ".join(
                f"{one['name']} {' '.join(one['addresses'])} mtu {one['mtu']}" for one in container["interfaces"]
            )
            containers.append((host, container["name"], shown or "does not run"))
    proven = [("FROM", "TO", "NETWORK", "ADDRESS", "BY ADDRESS", "BY NAME", "FULL MTU", "TCP", "RTT")]
    for row in rows:
        marks = [("yes" if row[key] else "NO") for key in ("by_address", "by_name", "full_mtu", "tcp")]
        if row["tcp"] and not row["payload"]:
            marks[-1] = "SYN only"
        rtt = f"{row['rtt_ms']:.2f} ms" if row["rtt_ms"] is not None else "-"
        proven.append((row["from"], row["to"], row["network"], row["address"], *marks, rtt))
    networks = [("NETWORK", "SUBNET", "MTU", "ID")]
    for network in lab["networks"]:
        found = [
            one for state in states.values() for one in state["networks"]
            if one["name"] == network["name"] and one["exists"]
        ]  # fmt: skip
        shown = " ".join(sorted({one["id"][:12] for one in found})) or "-"
        if len(found) > 1 and all(one["scope"] == "local" for one in found):
            shown = "one a host"
        networks.append((network["name"], network["subnet"], str(network["mtu"]), shown))
    return [*aligned(networks), "", *aligned(containers), "", *aligned(proven)]


def _expectation_table(expected: list[dict], isolated: list[dict]) -> list[str]:
    lines = ["", *aligned(expectations.table(expected))] if expected else []
    return [*lines, "", expectations.isolation(isolated)] if isolated else lines


def _link_table(rows: list[dict]) -> list[str]:
    return ["", *aligned(links.table(rows))] if rows else []


def _unseen(lab: dict[str, Any], states: dict[str, dict]) -> list[str]:
    unseen = [host for host in lab["hosts"] if host not in states]
    return ["", f"Not proven: {', '.join(unseen)} (unreachable, or not in this run)."] if unseen else []


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
