# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the role verification: what to probe, and what the answers mean."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import followed, links
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.junit import junit
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.verification import echoes, probes, report


def verification_probes(states: dict, lab: dict, host: str) -> list[dict]:
    return probes(lab, states, host)


def verification_echoes(states: dict, lab: dict, host: str) -> list[dict]:
    return echoes(lab, states, host)


def verification_measures(states: dict, lab: dict, host: str) -> list[dict]:
    return links.measures(lab, states, host)


def verification_report(states: dict, lab: dict, results: dict, evidence: Any, measured: dict | None = None) -> dict:
    return report(lab, states, results, evidence, measured)


def verification_junit(report: dict, lab: str) -> str:
    return junit(lab, report)


def verification_followed(report: dict, lab: dict) -> dict:
    return followed.question(lab, report)


def verification_verdict(question: dict, traced: dict) -> str:
    return followed.verdict(question, traced)


class FilterModule:
    def filters(self) -> dict:
        return {
            "verification_echoes": verification_echoes,
            "verification_followed": verification_followed,
            "verification_junit": verification_junit,
            "verification_measures": verification_measures,
            "verification_probes": verification_probes,
            "verification_report": verification_report,
            "verification_verdict": verification_verdict,
        }
