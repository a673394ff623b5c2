# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""MAC addresses that the collection chooses."""

from __future__ import annotations

import hashlib


def derived_from(text: str) -> str:
    """A locally administered unicast address, always the same. Set at birth, it is also one that udev leaves alone."""
    return (b"\x02" + hashlib.sha256(text.encode()).digest()[:5]).hex(":")
