# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the engine vxlan: what each host gets."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.plan import plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.units import starts


def vxlan_starts(info: dict, changed_paths: list[str]) -> list[dict]:
    return starts(info, changed_paths)


def vxlan_plan(lab: dict, host: str) -> dict:
    return plan(lab, host)


class FilterModule:
    def filters(self) -> dict:
        return {"vxlan_plan": vxlan_plan, "vxlan_starts": vxlan_starts}
