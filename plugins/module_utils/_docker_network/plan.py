# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A Docker network as wanted: the plan, which finds every fault and touches nothing."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
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
    ``lab``: whose network it has to be, '' for whose ever; ``id``: by which another host of that lab knows it.
    """

    spec: NetworkSpec
    present: bool = True
    recreate: bool = False
    force: bool = False
    allow_overlap: bool = False
    avoid: tuple[Taken, ...] = ()
    lab: str = ""
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
        """What the network will look like, as far as it can be foretold."""
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
        allow_overlap=params["allow_overlap"],
        avoid=tuple(avoid),
        lab=params.get("lab") or "",
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


def plan(client, request: Request) -> Plan:
    """Read what is there and compare. LabError with every fault; nothing is changed."""
    networks = view.list_networks(client)
    others = _others(request, networks)
    if others and request.present:
        raise LabError(others.values())
    # Others of its name stay, and are in nobody's way.
    mine = networks if request.present else [one for one in networks if one["Id"] not in others]
    listed = view.pick(mine, request.spec.name)
    before = view.inspect(client, listed["Id"]) if listed else None
    if not request.present:
        return replace(_plan_absent(client, request, before), left=tuple(others.values()))
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
        docker_links.add(view.bridge_of(network))
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


def _plan_absent(client, request: Request, before: dict[str, Any] | None) -> Plan:
    found = Differences()
    if before is None:
        return Plan(request, before, found)
    found.add(f"network {request.spec.name}", before["Driver"], None)
    attachments, remote = attached(client, before)
    if (attachments or remote) and not request.force:
        names = ", ".join(sorted([*(attachment.name for attachment in attachments), *remote]))
        raise LabError(
            f"network {request.spec.name}: is used by {names}:"
            " remove these containers, or set force to true to disconnect them"
        )
    return Plan(request, before, found, attachments=attachments, remote=remote)
