# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Protection from lockout: which interfaces carry the machine's own connections, and which steps of a plan would cut
them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import routes, sockets
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN

from .draft import Plan
from .observed import LinkState, Place, RouteState
from .record import Record
from .requests import Request

_DEFAULTS = ("0.0.0.0/0", "::/0")
_SSH_SERVERS = ("sshd", "sshd-session", "dropbear")
# Kinds of a bridge's ports that lead to other links of the machine or the lab, and not out of the machine.
_INWARD = ("veth", "tun", "vxlan", "macvlan")
_REMEDY = "choose another interface, or set force, with which the old state comes back by itself unless confirmed"


def cuts(plan: Plan, own: Place | None, record: Record) -> list[str]:
    """A line for each step of the plan that could cut the machine off.

    ``own`` is the machine's own namespace with its routes; None where the plan does not speak of it. A default route
    that the record names is the topology's own, and may go as it came.
    """
    steps = [request for request in plan.requests if request.netns == OWN and _is_dangerous(request)]
    if not steps or own is None:
        return []
    made = {(to, via) for place, to, via, _device in record.routes if place == OWN}
    defaults = [route for route in own.routes if route.to in _DEFAULTS and (route.to, route.via) not in made]
    carried = lifelines(own, defaults, sessions())
    faults = []
    for request in steps:
        if request.operation in ("newroute", "delroute"):
            if any(_is_version(request, route.to) for route in defaults):
                faults.append(f"{request.step}: the machine has a default route already: set force to replace it")
            continue
        for link in request.links:
            if link in carried:
                faults.append(f"{request.step}: {link} carries {carried[link]}: {_REMEDY}")
    return faults


def _is_dangerous(request: Request) -> bool:
    """Whether the request takes something from a link that exists, or replaces the default route."""
    if request.operation in ("newroute", "delroute"):
        return request.header["dst_len"] == 0
    if request.operation == "setlink":  # to adopt a link does nothing to its traffic
        return {name for name, _value in request.attributes} != {"IFLA_IFNAME", "IFLA_GROUP"}
    return request.operation in ("dellink", "deladdr") or (request.operation == "newlink" and not request.flags)


def _is_version(request: Request, default: str) -> bool:
    return (request.header["family"] == 10) == (default == "::/0")


def lifelines(own: Place, defaults: list[RouteState], peers: dict[str, str]) -> dict[str, str]:
    """Link -> what it carries: a default route, or one of ``peers`` (local address -> whose connection).

    What stands below such a link carries it as well: a bridge's ports, a VLAN's parent.
    """
    carried = {route.dev: "the default route" for route in defaults if route.dev}
    holders = {str(address.ip): link.name for link in own.links.values() for address in link.addresses}
    holders |= routes.read_link_local()
    for address, whose in peers.items():
        if address in holders:
            carried.setdefault(holders[address], whose)
    names = {link.index: link.name for link in own.links.values()}
    waiting = list(carried)
    while waiting:
        name = waiting.pop()
        for below in _below(own, own.links[name], names) if name in own.links else ():
            if below not in carried:
                carried[below] = carried[name]
                waiting.append(below)
    carried.pop("lo", None)
    return carried


def _below(own: Place, link: LinkState, names: dict[int, str]) -> list[str]:
    ports = [port for port in own.links.values() if port.master == link.name]
    outward = [port.name for port in ports if port.kind not in _INWARD] or [port.name for port in ports]
    if link.link_index and link.link_nsid is None and link.link_index in names:
        outward.append(names[link.link_index])
    return outward


def sessions() -> dict[str, str]:
    """Local address -> whose connection it has: Ansible's, or an SSH session's."""
    found = dict.fromkeys(_ssh_sessions(), "an SSH session")
    # "client port server port"
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if len(connection) == 4:
        found[str(ip_address(connection[2].partition("%")[0]))] = "the connection that Ansible came by"
    return found


def _ssh_sessions() -> Iterator[str]:
    ours = set(_sockets_of_ssh())
    return (one.ip for one in sockets.read("tcp") if one.state == sockets.ESTABLISHED and one.inode in ours)


def _sockets_of_ssh() -> Iterator[str]:
    """The inodes of the SSH servers' sockets."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text(encoding="utf-8", errors="replace").strip() not in _SSH_SERVERS:
                continue
            for descriptor in (process / "fd").iterdir():
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]
        except OSError:
            continue  # it ended while we looked
