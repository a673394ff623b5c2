# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The way back after a forced change: the old state of the machine's own namespace, unless a next task confirms.

As "commit confirmed" of network devices. A small process of the collection waits; a file decides between it and the
next task: the first to remove the file wins.
"""

from __future__ import annotations

import os
import secrets
import struct
import syslog
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN, Namespaces, where

from . import observed, requests
from . import record as records
from .client import Client, carry_out, message_classes
from .draft import Plan
from .model import PORT, Link, Topology
from .observed import LinkState, Place
from .plan import plan_present

SECONDS = 60
_AGAIN = rtnetlink.F_CREATE | rtnetlink.F_REPLACE
_RTA_OIF, _RTA_GATEWAY, _RTA_CACHEINFO = 4, 5, 12
_PROTOCOL, _KERNEL = 5, 2  # the field of struct rtmsg, and its value for the kernel's own routes
_ONLINK = 4


@dataclass(frozen=True)
class Snapshot:
    """The machine's own namespace before the change: its links, and its addresses and routes as the kernel told them.

    As told, they come back with the lifetimes, metrics and protocols that belong to somebody's DHCP client.
    """

    own: Place
    addresses: tuple[bytes, ...]
    routes: tuple[bytes, ...]

    @classmethod
    def take(cls, namespaces: Namespaces, own: Place) -> Snapshot:
        with namespaces.inside(OWN), rtnetlink.Socket() as here:
            return cls(own, tuple(observed.address_bodies(here)), tuple(observed.route_bodies(here)))


def cannot_come_back(plan: Plan, own: Place) -> list[str]:
    """A line for each link that goes for good, and of which the other end or what it hangs on would be lost."""
    born = {name for births in plan.births.values() for request in births for name in request.links}
    return [
        f"{request.step}: {name} is a {own.links[name].kind}, and once removed it cannot come back by itself"
        for request in plan.removals
        if request.netns == OWN and request.operation == "dellink"
        for name in request.links
        if name in own.links and name not in born and own.links[name].kind != "bridge"
    ]


# The word -------------------------------------------------------------------------------------------------------


def pending() -> list[Path]:
    """The forced changes that wait for a word."""
    return sorted(records.DIRECTORY.glob(".rollback-*"))


def confirm(words: Iterable[Path]) -> None:
    """Let forced changes stand."""
    for word in words:
        word.unlink(missing_ok=True)


def arm(before: Snapshot, plan: Plan) -> None:
    """From now on the old state comes back after SECONDS, unless confirmed.

    Every library is loaded now: the files that this process runs from may be gone by then.
    """
    message_classes()
    records.DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    word = records.DIRECTORY / f".rollback-{secrets.token_hex(8)}"
    word.touch(mode=0o600)
    deadline = time.monotonic() + SECONDS

    def wait() -> None:
        time.sleep(max(0.0, deadline - time.monotonic()))
        try:
            word.unlink()
        except FileNotFoundError:
            return
        with records.locked():
            restore(before, plan)

    _in_background(wait)


def _in_background(work: Callable[[], None]) -> None:
    """Run the work in a process that belongs to nobody and holds nothing of ours open, least of all the lock."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    os.open(os.devnull, os.O_RDWR)
    os.dup(0)
    os.dup(0)
    syslog.openlog("overlay-lab")
    try:
        work()
    except (LabError, OSError) as error:
        syslog.syslog(syslog.LOG_ERR, f"the old state of the network could not be restored: {error}")
    finally:
        os._exit(0)


# The way back ---------------------------------------------------------------------------------------------------


def restore(before: Snapshot, plan: Plan) -> None:
    """Undo what the plan did to the machine's own namespace.

    Raises LabError with what could not be undone, after everything else has been.
    """
    syslog.syslog(syslog.LOG_WARNING, "the forced change was not confirmed: the old state of the network is restored")
    faults: list[str] = []
    with Namespaces() as namespaces:
        client = Client(namespaces)
        for undo in (_remove_new, _restore_links, _restore_addresses_and_routes):
            try:
                undo(namespaces, client, before, plan)
            except LabError as error:
                faults += error.faults
    if faults:
        raise LabError(faults)


def _remove_new(namespaces: Namespaces, client: Client, before: Snapshot, plan: Plan) -> None:
    """Routes and links that the plan made."""
    now = observed.read(namespaces, [OWN], [OWN]).places[OWN]
    routes = [
        requests.undo_route(request)
        for request in plan.changes
        if request.netns == OWN and request.operation == "newroute"
    ]
    links = [
        requests.remove_link(OWN, name, f"remove {name} {where(OWN)}")
        for births in plan.births.values()
        for request in births
        for name in request.links
        if request.netns == OWN and name in now.links and name not in before.own.links
    ]
    client.send([*routes, *links])


def _restore_links(namespaces: Namespaces, client: Client, before: Snapshot, plan: Plan) -> None:
    """Links that the plan changed or removed, and the ports of bridges that it removed."""
    touched = {name for request in plan.requests if request.netns == OWN for name in request.links}
    touched |= {state.name for state in before.own.links.values() if state.master in touched}
    now = observed.read(namespaces, [OWN], [OWN])
    desired = [_as_it_was(state) for name, state in sorted(before.own.links.items()) if name in touched]
    # A bridge before its ports.
    desired.sort(key=lambda link: link.kind == PORT)
    carry_out(plan_present(Topology(links=tuple(desired)), now, records.Record()), client)


def _as_it_was(state: LinkState) -> Link:
    bridge = state.kind == "bridge"
    return Link(
        kind="bridge" if bridge else PORT,
        name=state.name,
        netns=OWN,
        addresses=frozenset(state.addresses),
        mtu=state.mtu,
        mac=state.mac or None,
        master=state.master or "",
        up=state.up,
        settings=state.settings if bridge else {},
    )


def _restore_addresses_and_routes(namespaces: Namespaces, client: Client, before: Snapshot, plan: Plan) -> None:
    """As the kernel told them, for links of the same name: one that was made anew has another number."""
    with namespaces.inside(OWN), rtnetlink.Socket() as here:
        numbers = {state.index: here.index_of(name) for name, state in before.own.links.items()}
        refused = here.send([*_readdressed(before.addresses, numbers), *_rerouted(before.routes, numbers)])
    if refused:
        raise LabError(f"restore an address or a route: the kernel says: {refusal.sentence}" for refusal in refused)


def _readdressed(bodies: Iterable[bytes], numbers: Mapping[int, int]) -> Iterator[bytes]:
    for body in bodies:
        *head, index = observed.IFADDR.unpack_from(body)
        if numbers.get(index):
            header = observed.IFADDR.pack(*head, numbers[index])
            yield rtnetlink.message(rtnetlink.NEWADDR, _AGAIN, header + body[observed.IFADDR.size :])


def _rerouted(bodies: Iterable[bytes], numbers: Mapping[int, int]) -> Iterator[bytes]:
    """Those with a gateway last, because the gateways have to be reached by the others."""
    routes = [(body, rtnetlink.attributes(body, observed.RTMSG.size)) for body in bodies]
    for body, found in sorted(routes, key=lambda route: _RTA_GATEWAY in route[1]):
        *head, flags = observed.RTMSG.unpack_from(body)
        if head[_PROTOCOL] == _KERNEL:
            continue  # it came with its address
        if _RTA_OIF in found:
            found[_RTA_OIF] = struct.pack("=I", numbers.get(struct.unpack("=I", found[_RTA_OIF])[0], 0))
        # What the kernel says about the state of a route, it does not take.
        header = observed.RTMSG.pack(*head, flags & _ONLINK)
        attributes = [rtnetlink.attribute(number, found[number]) for number in found if number != _RTA_CACHEINFO]
        yield rtnetlink.message(rtnetlink.NEWROUTE, _AGAIN, header + b"".join(attributes))
