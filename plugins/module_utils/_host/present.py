# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is on the host already: users, groups, and how much of a path."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path


def is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def existing(path: Path) -> Path:
    """The path, or the nearest directory above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())
