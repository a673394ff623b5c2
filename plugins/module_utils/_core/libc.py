# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The C library, for system calls that Python lacks, or has only since a later version."""

from __future__ import annotations

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
