# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugin says of the run, to modules that take the lock. In step with _host/lab_lock.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  _run:
    description: The identity of this run. The action plugin sets it.
    type: dict
    required: true
  _ended:
    description: Id of a run that has ended, whose lock is free. The action plugin sets it.
    type: str
    default: ""
"""
