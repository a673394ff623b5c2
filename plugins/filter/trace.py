# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.packet_trace): which way a packet takes, and how its trace ended."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import trace


def trace_asked(question: dict, lab: dict) -> dict:
    return trace.asked(question, lab)


def trace_path(states: dict, question: dict, lab: dict) -> dict:
    return trace.planned(states, question, lab)


def trace_report(states: dict, question: dict, lab: dict, results: dict) -> dict:
    return trace.report(states, question, lab, results)


def trace_capture(states: dict, question: dict, lab: dict, results: dict) -> list[dict]:
    return trace.capture(states, question, lab, results)


class FilterModule:
    def filters(self) -> dict:
        return {
            "trace_asked": trace_asked,
            "trace_path": trace_path,
            "trace_report": trace_report,
            "trace_capture": trace_capture,
        }
