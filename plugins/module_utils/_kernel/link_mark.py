# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The mark of a topology's links: their interface group.

The kernel sets a group at birth (an alias comes one message later, and a process can be killed in between) and removes
a whole group at once (0.6 ms a link, one by one 18 ms). ``ip link show group NUMBER`` lists them.
"""

from __future__ import annotations

import zlib


def mark_of(name: str) -> int:
    """The group number of a topology: far from the small numbers that people use, below 2**31 for iproute2."""
    return 0x20000000 | (zlib.crc32(f"overlay-lab:{name}".encode()) & 0x1FFFFFFF)


def doomed(mark: int) -> int:
    """The group into which some of a topology's links are put to go together. Still its own, and never wanted."""
    return mark | 0x40000000


def is_mark(group: int) -> bool:
    """Whether a group number can be the mark of some topology."""
    return group >> 29 in (0b001, 0b011)
