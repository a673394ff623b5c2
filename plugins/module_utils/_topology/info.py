# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Everything that topologies are made of, as it is on this machine: what the module topology_info returns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables, netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Identity, Namespaces

from . import observed
from . import record as records
from .model import Key
from .observed import CurrentState, LinkState, Place

# Docker keeps its containers' namespaces here, by sandbox.
_SANDBOXES = Path("/run/docker/netns")


def gather(requested: Iterable[str] | None) -> list[dict[str, Any]]:
    """Describe the requested namespaces, or all, in the shape of the module's RETURN.

    All are read in either case, because the peer of a veth can be in any. Raises LabError where a requested one does
    not exist, or root is lacking.
    """
    if os.geteuid() != 0:
        raise LabError("to look into network namespaces needs root: run the task with become")
    spellings = _all_namespaces()
    only = None if requested is None else _identities(requested)
    processes = _processes()
    topologies = {mark_of(name): name for name in records.names()}
    with Namespaces() as namespaces:
        places = list(spellings.values())
        current = observed.read(namespaces, places, routes_of=places)
        relations = Relations(namespaces, current)
        found = []
        for place, known in current.places.items():
            if only is not None and known.identity not in only:
                continue
            try:
                fdb = _fdb(namespaces, place, known)
                ends = {link.name: relations.other_end(place, link) for link in known.links.values()}
            except (FileNotFoundError, ProcessLookupError):
                continue  # the last process in it ended while we looked
            found.append(
                {
                    "netns": place,
                    "processes": processes.get(known.identity, []) if place != netns.OWN else [],
                    "links": [_link(link, ends[link.name], topologies) for link in _sorted(known)],
                    "bridges": [_bridge(known, link) for link in _sorted(known) if link.kind == "bridge"],
                    "routes": [{"to": one.to, "via": one.via, "dev": one.dev} for one in sorted(known.routes, key=str)],
                    "fdb": fdb,
                }
            )
    return found


def _all_namespaces() -> dict[Identity, str]:
    """Every namespace there is, by what it is: named ones, Docker's, and those that only processes hold."""
    found: dict[Identity, str] = {}
    for spelling in [netns.OWN, *netns.names(), *_sandboxes(), *(f"{process}/ns/net" for process in _process_paths())]:
        what = netns.identity(spelling)
        if what is not None:
            found.setdefault(what, spelling)
    return found


def _sandboxes() -> list[str]:
    return sorted(str(path) for path in _SANDBOXES.iterdir()) if _SANDBOXES.is_dir() else []


def _process_paths() -> list[Path]:
    return sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name))


def _identities(requested: Iterable[str]) -> set[Identity]:
    found = {spelling: netns.identity(netns.spelled(spelling)) for spelling in requested}
    missing = [spelling for spelling, what in found.items() if what is None]
    if missing:
        raise LabError(f"there is no namespace {spelling}: ip netns shows those with names" for spelling in missing)
    return {what for what in found.values() if what is not None}


def _processes() -> dict[Identity, list[dict[str, Any]]]:
    """The processes that live in each namespace."""
    found: dict[Identity, list[dict[str, Any]]] = {}
    for process in _process_paths():
        what = netns.identity(f"{process}/ns/net")
        try:
            command = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # it ended while we looked
        if what is not None:
            found.setdefault(what, []).append({"pid": int(process.name), "command": command})
    return found


class Relations:
    """Finds the other end of a veth and the parent of a macvlan, in whichever namespace it is.

    The kernel tells its index, and the id that its namespace has in the asking one. Many links have the same index, so
    each candidate's namespace is asked for.
    """

    def __init__(self, namespaces: Namespaces, current: CurrentState) -> None:
        self._namespaces = namespaces
        self._current = current
        self._by_index: dict[int, list[tuple[str, LinkState]]] = {}
        for place, known in current.places.items():
            for link in known.links.values():
                self._by_index.setdefault(link.index, []).append((place, link))

    def other_end(self, place: str, link: LinkState) -> Key | None:
        """Namespace and name of the peer or the parent; None where there is none, or it is out of reach."""
        if not link.link_index:
            return None
        candidates = [
            (where, other)
            for where, other in self._by_index.get(link.link_index, [])
            if link.kind != "veth" or other.link_index == link.index
        ]
        if link.link_nsid is None or link.kind == "vxlan":
            return next(((place, other.name) for where, other in candidates if where == place), None)
        nsids = self._current.places[place].nsids
        unknown = [where for where, _found in candidates if where not in nsids]
        if unknown:
            with self._namespaces.opened(place) as descriptor, self._namespaces.socket(descriptor) as here:
                nsids.update({where: observed.nsid_of(self._namespaces, here, where) for where in unknown})
        return next(((where, other.name) for where, other in candidates if nsids[where] == link.link_nsid), None)


def _sorted(place: Place) -> list[LinkState]:
    return sorted(place.links.values(), key=lambda link: link.index)


def _link(link: LinkState, other: Key | None, topologies: dict[int, str]) -> dict[str, Any]:
    end = None if other is None else {"netns": other[0], "name": other[1]}
    return {
        "name": link.name,
        "index": link.index,
        "kind": link.kind,
        "up": link.up,
        "carrier": link.carrier,
        "mtu": link.mtu,
        "mac": link.mac or None,
        "master": link.master,
        "addresses": sorted(str(address) for address in link.addresses),
        "peer": end if link.kind == "veth" else None,
        "parent": end if link.kind != "veth" else None,
        "topology": topologies.get(link.group),
        "settings": {name: value for name, value in link.settings.items() if value is not None},
    }


def _bridge(place: Place, bridge: LinkState) -> dict[str, Any]:
    ports = [link.name for link in _sorted(place) if link.master == bridge.name]
    return {"name": bridge.name, "ports": ports, "addresses": sorted(str(address) for address in bridge.addresses)}


def _fdb(namespaces: Namespaces, spelling: str, place: Place) -> list[dict[str, Any]]:
    """The forwarding entries of bridges and VXLANs."""
    if not any(link.kind in ("bridge", "vxlan") for link in place.links.values()):
        return []
    names = {link.index: link.name for link in place.links.values()}
    with namespaces.opened(spelling) as descriptor, namespaces.socket(descriptor) as here:
        entries = forwarding_tables.fdb(here)
    return [
        {"dev": names[entry.index], "mac": entry.mac, "remote": entry.address}
        for entry in entries
        if entry.index in names
    ]
