# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.fault): which fault is made on which host, and what was mended."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._break import asked


class FilterModule:
    def filters(self) -> dict:
        return {"fault_asked": asked.asked, "fault_cable": asked.cable, "faults_mended": asked.told}
