# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: what is said of a lab's certificates."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import expiry as pki_expiry


def certificates_ending(hosts: dict, lab: dict, now: float) -> list[str]:
    return pki_expiry.ending(hosts, lab, pki_expiry.read(Path(lab["pki"])), now)


class FilterModule:
    def filters(self) -> dict:
        return {
            "certificates_ending": certificates_ending,
            "certificates_left": pki_expiry.left,
            "certificates_kept": pki_expiry.kept,
            "certificates_forgotten": pki_expiry.forgotten,
        }
