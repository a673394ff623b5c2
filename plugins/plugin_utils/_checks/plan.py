# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a run would change, told before its first change. Pure: from what host_info and the module plan returned.

A run is in parts. Those in front of the first that changes anything are left out. Those after it were compared with
hosts as they are before it, so they are run as well.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership import etcd_plan

from . import archives, ports
from .verification import aligned

LAB = "lab"
# Compared only where the lab file asks for anything of the links, or a host still does.
UNDERLAY = "underlay"
PARTS = (LAB, "etcd", "docker_engine", "overlay_network", "containers", UNDERLAY)
_STATE = "overlay_state"

Infos = dict[str, dict[str, Any]]


def changes(
    lab: dict[str, Any], infos: Infos, steps: dict[str, list[dict[str, Any]]], pki_changes: list[str]
) -> dict[str, Any]:
    """{"rows": [{"host", "part", "change": line}], "table": rows as lines, "parts": [those to run, in order],
    "states": host -> state, "evidence": what the engine's checks need, None if it has to be read}.

    ``lab``: that of chosen.chosen(); ``infos``: host -> what host_info returned; ``steps``: host -> what the module
    plan returned, [] for one that was not asked; ``pki_changes``: lines of what would change in the PKI directory.
    """
    told = {host: _results(one) for host, one in steps.items()}
    rows = [
        {"host": host, "part": part, "change": line}
        for part, of_hosts in (
            (LAB, {host: _lab_lines(lab, host, info) for host, info in infos.items()}),
            ("etcd", _etcd_lines(lab, infos, told, pki_changes)),
            ("docker_engine", {host: _docker_lines(info) for host, info in infos.items()}),
            ("overlay_network", ENGINES[lab["engine"]].changes(lab, infos, told)),
        )
        for host, lines in of_hosts.items()
        for line in lines
    ]
    rows += [
        {"host": host, "part": step["part"], "change": line}
        for host, of_host in steps.items()
        for step in of_host
        for line in (*(f"not known: {fault}" for fault in step["faults"]), *step["lines"])
        if step["part"] in PARTS
    ]
    notes = []
    if ENGINES[lab["engine"]].dockerd_store and not _has_store(lab, infos, told):
        # Without its store, dockerd lists no overlay networks, so a comparison is of no use.
        rows = [row for row in rows if row["part"] in (LAB, "etcd")]
        notes = ["What dockerd keeps in etcd is compared once etcd is healthy."]
    rows.sort(key=lambda row: PARTS.index(row["part"]))
    states = {host: results[_STATE][0] for host, results in told.items() if _STATE in results}
    return {
        "rows": rows,
        "table": table(rows) + notes,
        "parts": _to_run(lab, rows, steps),
        "states": states if set(states) == set(infos) else {},
        "evidence": ENGINES[lab["engine"]].evidence(told),
    }


def _results(steps: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Module -> what it returned, one entry a step; without those that failed."""
    found: dict[str, list[dict[str, Any]]] = {}
    for step in steps:
        if not step["faults"]:
            found.setdefault(step["module"], []).append(step["result"])
    return found


def _to_run(lab: dict[str, Any], rows: list[dict[str, Any]], steps: dict[str, list[dict[str, Any]]]) -> list[str]:
    changing = {row["part"] for row in rows}
    asked = {step["part"] for of_host in steps.values() for step in of_host}
    # A part that was not compared may differ.
    left_out = {UNDERLAY} - asked | ({"etcd"} if not ENGINES[lab["engine"]].uses_etcd else set())
    needed = [part for part in PARTS[1:] if part not in left_out]
    first = next((part for part in (LAB, *needed) if part in changing or (part != LAB and part not in asked)), None)
    return [] if first is None else list(PARTS[PARTS.index(first) :])


def _lab_lines(lab: dict[str, Any], host: str, info: dict[str, Any]) -> list[str]:
    record = info["record"]
    # What an interrupted run left is found by the comparison; its lock is released with this run's.
    ended = [f"lock of another run ({info['lock']['reason']}) -> released"] if info["lock"]["reason"] else []
    if not record["lab"]:
        return [*ended, f"record: absent -> lab {lab['name']}, site {lab['site']}, engine {lab['engine']}"]
    wanted = {"lab": lab["name"], "uuid": lab["uuid"], "engine": lab["engine"], "machine_id": info["machine_id"]}
    found = ended + [
        f"record: {key}: {record[key] or 'absent'} -> {value}" for key, value in wanted.items() if record[key] != value
    ]
    if host in lab["switch"]["hosts"]:
        found.append(f"site: {record['site']} -> {lab['site']}")
    elif record["site"] != lab["site"]:
        found.append(f"record: site: {record['site'] or 'absent'} -> {lab['site']}")
    elif record["moving_to"]:
        found.append(f"record: moving to {record['moving_to']} -> arrived")
    if info["index"] != lab["hosts"][host]["index"]:
        found.append(f"record: index: {info['index'] or 'absent'} -> {lab['hosts'][host]['index']}")
    return found + [f"firewall: lets in {address} -> no longer" for address in ports.left(lab, host, info)]


def _etcd_lines(
    lab: dict[str, Any], infos: Infos, told: dict[str, Any], pki_changes: list[str]
) -> dict[str, list[str]]:
    if not ENGINES[lab["engine"]].uses_etcd:
        return {}
    clusters = [result for results in told.values() for result in results.get("etcd_info", ())]
    found = etcd_plan.changes(lab, infos, clusters[0] if clusters else None, pki_changes)
    for host, info in infos.items():
        if lab["hosts"][host]["etcd"] and info["etcd"]["version"]:
            found.setdefault(host, []).extend(archives.changes("etcd", info))
    return found


def _has_store(lab: dict[str, Any], infos: Infos, told: dict[str, Any]) -> bool:
    clusters = [result for results in told.values() for result in results.get("etcd_info", ())]
    ready = all(info["etcd"]["ready"] for host, info in infos.items() if lab["hosts"][host]["etcd"])
    return ready and not any(cluster["missing"] for cluster in clusters)


def _docker_lines(info: dict[str, Any]) -> list[str]:
    found = archives.changes("docker", info)
    if not (info["docker"]["version"] or found):
        found = ["Docker: absent -> installed"]
    return found + [f"{package}: absent -> installed" for package in info["python_packages"]["docker"]]


def confirmed(infos: Infos, planned: Infos, parts: list[str]) -> list[str]:
    """The parts to run: all of them if a host's facts have changed since the plan was made."""
    volatile = {"lock", "time", "clock", "room", "archive_room", "held"}
    same = set(infos) == set(planned) and all(
        {key: value for key, value in info.items() if key not in volatile}
        == {key: value for key, value in planned[host].items() if key not in volatile}
        for host, info in infos.items()
    )
    return parts if same else list(PARTS)


def table(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each change: hosts, part, change; hosts with the same change share a line."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        hosts.setdefault((row["part"], row["change"]), []).append(row["host"])
    cells = [(", ".join(names), part, change) for (part, change), names in hosts.items()]
    return aligned(cells) if cells else []
