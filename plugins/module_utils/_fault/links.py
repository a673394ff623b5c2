# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of links: down, too narrow, slow. Pure."""

from __future__ import annotations

import re

from .forwarding import neighbours_back
from .planned import Kind, Planned
from .scene import Link, Scene
from .step import Step, gone

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


def mtu(which: str, value: int) -> Kind:
    def plan(scene: Scene) -> Planned:
        link = scene.link(which)
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
    return tuple(
        Step(
            what=f"route {route}",
            before="there",
            after="gone with it",
            undo=(("ip", "route", "replace", *route.split()),),
            ask=("ip", "-4", "route", "show"),
            shows=gone(rf"^{re.escape(' '.join(route.split()[:1]))} "),
            **link.place,
        )
        for route in link.routes
    )


def _forget_paths(scene: Scene) -> tuple[Step, ...]:
    """On the way back: a container's kernel remembers for ten minutes how narrow the path was."""
    if scene.inner is None:
        return ()
    what = f"{scene.needed_container().name}: MTU of the path"
    flush = (("ip", "route", "flush", "cache"),)
    return (Step(what, "not known", "remembered", undo=flush, **scene.inner.place),)
