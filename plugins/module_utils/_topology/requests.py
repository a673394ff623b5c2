# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is asked of the kernel: requests as plain data, with names where the kernel wants numbers.

A plan is a list of these. A client turns them into messages; a recording client (the unit tests') only keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.record import machine_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.forwarding_tables import FLOOD
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.mac import derived_from
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import where

from .link_kinds import KINDS
from .model import Address, Link, Remote, Route

_INET, _INET6, _BRIDGE = 2, 10, 7
_IFF_UP = 1
_IFA_F_NODAD = 0x2
_MAIN_TABLE, _UNICAST, _STATIC = 254, 1, 4
_SCOPE_UNIVERSE, _SCOPE_LINK = 0, 253
_NUD_NOARP, _NUD_PERMANENT = 0x40, 0x80
_NTF_SELF = 0x2

Attribute = tuple[str, Any]


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
    """One message. ``step`` says what it does, for the plan and for errors; ``links`` are those that it concerns."""

    netns: str
    step: str
    operation: str
    links: tuple[str, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    flags: int = 0


# Links ----------------------------------------------------------------------------------------------------------


def make_link(link: Link, peer: Link | None = None, mark: int | None = None) -> Request:
    """The birth of a link in its place, with MAC, MTU, mark, master and state; a veth's peer is born down."""
    step = f"make {link.title}"
    netns, elsewhere = link.netns, None
    found = _birth(link, mark)
    data = _settings(link, link.settings)
    if peer is not None:
        there = _birth(peer, mark)
        if peer.netns != link.netns:
            there.append(("IFLA_NET_NS_FD", Descriptor(peer.netns)))
        # The peer is set up later: the kernel opens no veth before it has two ends (ENOTCONN).
        data.append(("VETH_INFO_PEER", {"attrs": there}))
        step += f", its peer {peer.name} {where(peer.netns)}"
    if link.parent:
        netns, parent = link.parent
        found.append(("IFLA_LINK", Index(parent)))
        if link.kind == "vxlan":
            data.append(("IFLA_VXLAN_LINK", Index(parent)))
        elif netns != link.netns:
            elsewhere = link.netns
            found.append(("IFLA_NET_NS_FD", Descriptor(elsewhere)))
        step += f" on {parent}"
    if link.master:
        found.append(("IFLA_MASTER", Index(link.master)))
    info: list[Attribute] = [("IFLA_INFO_KIND", link.kind)]
    if data:
        info.append(("IFLA_INFO_DATA", {"attrs": data}))
    found.append(("IFLA_LINKINFO", {"attrs": info}))
    flags = rtnetlink.F_CREATE | rtnetlink.F_EXCL
    return Request(netns, step, "newlink", () if elsewhere else (link.name,), _up(link.up), tuple(found), flags)


def _birth(link: Link, mark: int | None) -> list[Attribute]:
    found: list[Attribute] = [("IFLA_IFNAME", link.name), ("IFLA_ADDRESS", link.mac or derived_mac(link))]
    if link.mtu is not None:
        # A bridge takes its ports' MTU until a change sets one on it: so it is born with another.
        found.append(("IFLA_MTU", link.mtu ^ 1 if link.kind == "bridge" else link.mtu))
    if mark is not None:
        found.append(("IFLA_GROUP", mark))
    return found


def derived_mac(link: Link) -> str:
    """A MAC that stays the same when the link is made anew, and differs between machines."""
    return derived_from(f"{machine_id()}/{link.netns}/{link.name}")


def _settings(link: Link, settings: Mapping[str, Any]) -> list[Attribute]:
    kind = KINDS[link.kind]
    return [(kind[name].label, kind[name].encode(value)) for name, value in settings.items() if value is not None]


def _up(up: bool | None) -> dict[str, int]:
    return {} if up is None else {"flags": _IFF_UP if up else 0, "change": _IFF_UP}


def set_link(netns: str, name: str, step: str, up: bool | None = None, **attributes: Any) -> Request:
    """Change a link in place: ``mtu``, ``address``, ``group``, ``master`` ("" releases), ``up``."""
    found: list[Attribute] = [("IFLA_IFNAME", name)]
    for attribute, value in attributes.items():
        if attribute == "master":
            found.append(("IFLA_MASTER", Index(value) if value else 0))
        else:
            found.append((f"IFLA_{attribute.upper()}", value))
    return Request(netns, step, "setlink", (name,), _up(up), tuple(found))


def set_settings(link: Link, step: str, settings: Mapping[str, Any]) -> Request:
    """Change in place what only this kind has."""
    info = {"attrs": [("IFLA_INFO_KIND", link.kind), ("IFLA_INFO_DATA", {"attrs": _settings(link, settings)})]}
    attributes = (("IFLA_IFNAME", link.name), ("IFLA_LINKINFO", info))
    return Request(link.netns, step, "newlink", (link.name,), {}, attributes)


def remove_link(netns: str, name: str, step: str) -> Request:
    return Request(netns, step, "dellink", (name,), {}, (("IFLA_IFNAME", name),))


def doom_link(netns: str, name: str, group: int, step: str) -> Request:
    """Put a link into the group that is going to be removed."""
    return Request(netns, step, "doomlink", (name,), {}, (("IFLA_IFNAME", name), ("IFLA_GROUP", group)))


def remove_group(netns: str, group: int, names: tuple[str, ...], step: str) -> Request:
    """Remove all links of a group at once: 0.6 ms a link, where one by one costs 18 ms."""
    return Request(netns, step, "dellink", names, {}, (("IFLA_GROUP", group),))


# Addresses and forwarding entries -------------------------------------------------------------------------------


def add_address(netns: str, link: str, address: Address, step: str) -> Request:
    """Add an address, or confirm one. An IPv6 address is usable at once, without a second of duplicate detection."""
    header, found = _address(link, address)
    if address.version == 6:
        found = (*found, ("IFA_FLAGS", _IFA_F_NODAD))
    flags = rtnetlink.F_CREATE | rtnetlink.F_REPLACE
    return Request(netns, step, "newaddr", (link,), header, found, flags)


def remove_address(netns: str, link: str, address: Address, step: str) -> Request:
    header, found = _address(link, address)
    return Request(netns, step, "deladdr", (link,), header, found)


def _address(link: str, address: Address) -> tuple[dict[str, Any], tuple[Attribute, ...]]:
    family = _INET if address.version == 4 else _INET6
    text = str(address.ip)
    return (
        {"family": family, "prefixlen": address.network.prefixlen, "index": Index(link)},
        (("IFA_LOCAL", text), ("IFA_ADDRESS", text)),
    )


def add_remote(link: Link, remote: str) -> Request:
    """Let a VXLAN flood to one more VTEP."""
    flags = rtnetlink.F_CREATE | rtnetlink.F_APPEND
    return _remote("newneigh", link, Remote(remote), f"add remote {remote} to {link.title}", flags)


def remove_remote(link: Link, remote: Remote) -> Request:
    return _remote("delneigh", link, remote, f"remove remote {remote} from {link.title}")


def remote_of(request: Request) -> Remote:
    """The entry that a request is about."""
    found = dict(request.attributes)
    return Remote(found["NDA_DST"], *(found.get(name) for name in ("NDA_PORT", "NDA_VNI", "NDA_IFINDEX")))


def _remote(operation: str, link: Link, remote: Remote, step: str, flags: int = 0) -> Request:
    header = {
        "family": _BRIDGE,
        "ifindex": Index(link.name),
        "state": _NUD_NOARP | _NUD_PERMANENT,
        "flags": _NTF_SELF,
    }
    more = {"NDA_PORT": remote.port, "NDA_VNI": remote.vni, "NDA_IFINDEX": remote.via}
    attributes: list[Attribute] = [("NDA_LLADDR", FLOOD), ("NDA_DST", str(ip_address(remote.address)))]
    attributes += [(name, value) for name, value in more.items() if value is not None]
    return Request(link.netns, step, operation, (link.name,), header, tuple(attributes), flags)


# Routes ---------------------------------------------------------------------------------------------------------


def add_route(route: Route, step: str, beside: bool = False) -> Request:
    """Add a route, or put it in the place of another to the same destination; ``beside``: which stays."""
    return _route("newroute", route, step, rtnetlink.F_CREATE | (rtnetlink.F_APPEND if beside else rtnetlink.F_REPLACE))


def confirm_route(route: Route, step: str) -> Request:
    """Add a route that is there already, unless an earlier request has cost it."""
    return _route("confirmroute", route, step, rtnetlink.F_CREATE | rtnetlink.F_REPLACE)


def remove_route(route: Route, step: str) -> Request:
    return _route("delroute", route, step)


def undo_route(request: Request) -> Request:
    """Remove the route that a request added."""
    return replace(request, step=f"undo: {request.step}", operation="delroute", flags=0)


def _route(operation: str, route: Route, step: str, flags: int = 0) -> Request:
    header = {
        "family": _INET if route.to.version == 4 else _INET6,
        "dst_len": route.to.prefixlen,
        "table": _MAIN_TABLE,
        "proto": _STATIC,
        "type": _UNICAST,
        "scope": _SCOPE_UNIVERSE if route.via else _SCOPE_LINK,
    }
    found: list[Attribute] = []
    if route.to.prefixlen:
        found.append(("RTA_DST", str(route.to.network_address)))
    if route.via:
        found.append(("RTA_GATEWAY", route.via))
    if route.dev:
        found.append(("RTA_OIF", Index(route.dev)))
    return Request(route.netns, step, operation, (route.dev,) if route.dev else (), header, tuple(found), flags)
