# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""One host leaves the lab, dead or alive: what is in its way, what knows it, and what is told in the end.

Pure functions. ``infos``: host -> what host_info returned, of the hosts that answer. ``lab``: {"name", "uuid", "site",
"hosts" (lab_hosts with members), "containers", "check" (whether nothing is changed), "force" (also where quorum goes),
"disconnect_allowed" (whether containers that are not the lab's may lose its networks),
"host" (who leaves), "silent" (of hosts that were not read: what Ansible returned), and what was asked about the host:
"etcd" (etcd_member, of its removal; {} where no other member answers), "swarms" (host -> docker_swarm_info, where it
answers), "leave" (docker_swarm, on the host), "machine" (simulated_host; {} where no machine is to go)}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.health import quorum_faults
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm import membership as swarm_plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership import etcd_plan

from . import preflight, removal

_Infos = Mapping[str, Mapping[str, Any]]


def departure(infos: _Infos, lab: Mapping[str, Any]) -> dict[str, Any]:
    """Returns ``faults`` (why it may not leave, a line each), ``engine`` (of the hosts that stay; '' for none),
    ``ours`` (whether the lab is to be taken off it), ``member`` (whether etcd knows it), ``nodes`` (what the swarm
    knows it by) and ``manager`` (who told that), and ``told`` (what is said when it has left)."""
    host = lab["host"]
    staying = {name: info for name, info in infos.items() if name != host}
    recorded = [info["record"]["engine"] for info in staying.values() if info["record"]["lab"] == lab["name"]]
    engine = next(iter(recorded), infos[host]["record"]["engine"] if host in infos else "")
    swarm = _swarm(infos, lab) if engine == "swarm" else {"faults": [], "nodes": [], "manager": ""}
    found = {
        "engine": engine,
        "ours": host in infos and infos[host]["record"]["lab"] == lab["name"],
        "member": bool(lab["etcd"].get("member")),
        "nodes": swarm["nodes"],
        "manager": swarm["manager"],
    }
    faults = [
        *preflight.unasked(dict(lab)).values(),
        *_lab_faults(infos, staying, lab),
        *_standing_faults(staying, recorded, lab),
        *(_etcd_faults(infos, lab) if engine == "cluster_store" else ()),
        *swarm["faults"],
        *_network_faults(infos, lab),
        *_said(lab["leave"], host),
        *_said(lab["machine"]),
    ]
    return {**found, "faults": faults, "told": _told(infos, lab, found)}


def _said(result: Mapping[str, Any], host: str = "") -> list[str]:
    """The faults that a module ended with, on a host."""
    lines = (result.get("faults") or [result["msg"]]) if result.get("msg") else []
    return [f"{host}: {line}" if host else line for line in lines]


def _lab_faults(infos: _Infos, staying: _Infos, lab: Mapping[str, Any]) -> list[str]:
    host = lab["host"]
    found = []
    if list(lab["hosts"]) == [host]:
        found.append(f"{host} is the only host of the lab file: playbooks/destroy.yml removes the lab")
    has = [one["name"] for one in lab["containers"] if one["host"] == host]
    if has:
        found.append(
            f"{host} has containers in the lab file: {', '.join(has)}: give them another host there, or take them out"
        )
    refusals = {name: removal.of_others(info["record"], dict(lab)) for name, info in staying.items()}
    if host in infos:
        refusals[host] = removal.refusal(dict(infos[host]), dict(lab))
    return found + [f"{name}: {why}" for name, why in refusals.items() if why]


def _standing_faults(staying: _Infos, engines: Iterable[str], lab: Mapping[str, Any]) -> list[str]:
    """Hosts that are on their way to another engine or site are in two clusters, or in none."""
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


def _network_faults(infos: _Infos, lab: Mapping[str, Any]) -> list[str]:
    """What is not the lab's loses its networks with the host's engine. Of a swarm, docker_swarm tells."""
    host = lab["host"]
    info = infos.get(host)
    if info is None or info["record"]["engine"] == "swarm" or lab["disconnect_allowed"]:
        return []
    name, found = lab["name"], []
    for network in (one["name"] for one in info["networks"] if one["lab"] == name):
        others = [one["name"] for one in info["containers"] if one["lab"] != name and network in one["networks"]]
        if others:
            found.append(
                f"{host}: network {network}: containers that are not the lab {name}'s are on it, and would lose it:"
                f" {', '.join(others)}: disconnect them yourself (docker network disconnect {network} NAME), or run"
                " again with -e overlay_network_disconnect_allowed=true"
            )
    return found


def _etcd_faults(infos: _Infos, lab: Mapping[str, Any]) -> list[str]:
    host = lab["host"]
    foreign = etcd_plan.all_foreign(infos, lab)
    if foreign or lab["etcd"]:
        return foreign + _said(lab["etcd"])
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


def _swarm(infos: _Infos, lab: Mapping[str, Any]) -> dict[str, Any]:
    """``nodes``, ids, and ``manager`` as in departure(), with the ``faults`` of the swarm."""
    host = lab["host"]
    views = {name: {"swarm": info["swarm"], "nodes": [], **lab["swarms"].get(name, {})} for name, info in infos.items()}
    others = {name: view for name, view in views.items() if name != host}
    faults = swarm_plan.owner_faults({name: view["swarm"] for name, view in views.items()}, lab["name"])
    listed, manager = swarm_plan.standing(others, lab)
    if not listed and host in views:
        listed, manager = views[host]["nodes"], host
    going = swarm_plan.ids_of(listed, host, lab)
    result: dict[str, Any] = {"nodes": going, "manager": manager if listed else ""}
    if faults:
        return {**result, "faults": faults}
    if not listed:
        lost = any(view["swarm"]["state"] not in ("", "inactive") for view in views.values())
        return {**result, "faults": [NO_MANAGER] if lost else []}
    if manager == host:
        return {**result, "faults": _heir_faults(listed, views, lab)}
    faults = [f"{host}: {line}" for line in quorum_faults(listed, going)]
    if host not in infos and not lab["force"] and any(one["state"] == "ready" for one in listed if one["id"] in going):
        faults.append(
            f"{host} does not answer Ansible, but its node answers the swarm's managers: repair the connection to it,"
            " or run again with -e force=true"
        )
    return {**result, "faults": faults}


NO_MANAGER = (
    "no manager of the lab's swarm answers: start one; if the only one is lost, take its host out of the lab file and"
    " run playbooks/overlay.yml, which founds a new swarm"
)


def _heir_faults(listed: list[dict[str, Any]], views: _Infos, lab: Mapping[str, Any]) -> list[str]:
    """Of a host that alone can tell of the swarm: another has to take over before it leaves."""
    host = lab["host"]
    going = swarm_plan.ids_of(listed, host, lab)
    others = [node["hostname"] for node in listed if node["id"] not in going]
    heir = swarm_plan.heir(views[host], host, lab)
    if not others:
        return []
    if heir["host"] not in views:
        return [
            f"{host} is the only manager of the swarm that answers, and no other host of the lab can take over: start"
            f" {' or '.join(others)}"
        ]
    return [] if heir["promote"] else [f"{host}: {line}" for line in quorum_faults(listed, going)]


def _told(infos: _Infos, lab: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    host, name = lab["host"], lab["name"]
    again = f"playbooks/host_remove.yml -e host={host}"
    machine = lab["machine"].get("state", "")
    goes = machine not in ("", "absent")
    let_in = set(lab["hosts"][host]["addresses"].values())
    open_to_it = any(let_in.intersection(info["let_in"]) for other, info in infos.items() if other != host)
    if not (found["ours"] or found["member"] or found["nodes"] or goes or open_to_it):
        known = host in infos or machine
        unknown = f"; it does not answer, and may still have something of the lab: once it is back, {again} clears it"
        return [f"{host} has left the lab {name} already, and nothing is changed{'' if known else unknown}"]
    if host in infos or machine:
        left = "would leave" if lab["check"] else "has left"
        return [
            f"{host} {left} the lab {name}: take it out of the lab file, and run playbooks/overlay.yml for the others"
        ]
    know = "would no longer know it" if lab["check"] else "no longer know it"
    return [
        f"{host} does not answer: the other hosts {know}, and what it has of the lab {name} is left on it: containers,"
        " networks, dockerd's settings, etcd with its data",
        f"take it out of the lab file, and run playbooks/overlay.yml for the others; once it is back, put it into the"
        f" file again and run {again}, which clears it",
    ]
