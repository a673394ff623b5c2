# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""dockerd's settings, as the file has them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import configuration

PATH = configuration.DAEMON_JSON


def read() -> dict[str, Any]:
    """Raises LabError where the file is damaged."""
    try:
        return configuration.settings_of(PATH)
    except FileNotFoundError:
        return {}
