# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The record of the namespaces and routes that a topology owns.

A link carries its topology's mark. A namespace can carry nothing: its record holds for the boot and the inode that it
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import boot_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import Needed
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Identity

DIRECTORY = state_files.STATE_DIR / "topology"
_LOCK = DIRECTORY / ".lock"
_SHAPE = {
    Needed("boot_id"): str,
    Needed("namespaces"): {...: ([int, int], None)},
    Needed("places"): [str],
    Needed("routes"): [[str, str, (str, None), (str, None)]],
}


@dataclass(frozen=True)
class Record:
    """What a topology has made, or was about to make: written before anything is touched.

    ``namespaces``: name -> device and inode, None for one of an earlier boot. ``places``: every namespace in which it
    put a link. ``routes``: (netns, to, via, dev).
    """

    namespaces: Mapping[str, Identity | None] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    routes: frozenset[tuple[str, str, str | None, str | None]] = frozenset()
    known: bool = False

    def owns(self, name: str, now: Identity) -> bool:
        """Whether the namespace that has this name now is the one that the topology made."""
        return self.namespaces.get(name) == now

    def with_all(self, other: Record) -> Record:
        """This and the other together; where both know a namespace, the other knows better."""
        return Record(
            {**self.namespaces, **other.namespaces},
            self.places | other.places,
            self.routes | other.routes,
            self.known or other.known,
        )


def locked() -> AbstractContextManager[None]:
    """One run at a time on a machine."""
    return state_files.locked(_LOCK)


def load(name: str) -> Record:
    """The record of a topology; an empty one where there is none. Raises LabError where it is damaged."""
    data = state_files.read_json(_path(name), _SHAPE)
    if data is None:
        return Record()
    this_boot = data["boot_id"] == boot_id()
    return Record(
        namespaces={key: tuple(value) if this_boot and value else None for key, value in data["namespaces"].items()},
        places=frozenset(data["places"]),
        routes=frozenset((netns, to, via, dev) for netns, to, via, dev in data["routes"]),
        known=True,
    )


def save(name: str, record: Record) -> None:
    """Write the record whole or not at all."""
    data = {
        "boot_id": boot_id(),
        "namespaces": {key: list(value) if value else None for key, value in record.namespaces.items()},
        "places": sorted(record.places),
        "routes": sorted((list(route) for route in record.routes), key=str),
    }
    state_files.write_json(_path(name), data)


def forget(name: str) -> None:
    """Remove the record, and with the last one the lock, which the caller holds."""
    _path(name).unlink(missing_ok=True)
    if not names():
        _LOCK.unlink(missing_ok=True)


def _path(name: str) -> Path:
    return DIRECTORY / f"{name}.json"


def names() -> list[str]:
    """The topologies that have a record."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))
