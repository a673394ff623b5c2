# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the engine vxlan: which place each host has, and what follows from it."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.vxlan_addresses import with_indexes
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.vxlan_plan import plan


def lab_indexes(hosts: dict, infos: dict, lab: str) -> dict:
    return with_indexes(hosts, infos, lab)


def vxlan_plan(lab: dict, host: str) -> dict:
    return plan(lab, host)


class FilterModule:
    def filters(self) -> dict:
        return {"lab_indexes": lab_indexes, "vxlan_plan": vxlan_plan}
