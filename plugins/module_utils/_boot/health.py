# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""How the lab's boot unit stands. Apart from what it does: others read this, and nothing else of it."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd

NAME = "overlay-lab-boot.service"
FAILED = "failed"


def read() -> dict[str, str]:
    """{"state": systemd's word, '' where there is no systemd, "said": the last line of a unit that failed}."""
    try:
        found = systemd.state(NAME)
        lines = systemd.journal(NAME, 0) if found == FAILED else []
    except LabError:
        return {"state": "", "said": ""}
    return {"state": found, "said": lines[-1] if lines else ""}
