# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""dockerd's settings, as the file has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import daemon_json

PATH = Path("/etc/docker/daemon.json")


def read() -> dict[str, Any]:
    """Raises LabError where the file is damaged."""
    try:
        return daemon_json.read(PATH.read_text(encoding="utf-8"), str(PATH))
    except FileNotFoundError:
        return {}
