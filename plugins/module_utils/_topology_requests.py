# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is asked of the kernel: requests as plain data, with names where the kernel wants numbers.

A plan is a list of these. A client turns them into messages; a recording client (the unit tests') only keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _rtnetlink as rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._netns import where
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_kinds import KINDS, MACVLAN_MODES
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_model import Address, Link, Route

_INET, _INET6 = 2, 10
_IFF_UP = 1
_IFA_F_NODAD = 0x2
_MAIN_TABLE, _UNICAST, _STATIC = 254, 1, 4
_SCOPE_UNIVERSE, _SCOPE_LINK = 0, 253


@dataclass(frozen=True)
class Index:
    """Stands for the index of a link in the request's namespace."""

    name: str


@dataclass(frozen=True)
class Descriptor:
    """Stands for a file descriptor of a namespace."""

    netns: str


@dataclass(frozen=True)
class Request:
    """One message. ``step`` is what it does, in a sentence, for the plan and for errors."""

    netns: str
    step: str
    operation: str
    header: Mapping[str, Any] = field(default_factory=dict)
    attributes: tuple[tuple[str, Any], ...] = ()
    flags: int = 0


def derived_mac(link: Link) -> str:
    """A MAC that stays the same when the link is made anew, and differs between machines.

    One that is set at birth is also one that udev's MACAddressPolicy leaves alone.
    """
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        machine = ""
    digest = hashlib.sha256(f"{machine}/{link.netns}/{link.name}".encode()).digest()
    return (b"\x02" + digest[:5]).hex(":")


def _birth_attributes(link: Link, mark: int | None) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("IFLA_IFNAME", link.name), ("IFLA_ADDRESS", link.mac or derived_mac(link))]
    # A bridge takes its ports' MTU until one is set on it after birth: see set_link.
    if link.mtu is not None and link.kind != "bridge":
        found.append(("IFLA_MTU", link.mtu))
    if mark is not None:
        found.append(("IFLA_GROUP", mark))
    return found


def _up(up: bool | None) -> dict[str, int]:
    return {} if up is None else {"flags": _IFF_UP if up else 0, "change": _IFF_UP}


def make_link(link: Link, peer: Link | None = None, mark: int | None = None) -> Request:
    """The birth of a link in its place, with MAC, MTU, mark, master and state; a veth's peer is born down."""
    data: list[tuple[str, Any]] = [
        (KINDS[link.kind][name].label, _encoded(name, value))
        for name, value in link.settings.items()
        if value is not None
    ]
    step = f"make {link.title}"
    if peer is not None:
        there = _birth_attributes(peer, mark)
        if peer.netns != link.netns:
            there.append(("IFLA_NET_NS_FD", Descriptor(peer.netns)))
        # The peer is set up later: the kernel opens no veth before it has two ends (ENOTCONN).
        data.append(("VETH_INFO_PEER", {"attrs": there}))
        step += f", its peer {peer.name} {where(peer.netns)}"
    info: list[tuple[str, Any]] = [("IFLA_INFO_KIND", link.kind)]
    if data:
        info.append(("IFLA_INFO_DATA", {"attrs": data}))
    found = _birth_attributes(link, mark)
    if link.master:
        found.append(("IFLA_MASTER", Index(link.master)))
    found.append(("IFLA_LINKINFO", {"attrs": info}))
    flags = rtnetlink.F_CREATE | rtnetlink.F_EXCL
    return Request(link.netns, step, "newlink", _up(link.up), tuple(found), flags)


def _encoded(name: str, value: Any) -> Any:
    if name == "mode":
        return MACVLAN_MODES[value]
    return int(value) if isinstance(value, bool) else value


def set_link(netns: str, name: str, step: str, up: bool | None = None, **attributes: Any) -> Request:
    """Change a link in place: ``mtu``, ``address``, ``group``, ``master`` (None: released), ``up``."""
    found: list[tuple[str, Any]] = [("IFLA_IFNAME", name)]
    for attribute, value in attributes.items():
        if attribute == "master":
            found.append(("IFLA_MASTER", Index(value) if value else 0))
        else:
            found.append((f"IFLA_{attribute.upper()}", value))
    return Request(netns, step, "setlink", _up(up), tuple(found))


def set_settings(link: Link, step: str, settings: Mapping[str, Any]) -> Request:
    """Change in place what only this kind has."""
    data = [(KINDS[link.kind][name].label, _encoded(name, value)) for name, value in settings.items()]
    info = {"attrs": [("IFLA_INFO_KIND", link.kind), ("IFLA_INFO_DATA", {"attrs": data})]}
    return Request(link.netns, step, "newlink", {}, (("IFLA_IFNAME", link.name), ("IFLA_LINKINFO", info)))


def remove_link(netns: str, name: str, step: str) -> Request:
    return Request(netns, step, "dellink", {}, (("IFLA_IFNAME", name),))


def remove_group(netns: str, group: int, step: str) -> Request:
    """Remove all links of a group at once: 0.6 ms a link, where one by one costs 18 ms."""
    return Request(netns, step, "dellink", {}, (("IFLA_GROUP", group),))


def _address(link: str, address: Address) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
    family = _INET if address.version == 4 else _INET6
    header: dict[str, Any] = {"family": family, "prefixlen": address.network.prefixlen, "index": Index(link)}
    text = str(address.ip)
    return header, (("IFA_LOCAL", text), ("IFA_ADDRESS", text))


def add_address(netns: str, link: str, address: Address, step: str) -> Request:
    """Add an address, or confirm one. An IPv6 address is usable at once, without a second of looking for its twin."""
    header, found = _address(link, address)
    if address.version == 6:
        found = (*found, ("IFA_FLAGS", _IFA_F_NODAD))
    return Request(netns, step, "newaddr", header, found, rtnetlink.F_CREATE | rtnetlink.F_REPLACE)


def remove_address(netns: str, link: str, address: Address, step: str) -> Request:
    header, found = _address(link, address)
    return Request(netns, step, "deladdr", header, found)


def _route(route: Route) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
    header: dict[str, Any] = {
        "family": _INET if route.to.version == 4 else _INET6,
        "dst_len": route.to.prefixlen,
        "table": _MAIN_TABLE,
        "proto": _STATIC,
        "type": _UNICAST,
        "scope": _SCOPE_UNIVERSE if route.via else _SCOPE_LINK,
    }
    found: list[tuple[str, Any]] = []
    if route.to.prefixlen:
        found.append(("RTA_DST", str(route.to.network_address)))
    if route.via:
        found.append(("RTA_GATEWAY", route.via))
    if route.dev:
        found.append(("RTA_OIF", Index(route.dev)))
    return header, tuple(found)


def add_route(route: Route, step: str) -> Request:
    """Add a route, or put it in the place of another to the same destination."""
    header, found = _route(route)
    return Request(route.netns, step, "newroute", header, found, rtnetlink.F_CREATE | rtnetlink.F_REPLACE)


def remove_route(route: Route, step: str) -> Request:
    header, found = _route(route)
    return Request(route.netns, step, "delroute", header, found)
