# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of the tables by which a VXLAN forwards: its entries, its neighbours, those of a container. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .planned import Planned
from .scene import FLOOD, Link, Other, Scene
from .step import Step, gone

# Locally administered, of no container.
_NOBODYS_MAC = "02:00:00:00:fa:17"


def missing(scene: Scene) -> Planned:
    """A VXLAN that learns has the entry again with the next packet from there, so it stops to learn."""
    vxlan, other = _overlay(scene)
    return Planned((*_no_learning(vxlan), _entry_gone(vxlan, other)))


def wrong(scene: Scene) -> Planned:
    vxlan, other = scene.link("vxlan"), scene.other()
    return Planned((_astray(scene, vxlan, other),), {"nobody": scene.nobody()})


def wrong_way_back(scene: Scene) -> Planned:
    """A VXLAN that learns drops what comes from elsewhere than a static entry says; this one takes it in."""
    vxlan, other = _overlay(scene)
    return Planned((*_no_learning(vxlan), _astray(scene, vxlan, other)), {"nobody": scene.nobody()})


def flood_missing(scene: Scene) -> Planned:
    vxlan = scene.link("vxlan")
    if scene.overlay or not scene.floods:
        raise LabError("the VXLAN here floods nothing: its tables are Docker's")
    remote = scene.floods[0]
    learned = [other for other in scene.others if other.remote == remote]
    forget = tuple(
        Step(
            what=f"{vxlan.name}: {other.mac}",
            before=f"at {other.remote}, learned",
            after="forgotten",
            do=(("bridge", "fdb", "del", other.mac, "dev", vxlan.name, "dst", other.remote),),
            **vxlan.place,
        )
        for other in learned
    )
    entry = (FLOOD, "dev", vxlan.name, "dst", remote)
    step = Step(
        what=f"{vxlan.name}: floods to {remote}",
        before="yes",
        after="no",
        do=(("bridge", "fdb", "del", *entry),),
        undo=(("bridge", "fdb", "append", *entry, "self", "permanent"),),
        ask=_table(vxlan),
        shows=gone(rf"^{FLOOD}\b[^\n]* dst {re.escape(remote)}\b"),
        **vxlan.place,
    )
    return Planned((step, *forget), {"remote": remote})


def neighbour_missing(scene: Scene) -> Planned:
    vxlan, other = _overlay(scene)
    return Planned(_asking_anew(scene, _neighbour_gone(vxlan, other)))


def neighbour_wrong(scene: Scene) -> Planned:
    vxlan, other = _overlay(scene)
    step = _neighbour(vxlan, other, _NOBODYS_MAC)
    return Planned(_asking_anew(scene, step), {"nobodys_mac": _NOBODYS_MAC})


def gossip_silent(scene: Scene) -> Planned:
    """As a host is to which Docker's gossip has not told of a container."""
    vxlan, other = _overlay(scene)
    tables = (_neighbour_gone(vxlan, other), _entry_gone(vxlan, other))
    return Planned(_asking_anew(scene, *_no_learning(vxlan), *tables))


def container_neighbour_wrong(scene: Scene) -> Planned:
    inner, other = scene.link("inner"), scene.other()
    if not other.address:
        raise LabError(f"nothing here knows an address of {other.mac} yet: let its container speak first (make verify)")
    entry = (other.address, "lladdr", _NOBODYS_MAC, "dev", inner.name)
    step = Step(
        what=f"{scene.needed_container().name}: MAC of {other.address}",
        before="by ARP",
        after=_NOBODYS_MAC,
        do=(("ip", "neigh", "replace", *entry, "nud", "permanent"),),
        undo=(("ip", "neigh", "del", *entry),),
        ask=("ip", "neigh", "show", "dev", inner.name),
        shows=rf"(?m)^{re.escape(other.address)} lladdr {_NOBODYS_MAC} PERMANENT",
        **inner.place,
    )
    return Planned((step,), {"nobodys_mac": _NOBODYS_MAC})


def _overlay(scene: Scene) -> tuple[Link, Other]:
    vxlan, other = scene.link("vxlan"), scene.other()
    if not scene.overlay:
        raise LabError("the tables of the VXLAN here are not Docker's: it learns, and asks by ARP")
    if not other.address:
        raise LabError(f"{vxlan.name} has no neighbour for {other.mac}")
    return vxlan, other


def _astray(scene: Scene, vxlan: Link, other: Other) -> Step:
    """What Docker wrote is written again on the way back; what a VXLAN learned is left to it."""
    entry, nobody = (other.mac, "dev", vxlan.name), scene.nobody()
    back: tuple[str, ...] = ("replace", *entry, "dst", other.remote, "self", "permanent")
    return Step(
        what=f"{vxlan.name}: {other.mac}",
        before=f"at {other.remote}",
        after=f"at {nobody}",
        do=(("bridge", "fdb", "replace", *entry, "dst", nobody, "self", "permanent"),),
        undo=(("bridge", "fdb", *(back if scene.overlay else ("del", *entry))),),
        ask=_table(vxlan),
        shows=rf"(?m)^{other.mac}\b.* dst {re.escape(nobody)}\b",
        **vxlan.place,
    )


def _entry_gone(vxlan: Link, other: Other) -> Step:
    entry = (other.mac, "dev", vxlan.name, "dst", other.remote)
    return Step(
        what=f"{vxlan.name}: {other.mac}",
        before=f"at {other.remote}",
        after="no entry",
        do=(("bridge", "fdb", "del", *entry),),
        undo=(("bridge", "fdb", "replace", *entry, "self", "permanent"),),
        ask=_table(vxlan),
        shows=gone(rf"^{other.mac}\b[^\n]* dst "),
        **vxlan.place,
    )


def neighbours_back(scene: Scene) -> tuple[Step, ...]:
    """The kernel drops all neighbours of a link that goes down; those of Docker's VXLAN nobody writes again."""
    vxlan = scene.link("vxlan")
    known = scene.neighbours if scene.overlay else ()
    return tuple(replace(_neighbour_gone(vxlan, other), after="gone with it", do=()) for other in known)


def _neighbour_gone(vxlan: Link, other: Other) -> Step:
    return Step(
        what=f"{vxlan.name}: MAC of {other.address}",
        before=other.mac,
        after="no neighbour",
        do=(("ip", "neigh", "del", other.address, "dev", vxlan.name),),
        undo=(_neighbour_back(vxlan, other),),
        ask=("ip", "neigh", "show", "dev", vxlan.name),
        shows=gone(rf"^{re.escape(other.address)} [^\n]*lladdr"),
        **vxlan.place,
    )


def _neighbour(vxlan: Link, other: Other, mac: str) -> Step:
    return Step(
        what=f"{vxlan.name}: MAC of {other.address}",
        before=other.mac,
        after=mac,
        do=(("ip", "neigh", "replace", other.address, "lladdr", mac, "dev", vxlan.name, "nud", "permanent"),),
        undo=(_neighbour_back(vxlan, other),),
        ask=("ip", "neigh", "show", "dev", vxlan.name),
        shows=rf"(?m)^{re.escape(other.address)} .*lladdr {mac}\b",
        **vxlan.place,
    )


def _neighbour_back(vxlan: Link, other: Other) -> tuple[str, ...]:
    return ("ip", "neigh", "replace", other.address, "lladdr", other.mac, "dev", vxlan.name, "nud", "permanent")


def _asking_anew(scene: Scene, *steps: Step) -> tuple[Step, ...]:
    """With what the container's kernel knows by itself forgotten, after the steps and after the way back."""
    flush = (("ip", "neigh", "flush", "all"),)
    inner = scene.link("inner")
    what = f"{scene.needed_container().name}: neighbours"
    last = Step(what, "known", "asked for again", do=flush, **inner.place)
    return (Step(what, "known", "of the fault", undo=flush, **inner.place), *steps, last)


def _no_learning(vxlan: Link) -> tuple[Step, ...]:
    if not vxlan.settings.get("learning", True):
        return ()
    change = ("ip", "link", "set", vxlan.name, "type", "vxlan")
    return (
        Step(
            what=f"{vxlan.name}: learns",
            before="yes",
            after="no",
            do=((*change, "nolearning"),),
            undo=((*change, "learning"),),
            ask=("ip", "-d", "-o", "link", "show"),
            shows=rf"(?m)^\d+: {re.escape(vxlan.name)}[@:].* nolearning\b",
            **vxlan.place,
        ),
    )


def _table(vxlan: Link) -> tuple[str, ...]:
    return ("bridge", "fdb", "show", "dev", vxlan.name)
