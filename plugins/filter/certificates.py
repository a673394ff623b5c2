# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: what is said of a lab's certificates."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import expiry as pki_expiry


def certificates_ending(hosts: dict, lab: dict) -> list[str]:
    return pki_expiry.ending(hosts, {**lab, "certificates": pki_expiry.read(Path(lab["pki"]))})


def certificates_left(others: dict, pki: str) -> list[str]:
    return pki_expiry.left(others, pki)


def certificates_kept(others: dict, pki: str) -> str:
    return pki_expiry.kept(others, pki)


def certificates_forgotten(certificates: dict, host: dict) -> str:
    return pki_expiry.forgotten(certificates, host)


class FilterModule:
    def filters(self) -> dict:
        return {
            "certificates_ending": certificates_ending,
            "certificates_left": certificates_left,
            "certificates_kept": certificates_kept,
            "certificates_forgotten": certificates_forgotten,
        }
