# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the lab made on this host, by identities that neither travel nor inherit.

A name is reused, a label is inherited by whatever is made of a committed image, a path is anybody's. The ids are in
the host's record, section "owned": ``{kind: {id: {...}}}``. Kinds and ids: ``container`` and ``network`` (Docker's
full ids), ``swarm`` (the swarm's id, with ``{"node": id}``), ``etcd`` (``CLUSTER_ID/MEMBER_ID``, with ``{"path": data
directory}``).

A kind that was never written is None here, which is not the same as a kind of which nothing is left: labs that were
made before ids were recorded are taken over once, where everything else fits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _host_record

_SECTION = "owned"


def of_kind(kind: str, path: Path = _host_record.RECORD_PATH) -> dict[str, dict[str, Any]] | None:
    """What is recorded of a kind, id -> details; None where nothing of the kind was ever recorded on this host."""
    return of_kind_in(_host_record.read(path), kind)


def of_kind_in(record: dict[str, Any], kind: str) -> dict[str, dict[str, Any]] | None:
    """The same, of a record that was read."""
    found = record.get("sections", {}).get(_SECTION, {}).get(kind)
    return None if found is None else dict(found)


def owns(kind: str, identity: str, path: Path = _host_record.RECORD_PATH) -> bool:
    """Whether the lab made the thing with this id."""
    return identity in (of_kind(kind, path) or {})


def claim(kind: str, things: dict[str, dict[str, Any]], path: Path = _host_record.RECORD_PATH) -> None:
    """Record things as the lab's, id -> details, in addition to those that are recorded. {} makes the kind known."""
    _host_record.merge(_SECTION, lambda owned: {**owned, kind: {**owned.get(kind, {}), **things}}, path)


def release(kind: str, identities: set[str], path: Path = _host_record.RECORD_PATH) -> None:
    """Forget things that are gone. The kind stays known."""
    _host_record.merge(_SECTION, lambda owned: _without(owned, kind, identities), path)


def forget(kind: str, path: Path = _host_record.RECORD_PATH) -> None:
    """Forget a kind as a whole: the lab has left this host."""
    _host_record.merge(_SECTION, lambda owned: {key: value for key, value in owned.items() if key != kind}, path)


def _without(owned: dict[str, Any], kind: str, identities: set[str]) -> dict[str, Any]:
    if kind not in owned:
        return owned
    return {**owned, kind: {key: value for key, value in owned[kind].items() if key not in identities}}
