# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Removal of one host from the lab, whether it answers or not: the faults, and what etcd and the engine know of it.

Pure functions. ``infos``: host -> what host_info returned, of the hosts that answer. ``lab``: that of
chosen.standing(). ``run``: "host" (who leaves), "uuid" (the controller's), "check" (whether nothing is changed),
"force" (also where quorum goes), "disconnect_allowed" (whether containers that are not the lab's may lose its
networks), "silent" (of hosts that were not read: what Ansible returned), and what was asked about the host:
"etcd_removal" (etcd_member; {} where no other member answers), "asked" (host -> what the engine's removable.yml was
told there; on the host itself "leave" is of a module that predicted what it does), "machine" (simulated_host; {} where
no machine is to go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine, Infos, Lab
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import said
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership import etcd_plan

from . import access, removal

Run = dict[str, Any]


def departure(infos: Infos, lab: Lab, run: Run) -> dict[str, Any]:
    """Returns ``faults`` (why it may not leave, a line each), ``engine`` (of the hosts that stay; '' for none),
    ``ours`` (whether the lab is to be taken off it), ``member`` (whether etcd knows it), ``nodes`` (what the engine
    knows it by) and ``manager`` (who told that), and ``told`` (what is said when it has left)."""
    host = run["host"]
    staying = {name: info for name, info in infos.items() if name != host}
    recorded = [info["record"]["engine"] for info in staying.values() if info["record"]["lab"] == lab["name"]]
    engine = next(iter(recorded), infos[host]["record"]["engine"] if host in infos else "")
    # An engine that this release does not have answers nothing.
    kind = ENGINES.get(engine, Engine())
    known = kind.departure(infos, lab, run)
    found = {
        "engine": engine,
        "ours": host in infos and infos[host]["record"]["lab"] == lab["name"],
        "member": bool(run["etcd_removal"].get("member")),
        "nodes": known["nodes"],
        "manager": known["manager"],
    }
    faults = [
        *access.faults(lab, run["silent"]).values(),
        *_lab_faults(infos, staying, lab, run),
        *_standing_faults(staying, recorded, lab),
        *(_etcd_faults(infos, lab, run) if kind.uses_etcd else ()),
        *known["faults"],
        *_network_faults(infos, lab, run),
        *said(run["asked"].get(host, {}).get("leave", {}), host),
        *said(run["machine"]),
    ]
    return {**found, "faults": faults, "told": _told(infos, lab, run, found)}


def _lab_faults(infos: Infos, staying: Infos, lab: Lab, run: Run) -> list[str]:
    host = run["host"]
    found = []
    if list(lab["hosts"]) == [host]:
        found.append(f"{host} is the only host of the lab file: playbooks/destroy.yml removes the lab")
    has = [one["name"] for one in lab["containers"] if one["host"] == host]
    if has:
        found.append(
            f"{host} has containers in the lab file: {', '.join(has)}: give them another host there, or take them out"
        )
    refusals = {name: removal.of_others(info["record"], lab, run["uuid"]) for name, info in staying.items()}
    if host in infos:
        refusals[host] = removal.refusal(infos[host], lab, run["uuid"])
    return found + [f"{name}: {why}" for name, why in refusals.items() if why]


def _standing_faults(staying: Infos, engines: Iterable[str], lab: Lab) -> list[str]:
    """While hosts change their engine or site, they may be in two clusters, or in none."""
    found = []
    names = sorted(set(engines))
    if len(names) > 1:
        found.append(
            f"the engine is being changed, and the hosts have {' and '.join(names)}: complete that with"
            " playbooks/overlay.yml -e change_engine=true"
        )
    for name, info in staying.items():
        record = info["record"]
        if record["moving_to"]:
            found.append(
                f"{name} is moving from {record['site']} to {record['moving_to']}: complete that with"
                " playbooks/overlay.yml"
            )
        elif record["site"] not in ("", lab["site"]):
            found.append(f"{name} stands at {record['site']}, not at {lab['site']}: choose the inventory of that site")
    return found


def _network_faults(infos: Infos, lab: Lab, run: Run) -> list[str]:
    """Unmanaged containers that would lose a network with the host's engine."""
    host, name = run["host"], lab["name"]
    info = infos.get(host)
    if info is None or run["disconnect_allowed"]:
        return []
    kind = ENGINES.get(info["record"]["engine"], Engine())
    return [
        f"{host}: network {network}: containers that are not the lab {name}'s are on it, and would lose it:"
        f" {', '.join(others)}: disconnect them yourself (docker network disconnect {network} NAME), or run"
        " again with -e overlay_network_disconnect_allowed=true"
        for network, others in kind.unmanaged_users(info, lab).items()
    ]


def _etcd_faults(infos: Infos, lab: Lab, run: Run) -> list[str]:
    host = run["host"]
    foreign = etcd_plan.all_foreign(infos, lab)
    if foreign or run["etcd_removal"]:
        return foreign + said(run["etcd_removal"])
    if not (etcd_plan.holds_data(infos[host], lab["name"]) if host in infos else lab["hosts"][host]["etcd"]):
        return []
    others = [name for name, one in lab["hosts"].items() if one["etcd"] and name != host]
    if others:
        return [f"no other member of etcd answers to remove {host}: start {' or '.join(others)}"]
    if host in infos:
        remedy = "give another host etcd: true in the lab file, and run playbooks/overlay.yml first"
    else:
        remedy = (
            "start it; if it is lost, take it out of the lab file, give another host etcd: true, and run"
            " playbooks/overlay.yml, which founds a new etcd cluster"
        )
    return [f"{host} is the only member of etcd: {remedy}"]


def _told(infos: Infos, lab: Lab, run: Run, found: Mapping[str, Any]) -> list[str]:
    host, name = run["host"], lab["name"]
    again = f"playbooks/host_remove.yml -e host={host}"
    machine = run["machine"].get("state", "")
    goes = machine not in ("", "absent")
    let_in = set(lab["hosts"][host]["addresses"].values())
    open_to_it = any(let_in.intersection(info["let_in"]) for other, info in infos.items() if other != host)
    if not (found["ours"] or found["member"] or found["nodes"] or goes or open_to_it):
        known = host in infos or machine
        unknown = f"; it does not answer, and may still have something of the lab: once it is back, {again} clears it"
        return [f"{host} has left the lab {name} already, and nothing is changed{'' if known else unknown}"]
    if host in infos or machine:
        left = "would leave" if run["check"] else "has left"
        return [
            f"{host} {left} the lab {name}: take it out of the lab file, and run playbooks/overlay.yml for the others"
        ]
    know = "would no longer know it" if run["check"] else "no longer know it"
    return [
        f"{host} does not answer: the other hosts {know}, and what it has of the lab {name} is left on it: containers,"
        " networks, dockerd's settings, etcd with its data",
        f"take it out of the lab file, and run playbooks/overlay.yml for the others; once it is back, put it into the"
        f" file again and run {again}, which clears it",
    ]
