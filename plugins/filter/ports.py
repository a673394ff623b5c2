# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.port_probe): what to probe, and what the answers mean."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import ports


def port_faults(results: dict, max_clock_offset: float, forks: int) -> list[str]:
    # The result of a skipped task has no peers.
    asked = {host: result for host, result in results.items() if "peers" in result}
    return ports.faults(asked, max_clock_offset, forks)


class FilterModule:
    def filters(self) -> dict:
        return {"port_plan": ports.plan, "port_faults": port_faults}
