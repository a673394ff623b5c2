# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a host has, or is to have, from an archive instead of a package."""

from __future__ import annotations

import shutil
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.places import PREFIX
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs

from . import room


def read(kind: str, wanted: dict[str, dict[str, str]]) -> dict[str, Any]:
    """{"lab", "version", "sha256", "whole" (_archive.installed.state), "wanted": its checksum or '', "path": of what is
    installed, by whom ever, "obstacles": [line], "missing": [program of the host's own that it starts]}.
    """
    found = installed.state(kind)
    sha256 = wanted.get(kind, {}).get("sha256", "")
    path = programs.environment()["PATH"]
    return {
        **found,
        "wanted": sha256,
        "path": shutil.which(KINDS[kind].main, path=path) or "",
        "obstacles": installed.obstacles(kind, bool(found["sha256"])) if sha256 else [],
        "missing": [name for name in KINDS[kind].needs if not shutil.which(name, path=path)] if sha256 else [],
    }


def free() -> int:
    """How many MB are free where archives are unpacked."""
    return int(room.read([str(PREFIX)])[0]["free"])
