# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of addresses and routes, on the host and in a container. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_interface

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .links import route_gone, routes_back
from .planned import Kind, Planned
from .scene import Link, Scene
from .step import Step, gone

_ADDRESSES = ("ip", "-4", "-o", "address", "show")
_ROUTES = ("ip", "-4", "route", "show")


def removed(which: str) -> Kind:
    def plan(scene: Scene) -> Planned:
        link = scene.link(which)
        step = Step(
            what=f"{link.name}: address {link.address}",
            before="there",
            after="gone",
            do=(("ip", "address", "del", link.address, "dev", link.name),),
            undo=(("ip", "address", "add", link.address, *_broadcast(link), "dev", link.name),),
            ask=_ADDRESSES,
            shows=gone(rf" {re.escape(link.name)} +inet {re.escape(link.address)} "),
            site=link.site,
            **link.place,
        )
        return Planned((*routes_back(link), step))

    return plan


def route_missing(scene: Scene) -> Planned:
    """The container's route into its own network, and those through gateways there, which would lead back into it."""
    inner = scene.link("inner")
    subnet = str(ip_interface(inner.address).network)
    # Those through gateways go first, and come back last.
    routes = sorted(inner.routes, key=lambda one: one.split()[0] == subnet)
    if not routes:
        raise LabError(f"{scene.needed_container().name} has no route to {subnet}")
    return Planned(tuple(_gone(scene, inner, one) for one in routes))


def _gone(scene: Scene, inner: Link, route: str) -> Step:
    to = route.split(maxsplit=1)[0]
    return Step(
        what=f"{scene.needed_container().name}: route {to}",
        before="there",
        after="gone",
        do=(("ip", "route", "del", *route.split()),),
        undo=(("ip", "route", "replace", *route.split()),),
        ask=_ROUTES,
        shows=route_gone(route),
        **inner.place,
    )


def route_wrong(scene: Scene) -> Planned:
    """The host's route to another one, through a gateway that is none."""
    card, nobody = scene.link("card"), scene.nobody()
    remote = _remote(scene)
    route = (f"{remote}/32", "via", nobody, "dev", card.name)
    step = Step(
        what=f"route {remote}",
        before=f"of {card.name}",
        after=f"via {nobody}",
        do=(("ip", "route", "add", *route),),
        undo=(("ip", "route", "del", *route),),
        ask=_ROUTES,
        shows=rf"(?m)^{re.escape(remote)} via {re.escape(nobody)} dev {re.escape(card.name)}\b",
        **card.place,
    )
    return Planned((step,), {"remote": remote, "nobody": nobody})


def source_wrong(scene: Scene) -> Planned:
    """VXLAN packets leave from an address that is not the host's, where the VXLAN is bound to none.

    Other hosts come to know it: not the address that nobody may answer for.
    """
    card, nobody = scene.link("card"), scene.nobody(1)
    if not scene.overlay or scene.link("vxlan").settings.get("local"):
        raise LabError("the VXLAN here is bound to its address: packets leave from no other")
    network = ip_interface(card.address).network
    former = next((one for one in card.routes if one.split()[0] == str(network)), None)
    if former is None:
        raise LabError(f"there is no route to {network} through {card.name}")
    address = f"{nobody}/{network.prefixlen}"
    added = Step(
        what=f"{card.name}: address {address}",
        before="not there",
        after="there",
        do=(("ip", "address", "add", address, "dev", card.name),),
        undo=(("ip", "address", "del", address, "dev", card.name),),
        ask=_ADDRESSES,
        shows=rf"(?m) {re.escape(card.name)} +inet {re.escape(address)} ",
        **card.place,
    )
    source = Step(
        what=f"route {network}: source",
        before=card.address.partition("/")[0],
        after=nobody,
        do=(("ip", "route", "replace", *_with_source(former, nobody)),),
        undo=(("ip", "route", "replace", *former.split()),),
        ask=_ROUTES,
        shows=rf"(?m)^{re.escape(str(network))} dev {re.escape(card.name)}\b.* src {re.escape(nobody)}\b",
        **card.place,
    )
    return Planned((added, source), {"nobody": nobody})


def _with_source(route: str, source: str) -> list[str]:
    words = route.split()
    if "src" in words:
        at = words.index("src")
        words[at : at + 2] = []
    return [*words, "src", source]


def _remote(scene: Scene) -> str:
    found = next((one.remote for one in scene.others), "") or next(iter(scene.peers), "")
    if not found:
        raise LabError("there is no other host")
    return found


def _broadcast(link: Link) -> tuple[str, ...]:
    """A container's address has a broadcast address, as Docker gives it."""
    return ("brd", "+") if link.netns else ()
