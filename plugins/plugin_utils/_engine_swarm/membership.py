# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which of a lab's hosts is what in its swarm: who founds it, who joins, who has to leave first. Pure functions.

``infos``: host -> what the module docker_swarm_info returned there, for the hosts of the play; ``lab``: as in
_engine_common/engine.py. A host of the file that is not in the play keeps what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.health import state_fault

# Two managers tolerate no loss, as one does, and either of them may fail; three tolerate one.
_FEW, _MANY = 1, 3


def manager_count(hosts: int) -> int:
    """How many managers a swarm of so many hosts has."""
    return _MANY if hosts >= _MANY else _FEW


def plan(infos: Mapping[str, Any], lab: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be done, in this order.

    Returns ``leave`` (hosts that leave a swarm which is gone, or in which they cannot stay), ``found`` (the host that
    founds a new one, or ""), ``manager`` (a manager's host, where the plan is carried out; it may be out of the play),
    ``remove`` (ids of former nodes of hosts), ``join`` (host -> manager or worker), ``promote`` and ``demote`` (ids),
    ``strangers`` (a line for each unknown node: one that is no host of the file), ``changes`` (whether anything is to
    be done), and ``faults`` (a line each; with a fault, nothing may be done).
    """
    faults = owner_faults({host: info["swarm"] for host, info in infos.items()}, lab["name"])
    nodes, manager = standing(infos, lab)
    ids = {node["id"] for node in nodes}
    faults += [f"{host}: {state_fault(infos[host]['swarm'])}" for host in _waiting(infos, ids, lab)]
    if faults:
        return _result(faults=faults)
    if not nodes:
        return _without(infos, lab)
    hosts = {node["id"]: _host_of(node, infos, lab) for node in nodes}
    former = [node["id"] for node in nodes if _is_former(node, hosts[node["id"]], infos, lab)]
    inside: dict[str, dict[str, Any]] = {}
    # A host that is not in the play may have two nodes; the one that is up counts.
    for node in sorted(nodes, key=lambda node: node["state"] != "ready"):
        if hosts[node["id"]] and node["id"] not in former:
            inside.setdefault(hosts[node["id"]], node)
    roles = _roles(inside, [host for host in lab["hosts"] if host in infos or host in inside], len(lab["hosts"]))
    changed = {node["id"]: roles[host] for host, node in inside.items() if roles[host] != node["role"]}
    return _result(
        leave=[host for host, info in infos.items() if _is_node(info) and not _stays(info, host, ids, lab)],
        manager=manager,
        remove=former,
        join={host: roles[host] for host in infos if host not in inside},
        promote=[node for node, role in changed.items() if role == "manager"],
        demote=_demotable(
            [node for node, role in changed.items() if role == "worker"],
            {
                node["id"]: hosts[node["id"]] in infos
                for node in inside.values()
                if roles[hosts[node["id"]]] == "manager"
            },
            nodes,
        ),
        strangers=[_unknown_node(node) for node in nodes if not hosts[node["id"]]],
    )


def ids_of(nodes: list[dict[str, Any]], name: str, lab: Mapping[str, Any]) -> list[str]:
    """The ids of the nodes that a host is or was: by its name in the lab file, or by a node's own name or id."""
    return [node["id"] for node in nodes if name in (_host_of(node, {}, lab), node["hostname"], node["id"])]


def successor(info: Mapping[str, Any], host: str, lab: Mapping[str, Any]) -> dict[str, Any]:
    """The manager that carries on when a host leaves: {"host": "" for none, "node": id, "promote": bool}.

    ``info``: what docker_swarm_info returned on that host. A worker knows the managers' addresses only.
    """
    known = info["nodes"] or [
        {"id": one["node_id"], "address": one["address"], "hostname": "", "role": "manager", "state": "ready"}
        for one in info["swarm"]["managers"]
    ]
    others = [
        (node["role"] != "manager", other, node["id"])
        for node in known
        if (other := _host_of(node, {}, lab)) not in ("", host) and node["state"] == "ready"
    ]
    if not others:
        return {"host": "", "node": "", "promote": False}
    promote, other, node_id = min(others, key=lambda one: one[0])
    return {"host": other, "node": node_id, "promote": promote}


def managers(infos: Mapping[str, Any], lab: str) -> list[str]:
    """Hosts that are managers of the lab's swarm and know its nodes.

    ``infos``: host -> what docker_swarm_info returned, nothing of one that was not asked.
    """
    return [host for host, info in infos.items() if info.get("nodes") and info["swarm"]["lab"] == lab]


def owner_faults(swarms: Mapping[str, Any], lab: str, remedies: Mapping[str, str] | None = None) -> list[str]:
    """A line for each host whose swarm is not the lab's, or is locked. ``swarms``: host -> what host_info says;
    ``remedies``: host -> what may help there as well."""
    lines = []
    for host, swarm in swarms.items():
        if swarm["state"] in ("", "inactive"):
            continue
        if swarm["lab"] != lab:
            owner = f"the lab {swarm['lab']}" if swarm["lab"] else "somebody else"
            lines.append(
                f"{host}: is a node of a swarm of {owner} (state {swarm['state']}, at {swarm['node_address']}): it is"
                " left alone; leave that swarm yourself (docker swarm leave), or take this host out of the lab file"
                f"{(remedies or {}).get(host, '')}"
            )
        elif swarm["state"] == "locked":
            lines.append(f"{host}: {state_fault(swarm)}")
    return lines


def _result(**given: Any) -> dict[str, Any]:
    result: dict[str, Any] = {
        "leave": [],
        "found": "",
        "manager": "",
        "remove": [],
        "join": {},
        "promote": [],
        "demote": [],
        "strangers": [],
        "faults": [],
        **given,
    }
    acts = ("leave", "found", "remove", "join", "promote", "demote")
    return {**result, "changes": any(result[act] for act in acts)}


def _is(info: Mapping[str, Any], *states: str) -> bool:
    return info["swarm"]["state"] in states


def _is_node(info: Mapping[str, Any]) -> bool:
    return not _is(info, "", "inactive")


def _address(host: str, lab: Mapping[str, Any]) -> str:
    return lab["hosts"][host]["addresses"][lab["site"]]


def _is_active(info: Mapping[str, Any], host: str, lab: Mapping[str, Any]) -> bool:
    """Whether the host's node is active at the address that the host has now. At a former one, no node reaches it."""
    return info["swarm"]["state"] == "active" and info["swarm"]["node_address"] == _address(host, lab)


def _waiting(infos: Mapping[str, Any], ids: Collection[str], lab: Mapping[str, Any]) -> list[str]:
    """Hosts whose node is pending in a swarm that may still get its quorum.

    Its managers answer and know the node, or one of them is on a host that was not asked, or a majority of them runs.
    """
    away = {_address(host, lab) for host in lab["hosts"] if host not in infos}
    up = {info["swarm"]["node_id"] for info in infos.values() if info["swarm"]["manager"] or _is(info, "pending")}
    found = []
    for host, info in infos.items():
        if not _is(info, "pending"):
            continue
        known = {one["node_id"]: one["address"] for one in info["swarm"]["managers"]}
        if ids:
            comes = info["swarm"]["node_id"] in ids
        else:
            comes = bool(away.intersection(known.values())) or len(up.intersection(known)) >= majority(len(known))
        if comes:
            found.append(host)
    return found


def _stays(info: Mapping[str, Any], host: str, ids: Collection[str], lab: Mapping[str, Any]) -> bool:
    return _is_active(info, host, lab) and info["swarm"]["node_id"] in ids


def standing(infos: Mapping[str, Any], lab: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The nodes of the swarm that is kept, and a manager of it in the play; of several swarms, the largest is kept."""
    best: tuple[int, list[dict[str, Any]], str] = (0, [], "")
    for host, info in infos.items():
        ids = {node["id"] for node in info["nodes"]}
        if _stays(info, host, ids, lab):
            size = sum(_stays(other, name, ids, lab) for name, other in infos.items())
            if size > best[0]:
                best = (size, info["nodes"], host)
    return best[1], best[2]


def _host_of(node: Mapping[str, Any], infos: Mapping[str, Any], lab: Mapping[str, Any]) -> str:
    """The host of the lab file that the node is, or was; "" for an unknown node.

    A host in the play knows its node. Others are found by the node's address, or by its host name.
    """
    for host, info in infos.items():
        if info["swarm"]["node_id"] == node["id"]:
            return host
    for host, one in lab["hosts"].items():
        if node["address"] in one["addresses"].values():
            return host
    return node["hostname"] if node["hostname"] in lab["hosts"] else ""


def _is_former(node: Mapping[str, Any], host: str, infos: Mapping[str, Any], lab: Mapping[str, Any]) -> bool:
    """Whether the node is a former one of a host of the play, or the present one of a host that has to leave."""
    return host in infos and (node["id"] != infos[host]["swarm"]["node_id"] or not _is_active(infos[host], host, lab))


def _roles(inside: Mapping[str, Any], hosts: list[str], size: int) -> dict[str, str]:
    """Host -> manager or worker. Managers stay managers, up to manager_count(); then the first hosts of the file."""
    standing = [host for host in hosts if host in inside and inside[host]["role"] == "manager"]
    wanted = [*standing, *(host for host in hosts if host not in standing)][: manager_count(size)]
    return {host: "manager" if host in wanted else "worker" for host in hosts}


def _demotable(surplus: list[str], staying: Mapping[str, bool], nodes: list[dict[str, Any]]) -> list[str]:
    """The surplus managers that may be demoted: all, if the others keep a majority of managers in the play, else none.

    Unknown managers count among the others.

    ``staying``: id of a node that is to be a manager -> whether its host is in the play.
    """
    unknown = {node["id"] for node in nodes if node["role"] == "manager"} - staying.keys() - set(surplus)
    return surplus if sum(staying.values()) >= majority(len(staying) + len(unknown)) else []


def _unknown_node(node: Mapping[str, Any]) -> str:
    return (
        f"{node['hostname']} is a node of the swarm ({node['role']}, {node['state']}) and not in the lab file:"
        f" ansible-playbook playbooks/swarm_remove.yml -e node={node['hostname']} removes it"
    )


# -- no manager of the play can do anything ----------------------------------------------------------------------------


def _without(infos: Mapping[str, Any], lab: Mapping[str, Any]) -> dict[str, Any]:
    """No manager of the play has a quorum: wait for the managers, found a swarm, or say why that is refused."""
    away = {_address(host, lab): host for host in lab["hosts"] if host not in infos}
    active = {host: info for host, info in infos.items() if _is_active(info, host, lab)}
    # Managers on hosts that were not asked: their swarm may be healthy.
    elsewhere = {
        host: [away[one["address"]] for one in info["swarm"]["managers"] if one["address"] in away]
        for host, info in active.items()
    }
    managers_here = [host for host, info in active.items() if info["swarm"]["manager"]]
    without_majority = [host for host in managers_here if elsewhere[host] or _has_majority(host, active)]
    if without_majority:
        return _result(faults=[_no_majority(host, elsewhere[host], infos[host]["error"]) for host in without_majority])
    waiting = [host for host in active if elsewhere[host]]
    if waiting:
        manager = elsewhere[waiting[0]][0]
        joiners = [host for host in infos if host not in waiting]
        faults = [
            f"{host}: cannot join the swarm without {manager}, a manager of it: run without --limit, or start {manager}"
            for host in joiners
        ]
        return _result(manager=manager, faults=faults)
    if away:
        names = ", ".join(away.values())
        return _result(
            faults=[
                f"no host of this run is in the lab's swarm, and {names} took no part in this run: a swarm is founded"
                " with all hosts of the lab file; run without --limit, start them, or take them out of the file"
            ]
        )
    first = next(iter(lab["hosts"]))
    roles = _roles({}, list(lab["hosts"]), len(lab["hosts"]))
    return _result(
        leave=[host for host, info in infos.items() if _is_node(info)],
        found=first,
        manager=first,
        join={host: role for host, role in roles.items() if host != first},
    )


def _has_majority(host: str, active: Mapping[str, Any]) -> bool:
    """Whether enough managers run to elect a leader: then the swarm only needs time."""
    known = {one["node_id"] for one in active[host]["swarm"]["managers"]}
    running = [info for info in active.values() if info["swarm"]["node_id"] in known and info["swarm"]["manager"]]
    return len(running) >= majority(len(known))


def _no_majority(host: str, away: list[str], said: str) -> str:
    remedy = (
        f"start {' and '.join(away)}; if they are lost for good, take them out of the lab file, and a new swarm"
        " is founded"
        if away
        else "see journalctl -u docker.service there, then run again"
    )
    return f"{host}: the managers of the swarm have no majority ({said or 'they do not answer'}): {remedy}"
