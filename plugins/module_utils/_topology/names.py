# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Links by their own names: the kernel takes any of a link's further names (altnames) where a name is asked for."""

from __future__ import annotations

from dataclasses import replace

from .model import PORT, Key, Link, Route, Topology
from .observed import CurrentState


def by_own_names(desired: Topology, current: CurrentState) -> Topology:
    """Ports, masters, parents and the links of routes, which are there already, as they are called."""

    def own(netns: str, name: str) -> str:
        place = current.places.get(netns)
        found = place.named(name) if place and (netns, name) not in made else None
        return found.name if found else name

    def key(given: Key | None) -> Key | None:
        return given and (given[0], own(*given))

    def link(given: Link) -> Link:
        name = own(*given.key) if given.kind == PORT else given.name
        master = own(given.netns, given.master) if given.master else given.master
        return replace(given, name=name, master=master, parent=key(given.parent))

    def route(given: Route) -> Route:
        return replace(given, dev=own(given.netns, given.dev)) if given.dev else given

    made = {one.key for one in desired.links if one.kind != PORT}
    return replace(desired, links=tuple(map(link, desired.links)), routes=tuple(map(route, desired.routes)))
