# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The engine swarm: Docker's own distributed engine keeps overlay networks, and its gossip finds the peers."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.health import unheard
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import (
    Engine,
    Infos,
    Lab,
    Lines,
    Told,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import (
    foreign_vxlans,
    has_joined,
    record_back,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.networks import (
    ids_on,
    missing_networks,
    options,
    room_faults,
    split_networks,
)

from . import departure, membership

_FIRST_VNI = 4096
_AGAIN = "run playbooks/overlay.yml"
# What is told of a host that enters a swarm.
_ENTERED = "swarm node: another -> the lab's"
_FOUNDED_ANEW = (
    "swarm: no manager has its data -> founded anew; services, secrets and configs that people had in it are lost"
)


# -- the lab file ------------------------------------------------------------------------------------------------------


def room(subnet: IPv4Network, network: str, used: int, hosts: Mapping[str, int]) -> list[str]:
    """Each host takes an address in every network."""
    return room_faults(subnet, network, used, hosts, len(hosts))


# -- before anything is changed ----------------------------------------------------------------------------------------


def faults(lab: Lab, infos: Infos, missing: Lines) -> list[str]:
    swarms = {host: info["swarm"] for host, info in infos.items()}
    return [
        *membership.owner_faults(swarms, lab["name"], {host: record_back(lab["name"], infos[host]) for host in infos}),
        *_missing_faults(lab, swarms, missing),
        *foreign_vxlans(lab, infos, _FIRST_VNI),
        *_address_faults(lab, infos),
    ]


def _address_faults(lab: Lab, infos: Infos) -> list[str]:
    """Swarm gives each host with a container on a network one address more, and takes the lowest that is free.

    In a lab that stands, everybody has an address already.
    """
    if all(has_joined(lab, info) for info in infos.values()):
        return []
    found = []
    for network in lab["networks"]:
        places = [
            (container["name"], container["host"], place.get("ipv4_address"))
            for container in lab["containers"]
            for place in container["networks"]
            if place["name"] == network["name"]
        ]
        fixed = {name: IPv4Address(address) for name, _host, address in places if address}
        if not fixed:
            continue
        # After the network's own address, its gateway, the hosts, and the containers without a fixed address.
        hosts = {host for _name, host, _address in places}
        first = IPv4Network(network["subnet"]).network_address + 2 + len(hosts) + len(places) - len(fixed)
        found += [
            f"{name}: its ipv4_address {address} in {network['name']} is one of those that Swarm takes first, for hosts"
            f" and containers without one: choose {first} or a later one"
            for name, address in fixed.items()
            if address < first
        ]
    return found


def _missing_faults(lab: Lab, swarms: dict[str, dict], missing: Lines) -> list[str]:
    """Hosts that do not answer may be away, as long as the swarm that stands has a majority of its managers."""
    if not missing:
        return []
    away = ", ".join(missing)
    nodes = [
        swarm
        for host, swarm in swarms.items()
        if (swarm["state"], swarm["lab"]) == ("active", lab["name"])
        and swarm["node_address"] == lab["hosts"][host]["addresses"][lab["site"]]
    ]
    if not nodes:
        return [f"{away} not reached: a swarm is founded with all hosts of the lab file; start the missing hosts"]
    known = {one["node_id"] for swarm in nodes for one in swarm["managers"]}
    there = [swarm for swarm in nodes if swarm["manager"] and swarm["node_id"] in known]
    needed = majority(len(known))
    if len(there) >= needed:
        return []
    return [
        f"{away} not reached: the swarm needs {needed} of its {len(known)} managers, and {len(there)} would be there:"
        " start the missing hosts, or take lost ones out of the lab file"
    ]


# -- what it has on hosts ----------------------------------------------------------------------------------------------


def networks(lab: Lab, _host: str) -> list[dict[str, Any]]:
    return [
        options(
            lab,
            network,
            driver="overlay",
            subnet=network["subnet"],
            mtu=network["underlay_mtu"],
            attachable=True,
            driver_options={"encrypted": True} if network.get("encrypted") else {},
        )
        for network in lab["networks"]
    ]


def changes(lab: Lab, infos: Infos, told: Told) -> dict[str, Lines]:
    swarms = evidence(told)
    if swarms is None or set(swarms) != set(infos):
        return {host: ["swarm: not known -> read"] for host in infos if host not in (swarms or {})}
    plan = membership.plan(swarms, lab)
    nodes, _manager = membership.standing(swarms, lab)
    found = {host: [_entry(plan, host, membership.ids_of(nodes, host, lab))] for host in plan["join"]}
    if plan["found"]:
        # Where all hosts leave one, they have moved.
        gone = plan["leave"] and set(plan["leave"]) != set(swarms)
        found[plan["found"]] = [_FOUNDED_ANEW if gone else _ENTERED]
    rest = [*plan["faults"], *plan["strangers"]] or (["swarm nodes: other roles"] if plan["changes"] else [])
    return found or ({next(iter(infos)): rest} if rest else {})


def _entry(plan: dict[str, Any], host: str, former: list[str]) -> str:
    """What is told of a host that joins. ``former``: ids of its nodes that the managers know."""
    lost = host not in plan["leave"] and set(former) & set(plan["remove"])
    return f"swarm node: data gone -> removed, and joined again as {plan['join'][host]}" if lost else _ENTERED


def evidence(told: Told) -> dict[str, dict] | None:
    """As tasks/swarm/observe.yml: host -> what docker_swarm_info returned there."""
    read = {host: results["docker_swarm_info"][0] for host, results in told.items() if "docker_swarm_info" in results}
    return read or None


# -- afterwards --------------------------------------------------------------------------------------------------------


def checks(lab: Lab, states: Infos, evidence: dict[str, dict]) -> list[str]:
    """``evidence``: host -> what the module docker_swarm_info returned there."""
    nodes, manager = membership.standing(evidence, lab)
    told = {network["name"]: network["id"] for network in evidence[manager]["networks"]} if manager else {}
    return [
        *(line for host in states for line in _own_faults(lab, host, evidence[host])),
        *(line for host in states for line in _node_faults(lab, host, evidence[host], nodes, manager)),
        *missing_networks(lab, states, users_only=True),
        *(_network_faults(lab, states, told, manager) if manager else split_networks(lab, states)),
    ]


def part_faults(lab: Lab, views: Infos) -> dict[str, Lines]:
    """What each host says of its node, and the managers of it."""
    told = {host: view["swarm"] for host, view in views.items()}
    nodes, manager = membership.standing(told, lab)
    found = {
        host: [*_own_faults(lab, host, told[host]), *_node_faults(lab, host, told[host], nodes, manager)]
        for host in views
    }
    return {host: [line.removeprefix(f"{host}: ") for line in lines] for host, lines in found.items()}


def awaited(lab: Lab, states: Infos, evidence: dict[str, dict]) -> dict[str, dict[str, Any]]:
    """``peers``: network -> addresses of other hosts with containers on it of which the host has not heard.

    Hosts that found no peer when they started, because all were starting, try again after 60 s.
    """
    nodes, manager = membership.standing(evidence, lab)
    on = {
        host: _joined(states[host], evidence[host])
        for host in states
        if not _own_faults(lab, host, evidence[host]) and not _node_faults(lab, host, evidence[host], nodes, manager)
    }
    found = {}
    for host, networks in on.items():
        peers = {
            name: [lab["hosts"][other]["addresses"][lab["site"]] for other in on if other != host and name in on[other]]
            for name in networks
        }
        if missing := unheard(evidence[host]["networks"], peers):
            places = " and ".join(f"{', '.join(addresses)} on network {name}" for name, addresses in missing.items())
            remedy = "wait a minute; if it stays so, open tcp and udp port 7946 between the hosts"
            found[host] = {"fault": f"{host}: has not heard of {places}: {remedy}", "peers": missing}
    return found


def _joined(state: dict[str, Any], info: dict[str, Any]) -> set[str]:
    """The swarm's networks on which a host has containers that run, and so gossips about."""
    used = {place["name"] for one in state["containers"] if one["running"] for place in one["networks"]}
    return used & {network["name"] for network in info["networks"]}


def _own_faults(lab: Lab, host: str, info: dict[str, Any]) -> list[str]:
    """What the host says of its own node."""
    swarm, wanted = info["swarm"], lab["hosts"][host]["addresses"][lab["site"]]
    if swarm["state"] != "active":
        return [f"{host}: its swarm node is {swarm['state']} ({swarm['error'] or 'no reason given'}): {_AGAIN}"]
    if swarm["node_address"] != wanted:
        return [f"{host}: its swarm node announces {swarm['node_address']}, and the host is at {wanted}: {_AGAIN}"]
    if swarm["manager"] and not info["nodes"]:
        return [f"{host}: the managers of the swarm have no majority ({info['error']}): start the others"]
    return []


def _node_faults(lab: Lab, host: str, info: dict[str, Any], nodes: list[dict[str, Any]], manager: str) -> list[str]:
    """What a manager says of the host's node."""
    swarm = info["swarm"]
    if not manager or swarm["state"] != "active":
        return []
    node = next((one for one in nodes if one["id"] == swarm["node_id"]), None)
    if node is None:
        return [f"{host}: is a node of another swarm than {manager}: {_AGAIN}"]
    if node["state"] != "ready":
        return [
            f"{host}: its swarm node is {node['state']} for the managers: does dockerd run there, and does it reach tcp"
            f" port 2377 of {manager}?"
        ]
    if node["role"] == "manager" and not node["reachable"]:
        return [f"{host}: its swarm manager does not reach the others: open tcp port 2377 between the managers"]
    return []


def _network_faults(lab: Lab, states: Infos, told: dict[str, str], manager: str) -> list[str]:
    names = [network["name"] for network in lab["networks"]]
    return [
        *(f"the swarm has no network {name}, says {manager}: {_AGAIN}" for name in names if name not in told),
        *(
            f"{host}: its network {name} ({identity[:12]}) is left over from a swarm that no longer exists: docker"
            f" network rm {identity[:12]} there, or restart dockerd, and {_AGAIN}"
            for name in names
            for host, state in states.items()
            for identity in ids_on(state, name)
            if name in told and identity != told[name]
        ),
    ]


def role(view: Mapping[str, Any]) -> str:
    swarm = view["swarm"]
    if swarm["swarm"]["state"] != "active":
        return ""
    if not swarm["swarm"]["manager"]:
        return "swarm worker"
    own = [node for node in swarm["nodes"] if node["id"] == swarm["swarm"]["node_id"]]
    return "swarm leader" if any(node["leader"] for node in own) else "swarm manager"


ENGINE = Engine(
    swarm_mode=True,
    docker_overlay=True,
    pauses=True,
    move="Containers pause and stay; their networks get other ids, because a new swarm is founded",
    no_encryption="",
    room_faults=room,
    ports={"tcp": {2377: "Swarm's managers", 7946: "Docker's gossip"}, "udp": {7946: "Docker's gossip"}},
    peer_ports={"tcp": (2377, 7946), "udp": (4789, 7946)},
    faults=faults,
    networks=networks,
    changes=changes,
    evidence=evidence,
    checks=checks,
    awaited=awaited,
    part_faults=part_faults,
    role=role,
    departure=departure.departure,
    # The module docker_swarm finds them, and refuses to leave.
    unmanaged_users=lambda _info, _lab: {},
)
