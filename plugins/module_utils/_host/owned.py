# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the lab made on this host, by identities that neither travel nor inherit.

A name is reused, a label is inherited by whatever is made of a committed image, a path is anybody's. The ids are in
the host's record, section "owned": ``{kind: {id: {...}}}``.

A kind that was never written is None here, which is not the same as a kind of which nothing is left: labs that were
made before ids were recorded are taken over once, where everything else fits.

Docker gives a container or a network its id when it makes it. One that is about to be made is recorded by its name, so
that a run that is killed in between leaves one that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import record as host_record

# Shows people which lab made a container, a network or a swarm. Anybody can give it, and images hand it on.
LAB_LABEL = "emon.overlay_lab.lab"
# Kinds. The ids of a container and a network are Docker's full ones.
CONTAINER, NETWORK = "container", "network"
# The swarm's id, with {"node": the host's id in it}.
SWARM = "swarm"
# CLUSTER_ID/MEMBER_ID, with {"lab", "path": data directory}.
ETCD = "etcd"
_SECTION = "owned"
_MAKING = "making "


@dataclass(frozen=True)
class Known:
    """``ids``: id -> details; None where nothing of the kind was ever recorded. ``lab``: the one of this host."""

    ids: Mapping[str, dict[str, Any]] | None
    lab: str

    def has(self, identity: str) -> bool:
        return identity in (self.ids or {})

    def details(self, identity: str) -> dict[str, Any]:
        return (self.ids or {}).get(identity, {})

    def making(self, name: str) -> dict[str, Any] | None:
        """The details of one that is about to be made."""
        return (self.ids or {}).get(f"{_MAKING}{name}")


def known(kind: str) -> Known:
    record = host_record.read()
    return Known(of_kind_in(record, kind), record.get("lab", ""))


def of_kind(kind: str, path: Path = host_record.RECORD_PATH) -> dict[str, dict[str, Any]] | None:
    """What is recorded of a kind, id -> details; None where nothing of the kind was ever recorded on this host."""
    return of_kind_in(host_record.read(path), kind)


def of_kind_in(record: dict[str, Any], kind: str) -> dict[str, dict[str, Any]] | None:
    """The same, of a record that was read."""
    found = record.get("sections", {}).get(_SECTION, {}).get(kind)
    return None if found is None else dict(found)


def owns(kind: str, identity: str, path: Path = host_record.RECORD_PATH) -> bool:
    """Whether the lab made the thing with this id."""
    return identity in (of_kind(kind, path) or {})


def claim(kind: str, things: dict[str, dict[str, Any]], path: Path = host_record.RECORD_PATH) -> None:
    """Record things as the lab's, id -> details, in addition to those that are recorded. {} makes the kind known."""
    host_record.merge(_SECTION, lambda owned: {**owned, kind: {**owned.get(kind, {}), **things}}, path)


def begin(kind: str, name: str, details: dict[str, Any]) -> None:
    """Record that something is about to be made."""
    claim(kind, {f"{_MAKING}{name}": details})


def made(kind: str, name: str, identity: str, details: dict[str, Any]) -> None:
    """It was made, or found, and has this id."""

    def change(owned: dict[str, Any]) -> dict[str, Any]:
        return {**owned, kind: {**_without(owned.get(kind, {}), {f"{_MAKING}{name}"}), identity: details}}

    host_record.merge(_SECTION, change)


def not_made(kind: str, name: str) -> None:
    gone(kind, {f"{_MAKING}{name}"})


def gone(kind: str, identities: set[str]) -> None:
    """Forget things that are gone. A host of no lab keeps nothing of the last one."""
    there = known(kind)
    ids = set(there.ids or ())
    if not ids & identities:
        return
    if there.lab or ids - identities:
        release(kind, identities)
    else:
        forget(kind)


def release(kind: str, identities: set[str], path: Path = host_record.RECORD_PATH) -> None:
    """Forget things that are gone. The kind stays known."""
    host_record.merge(
        _SECTION, lambda owned: {**owned, kind: _without(owned[kind], identities)} if kind in owned else owned, path
    )


def forget(kind: str, path: Path = host_record.RECORD_PATH) -> None:
    """Forget a kind as a whole: the lab has left this host."""
    host_record.merge(_SECTION, lambda owned: _without(owned, {kind}), path)


def _without(mapping: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}
