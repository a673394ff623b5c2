# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Who owns what: the mark on links, and the record of a topology's namespaces and routes.

A link carries its topology's mark as its interface group, because the kernel sets that at birth (an alias comes one
message later, and a process can be killed in between) and removes a whole group at once (0.6 ms a link, one by one
18 ms). ``ip link show group NUMBER`` lists them. A namespace can carry nothing: its record holds for the boot and the
inode that it names.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils import _state_dir
from ansible_collections.emon.overlay_lab.plugins.module_utils._netns import Identity
from ansible_collections.emon.overlay_lab.plugins.module_utils._processes import boot_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._shape import Needed

DIRECTORY = _state_dir.STATE_DIR / "topology"
_LOCK = DIRECTORY / ".lock"
_SHAPE = {
    Needed("boot_id"): str,
    Needed("namespaces"): {...: ([int, int], None)},
    Needed("places"): [str],
    Needed("routes"): [[str, str, (str, None), (str, None)]],
}


def mark_of(name: str) -> int:
    """The group number of a topology: far from the small numbers that people use, below 2**31 for iproute2."""
    return 0x20000000 | (zlib.crc32(f"overlay-lab:{name}".encode()) & 0x1FFFFFFF)


def doomed(mark: int) -> int:
    """The group into which some of a topology's links are put to go together. Still its own, and never wanted."""
    return mark | 0x40000000


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


def is_mark(group: int) -> bool:
    """Whether a group number can be the mark of some topology."""
    return group >> 29 in (0b001, 0b011)


def locked() -> AbstractContextManager[None]:
    """One run at a time on a machine."""
    return _state_dir.locked(_LOCK)


def load(name: str) -> Record:
    """The record of a topology; an empty one where there is none. Raises LabError where it is damaged."""
    data = _state_dir.read_json(_path(name), _SHAPE)
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
    _state_dir.write_json(_path(name), data)


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
