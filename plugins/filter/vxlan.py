# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of the engine vxlan: what each host gets."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.plan import plan


def vxlan_plan(lab: dict, host: str) -> dict:
    return plan(lab, host)


class FilterModule:
    def filters(self) -> dict:
        return {"vxlan_plan": vxlan_plan}
