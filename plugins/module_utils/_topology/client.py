# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Carries out what a plan asks: the only file that changes the machine's network."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import declare, missing
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables, netns, rtnetlink

from .draft import BIRTH_ORDER, Plan
from .observed import remotes_of
from .requests import Descriptor, Index, Request, remote_of, set_link

# How many steps a line names.
_SHOWN_STEPS = 5
# Descriptors are held for the namespaces of so many messages, and a process may hold 1024.
_CHUNK = 256
# What removed it before us did the same work.
_GONE_ALREADY = {
    "dellink": {errno.ENODEV},
    "doomlink": {errno.ENODEV},
    # ENXIO: with an MTU below 1280 the link has lost IPv6 and its addresses altogether.
    "deladdr": {errno.EADDRNOTAVAIL, errno.ENXIO},
    "delroute": {errno.ESRCH},
    "delneigh": {errno.ENOENT},
}
_OPERATIONS = {
    "newlink": ("link", rtnetlink.NEWLINK),
    "setlink": ("link", rtnetlink.SETLINK),
    "dellink": ("link", rtnetlink.DELLINK),
    "doomlink": ("link", rtnetlink.SETLINK),
    "newaddr": ("address", rtnetlink.NEWADDR),
    "deladdr": ("address", rtnetlink.DELADDR),
    "newroute": ("route", rtnetlink.NEWROUTE),
    "confirmroute": ("route", rtnetlink.NEWROUTE),
    "delroute": ("route", rtnetlink.DELROUTE),
    "newneigh": ("neighbour", rtnetlink.NEWNEIGH),
    "delneigh": ("neighbour", rtnetlink.DELNEIGH),
}


@cache
def message_classes() -> dict[str, Any]:
    """pyroute2's formats. Imported late: the import takes 0.25 s, and a run without change writes nothing.

    Raises LabError where the library is missing.
    """
    with declare("pyroute2"):
        from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
        from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
        from pyroute2.netlink.rtnl.ndmsg import ndmsg
        from pyroute2.netlink.rtnl.rtmsg import rtmsg
    lacking = missing("pyroute2")
    if lacking:
        raise LabError(lacking)
    return {"link": ifinfmsg, "address": ifaddrmsg, "route": rtmsg, "neighbour": ndmsg}


class RefusedError(LabError):
    """The kernel did not do some of the requests; the others of the same call are done. ``steps``: those."""

    def __init__(self, faults: Iterable[str], steps: Iterable[str]) -> None:
        super().__init__(faults)
        self.steps = set(steps)


class _MissingError(LookupError):
    """A link to which a request refers is not there."""


class Client:
    """Sends requests, each in its namespace."""

    def __init__(self, namespaces: netns.Namespaces) -> None:
        self._namespaces = namespaces

    def make_namespaces(self, names: Sequence[str], note: Callable[[dict[str, Any]], None]) -> None:
        """Make the namespaces with their loopback up. ``note`` records whose they are before they get their names."""
        if not names:
            return
        netns.prepare_directory()
        lo_up = self._encode(set_link(netns.OWN, "lo", "set lo up", up=True))
        for chunk in _chunks(names):
            with ExitStack() as held:
                descriptors = {}
                for name in chunk:
                    with self._namespaces.fresh() as descriptor, rtnetlink.Socket() as here:
                        held.callback(os.close, descriptor)
                        here.send([lo_up])
                    descriptors[name] = descriptor
                note({name: netns.identity_of(descriptor) for name, descriptor in descriptors.items()})
                for name, descriptor in descriptors.items():
                    netns.bind(name, descriptor)

    def remove_namespaces(self, names: Iterable[str]) -> None:
        for name in names:
            netns.remove(name)

    def send(self, requests: Sequence[Request]) -> None:
        """Send requests, those of one namespace together and in their order.

        Raises RefusedError with a line for each that the kernel refuses: its step and the kernel's own sentence.
        """
        faults: dict[str, str] = {}
        by_place: dict[str, list[Request]] = {}
        for request in requests:
            by_place.setdefault(request.netns, []).append(request)
        for place, those in by_place.items():
            with self._namespaces.inside(place):
                here = rtnetlink.Socket()
            # Good for one call: no request of a call refers to a link that another request of it makes.
            indexes: dict[str, int] = {}
            with here:
                for chunk in _chunks(those):
                    faults |= self._send_chunk(here, chunk, indexes)
        if faults:
            raise RefusedError(faults.values(), faults)

    def _send_chunk(
        self, here: rtnetlink.Socket, requests: Sequence[Request], indexes: dict[str, int]
    ) -> dict[str, str]:
        """Encode and send; return a line for each request that could not be done, by its step."""
        faults: dict[str, str] = {}
        sent: list[Request] = []
        messages: list[bytes] = []
        with ExitStack() as held:
            numbers = partial(self._numbers, here, indexes, held)
            for request in requests:
                try:
                    messages.append(self._encode(request, numbers))
                    sent.append(request)
                except _MissingError as error:
                    if request.operation not in _GONE_ALREADY:
                        faults[request.step] = f"{request.step}: {error} is gone: another program removed it: run again"
            refused = here.send(messages)
        for refusal in refused:
            request = sent[refusal.position]
            if refusal.code not in _GONE_ALREADY.get(request.operation, ()):
                faults[request.step] = f"{request.step}: the kernel says: {refusal.sentence}"
            elif request.operation == "delneigh" and _floods_still(here, request, indexes):
                faults[request.step] = f"{request.step}: the kernel says: {refusal.sentence}, and has it all the same"
        return faults

    def _numbers(self, here: rtnetlink.Socket, indexes: dict[str, int], held: ExitStack, value: Any) -> Any:
        """Put numbers in the place of names, however deep they are."""
        numbers = partial(self._numbers, here, indexes, held)
        if isinstance(value, Index):
            if value.name not in indexes:
                indexes[value.name] = here.index_of(value.name)
            if not indexes[value.name]:
                raise _MissingError(value.name)
            return indexes[value.name]
        if isinstance(value, Descriptor):
            return held.enter_context(self._namespaces.opened(value.netns))
        if isinstance(value, dict):
            return {key: numbers(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [numbers(item) for item in value]
        return value

    def _encode(self, request: Request, number: Callable[[Any], Any] = lambda value: value) -> bytes:
        family, operation = _OPERATIONS[request.operation]
        message = message_classes()[family]()
        message["header"]["type"] = operation
        message["header"]["flags"] = request.flags
        for name, value in request.header.items():
            message[name] = number(value)
        message["attrs"] = list(number(request.attributes))
        message.encode()
        return bytes(message.data)


def carry_out(plan: Plan, client: Client, note: Callable[[dict[str, Any]], None] = lambda made: None) -> None:
    """Do what a plan says, in its order. ``note`` is told the identities of namespaces before they get their names.

    Raises LabError where the kernel refuses; what comes after is not done then. Its last line says what was done
    before, and its ``done`` has the steps.
    """

    def steps(requests: Sequence[Request]) -> list[str]:
        return [request.step for request in requests]

    def sending(requests: Sequence[Request]) -> tuple[list[str], Callable[[], None]]:
        return steps(requests), partial(client.send, requests)

    stages: list[tuple[list[str], Callable[[], None]]] = [
        sending(plan.removals),
        (plan.steps_of_removed, partial(client.remove_namespaces, plan.namespaces_removed)),
        (plan.steps_of_made, partial(client.make_namespaces, plan.namespaces_made, note)),
        sending(plan.mtus),
        *(sending(plan.births[kind]) for kind in BIRTH_ORDER),
        sending(plan.changes),
    ]
    done: list[str] = []
    for own, do in stages:
        try:
            do()
        except RefusedError as error:
            raise _partly([*done, *(step for step in own if step not in error.steps)], stages, error.faults) from error
        except OSError as error:
            fault = f"{error.filename or 'the network of this machine'}: {error.strerror}"
            raise _partly([*done, *_done_all_the_same(plan, own)], stages, [f"{_first(own)}: {fault}"]) from error
        done += own


def _done_all_the_same(plan: Plan, own: list[str]) -> list[str]:
    """Those of a stage's namespaces that were made or removed before one failed."""
    there = {name: netns.identity(name) is not None for name in (*plan.namespaces_made, *plan.namespaces_removed)}
    made = [step for step, name in zip(plan.steps_of_made, plan.namespaces_made) if there[name]]
    gone = [step for step, name in zip(plan.steps_of_removed, plan.namespaces_removed) if not there[name]]
    return [step for step in (*gone, *made) if step in own]


def _partly(done: list[str], stages: Iterable[tuple[list[str], Any]], faults: list[str]) -> LabError:
    undone = [step for own, _do in stages for step in own if step not in done]
    line = f"done before that: {_first(done)}; not done: {_first(undone)}" if done else "nothing was changed"
    return LabError([*faults, line], changed=bool(done), done=done, undone=undone)


def _first(steps: list[str]) -> str:
    more = len(steps) - _SHOWN_STEPS
    return ", ".join(steps[:_SHOWN_STEPS]) + (f" and {more} more" if more > 0 else "")


def _floods_still(here: rtnetlink.Socket, request: Request, indexes: dict[str, int]) -> bool:
    """Whether the entry is there that the kernel did not find: it compares all that one has besides its address."""
    return remote_of(request) in remotes_of(forwarding_tables.fdb(here), indexes[request.links[0]])


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(items), _CHUNK):
        yield items[first : first + _CHUNK]
