# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""In what a lab differs from its lab file, as far as that is seen without a packet. Pure functions.

``lab``: that of status.as_it_stands(); ``views``: host -> what the module lab_status returned there; ``states``: host
-> what overlay_state returned, which is part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.networks import split_networks, users
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

Lab = dict[str, Any]
Views = Mapping[str, dict[str, Any]]
_AGAIN = "run playbooks/overlay.yml"


@dataclass(frozen=True)
class Difference:
    """``host``: "" where no single one differs; ``element``: what does, as the map calls it (docs/map.md); ``text``: in
    what, and what to do about it."""

    host: str
    element: str
    text: str

    @property
    def line(self) -> str:
        return f"{self.host}: {self.text}" if self.host else self.text


def network_id(network: str) -> str:
    return f"network:{network}"


def host_id(host: str) -> str:
    return f"host:{host}"


def container_id(container: str) -> str:
    return f"container:{container}"


def segment_id(kind: str, host: str, network: str) -> str:
    """``kind``: namespace, bridge or vxlan, of which a host has one in each network."""
    return f"{kind}:{host}/{network}"


def interface_id(kind: str, container: str, network: str) -> str:
    """``kind``: interface, or port, which is its other end."""
    return f"{kind}:{container}/{network}"


def uplink_id(host: str) -> str:
    return f"uplink:{host}"


def differences(lab: Lab, views: Views, silent: Mapping[str, str]) -> list[Difference]:
    """All of them, by host in the order of the lab file. ``silent``: host -> why it did not answer."""
    engine, answering = ENGINES[lab["engine"]], _with_part(lab, views)
    parts = engine.part_faults(lab, answering)
    found: list[Difference] = []
    for host in lab["hosts"]:
        if host in silent:
            found.append(Difference(host, host_id(host), f"does not answer ({silent[host]})"))
        elif host in views:
            found += _of_host(lab, views, host, parts.get(host, []))
    if engine.docker_overlay:
        for network in lab["networks"]:
            lines = split_networks({**lab, "networks": [network]}, answering)
            found += [Difference("", network_id(network["name"]), line) for line in lines]
    return found


def _with_part(lab: Lab, views: Views) -> dict[str, dict[str, Any]]:
    """Hosts that have joined, and whose dockerd answers: of others, what is missing is told already."""
    return {host: view for host, view in views.items() if _is_ours(lab, view) and not view["docker"]["fault"]}


def _is_ours(lab: Lab, view: dict[str, Any]) -> bool:
    return view["record"]["lab"] == lab["name"]


def _of_host(lab: Lab, views: Views, host: str, part: list[str]) -> list[Difference]:
    view, here = views[host], host_id(host)
    # What could not be read looks as if nothing were there.
    if view.get("faults"):
        return [Difference(host, here, line) for line in view["faults"]]
    if not _is_ours(lab, view):
        other = view["record"]["lab"]
        text = f"belongs to the lab {other}" if other else f"has nothing of the lab: {_AGAIN}"
        return [Difference(host, here, text)]
    lines = [*_record_lines(lab, view), *_docker_lines(view), *_etcd_lines(lab, views, host), *part]
    found = [Difference(host, here, line) for line in lines]
    found += [Difference(host, uplink_id(host), line) for line in _uplink_lines(lab, host, view)]
    if view["docker"]["fault"]:
        return found
    return [
        *found,
        *of_networks(lab, views, host),
        *of_containers(lab, host, view),
        *of_ports(host, view),
        *of_forwarding(lab, views, host),
    ]


def _record_lines(lab: Lab, view: dict[str, Any]) -> Iterator[str]:
    record = view["record"]
    if record["moving_to"]:
        yield f"moves to the site {record['moving_to']}, and has not arrived: {_AGAIN}"
    elif record["site"] != lab["site"]:
        yield f"is at the site {record['site'] or 'unknown'}, and the inventory says {lab['site']}: {_AGAIN}"
    if record["engine"] != lab["engine"]:
        yield f"has the engine {record['engine'] or 'unknown'}, and the lab has {lab['engine']}: {_AGAIN}"


def _docker_lines(view: dict[str, Any]) -> Iterator[str]:
    if not view["units"]["docker.service"]["active"]:
        yield f"docker.service does not run: see its journal, and {_AGAIN}"
    elif view["docker"]["fault"]:
        yield view["docker"]["fault"]
    # It is not among them where dockerd has a containerd of its own.
    containerd = view["units"].get("containerd.service")
    if view["units"]["docker.service"]["active"] and containerd and not containerd["active"]:
        yield (
            "containerd.service does not run, so containers run on, and none can be started, entered or stopped:"
            " systemctl start containerd.service"
        )


def _etcd_lines(lab: Lab, views: Views, host: str) -> Iterator[str]:
    if not ENGINES[lab["engine"]].uses_etcd:
        return
    unit, fault = views[host]["units"]["etcd.service"], views[host]["etcd"]["fault"]
    if unit["active"] and fault:
        yield f"etcd is not healthy ({fault})"
    if remedy := views[host]["etcd"]["remedy"]:
        yield remedy
    # Who is a member stays one, also where the lab file would take others by now.
    wanted = sum(one["etcd"] for one in lab["hosts"].values())
    running = sum(view["units"]["etcd.service"]["active"] for view in views.values())
    if not unit["active"] and lab["hosts"][host]["etcd"] and (unit["enabled"] or running < wanted):
        yield f"etcd.service does not run: see its journal, and {_AGAIN}"


def _uplink_lines(lab: Lab, host: str, view: dict[str, Any]) -> Iterator[str]:
    address, uplink = lab["hosts"][host]["addresses"][lab["site"]], view["uplink"]
    if uplink is None:
        yield f"no interface has the address {address} of the site {lab['site']}: give it to one"
        return
    if not uplink["up"]:
        yield f"{uplink['name']}, which has {address}, is down: ip link set {uplink['name']} up"
    wanted = max((network["underlay_mtu"] for network in lab["networks"]), default=0)
    if uplink["mtu"] < wanted:
        yield (
            f"{uplink['name']} has MTU {uplink['mtu']}, and the lab file counts on {wanted}: raise it, or set the"
            " site's mtu in the lab file"
        )


def of_networks(lab: Lab, views: Views, host: str) -> list[Difference]:
    """The parts of a host in its networks: bridge and VXLAN."""
    state, engine = views[host], ENGINES[lab["engine"]]
    found: list[Difference] = []
    for wanted in lab["networks"]:
        name = wanted["name"]
        here = [one for one in state["networks"] if one["name"] == name and one["exists"]]
        used = host in users(lab, name)
        if not here and used:
            text = f"the network {name} is not there: {_AGAIN}"
            found.append(Difference(host, segment_id("namespace", host, name), text))
        for network in here:
            link_lines = engine.link_faults(lab, host, network)
            found += [
                Difference(host, segment_id("vxlan", host, name), line)
                for line in link_lines or _vxlan_lines(views, host, network)
            ]
            bridge = network["bridge"]
            if bridge and not bridge["up"]:
                text = f"{bridge['name']}, the bridge of {name}, is down: {_set_up(bridge['name'], network)}"
                found.append(Difference(host, segment_id("bridge", host, name), text))
    return found


def _vxlan_lines(views: Views, host: str, network: dict[str, Any]) -> Iterator[str]:
    name = network["name"]
    if network["bridge"] and not network["vxlans"]:
        yield f"the network {name} has a bridge, and no VXLAN that leads to other hosts: restart its containers here"
    elsewhere = {
        vni: other
        for other, view in views.items()
        if other != host
        for one in view["networks"]
        if one["name"] == name and one["scope"] != "local"
        for vni in one["vnis"]
    }
    for link in network["vxlans"]:
        if not link["up"]:
            yield f"{link['name']} of the network {name} is down: {_set_up(link['name'], network)}"
        if not link["master"]:
            yield f"{link['name']} of the network {name} is no port of its bridge: restart its containers here"
        if elsewhere and link["vni"] not in elsewhere:
            vni, other = min(elsewhere.items())
            yield f"{link['name']} of the network {name} has the VNI {link['vni']}, and {vni} on {other}: {_AGAIN}"


def _set_up(link: str, network: dict[str, Any]) -> str:
    """How a person sets a link up, where it is."""
    entered = f"nsenter --net={network['sandbox']} " if network["sandbox"] else ""
    return f"{entered}ip link set {link} up"


def of_containers(lab: Lab, host: str, state: Mapping[str, Any]) -> list[Difference]:
    found = {one["name"]: one for one in state["containers"]}
    return [
        Difference(host, element, text)
        for wanted in lab["containers"]
        if wanted["host"] == host
        for element, text in _container_texts(lab, wanted, found.get(wanted["name"]))
    ]


def _container_texts(lab: Lab, wanted: dict[str, Any], container: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    name = wanted["name"]
    if not container or not container["running"]:
        what = "is not there" if not container or not container["exists"] else "does not run"
        yield container_id(name), f"the container {name} {what}: {_AGAIN}"
        return
    mtus = {network["name"]: network["mtu"] for network in lab["networks"]}
    addresses = {place["name"]: place["address"] for place in container["networks"]}
    for network in [place["name"] for place in wanted["networks"]]:
        address, element = addresses.get(network), interface_id("interface", name, network)
        if not address:
            # Without one it is in no pair, so no probe would miss it.
            yield element, f"{name} has no address on {network}: {_AGAIN}"
            continue
        interface = interface_with(container, address)
        if interface is None:
            yield element, f"{name} has no interface with {address} of {network}: restart it"
        elif interface["mtu"] != mtus[network]:
            yield (
                element,
                f"{name} has MTU {interface['mtu']} on {network}, wanted {mtus[network]}: the network was made with"
                f" another MTU; remove it and {_AGAIN}",
            )


def of_ports(host: str, state: Mapping[str, Any]) -> list[Difference]:
    """Interfaces of running containers that are down, at either end."""
    found = []
    for container in state["containers"]:
        for place in container["networks"]:
            interface = interface_with(container, place["address"] or "")
            if interface is None:
                continue
            name, network, port = container["name"], place["name"], interface["port"]
            if not interface["up"]:
                text = f"{interface['name']} of {name}, on {network}, is down: restart {name}"
                found.append(Difference(host, interface_id("interface", name, network), text))
            if port and not (port["up"] and port["master"]):
                what = "is no port of the network's bridge" if port["up"] else "is down"
                text = f"{port['name']}, by which {name} is on {network}, {what}: restart {name}"
                found.append(Difference(host, interface_id("port", name, network), text))
    return found


def of_forwarding(lab: Lab, states: Views, host: str) -> list[Difference]:
    """A host's forwarding entry for another's container has to lead to that host's address."""
    return [
        Difference(
            host,
            segment_id("vxlan", host, entry["network"]),
            f"forwards {entry['network']} traffic for {container['name']} ({entry['mac']}) to {entry['vtep']}, not to"
            f" {other} at {lab['hosts'][other]['addresses'][lab['site']]}: restart {container['name']} on {other}",
        )
        for other, other_state in states.items()
        if other != host
        for container in other_state["containers"]
        for entry in misled(lab, states[host], other, container)
    ]


def misled(lab: Lab, state: Mapping[str, Any], other: str, container: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A host's forwarding entries for another host's container that lead elsewhere.

    A MAC may have more than one entry: a stale one beside the right one loses packets as well.
    """
    wanted = lab["hosts"][other]["addresses"][lab["site"]]
    places = {(place["name"], place["mac"]) for place in container["networks"]}
    return [
        entry
        for entry in state["forwarding"]
        if (entry["network"], entry["mac"]) in places and entry["vtep"] not in (None, wanted)
    ]


def interface_with(container: Mapping[str, Any], address: str) -> dict[str, Any] | None:
    """The container's interface that has the address."""
    for interface in container["interfaces"]:
        if address in [one.partition("/")[0] for one in interface["addresses"]]:
            return interface
    return None
