# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is: links, addresses and routes of some namespaces, read once and kept as plain data."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables, ipv6, rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Identity, Namespaces, identity_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.rtnetlink import (
    Attributes,
    attribute,
    attribute_run,
    attributes,
)

from .link_kinds import KINDS
from .model import Address, Remote

_IFINFO = struct.Struct("=BxHiII")
IFADDR = struct.Struct("=BBBBI")
RTMSG = struct.Struct("=BBBBBBBBI")
_NEXT_HOP = struct.Struct("=HBBi")
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER = 1, 3, 4, 5, 10
IFLA_LINKINFO, IFLA_GROUP, IFLA_EXT_MASK, IFLA_LINK_NETNSID = 18, 27, 29, 37
_IFLA_PROP_LIST, _IFLA_ALT_IFNAME = 52, 53
_INFO_KIND, _INFO_DATA = 1, 2
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS, _IFA_PROTO = 1, 2, 8, 11
_IFA_F_PERMANENT, _IFAPROT_KERNEL_RA = 0x80, 2
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_MULTIPATH, _RTA_CACHEINFO, _RTA_TABLE = 1, 4, 5, 9, 12, 15
_RTPROT_RA = 9
_VXLAN_LINK = 3
_NETNSA_FD = 3
_IFF_UP, _IFF_LOWER_UP = 1, 0x10000
_SCOPE_UNIVERSE = 0
_MAIN_TABLE, _UNICAST = 254, 1
# Statistics are half of a link's answer, and nobody here reads them.
_SKIP_STATISTICS = attribute(IFLA_EXT_MASK, struct.pack("=I", 8))


@dataclass
class LinkState:
    """A link as the kernel tells it."""

    index: int
    name: str
    kind: str | None  # None: a real interface, or the loopback
    up: bool
    carrier: bool
    mtu: int
    mac: str
    group: int
    master_index: int = 0
    link_index: int = 0  # of the peer, or the parent
    link_nsid: int | None = None  # None: the peer or parent is in the same namespace
    settings: Mapping[str, Any] = field(default_factory=dict)
    # Address and prefix length, as the kernel packs them: most are never looked at.
    packed_addresses: set[tuple[bytes, int]] = field(default_factory=set)
    # Those of them that the network gave, by router advertisements: they come and go without anybody here.
    packed_given: set[tuple[bytes, int]] = field(default_factory=set)
    master: str | None = None
    remotes: set[Remote] = field(default_factory=set)  # of a VXLAN, in namespaces whose fdb was read
    altnames: frozenset[str] = frozenset()  # further names; the kernel takes them as it takes the name

    @cached_property
    def addresses(self) -> frozenset[Address]:
        return frozenset(ip_interface(packed) for packed in self.packed_addresses)

    @cached_property
    def given(self) -> frozenset[Address]:
        return frozenset(ip_interface(packed) for packed in self.packed_given)


@dataclass(frozen=True)
class RouteState:
    """A unicast route of the main table. ``given``: by router advertisements, and for as long as these come."""

    to: str
    via: str | None
    dev: str | None
    given: bool = False

    @property
    def hop(self) -> str:
        return " ".join([f"via {self.via}"] * bool(self.via) + [f"dev {self.dev}"] * bool(self.dev))


@dataclass
class Place:
    """One namespace."""

    identity: Identity
    links: dict[str, LinkState]
    routes: set[RouteState] = field(default_factory=set)
    # The id by which links here refer to another namespace, for those that were asked.
    nsids: dict[str, int] = field(default_factory=dict)
    # Links that take no IPv6 address, where that was asked; ipv6.DEFAULT among them: those that are still to be made.
    without_ipv6: frozenset[str] = frozenset()

    def named(self, name: str) -> LinkState | None:
        """The link that has a name, be it its own or a further one."""
        found = self.links.get(name)
        return found or next((link for link in self.links.values() if name in link.altnames), None)


@dataclass
class CurrentState:
    """The namespaces that were read. One that does not exist is not in it."""

    places: dict[str, Place] = field(default_factory=dict)
    # Namespaces in which processes live. They outlive their names.
    inhabited: frozenset[Identity] = frozenset()
    # Whether a namespace that is still to be made has no IPv6, where that was asked.
    new_without_ipv6: bool = False

    def link(self, netns: str, name: str) -> LinkState | None:
        place = self.places.get(netns)
        return place.links.get(name) if place else None


def read(
    namespaces: Namespaces,
    requested: Iterable[str],
    routes_of: Iterable[str] = (),
    fdb_of: Iterable[str] = (),
    neighbours: Mapping[str, set[str]] | None = None,
    ipv6_of: Iterable[str] = (),
) -> CurrentState:
    """Read the namespaces that exist of ``requested``.

    ``routes_of``, ``fdb_of``: those whose routes and forwarding entries matter; ``ipv6_of``: those, made or not, that
    are to have IPv6. ``neighbours``: namespace -> the namespaces for whose ids to ask in it, without which "peer is
    interface 2 in namespace id 5" cannot be told to be the right one.
    """
    with_routes, with_fdb, with_ipv6 = set(routes_of), set(fdb_of), set(ipv6_of)
    current = CurrentState(new_without_ipv6=bool(with_ipv6) and ipv6.off_in_new())
    for netns in dict.fromkeys(requested):
        with ExitStack() as held:
            try:
                descriptor = held.enter_context(namespaces.opened(netns))
            except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
                continue
            found = identity_of(descriptor)
            if found is None:
                continue
            here = held.enter_context(namespaces.socket(descriptor))
            place = Place(found, _links(here))
            _add_addresses(here, place)
            if netns in with_routes:
                place.routes = routes(here, place.links.values())
            if netns in with_fdb:
                _add_remotes(here, place)
            if netns in with_ipv6:
                with namespaces.inside(netns):
                    place.without_ipv6 = ipv6.off(place.links)
            for neighbour in (neighbours or {}).get(netns, ()):
                place.nsids[neighbour] = nsid_of(namespaces, here, neighbour)
        current.places[netns] = place
    return current


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")


def _number(found: Attributes, number: int) -> int:
    value = found.get(number)
    return struct.unpack_from("=I", value)[0] if value else 0


def _links(here: rtnetlink.Socket) -> dict[str, LinkState]:
    links = [link_state(body) for body in here.dump(rtnetlink.GETLINK, bytes(_IFINFO.size), _SKIP_STATISTICS)]
    names = {link.index: link.name for link in links}
    for link in links:
        link.master = names.get(link.master_index)
    return {link.name: link for link in links}


def link_state(body: bytes) -> LinkState:
    """Read the body of one answer about a link."""
    _family, _type, index, flags, _change = _IFINFO.unpack_from(body)
    found = attributes(body, _IFINFO.size)
    info = attributes(found[IFLA_LINKINFO]) if IFLA_LINKINFO in found else {}
    kind = _text(info[_INFO_KIND]) if _INFO_KIND in info else None
    settings: dict[str, Any] = {}
    below = _number(found, IFLA_LINK)
    if kind in KINDS and _INFO_DATA in info:
        data = attributes(info[_INFO_DATA])
        settings = {name: setting.read(data.get(setting.number)) for name, setting in KINDS[kind].items()}
        if kind == "vxlan":
            below = _number(data, _VXLAN_LINK)
    return LinkState(
        index=index,
        name=_text(found[IFLA_IFNAME]),
        kind=kind,
        up=bool(flags & _IFF_UP),
        carrier=bool(flags & _IFF_LOWER_UP),
        mtu=_number(found, IFLA_MTU),
        mac=found.get(IFLA_ADDRESS, b"").hex(":"),
        group=_number(found, IFLA_GROUP),
        master_index=_number(found, IFLA_MASTER),
        link_index=below,
        link_nsid=struct.unpack("=i", found[IFLA_LINK_NETNSID])[0] if IFLA_LINK_NETNSID in found else None,
        settings=settings,
        altnames=_altnames(found),
    )


def _altnames(found: Attributes) -> frozenset[str]:
    run = attribute_run(found.get(_IFLA_PROP_LIST, b""))
    return frozenset(_text(value) for number, value in run if number == _IFLA_ALT_IFNAME)


def _add_addresses(here: rtnetlink.Socket, place: Place) -> None:
    by_index = {link.index: link for link in place.links.values()}
    for body in address_bodies(here):
        family, length, flags, _scope, index = IFADDR.unpack_from(body)
        if index in by_index:
            found = attributes(body, IFADDR.size)
            packed = (found.get(_IFA_LOCAL) or found[_IFA_ADDRESS], length)
            by_index[index].packed_addresses.add(packed)
            if family == socket.AF_INET6 and _is_given(found, flags):
                by_index[index].packed_given.add(packed)


def _is_given(found: Attributes, flags: int) -> bool:
    """Whether an IPv6 address is the network's. Kernels before 5.18 do not tell who gave it: then it is by its end."""
    flags = _number(found, _IFA_FLAGS) or flags
    return found.get(_IFA_PROTO) == bytes([_IFAPROT_KERNEL_RA]) or not flags & _IFA_F_PERMANENT


def address_bodies(here: rtnetlink.Socket) -> Iterator[bytes]:
    """The kernel's answers about addresses, without IPv6 link-local ones, which are its own business."""
    for body in here.dump(rtnetlink.GETADDR, bytes(IFADDR.size)):
        family, _length, _flags, scope, _index = IFADDR.unpack_from(body)
        if family == socket.AF_INET or scope == _SCOPE_UNIVERSE:
            yield body


def routes(here: rtnetlink.Socket, links: Iterable[LinkState]) -> set[RouteState]:
    """The unicast routes of the main table, the kernel's own included; one for each hop of a multipath route."""
    names = {link.index: link.name for link in links}
    found = set()
    for body in route_bodies(here):
        family, length = body[0], body[1]
        given = attributes(body, RTMSG.size)
        default = bytes(4 if family == socket.AF_INET else 16)
        to = str(ip_network((given.get(_RTA_DST, default), length)))
        by_network = family == socket.AF_INET6 and (body[5] == _RTPROT_RA or _expires(given))
        for index, hop in _hops(given):
            via = str(ip_address(hop[_RTA_GATEWAY])) if _RTA_GATEWAY in hop else None
            found.add(RouteState(to, via, names.get(index), by_network))
    return found


def _expires(given: Attributes) -> bool:
    """Whether a route has an end; struct rta_cacheinfo has it third."""
    found = given.get(_RTA_CACHEINFO, b"")
    return len(found) >= 12 and struct.unpack_from("=i", found, 8)[0] != 0


def route_bodies(here: rtnetlink.Socket) -> Iterator[bytes]:
    """The kernel's answers about the unicast routes of the main table."""
    for body in here.dump(rtnetlink.GETROUTE, bytes(RTMSG.size)):
        header = RTMSG.unpack_from(body)
        table, kind = header[4], header[7]
        if kind == _UNICAST and (_number(attributes(body, RTMSG.size), _RTA_TABLE) or table) == _MAIN_TABLE:
            yield body


def _hops(given: Attributes) -> Iterator[tuple[int, Attributes]]:
    """The interface and the attributes of each next hop."""
    data = given.get(_RTA_MULTIPATH)
    if data is None:
        yield _number(given, _RTA_OIF), given
        return
    start = 0
    while start + _NEXT_HOP.size <= len(data):
        length, _flags, _hops, index = _NEXT_HOP.unpack_from(data, start)
        yield index, attributes(data[: start + length], start + _NEXT_HOP.size)
        start += max(_NEXT_HOP.size, (length + 3) & ~3)


def _add_remotes(here: rtnetlink.Socket, place: Place) -> None:
    by_index = {link.index: link for link in place.links.values() if link.kind == "vxlan"}
    for entry in forwarding_tables.fdb(here):
        if entry.index in by_index:
            by_index[entry.index].remotes |= remotes_of([entry], entry.index)


def remotes_of(fdb: Iterable[forwarding_tables.Entry], index: int) -> set[Remote]:
    """To which VTEPs a VXLAN floods, by the index of its link."""
    return {
        Remote(one.address, one.port, one.vni, one.via)
        for one in fdb
        if one.index == index and one.mac == forwarding_tables.FLOOD and one.address
    }


def nsid_of(namespaces: Namespaces, here: rtnetlink.Socket, netns: str) -> int:
    """The id by which links of the socket's namespace refer to another; -1 where there is none."""
    try:
        with namespaces.opened(netns) as descriptor:
            body = here.ask(rtnetlink.GETNSID, bytes(4), attribute(_NETNSA_FD, struct.pack("=I", descriptor)))
    except OSError:
        return -1
    return struct.unpack("=i", attributes(body, 4)[1])[0] if body else -1
