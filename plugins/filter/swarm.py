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


def swarm_subnets(wanted: list[str], infos: dict) -> dict:
    taken = addresses(infos)
    return {"pool": address_pool([*wanted, *taken]), "gateway_bridge": gateway_bridge(wanted, taken)}


class FilterModule:
    def filters(self) -> dict:
        return {
            "swarm_heir": successor,
            "swarm_managers": managers,
            "swarm_nodes_of": ids_of,
            "swarm_plan": plan,
            "swarm_subnets": swarm_subnets,
        }
