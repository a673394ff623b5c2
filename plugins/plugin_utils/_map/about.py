# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What is told of an element when a person asks for it: a title, and rows of what and value. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.status import duration

from .model import UNDERLAY, Model

Row = tuple[str, str]
# id, title, rows
Told = tuple[str, str, list[Row]]


def about(model: Model) -> dict[str, dict[str, Any]]:
    """Element -> {"title", "rows": [[what, value]]}; what there is nothing to say of is left out."""
    return {
        element: {"title": title, "rows": [[what, value] for what, value in rows if value]}
        for element, title, rows in _all(model)
    }


def _all(model: Model) -> Iterator[Told]:
    site = model["underlay"]
    yield UNDERLAY, "Underlay", [
        ("site", model["lab"]["site"]), ("subnet", site["subnet"]), ("MTU", _number(site["mtu"]))]  # fmt: skip
    for network in model["networks"]:
        yield _network(model, network)
    for host in model["hosts"]:
        yield _host(host)
        yield _uplink(host)
        for part in host["namespaces"]:
            yield from _part(host, part)
        for container in host["containers"]:
            yield from _container(host, container)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _up(link: dict[str, Any]) -> Row:
    return "state", "up" if link["up"] else "down"


def _network(model: Model, network: dict[str, Any]) -> Told:
    pairs = [one for one in model["tunnels"] if one["network"] == network["name"]]
    on = [
        container["name"]
        for host in model["hosts"]
        for container in host["containers"]
        if network["name"] in [one["network"] for one in container["interfaces"]]
    ]
    return network["id"], f"Network {network['name']}", [
        ("subnet", network["subnet"]),
        ("VNI", ", ".join(map(str, network["vnis"]))),
        ("UDP port", ", ".join(map(str, network["ports"]))),
        ("MTU", _number(network["mtu"])),
        ("encrypted", "yes" if network["encrypted"] else ""),
        ("containers", ", ".join(on)),
        ("tunnels", _number(len(pairs) or None)),
    ]  # fmt: skip


def _host(host: dict[str, Any]) -> Told:
    return host["id"], f"Host {host['name']}", [
        ("answers", "yes" if host["answers"] else "no"),
        ("address", host["address"]),
        ("role", host["role"]),
        ("Docker", host["docker"]),
        ("containers", ", ".join(one["name"] for one in host["containers"])),
    ]  # fmt: skip


def _uplink(host: dict[str, Any]) -> Told:
    link = host["uplink"]
    if not link["name"]:
        return link["id"], f"Interface of {host['name']}", [("address", host["address"]), ("state", "not read")]
    return link["id"], f"{link['name']} of {host['name']}", [
        _up(link), ("addresses", ", ".join(link["addresses"])), ("MTU", _number(link["mtu"]))]  # fmt: skip


def _part(host: dict[str, Any], part: dict[str, Any]) -> Iterator[Told]:
    where = part["netns"] or "the host's own namespace"
    yield part["id"], f"Namespace of {part['network']} on {host['name']}", [("namespace", where)]
    bridge, vxlan = part["bridge"], part["vxlan"]
    if bridge:
        yield bridge["id"], f"Bridge {bridge['name']} on {host['name']}", [
            ("network", part["network"]), _up(bridge), ("addresses", ", ".join(bridge["addresses"])),
            ("MTU", _number(bridge["mtu"])), ("namespace", where)]  # fmt: skip
    if vxlan:
        yield vxlan["id"], f"VXLAN {vxlan['name']} on {host['name']}", [
            ("network", part["network"]), _up(vxlan), ("VNI", str(vxlan["vni"])), ("UDP port", str(vxlan["port"])),
            ("MTU", _number(vxlan["mtu"])), ("floods to", ", ".join(vxlan["remotes"])),
            ("namespace", where)]  # fmt: skip


def _container(host: dict[str, Any], container: dict[str, Any]) -> Iterator[Told]:
    name = container["name"]
    runs = container["runs"]
    if container["seconds"] is not None:
        runs = f"{runs} for {duration(container['seconds'])}"
    rows = [("state", runs), ("host", host["name"])]
    for one in container["interfaces"]:
        link = " ".join(filter(None, (one["name"], one["address"]))) or "no address"
        rows.append((one["network"], link))
        yield one["id"], f"{one['name'] or 'Interface'} of {name}", [
            ("network", one["network"]), ("state", ("up" if one["up"] else "down") if one["name"] else "not there"),
            ("address", one["address"]), ("MAC", one["mac"]), ("MTU", _number(one["mtu"])),
            ("other end", one["port"]["name"] if one["port"] else "")]  # fmt: skip
        if one["port"]:
            yield one["port"]["id"], f"Port {one['port']['name']} of {name}", [
                _up(one["port"]), ("bridged", "yes" if one["port"]["bridged"] else "no")]  # fmt: skip
    yield container["id"], f"Container {name}", rows
