# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the engine swarm: what each host has to do, and which subnets are free."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm.membership import (
    ids_of,
    managers,
    plan,
    successor,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm.subnets import (
    address_pool,
    addresses,
    gateway_bridge,
)


def swarm_plan(infos: dict, lab: dict) -> dict:
    return plan(infos, lab)


def swarm_nodes_of(nodes: list[dict], host: str, lab: dict) -> list[str]:
    return ids_of(nodes, host, lab)


def swarm_heir(info: dict, host: str, lab: dict) -> dict:
    return successor(info, host, lab)


def swarm_managers(infos: dict, lab: str) -> list[str]:
    return managers(infos, lab)


def swarm_subnets(wanted: list[str], infos: dict) -> dict:
    taken = addresses(infos)
    return {"pool": address_pool([*wanted, *taken]), "gateway_bridge": gateway_bridge(wanted, taken)}


class FilterModule:
    def filters(self) -> dict:
        return {
            "swarm_heir": swarm_heir,
            "swarm_managers": swarm_managers,
            "swarm_nodes_of": swarm_nodes_of,
            "swarm_plan": swarm_plan,
            "swarm_subnets": swarm_subnets,
        }
