# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What an engine is: what spreads a lab's networks to all of its hosts.

Each engine is one file, `_engine_NAME.py`, with the functions of the protocol below: pure, on the controller. What it
does on hosts is in the role overlay_network, tasks/NAME/: check, prepare, present, pre_move, post_move, absent,
observe, wait_converged. That etcd and dockerd have to pause together, overlay.yml knows of cluster_store as well;
containers and probes know nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

# Of Docker's own VXLANs. It numbers networks one after the other; beside the lab's it has ingress, and maybe some more.
_DOCKERS_PORT = 4789
_OTHER_NETWORKS = 8


class Engine(Protocol):
    """Every function is given what it needs, and remembers nothing.

    ``lab``: {"name", "networks" (lab_networks), "containers" (lab_containers), "hosts" (lab_hosts), "site", "sites",
    "engine", "missing" (hosts of the play that do not answer)}; ``infos``: host -> what the module host_info returned;
    ``states``: host -> what overlay_state returned.
    """

    # Whether the lab's etcd is part of it.
    USES_ETCD: bool
    # Whether dockerd gets settings for it, and so has to be restarted.
    CONFIGURES_DOCKERD: bool
    # Protocol -> port -> who listens there, beside etcd: somebody else's service on it is in the way.
    PORTS: dict[str, dict[int, str]]
    # Protocol -> ports at which hosts have to reach each other, beside etcd's.
    PEER_PORTS: dict[str, tuple[int, ...]]

    def faults(self, lab: dict[str, Any], infos: dict[str, dict]) -> list[str]:
        """Why the engine cannot serve these hosts, a line each, before anything is changed."""

    def containers(self, lab: dict[str, Any]) -> list[dict[str, Any]]:
        """``lab_containers`` with what the engine adds: addresses that it gives, resolvers."""

    def checks(self, lab: dict[str, Any], states: dict[str, dict], evidence: Any) -> list[str]:
        """What is wrong with the engine's own part, a line each, with the place and the remedy.

        ``evidence``: what tasks/NAME/observe.yml read.
        """

    def awaited(self, lab: dict[str, Any], states: dict[str, dict], evidence: Any) -> dict[str, Any]:
        """What may keep packets from containers and comes right by itself: host -> {"fault": line, and what
        tasks/NAME/wait_converged.yml waits for there}.
        """


def has_joined(lab: dict[str, Any], info: dict[str, Any]) -> bool:
    """Whether the host has got what the engine needs. One that changes its engine must be fit for the new one first."""
    return bool(info["record"]["lab"]) and info["record"]["engine"] == lab["engine"]


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


def users(lab: dict[str, Any], network: str) -> list[str]:
    """The hosts that have a container on the network."""
    return [
        container["host"]
        for container in lab["containers"]
        if network in [place["name"] for place in container["networks"]]
    ]


def foreign_vxlans(lab: dict[str, Any], infos: dict[str, dict], first_vni: int) -> list[str]:
    """VXLANs on Docker's UDP port that have a VNI which Docker will take for the lab: it does not look at the kernel's.

    Docker's own are in namespaces of their own, and are not seen here.
    """
    likely = range(first_vni, first_vni + len(lab["networks"]) + _OTHER_NETWORKS)
    return [
        f"{host}: the VXLAN {link['name']} has the VNI {link['vni']} on UDP port {_DOCKERS_PORT}, which Docker takes"
        f" for a network of its own: give it another one, or remove it (ip link delete {link['name']})"
        for host, info in infos.items()
        if not has_joined(lab, info)
        for link in info["vxlan"]["links"]
        if link["port"] == _DOCKERS_PORT and link["vni"] in likely
    ]


def docker_version(info: dict[str, Any]) -> str:
    """The version that runs, or the one that would be installed; '' where there is none to be had."""
    return info["docker"]["version"] or info["docker"]["available"]
