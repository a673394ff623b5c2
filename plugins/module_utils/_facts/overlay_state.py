# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What verification has to know of one host's part in its overlay networks, read once.

Docker says what it believes, the kernel what is: both are returned, for others to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import network_place
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables, rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.forwarding_tables import FLOOD, Entry
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN, Namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import observed as topology_observed
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.observed import LinkState, Place

SANDBOXES = Path("/var/run/docker/netns")
_MTU_OPTION = "com.docker.network.driver.mtu"


@dataclass(frozen=True)
class Segment:
    """Where a network's VXLANs are: the sandbox of an overlay, or behind a Docker bridge of the host's own."""

    netns: str
    bridge: str | None  # None: every VXLAN of the namespace is the network's

    def vxlans(self, links: Iterable[LinkState]) -> list[LinkState]:
        return [link for link in links if link.kind == "vxlan" and self.bridge in (None, link.master)]

    def bridge_among(self, links: Iterable[LinkState]) -> LinkState | None:
        return next((link for link in links if link.kind == "bridge" and self.bridge in (None, link.name)), None)


def read(docker: DockerSocket, networks: list[str], containers: list[str]) -> dict[str, list[dict[str, Any]]]:
    """{networks, containers, forwarding}, in the shapes of the module's RETURN.

    What does not exist is an entry that says so. Raises LabError where dockerd does not answer or root is needed.
    """
    found = docker.networks(networks)
    inspected = {name: docker.container(name) for name in containers}
    segments = {network["Id"]: segment(network, _sandboxes()) for network in found}
    running = {name: _namespace(one) for name, one in inspected.items() if one and one["State"]["Running"]}
    forwarding: list[dict[str, Any]] = []
    vxlans: dict[str, list[LinkState]] = {}
    bridges: dict[str, LinkState | None] = {}
    places: dict[str, Place] = {}
    try:
        with Namespaces() as namespaces:
            wanted = [*running.values(), *(one.netns for one in segments.values() if one)]
            world = topology_observed.read(namespaces, wanted)
            for network in found:
                at = segments[network["Id"]]
                place = world.places.get(at.netns) if at else None
                if at is None or place is None:
                    continue
                devices = at.vxlans(place.links.values())
                vxlans[network["Id"]] = devices
                bridges[network["Id"]] = at.bridge_among(place.links.values())
                places[network["Id"]] = place
                if devices:
                    with namespaces.inside(at.netns), rtnetlink.Socket() as here:
                        fdb, neighbours = forwarding_tables.fdb(here), forwarding_tables.neighbours(here)
                    add_remotes(devices, fdb)
                    forwarding += join(network["Name"], {link.index for link in devices}, fdb, neighbours)
    except OSError as error:
        raise LabError(f"the kernel's state cannot be read: {error.strerror} ({error.filename}); use become") from error
    bridges_of = by_mac(list(inspected.values()), places)
    return {
        "networks": network_views(networks, found, segments, vxlans, bridges),
        "containers": [
            container_view(name, one, _links(world, running.get(name)), bridges_of) for name, one in inspected.items()
        ],
        "forwarding": forwarding,
    }


def _sandboxes() -> list[str]:
    try:
        return sorted(str(path) for path in SANDBOXES.iterdir())
    except FileNotFoundError:  # dockerd makes the folder with its first sandbox
        return []


def _namespace(inspected: dict[str, Any]) -> str:
    return f"/proc/{inspected['State']['Pid']}/ns/net"


def _links(world: topology_observed.CurrentState, netns: str | None) -> list[LinkState]:
    # A container that ended a moment ago has no namespace any more.
    place = world.places.get(netns) if netns else None
    return list(place.links.values()) if place else []


def segment(network: dict[str, Any], sandboxes: list[str]) -> Segment | None:
    """Where to look for a network's VXLANs; None where the host has no part in it, or it cannot have any."""
    if network["Driver"] == "overlay":
        path = network_place.sandbox_of(network, sandboxes)
        return Segment(path, None) if path else None
    bridge = network_place.bridge_of(network)
    return Segment(OWN, bridge) if bridge else None


def add_remotes(devices: list[LinkState], fdb: list[Entry]) -> None:
    """Tell VXLANs to which VTEPs they flood."""
    for link in devices:
        link.remotes = topology_observed.remotes_of(fdb, link.index)


def join(network: str, indexes: set[int], fdb: list[Entry], neighbours: list[Entry]) -> list[dict[str, Any]]:
    """The network's entries in both tables, matched by MAC: {network, mac, vtep, address}, by address.

    A MAC that only one table knows has None for what the other would say. Entries that flood are no container's.
    """
    vteps = [(one.mac, one.address) for one in fdb if one.index in indexes and one.address and one.mac != FLOOD]
    addresses = [(one.mac, one.address) for one in neighbours if one.index in indexes]
    entries: set[tuple[str, str | None, str | None]] = set()
    for mac, vtep in vteps:
        entries |= {(mac, vtep, address) for other, address in addresses if other == mac} or {(mac, vtep, None)}
    entries |= {(mac, None, address) for mac, address in addresses if mac not in dict(vteps)}
    return [
        {"network": network, "mac": mac, "vtep": vtep, "address": address}
        for mac, vtep, address in sorted(entries, key=lambda entry: (entry[2] or "", entry[0], entry[1] or ""))
    ]


def network_views(
    names: list[str],
    found: list[dict[str, Any]],
    segments: dict[str, Segment | None],
    vxlans: dict[str, list[LinkState]],
    bridges: dict[str, LinkState | None],
) -> list[dict[str, Any]]:
    """One entry for each network of these names (two, where one name was made twice), or one that says it is absent."""
    views = []
    for name in dict.fromkeys(names):
        same = [network for network in found if network["Name"] == name]
        for network in same or [{}]:
            at = segments.get(network.get("Id", ""))
            options = network.get("Options") or {}
            pools = (network.get("IPAM") or {}).get("Config") or []
            mtu = options.get(_MTU_OPTION, "")
            views.append(
                {
                    "name": name,
                    "exists": bool(network),
                    "id": network.get("Id"),
                    "driver": network.get("Driver"),
                    "scope": network.get("Scope"),
                    "subnets": [pool["Subnet"] for pool in pools if pool.get("Subnet")],
                    "ipam": [_pool_view(pool) for pool in pools if pool.get("Subnet")],
                    "mtu": int(mtu) if mtu.isdecimal() else None,
                    "options": options,
                    "sandbox": at.netns if at and at.netns else None,
                    "vnis": sorted(link.settings["vni"] for link in vxlans.get(network.get("Id", ""), [])),
                    "vxlans": [_vxlan_view(link) for link in vxlans.get(network.get("Id", ""), [])],
                    "bridge": link_view(bridges.get(network.get("Id", ""))),
                }
            )
    return views


def _pool_view(pool: dict[str, Any]) -> dict[str, Any]:
    # A gateway may come with a prefix length, which is not part of an address.
    gateway = (pool.get("Gateway") or "").partition("/")[0]
    return {"subnet": pool["Subnet"], "gateway": gateway or None, "ip_range": pool.get("IPRange") or None}


def _vxlan_view(link: LinkState) -> dict[str, Any]:
    settings = {key: link.settings.get(key) for key in ("vni", "port", "local")}
    shown = {"name": link.name, **settings, "mtu": link.mtu, "up": link.up, "master": link.master}
    return {**shown, "remotes": sorted(map(str, link.remotes))}


def link_view(link: LinkState | None) -> dict[str, Any] | None:
    """A link of which nothing but this is asked."""
    if link is None:
        return None
    addresses = sorted(str(address) for address in link.addresses)
    return {"name": link.name, "mtu": link.mtu, "mac": link.mac, "up": link.up, "addresses": addresses}


def port_of(link: LinkState, place: Place | None) -> LinkState | None:
    """The other end of a container's interface, where it is in the place; both know the other's index."""
    ends = place.links.values() if place and link.kind == "veth" else ()
    return next((end for end in ends if (end.index, end.link_index) == (link.link_index, link.index)), None)


def moment(text: str | None) -> float | None:
    """Seconds of the epoch of Docker's 2026-11-22T11:10:30.924122123Z; None for what never was."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()


def _endpoints(inspected: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    return (inspected["NetworkSettings"]["Networks"] or {}) if inspected else {}


def by_mac(inspected: list[dict[str, Any] | None], places: Mapping[str, Place]) -> dict[str, Place]:
    """The MAC of an endpoint -> the namespace in which its network's bridge is; ``places``: the same by network id.

    Of all containers together: one that uses another's network has the interfaces, and the other has the endpoints.
    """
    endpoints = [endpoint for one in inspected for endpoint in _endpoints(one).values()]
    return {
        endpoint["MacAddress"]: places[endpoint["NetworkID"]]
        for endpoint in endpoints
        if endpoint.get("MacAddress") and endpoint.get("NetworkID") in places
    }


def container_view(
    name: str, inspected: dict[str, Any] | None, links: list[LinkState], bridges_of: Mapping[str, Place]
) -> dict[str, Any]:
    """One container: what Docker says of its networks, and the interfaces that are in its namespace.

    ``bridges_of``: by_mac.
    """
    state = inspected["State"] if inspected else {}
    running = bool(state.get("Running"))
    return {
        "name": name,
        "exists": inspected is not None,
        "running": running,
        "status": state.get("Status"),
        "pid": state["Pid"] if running else None,
        "started": moment(state.get("StartedAt")) if running else None,
        "networks": [
            {
                "name": network,
                "id": endpoint.get("NetworkID"),
                "address": endpoint.get("IPAddress") or None,
                "mac": endpoint.get("MacAddress") or None,
            }
            for network, endpoint in sorted(_endpoints(inspected).items())
        ],
        "interfaces": [
            _interface_view(link, port_of(link, bridges_of.get(link.mac or ""))) for link in links if link.name != "lo"
        ],
    }


def _interface_view(link: LinkState, port: LinkState | None) -> dict[str, Any]:
    other = {"name": port.name, "up": port.up, "master": port.master} if port else None
    return {**(link_view(link) or {}), "port": other}
