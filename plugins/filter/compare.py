# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbook compare.yml: which paths to measure, and the figures of them."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._compare import network_modes


class FilterModule:
    def filters(self) -> dict:
        return {
            "compare_paths": network_modes.paths,
            "compare_figures": network_modes.figures,
            "compare_table": network_modes.table,
        }
