# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.packet_trace): which way a packet takes, and how its trace ended."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import trace


class FilterModule:
    def filters(self) -> dict:
        return {
            "trace_asked": trace.asked,
            "trace_path": trace.planned,
            "trace_report": trace.report,
            "trace_capture": trace.capture,
        }
