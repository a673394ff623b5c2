# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the engine vxlan: what each host gets."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.plan import plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.units import starts


class FilterModule:
    def filters(self) -> dict:
        return {"vxlan_plan": plan, "vxlan_starts": starts}
