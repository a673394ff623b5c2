# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a swarm and its node work, by what was read of them. Pure: the controller judges by it as well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority


def state_fault(swarm: dict[str, Any]) -> str | None:
    """Why a node cannot work, with the remedy; None for one that can, or is none."""
    state, said = swarm["state"], swarm["error"]
    if state == "locked":
        return (
            "its swarm node is locked, and works only once it is unlocked: docker swarm unlock, with the key that"
            " docker swarm unlock-key shows on another manager"
        )
    if state in ("error", "pending"):
        return f"its swarm node is {state} ({said or 'no reason given'}): see journalctl -u docker.service there"
    return None


def unheard(networks: list[dict[str, Any]], peers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Those of ``peers`` (network -> addresses) of which the host has not heard.

    ``networks``: as docker_swarm_info returns them.
    """
    heard: dict[str, set[str]] = {}
    for one in networks:
        heard.setdefault(one["name"], set()).update(one["peers"])
    missing = {name: sorted(set(addresses) - heard.get(name, set())) for name, addresses in peers.items()}
    return {name: addresses for name, addresses in missing.items() if addresses}


def quorum_faults(nodes: Iterable[Mapping[str, Any]], going: Collection[str]) -> list[str]:
    """Why the swarm cannot do without the managers among the nodes ``going`` (ids): Docker itself refuses only the last
    one, and without a majority nothing can be changed any more. Pure; ``nodes`` as in `details`."""
    managers = [node for node in nodes if node["voter"]]
    staying = [node for node in managers if node["id"] not in going]
    if len(staying) == len(managers):
        return []
    reachable = [node for node in staying if node["reachable"]]
    if not staying:
        return ["is the only manager: make another node one first (role: manager)"]
    if len(reachable) < majority(len(staying)):
        return [
            f"without it {len(staying)} managers are left, of which {majority(len(staying))} must answer, and only"
            f" {len(reachable)} would: bring the others back, or remove those that are gone first"
        ]
    return []
