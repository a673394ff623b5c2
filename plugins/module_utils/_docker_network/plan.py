# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A Docker network as wanted: the plan, which finds every fault and touches nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.network_place import bridge_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import links as kernel_links
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.routes import read_addresses, read_routes

from . import owner, view
from . import subnet_overlap as overlap
from .compare import compare, creation
from .spec import ON_THE_PARENT, NetworkSpec, parse
from .subnet_overlap import Taken


@dataclass(frozen=True)
class Request:
    """``avoid``: subnets that the network may not overlap, besides the host's routes and Docker's networks.
    ``lab``: whose network it has to be, '' for whose ever; ``id``: by which another host of that lab knows it;
    ``lab_containers``: names of that lab's containers on other hosts. ``force``: disconnects containers, with a lab
    those of the lab's; ``disconnect_allowed``: the others as well.
    """

    spec: NetworkSpec
    present: bool = True
    recreate: bool = False
    force: bool = False
    disconnect_allowed: bool = False
    allow_overlap: bool = False
    avoid: tuple[Taken, ...] = ()
    lab: str = ""
    lab_containers: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Attachment:
    """A container that is connected to the network, and how it shall be connected again."""

    container_id: str
    name: str
    endpoint: Endpoint


@dataclass(frozen=True)
class Plan:
    request: Request
    before: dict[str, Any] | None
    differences: Differences
    taken: tuple[Taken, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    # Endpoints of other hosts' containers, or stale ones: known to the store by name alone.
    remote: tuple[str, ...] = ()
    # What has the name and stays, because it is not the lab's.
    left: tuple[str, ...] = ()

    @property
    def former(self) -> dict[str, Any]:
        """What is replaced or removed, of a plan that does so."""
        return self.before or {}

    @property
    def expected(self) -> dict[str, Any]:
        """What the network will look like, as far as it can be predicted."""
        if not self.request.present:
            return {}
        if self.before and not self.differences.changed:
            return view.shown(self.before)
        return {"id": "", "scope": "", "bridge": "", "containers": []} | view.shown_spec(self.request.spec)


def request(params: dict[str, Any]) -> Request:
    """The module's parameters, parsed; LabError with every fault in them."""
    faults: list[str] = []
    avoid = []
    for index, entry in enumerate(params["avoid"] or []):
        try:
            avoid.append(Taken(ip_network(entry["subnet"], strict=False), entry["name"]))
        except ValueError:
            faults.append(f"avoid[{index}].subnet: {entry['subnet']!r} is no subnet such as 10.0.0.0/24")
    try:
        spec = parse(params | {"mtu": _mtu(params, faults)})
    except LabError as error:
        faults = error.faults + faults
    if faults:
        raise LabError(faults)
    return Request(
        spec=spec,
        present=params["state"] == "present",
        recreate=params["recreate"],
        force=params["force"],
        disconnect_allowed=params.get("disconnect_allowed") or False,
        allow_overlap=params["allow_overlap"],
        avoid=tuple(avoid),
        lab=params.get("lab") or "",
        lab_containers=tuple(params.get("lab_containers") or ()),
        id=params.get("id") or "",
    )


def _mtu(params: dict[str, Any], faults: list[str]) -> int | None:
    """The MTU that was given, or that of the link that was named."""
    link, mtu = params["mtu_from"], params["mtu"]
    if not link:
        return mtu
    if mtu is not None:
        faults.append(f"mtu_from: {link} contradicts mtu: {mtu}: give one of them")
        return mtu
    found = kernel_links.mtu_of(link)
    if found is None:
        links = ", ".join(name for _index, name in socket.if_nameindex())
        faults.append(f"mtu_from: {link} is no link of this host: choose among {links}")
    return found


def plan(client, request: Request, container_lab: Callable[[dict[str, Any]], str]) -> Plan:
    """Read what is there and compare. LabError with every fault; nothing is changed. ``container_lab``: tells of an
    inspected container the lab that made it.
    """
    networks = view.list_networks(client)
    others = _others(request, networks)
    if others and request.present:
        raise LabError(others.values())
    # Others of its name stay, and are in nobody's way.
    mine = networks if request.present else [one for one in networks if one["Id"] not in others]
    listed = view.pick(mine, request.spec.name)
    before = view.inspect(client, listed["Id"]) if listed else None
    if not request.present:
        return replace(_plan_absent(client, request, before, container_lab), left=tuple(others.values()))
    spec = request.spec
    differences = compare(spec, before) if before else creation(spec)
    if not differences.changed:
        return Plan(request, before, differences)
    faults: list[str] = []
    if before and not request.recreate:
        faults.extend(
            f"network {spec.name}: {reason}: set recreate to true to make it anew and reconnect its containers"
            for reason in differences.reasons
        )
    faults.extend(_parent_faults(spec))
    taken = () if request.allow_overlap else tuple(_taken(request, networks, before))
    if taken:
        faults.extend(overlap.faults(spec, taken, read_addresses()))
    attachments, remote = attached(client, before)
    if remote:
        faults.append(
            f"network {spec.name}: cannot be made anew while containers of other hosts are on it: {', '.join(remote)}"
        )
    if faults:
        raise LabError(faults)
    return Plan(request, before, differences, taken, attachments)


def _others(request: Request, networks: list[dict[str, Any]]) -> dict[str, str]:
    """Networks of the name that are not the lab's: id -> line."""
    if not request.lab:
        return {}
    known, name = owned.known(owned.NETWORK), request.spec.name
    others = [
        one["Id"]
        for one in networks
        if one["Name"] == name and one["Id"] != request.id and owner.lab_of(known, one) != request.lab
    ]
    return {
        one: f"network {name} ({one[:12]}) is there and is not the lab {request.lab}'s, by this host's record: it is"
        f" left alone; give the lab's another name, or remove it yourself (docker network rm {one[:12]})"
        for one in others
    }


def _taken(request: Request, networks: list[dict[str, Any]], before: dict[str, Any] | None) -> list[Taken]:
    """Everything the network may not overlap: what the caller names, other networks, the host's routes."""
    found = list(request.avoid)
    docker_links = set()
    for network in networks:
        docker_links.add(bridge_of(network))
        if before is None or network["Id"] != before["Id"]:
            name = f"network {network['Name']}"
            found.extend(Taken(subnet, name, segment=False) for subnet in view.spec_of(network).subnets)
    # A bridge network's own route says nothing new.
    found.extend(
        Taken(route.subnet, f"the host's route on {route.device}", route.device)
        for route in read_routes()
        if route.device not in docker_links
    )
    return found


def _parent_faults(spec: NetworkSpec) -> list[str]:
    """Docker makes a parent such as eth0.10 itself, but not eth0; what the kernel lacks it says only to a container."""
    if spec.driver not in ON_THE_PARENT:
        return []
    parent = spec.options.get("parent", "")
    links = [name for _index, name in socket.if_nameindex()]
    needed = [spec.driver]
    if parent and parent not in links:
        if parent.partition(".")[0] not in links:
            return [f"network {spec.name}: parent {parent} is no link of this host: choose among {', '.join(links)}"]
        needed.append("vlan")
    return [
        f"network {spec.name}: this kernel has no {kind}: load its module, or use another {what}"
        for kind, what in zip(needed, ("driver", "parent"))
        if kernel_links.is_missing(kind)
    ]


def attached(client, network: dict[str, Any] | None) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """This host's containers on the network, stopped ones too, and the names of other hosts' endpoints."""
    if network is None:
        return (), ()
    with reported(f"network {network['Name']}: its containers"):
        listed = client.containers(all=True, filters={"network": [network["Id"]]})
        # The list has neither aliases nor links.
        attachments = tuple(_attachment(client.inspect_container(one["Id"]), network["Name"]) for one in listed)
    local = {attachment.container_id for attachment in attachments}
    remote = tuple(
        endpoint.get("Name") or endpoint_id
        for endpoint_id, endpoint in view.endpoints_of(network).items()
        if endpoint_id not in local
    )
    return attachments, remote


def _attachment(container: dict[str, Any], network: str) -> Attachment:
    settings = (container["NetworkSettings"]["Networks"] or {}).get(network, {})
    endpoint = endpoints.from_api(network, settings, container)
    # The address that it happens to have is kept, too: others may know it.
    endpoint = replace(
        endpoint,
        ipv4_address=endpoint.ipv4_address or endpoints.canonical(settings.get("IPAddress")),
        ipv6_address=endpoint.ipv6_address or endpoints.canonical(settings.get("GlobalIPv6Address")),
    )
    return Attachment(container["Id"], container["Name"].lstrip("/"), endpoint)


def _plan_absent(
    client, request: Request, before: dict[str, Any] | None, container_lab: Callable[[dict[str, Any]], str]
) -> Plan:
    found = Differences()
    if before is None:
        return Plan(request, before, found)
    name = request.spec.name
    found.add(f"network {name}", before["Driver"], None)
    attachments, remote = attached(client, before)
    foreign, elsewhere = _of_others(client, request, attachments, remote, container_lab)
    ours = {*(one.name for one in attachments), *remote} - {*foreign, *elsewhere}
    faults = []
    if (foreign or elsewhere) and not request.disconnect_allowed:
        names = ", ".join([*sorted(foreign), *(f"{one} (on another host)" for one in sorted(elsewhere))])
        faults.append(
            f"network {name}: containers that are not the lab {request.lab}'s are on it, and would lose it: {names}:"
            f" disconnect them yourself (docker network disconnect {name} NAME), or set disconnect_allowed (the role"
            " overlay_network: overlay_network_disconnect_allowed) to true"
        )
    if ours and not request.force:
        faults.append(
            f"network {name}: is used by {', '.join(sorted(ours))}:"
            " remove these containers, or set force to true to disconnect them"
        )
    if faults:
        raise LabError(faults)
    return Plan(request, before, found, attachments=attachments, remote=remote)


def _of_others(
    client,
    request: Request,
    attachments: tuple[Attachment, ...],
    remote: tuple[str, ...],
    container_lab: Callable[[dict[str, Any]], str],
) -> tuple[set[str], set[str]]:
    """Names of what is not the lab's: on this host by the record, on others by the name."""
    if not request.lab:
        return set(), set()
    inspected = {one.name: find(client.inspect_container, one.container_id) for one in attachments}
    foreign = {name for name, one in inspected.items() if one and container_lab(one) != request.lab}
    return foreign, set(remote) - set(request.lab_containers)
