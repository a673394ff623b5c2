# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Docker networks as they are: found by name, and shown in one shape by every module."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.network_place import bridge_of

from . import veths
from .spec import MTU_OPTION, NetworkSpec, Pool

# The bridge driver names its link after the network's id unless this option says otherwise.
_POLL_SECONDS = 0.1
_ALLOCATION_SECONDS = 10


def list_networks(client) -> list[dict[str, Any]]:
    """All networks as the API lists them: with IPAM, without containers."""
    with reported("list of networks"):
        return client.networks()


def pick(networks: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The one network of that name. LabError if there are several: Docker would pick one silently."""
    found = [network for network in networks if network["Name"] == name]
    if len(found) > 1:
        ids = ", ".join(f"{network['Id'][:12]} ({network['Driver']})" for network in found)
        raise LabError(f"network {name}: there are {len(found)} of this name: {ids}: remove all but one by id")
    return found[0] if found else None


def known_elsewhere(client) -> bool:
    """Whether a network that is not here may still be joined by its name: a swarm's worker learns of it from a manager
    when the first of its containers joins.
    """
    with reported("state of the swarm"):
        swarm = client.info().get("Swarm") or {}
    return swarm.get("LocalNodeState") == "active" and not swarm.get("ControlAvailable")


def inspect(client, network_id: str) -> dict[str, Any] | None:
    """One network with its containers; None if it went away meanwhile."""
    return find(client.inspect_network, network_id)


def inspect_new(client, network_id: str) -> dict[str, Any] | None:
    """One that was just made. A swarm's managers take a moment until they have given it a driver and a subnet."""
    deadline = time.monotonic() + _ALLOCATION_SECONDS
    while True:
        network = inspect(client, network_id)
        if network is None or network["Driver"] or time.monotonic() > deadline:
            return network
        time.sleep(_POLL_SECONDS)


def wait_until_gone(client, network_id: str) -> None:
    """A swarm takes a moment to remove a network, and keeps its name until then."""
    deadline = time.monotonic() + _ALLOCATION_SECONDS
    while inspect(client, network_id) is not None:
        if time.monotonic() > deadline:
            raise LabError(f"network {network_id[:12]}: is still there {_ALLOCATION_SECONDS} s after its removal")
        time.sleep(_POLL_SECONDS)


def spec_of(network: dict[str, Any]) -> NetworkSpec:
    """What would make this network again."""
    return NetworkSpec(
        name=network["Name"],
        driver=network["Driver"],
        pools=tuple(pools_of(network)),
        ipam_driver=(network.get("IPAM") or {}).get("Driver"),
        enable_ipv6=bool(network.get("EnableIPv6")),
        internal=bool(network.get("Internal")),
        attachable=bool(network.get("Attachable")),
        options=dict(network.get("Options") or {}),
        labels=dict(network.get("Labels") or {}),
    )


def pools_of(network: dict[str, Any]) -> list[Pool]:
    """IPAM's entries. A gateway may come with a prefix length, which is not part of an address."""
    return [
        Pool(
            subnet=entry["Subnet"],
            gateway=(entry.get("Gateway") or "").split("/")[0] or None,
            ip_range=entry.get("IPRange") or None,
            aux_addresses=entry.get("AuxiliaryAddresses") or None,
        )
        for entry in (network.get("IPAM") or {}).get("Config") or []
        if entry.get("Subnet")
    ]


def endpoints_of(network: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is connected, by container id; another host's by "ep-...". Swarm's own load balancer is no container."""
    return {key: value for key, value in (network.get("Containers") or {}).items() if not key.startswith("lb-")}


def shown(network: dict[str, Any]) -> dict[str, Any]:
    """What modules return of a network; the shape is in docker_network_info's RETURN."""
    containers = [
        {
            "name": endpoint.get("Name", ""),
            "id": container_id,
            "ipv4_address": _address(endpoint.get("IPv4Address")),
            "ipv6_address": _address(endpoint.get("IPv6Address")),
            "mac": endpoint.get("MacAddress", ""),
            "interface": "",
            "veth": "",
        }
        for container_id, endpoint in endpoints_of(network).items()
    ]
    return {
        "id": network["Id"],
        "scope": network["Scope"],
        "bridge": bridge_of(network),
        "containers": sorted(containers, key=lambda container: container["name"]),
    } | shown_spec(spec_of(network))


def shown_spec(spec: NetworkSpec) -> dict[str, Any]:
    """The part of the shape that is known before the network is there."""
    mtu = spec.options.get(MTU_OPTION, "")
    return {
        "name": spec.name,
        "driver": spec.driver,
        "subnets": [pool.subnet for pool in spec.pools],
        "ipam_config": [
            {
                "subnet": pool.subnet,
                "gateway": pool.gateway or "",
                "ip_range": pool.ip_range or "",
                "aux_addresses": pool.aux_addresses or {},
            }
            for pool in spec.pools
        ],
        "mtu": int(mtu) if mtu.isdecimal() else None,
        "enable_ipv6": bool(spec.enable_ipv6),
        "internal": bool(spec.internal),
        "attachable": bool(spec.attachable),
        "options": spec.options,
        "labels": spec.labels,
    }


def _address(text: str | None) -> str:
    return (text or "").split("/")[0]


def read(client, names: list[str] | None, wait_seconds: float = 0, interfaces: bool = False) -> list[dict[str, Any]]:
    """The named networks (all by default) as modules show them, by name.

    With ``wait_seconds`` every name has to come within that time; LabError names those that did not.
    With ``interfaces`` each container's interface and veth are looked up.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        listed = [network for network in list_networks(client) if names is None or network["Name"] in names]
        missing = sorted(set(names or ()) - {network["Name"] for network in listed})
        if not missing or time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    if missing and wait_seconds:
        raise LabError(f"network {name}: is not on this host after {wait_seconds:g} s" for name in missing)
    inspected = (inspect(client, network["Id"]) for network in listed)
    found = sorted((shown(network) for network in inspected if network), key=lambda network: network["name"])
    if interfaces:
        _add_interfaces(client, found)
    return found


def _add_interfaces(client, found: list[dict[str, Any]]) -> None:
    host = veths.of_host()
    inside: dict[str, list[veths.Link]] = {}
    for network in found:
        for container in network["containers"]:
            container_id = container["id"]
            if container_id not in inside:
                # Another host's container is not to be found here.
                inspected = find(client.inspect_container, container_id)
                pid = inspected["State"]["Pid"] if inspected else 0
                inside[container_id] = veths.of_process(pid) if pid else []
            names = veths.pair(container["mac"], network["bridge"], inside[container_id], host)
            container["interface"], container["veth"] = names
