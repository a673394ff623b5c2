# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: what is said of a lab's certificates."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils import _certificate_ends


def certificates_ending(hosts: dict, lab: dict) -> list[str]:
    return _certificate_ends.ending(hosts, {**lab, "certificates": _certificate_ends.read(Path(lab["pki"]))})


def certificates_left(others: dict, pki: str) -> list[str]:
    return _certificate_ends.left(others, pki)


def certificates_forgotten(certificates: dict, host: dict) -> str:
    return _certificate_ends.forgotten(certificates, host)


class FilterModule:
    def filters(self) -> dict:
        return {
            "certificates_ending": certificates_ending,
            "certificates_left": certificates_left,
            "certificates_forgotten": certificates_forgotten,
        }
