# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whose a Docker network is: by its id in the host's record. One of the same name may be anybody's.

One that is about to be made is recorded by its name, so that a run that is killed in between has left a known one.
A swarm's networks are known by the lab's label: they live and end with the swarm, which is known by its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _host_record, _owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._container_owner import LAB_LABEL

KIND = "network"
_MAKING = "making "
_SWARM_SCOPE = "swarm"


@dataclass(frozen=True)
class Record:
    """``ids``: id -> details; None where no network was ever recorded. ``lab``: the one that the host belongs to."""

    ids: Mapping[str, dict[str, Any]] | None
    lab: str


def record() -> Record:
    kept = _host_record.read()
    return Record(_owned.of_kind_in(kept, KIND), kept.get("lab", ""))


def lab_of(known: Record, network: dict[str, Any]) -> str:
    """The lab that made it; '' for somebody else's, whatever its label says. ``network``: as Docker lists it."""
    if network["Id"] in (known.ids or {}):
        return (known.ids or {})[network["Id"]].get("lab", "")
    label = (network.get("Labels") or {}).get(LAB_LABEL, "")
    if known.ids is None:
        # Made before ids were recorded, where the host belongs to that lab.
        return label if label == known.lab else ""
    ours = network.get("Scope") == _SWARM_SCOPE or f"{_MAKING}{network['Name']}" in known.ids
    return label if ours else ""


def take_over(networks: Callable[[], list[dict[str, Any]]]) -> None:
    """Where no network was ever recorded, record those of the lab that the host belongs to, once."""
    known = record()
    if known.ids is None and known.lab:
        ours = [one for one in networks() if lab_of(known, one)]
        _owned.claim(KIND, {one["Id"]: {"name": one["Name"], "lab": known.lab} for one in ours})


def begin(name: str, lab: str) -> None:
    """Record that a network is about to be made."""
    _owned.claim(KIND, {f"{_MAKING}{name}": {"lab": lab}})


def claim(network_id: str, name: str, lab: str) -> None:
    """It is the lab's."""
    _owned.claim(KIND, {network_id: {"name": name, "lab": lab}})
    _owned.release(KIND, {f"{_MAKING}{name}"})


def forget(ids: set[str]) -> None:
    """They are gone. A host of no lab keeps nothing of the last one."""
    known = record()
    if not ids & set(known.ids or ()):
        return
    if known.lab or set(known.ids or ()) - ids:
        _owned.release(KIND, ids)
    else:
        _owned.forget(KIND)
