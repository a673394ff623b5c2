# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Where on a host what came from an archive is."""

from __future__ import annotations

from pathlib import Path

PREFIX = Path("/usr/local/lib/overlay-lab")
LINKS = Path("/usr/local/bin")
# Neither a package's nor an administrator's (systemd.unit(5)).
UNITS = Path("/usr/local/lib/systemd/system")
