# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the role verification: what to probe, and what the answers mean."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import followed, junit, links, verification


class FilterModule:
    def filters(self) -> dict:
        return {
            "verification_echoes": verification.echoes,
            "verification_followed": followed.question,
            "verification_junit": junit.junit,
            "verification_measures": links.measures,
            "verification_probes": verification.probes,
            "verification_report": verification.report,
            "verification_verdict": followed.verdict,
        }
