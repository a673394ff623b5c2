# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of what a host's record keeps for one lab."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  lab:
    description:
      - For which lab. What the host's record says to be another lab's is refused in one line. What it has of no lab is
        taken over.
    type: str
    default: ""
"""
