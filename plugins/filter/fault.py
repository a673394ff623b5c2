# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.fault): which fault is made on which host, and what was mended."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._break import asked


def fault_asked(question: dict, lab: dict) -> dict:
    return asked.asked(question, lab)


def fault_cable(lab: dict, host: str) -> dict:
    return asked.cable(lab, host)


def faults_mended(mended: dict) -> list[str]:
    return asked.told(mended)


class FilterModule:
    def filters(self) -> dict:
        return {"fault_asked": fault_asked, "fault_cable": fault_cable, "faults_mended": faults_mended}
