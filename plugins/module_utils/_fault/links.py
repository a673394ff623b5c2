# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of links: down, too narrow, slow. Pure."""

from __future__ import annotations

import re

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .forwarding import neighbours_back
from .planned import Kind, Planned
from .scene import Link, Scene
from .step import Step, gone

# RFC 8200, 5.
_IPV6_MTU = 1280
_ALL = ("ip", "-o", "link", "show")


def down(which: str) -> Kind:
    def plan(scene: Scene) -> Planned:
        link = scene.link(which)
        flags = rf"(?m)^\d+: {re.escape(link.name)}[@:][^<]*<(?!(?:[^>]*,)?UP[,>])"
        step = Step(
            what=f"{link.name}: state",
            before="up",
            after="down",
            do=(("ip", "link", "set", link.name, "down"),),
            undo=(("ip", "link", "set", link.name, "up"),),
            ask=_ALL,
            shows=flags,
            **link.place,
        )
        lost = neighbours_back(scene) if which == "vxlan" else ()
        return Planned((*lost, *routes_back(link), step))

    return plan


def mtu(which: str, less: int) -> Kind:
    """``less`` than containers may send, whatever that is at the site."""

    def plan(scene: Scene) -> Planned:
        link, value = scene.link(which), scene.link("inner").mtu - less
        if link.mtu <= value:
            raise LabError(f"the MTU of {link.name} is {link.mtu}: that is too small already")
        if value < _IPV6_MTU and any(":" in one and not one.startswith("fe80:") for one in link.addresses):
            raise LabError(
                f"the MTU of {link.name} would be {value}: with less than {_IPV6_MTU} it loses its IPv6 addresses"
            )
        step = Step(
            what=f"{link.name}: MTU",
            before=str(link.mtu),
            after=str(value),
            do=(("ip", "link", "set", link.name, "mtu", str(value)),),
            undo=(("ip", "link", "set", link.name, "mtu", str(link.mtu)),),
            ask=_ALL,
            shows=rf"(?m)^\d+: {re.escape(link.name)}[@:].* mtu {value} ",
            **link.place,
        )
        return Planned((*_forget_paths(scene), step), {"mtu": str(value)})

    return plan


def slow(scene: Scene) -> Planned:
    """A bucket that holds one full-size packet, and is filled by 64 kbit each second."""
    card = scene.link("card")
    if scene.queue:
        raise LabError(f"{card.name} has a queue of its own, {scene.queue}, which would be lost")
    shape = ("tbf", "rate", "64kbit", "burst", "1600", "latency", "3s")
    step = Step(
        what=f"{card.name}: queue",
        before="the kernel's",
        after="tbf, 64 kbit/s",
        do=(("tc", "qdisc", "add", "dev", card.name, "root", "handle", "fa17:", *shape),),
        undo=(("tc", "qdisc", "del", "dev", card.name, "root"),),
        ask=("tc", "qdisc", "show", "dev", card.name),
        shows=r"(?m)^qdisc tbf fa17: root",
        **card.place,
    )
    return Planned((step,))


def routes_back(link: Link) -> tuple[Step, ...]:
    """The kernel drops routes with their link or address, and brings few of them back."""
    for route in link.routes:
        if "nexthop" in route.split():
            raise LabError(f"the route {route.split()[0]} of {link.name} has several ways, and could not be put back")
    return tuple(
        Step(
            what=f"route {route}",
            before="there",
            after="gone with it",
            undo=(("ip", "route", "replace", *route.split()),),
            ask=("ip", "-4", "route", "show"),
            shows=route_gone(route),
            site=link.site,
            **link.place,
        )
        for route in link.routes
    )


def route_gone(route: str) -> str:
    """As of gone(). Who puts a route back may do so by other words: what it leads to, and which way, is the same."""
    to, *words = route.split()
    way = [f"{word} {value}" for word, value in zip(words, words[1:]) if word in ("via", "dev", "metric")]
    return gone(rf"^{re.escape(to)} " + "".join(rf"(?=[^\n]*\b{re.escape(one)}(?!\S))" for one in way))


def _forget_paths(scene: Scene) -> tuple[Step, ...]:
    """On the way back: each container's kernel remembers for ten minutes how narrow the path was."""
    flush = (("ip", "route", "flush", "cache"),)
    return tuple(
        Step(
            f"{one.container}: MTU of the path",
            "not known",
            "remembered",
            undo=flush,
            netns=one.netns,
            identity=one.identity,
        )
        for one in scene.insides
    )
