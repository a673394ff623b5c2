# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whose a Docker network is: by its id in the host's record. One of the same name may be anybody's.

A swarm's networks are known by the lab's label: they live and end with the swarm, which is known by its own id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL, Known

_SWARM_SCOPE = "swarm"


def lab_of(known: Known, network: dict[str, Any]) -> str:
    """The lab that made it; '' for somebody else's, whatever its label says. ``network``: as Docker lists it."""
    if known.has(network["Id"]):
        return known.details(network["Id"]).get("lab", "")
    label = (network.get("Labels") or {}).get(LAB_LABEL, "")
    if known.ids is None:
        # Made before ids were recorded, where the host belongs to that lab.
        return label if label == known.lab else ""
    ours = network.get("Scope") == _SWARM_SCOPE or known.making(network["Name"]) is not None
    return label if ours else ""


def take_over(networks: Callable[[], list[dict[str, Any]]]) -> None:
    """Where no network was ever recorded, record those of the lab that the host belongs to, once."""
    known = owned.known(owned.NETWORK)
    if known.ids is None and known.lab:
        ours = [one for one in networks() if lab_of(known, one)]
        owned.claim(owned.NETWORK, {one["Id"]: {"name": one["Name"], "lab": known.lab} for one in ours})


def forget_gone(name: str, lab: str, networks: list[dict[str, Any]]) -> None:
    """Forget the lab's networks of this name that are not among ``networks``, all that Docker has: another host of the
    lab removed them.
    """
    there = {one["Id"] for one in networks}
    recorded = (owned.of_kind(owned.NETWORK) or {}).items()
    ours = {one for one, details in recorded if (details.get("name"), details.get("lab")) == (name, lab)}
    owned.gone(owned.NETWORK, ours - there)
