# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What engines say of networks: as the hosts have them, and as the lab file wants them.

``lab`` and ``states`` are as in engine.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL


def missing_networks(lab: dict[str, Any], states: dict[str, dict], users_only: bool = False) -> list[str]:
    """A line for each host that does not have a network. ``users_only``: only hosts with a container on it need it."""
    return [
        f"{host}: the network {network['name']} is not there: run playbooks/overlay.yml"
        for network in lab["networks"]
        for host, state in states.items()
        if not (users_only and host not in users(lab, network["name"])) and not ids_on(state, network["name"])
    ]


def split_networks(lab: dict[str, Any], states: dict[str, dict]) -> list[str]:
    """A line for each network that has more than one id across the hosts: its containers do not reach each other."""
    lines = []
    for network in lab["networks"]:
        ids: dict[str, list[str]] = {}
        for host, state in states.items():
            for identity in ids_on(state, network["name"]):
                ids.setdefault(identity, []).append(host)
        if len(ids) > 1:
            listed = ", ".join(f"{identity[:12]} on {' and '.join(hosts)}" for identity, hosts in ids.items())
            lines.append(
                f"the network {network['name']} is {len(ids)} networks ({listed}): remove the ones without containers"
            )
    return lines


def ids_on(state: dict[str, Any], network: str) -> list[str]:
    """The ids of a host's networks of this name: none, one, or two where it was made twice."""
    return [one["id"] for one in state["networks"] if one["name"] == network and one["exists"]]


def options(lab: dict[str, Any], network: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Options of the module docker_network for a network of the lab file; ``more``: the engine's own.

    ``lab``: "name", "networks", "sites" (whose subnets no network may overlap).
    """
    return {
        "name": network["name"],
        "labels": {LAB_LABEL: lab["name"]},
        "lab": lab["name"],
        "avoid": [
            {"name": f"the underlay of the site {name}", "subnet": site["subnet"]}
            for name, site in lab["sites"].items()
        ],
        "allow_overlap": network["allow_overlap"],
        **more,
    }


def unmanaged_users(info: dict[str, Any], lab: dict[str, Any]) -> dict[str, list[str]]:
    """Network of the lab -> the containers on it that are not the lab's. ``info``: what host_info returned."""
    found = {}
    for network in (one["name"] for one in info["networks"] if one["lab"] == lab["name"]):
        others = [one["name"] for one in info["containers"] if one["lab"] != lab["name"] and network in one["networks"]]
        if others:
            found[network] = others
    return found


def users(lab: dict[str, Any], network: str) -> list[str]:
    """The hosts that have a container on the network."""
    return [
        container["host"]
        for container in lab["containers"]
        if network in [place["name"] for place in container["networks"]]
    ]


def room_faults(
    subnet: IPv4Network, network: str, used: int, hosts: Mapping[str, int], hosts_take: int = 0
) -> list[str]:
    """Why a subnet has no room for ``used`` containers, beside ``hosts_take`` addresses of hosts."""
    # Neither the network address, nor the broadcast address, nor the gateway.
    room = max(subnet.num_addresses - 3 - hosts_take, 0)
    if used <= room:
        return []
    of_hosts = f" and an address for each of {hosts_take} hosts" if hosts_take else ""
    return [
        f"{subnet} has room for {room} containers beside the gateway{of_hosts}, and {used} are in {network}: take a"
        " larger one"
    ]
