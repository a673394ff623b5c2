# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A lab as a graph: what there is on each host, how it is linked, and in what it differs from the lab file. Pure.

docs/map.md describes what is returned, key by key; it is what `make map` writes as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import status
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.differences import (
    container_id,
    host_id,
    interface_id,
    interface_with,
    network_id,
    segment_id,
    uplink_id,
)

VERSION = 1
UNDERLAY = "underlay"
UNKNOWN = "unknown"
# Of a container.
RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"

Model = dict[str, Any]
Lab = dict[str, Any]
Views = Mapping[str, dict[str, Any]]


def build(lab: Lab, views: Views, silent: Mapping[str, str], read: str) -> Model:
    """``lab``, ``views``, ``silent``: as for status.report; ``read``: when it was read, to be shown."""
    told = status.report(lab, views, silent)["data"]
    stands = status.as_it_stands(lab, views)
    site = lab["sites"][lab["site"]]
    differing = {one["element"] for one in told["differences"]}
    hosts = [_host(stands, row, views.get(row["host"]), differing) for row in told["hosts"]]
    return {
        "version": VERSION,
        "lab": {
            "name": lab["name"],
            "site": lab["site"],
            "engine": told["engine"],
            "read": read,
            "ok": told["ok"],
        },
        "underlay": {"id": UNDERLAY, "subnet": site["subnet"], "mtu": _underlay_mtu(stands)},
        "networks": [_network(one, views, differing) for one in lab["networks"]],
        "hosts": hosts,
        "links": [link for host in hosts for link in _links(host)],
        "tunnels": _tunnels(stands, hosts),
        "differences": [{"number": number, **one} for number, one in enumerate(told["differences"], 1)],
    }


def _underlay_mtu(lab: Lab) -> int | None:
    return max((network["underlay_mtu"] for network in lab["networks"]), default=None)


def _state(element: str, differing: set[str]) -> dict[str, str]:
    return {"id": element, "state": status.DIFFERS if element in differing else status.AS_WANTED}


def _network(network: dict[str, Any], views: Views, differing: set[str]) -> dict[str, Any]:
    found = [one for view in views.values() for one in view["networks"] if one["name"] == network["name"]]
    vxlans = [link for one in found for link in one["vxlans"]]
    return {
        **_state(network_id(network["name"]), differing),
        "name": network["name"],
        "subnet": network["subnet"],
        "mtu": network["mtu"],
        "encrypted": bool(network["encrypted"]),
        "vnis": sorted({link["vni"] for link in vxlans}),
        "ports": sorted({link["port"] for link in vxlans}),
    }


def _host(lab: Lab, row: dict[str, Any], view: dict[str, Any] | None, differing: set[str]) -> dict[str, Any]:
    name = row["host"]
    wanted = [one for one in lab["containers"] if one["host"] == name]
    return {
        **_state(host_id(name), differing),
        "name": name,
        "address": row["address"],
        "answers": view is not None,
        "role": row["role"],
        "docker": row["docker"],
        "uplink": _uplink(name, view, differing),
        "namespaces": [_namespace(name, one, differing) for one in _parts(lab, view)],
        "containers": [_container(one, view, differing) for one in wanted],
    }


def _uplink(host: str, view: dict[str, Any] | None, differing: set[str]) -> dict[str, Any]:
    link = view and view["uplink"]
    known = {key: link[key] for key in ("name", "mtu", "up", "addresses")} if link else _NO_LINK
    return {**_state(uplink_id(host), differing), **known}


_NO_LINK: dict[str, Any] = {"name": "", "mtu": None, "up": False, "addresses": []}


def _parts(lab: Lab, view: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The networks of which the host has a bridge, in the order of the lab file."""
    names = [network["name"] for network in lab["networks"]]
    found = [one for one in view["networks"] if one["bridge"] or one["vxlans"]] if view else []
    return sorted(found, key=lambda one: names.index(one["name"]))


def _namespace(host: str, network: dict[str, Any], differing: set[str]) -> dict[str, Any]:
    name, bridge = network["name"], network["bridge"]
    link = network["vxlans"][0] if network["vxlans"] else None
    of_bridge = {key: bridge[key] for key in ("name", "mtu", "up", "addresses")} if bridge else None
    of_vxlan = {key: link[key] for key in ("name", "vni", "port", "mtu", "up", "remotes")} if link else None
    return {
        **_state(segment_id("namespace", host, name), differing),
        "network": name,
        "netns": network["sandbox"] or "",
        "bridge": of_bridge and {**_state(segment_id("bridge", host, name), differing), **of_bridge},
        "vxlan": of_vxlan and {**_state(segment_id("vxlan", host, name), differing), **of_vxlan},
    }


def _container(wanted: dict[str, Any], view: dict[str, Any] | None, differing: set[str]) -> dict[str, Any]:
    name = wanted["name"]
    found = next((one for one in view["containers"] if one["name"] == name), None) if view else None
    runs = UNKNOWN if found is None else RUNNING if found["running"] else STOPPED if found["exists"] else ABSENT
    seconds = round(view["time"] - found["started"]) if view and found and found["started"] else None
    return {
        **_state(container_id(name), differing),
        "name": name,
        "runs": runs,
        "seconds": seconds,
        "interfaces": [_interface(name, place, found, differing) for place in wanted["networks"]],
    }


def _interface(
    container: str, place: dict[str, Any], found: dict[str, Any] | None, differing: set[str]
) -> dict[str, Any]:
    network = place["name"]
    of_docker = next((one for one in found["networks"] if one["name"] == network), None) if found else None
    address = of_docker and of_docker["address"]
    link = interface_with(found, address) if found and address else None
    port = link and link["port"]
    return {
        **_state(interface_id("interface", container, network), differing),
        "network": network,
        "name": link["name"] if link else "",
        "address": address or place["ipv4_address"],
        "mac": link["mac"] if link else "",
        "mtu": link["mtu"] if link else None,
        "up": bool(link and link["up"]),
        "port": port
        and {
            **_state(interface_id("port", container, network), differing),
            "name": port["name"],
            "up": port["up"],
            "bridged": bool(port["master"]),
        },
    }


def _links(host: dict[str, Any]) -> Iterator[dict[str, str]]:
    """From each container downward."""
    uplink = host["uplink"] if host["uplink"]["name"] else None
    parts = {one["network"]: one for one in host["namespaces"]}
    for container in host["containers"]:
        for interface in container["interfaces"]:
            yield _link(container, interface)
            part, port = parts.get(interface["network"]), interface["port"]
            if port:
                yield _link(interface, port)
                if port["bridged"] and part and part["bridge"]:
                    yield _link(port, part["bridge"])
    for part in host["namespaces"]:
        if part["bridge"] and part["vxlan"]:
            yield _link(part["bridge"], part["vxlan"])
        if part["vxlan"] and uplink:
            yield _link(part["vxlan"], uplink)
    if uplink:
        yield {"from": uplink["id"], "to": UNDERLAY}


def _link(one: dict[str, Any], other: dict[str, Any]) -> dict[str, str]:
    return {"from": one["id"], "to": other["id"]}


def _tunnels(lab: Lab, hosts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Between every two hosts that have a VXLAN of one network with the same VNI."""
    found = []
    for network in lab["networks"]:
        ends = [
            (host["name"], part["vxlan"])
            for host in hosts
            for part in host["namespaces"]
            if part["network"] == network["name"] and part["vxlan"]
        ]
        found += [
            {"network": network["name"], "from": one, "to": other, "vni": link["vni"], "port": link["port"]}
            for number, (one, link) in enumerate(ends)
            for other, peer in ends[number + 1 :]
            if peer["vni"] == link["vni"]
        ]
    return found
