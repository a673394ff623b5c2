# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether a lab works, judged from what its hosts showed. Pure functions: what to probe, and what the answers mean.

``lab``: {"networks": lab_networks, "containers": lab_containers, "hosts": lab_hosts, "site": str, "engine": str}.
``states``: host -> what the module overlay_state returned there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.health import FAILED
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot.health import NAME as BOOT_UNIT
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

# IPv4 and ICMP headers, which the MTU includes and an echo request's size does not.
_ICMP_OVERHEAD = 28
# A port that nothing listens on: an answer of either kind shows that TCP crosses the network both ways.
_TCP_PORT = 1
_REFUSED = "refused"


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
    """Every ordered pair of containers that share a network and both have an address on it."""
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
            if one is not other and (address := addresses.get((other["name"], network["name"])))
        ]
    return [pair for pair in found if pair.host in states]


def _networks(container: dict[str, Any]) -> set[str]:
    return {place["name"] for place in container["networks"]}


def probes(lab: dict[str, Any], states: dict[str, dict], host: str) -> list[dict[str, Any]]:
    """Options of the module reachability for one host's containers, in the order of its pairs: four probes each."""
    return [probe for pair in pairs(lab, states) if pair.host == host for probe in _probes(pair)]


def _probes(pair: Pair) -> list[dict[str, Any]]:
    base = {"container": pair.source, "count": 1, "timeout": 5.0}
    return [
        {**base, "to": pair.address},
        {**base, "to": pair.target},
        {**base, "to": pair.address, "size": pair.mtu - _ICMP_OVERHEAD, "dont_fragment": True},
        {**base, "to": pair.address, "protocol": "tcp", "port": _TCP_PORT},
    ]


def report(
    lab: dict[str, Any], states: dict[str, dict], results: dict[str, list[dict]], evidence: Any
) -> dict[str, Any]:
    """What was proven, and each fault with its remedy: {"ok": bool, "faults": [line], "restart": [container to start
    again], "awaited": {host: what the engine can wait for}, "pairs": [row], "table": [line]}.

    ``results``: host -> results of the module reachability for `probes`; ``evidence``: what the engine's checks need.
    """
    engine = ENGINES[lab["engine"]]
    rows = [row for host in states for row in _pair_rows(lab, states, results, host)]
    # What the engine has not told yet is no fault where packets cross: the evidence is a moment older than the probes.
    awaited = {} if all(row["by_address"] for row in rows) else engine.awaited(lab, states, evidence)
    faults = [
        *engine.checks(lab, states, evidence),
        *(line for host, state in states.items() for line in _boot_faults(host, state)),
        *(line for host, state in states.items() for line in _container_faults(lab, host, state)),
        *(line for host, state in states.items() for line in _forwarding_faults(lab, states, host, state)),
        *(fault for row in rows for fault in row["faults"]),
        *(one["fault"] for one in awaited.values()),
    ]
    return {
        "ok": not faults,
        "faults": faults,
        "restart": _to_restart(lab, states, rows),
        "awaited": awaited,
        "pairs": rows,
        "table": _table(lab, states, rows),
    }


# -- faults ------------------------------------------------------------------------------------------------------------


def _boot_faults(host: str, state: dict) -> list[str]:
    if state["boot"]["state"] != FAILED:
        return []
    said = state["boot"]["said"] or "it said nothing"
    return [f"{host}: {BOOT_UNIT} failed after a boot ({said}): see its journal, and run playbooks/overlay.yml"]


def _container_faults(lab: dict[str, Any], host: str, state: dict) -> list[str]:
    faults = []
    found = {one["name"]: one for one in state["containers"]}
    mtus = {network["name"]: network["mtu"] for network in lab["networks"]}
    for wanted in lab["containers"]:
        if wanted["host"] != host:
            continue
        name, container = wanted["name"], found.get(wanted["name"])
        if not container or not container["running"]:
            what = "is not there" if not container or not container["exists"] else "does not run"
            faults.append(f"{host}: the container {name} {what}: run playbooks/overlay.yml")
            continue
        addresses = {place["name"]: place["address"] for place in container["networks"]}
        for network in [place["name"] for place in wanted["networks"]]:
            address = addresses.get(network)
            if not address:
                # Without one it is in no pair, so no probe would miss it.
                faults.append(f"{host}: {name} has no address on {network}: run playbooks/overlay.yml")
                continue
            interface = _interface(container, address)
            if interface is None:
                faults.append(f"{host}: {name} has no interface with {address} of {network}: restart it")
            elif interface["mtu"] != mtus[network]:
                faults.append(
                    f"{host}: {name} has MTU {interface['mtu']} on {network}, wanted {mtus[network]}:"
                    " the network was made with another MTU; remove it and run playbooks/overlay.yml"
                )
    return faults


def _forwarding_faults(lab: dict[str, Any], states: dict[str, dict], host: str, state: dict) -> list[str]:
    """A host's forwarding entry for another's container has to lead to that host's address."""
    return [
        f"{host}: forwards {entry['network']} traffic for {container['name']} ({entry['mac']}) to {entry['vtep']}, not"
        f" to {other} at {lab['hosts'][other]['addresses'][lab['site']]}: restart {container['name']} on {other}"
        for other, other_state in states.items()
        if other != host
        for container in other_state["containers"]
        for entry in _misled(lab, state, other, container)
    ]


def _misled(lab: dict[str, Any], state: dict, other: str, container: dict) -> list[dict]:
    """A host's forwarding entries for another host's container that lead elsewhere.

    A MAC may have more than one entry: a stale one beside the right one loses packets as well.
    """
    wanted = lab["hosts"][other]["addresses"][lab["site"]]
    places = {(place["name"], place["mac"]) for place in container["networks"]}
    return [
        entry
        for entry in state["forwarding"]
        if (entry["network"], entry["mac"]) in places and entry["vtep"] not in (None, wanted)
    ]


def _to_restart(lab: dict[str, Any], states: dict[str, dict], rows: list[dict]) -> list[str]:
    """Containers that run and that packets do not reach, in the order of the lab: a start gives them a new place."""
    unreached = {row["to"] for row in rows if not row["by_address"]}
    unreached |= {
        container["name"]
        for host, state in states.items()
        for other, other_state in states.items()
        if other != host
        for container in other_state["containers"]
        if _misled(lab, state, other, container)
    }
    running = {one["name"] for state in states.values() for one in state["containers"] if one["running"]}
    return [one["name"] for one in lab["containers"] if one["name"] in unreached & running]


# -- pairs -------------------------------------------------------------------------------------------------------------


def _pair_rows(lab: dict[str, Any], states: dict[str, dict], results: dict[str, list[dict]], host: str) -> list[dict]:
    of_host = [pair for pair in pairs(lab, states) if pair.host == host]
    answers = results.get(host, [])
    return [_pair_row(lab, pair, answers[4 * index : 4 * index + 4]) for index, pair in enumerate(of_host)]


def _pair_row(lab: dict[str, Any], pair: Pair, answers: list[dict]) -> dict[str, Any]:
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
        return {**row, "by_address": False, "by_name": False, "full_mtu": False, "tcp": False,
                "faults": [f"{where}: it was not probed"]}  # fmt: skip
    by_address, by_name, full, tcp = answers
    proven = {
        "by_address": by_address["ok"],
        "by_name": by_name["ok"] and by_name["address"] in pair.named,
        "full_mtu": full["ok"],
        "tcp": tcp["ok"] or _REFUSED in (tcp["error"] or ""),
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


def _interface(container: dict, address: str) -> dict | None:
    for interface in container["interfaces"]:
        if address in [one.partition("/")[0] for one in interface["addresses"]]:
            return interface
    return None


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
    unseen = [host for host in lab["hosts"] if host not in states]
    note = ["", f"Not proven: {', '.join(unseen)} (unreachable, or not in this run)."] if unseen else []
    return [*_aligned(networks), "", *_aligned(containers), "", *_aligned(proven), *note]


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
