# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: machine_limits
short_description: Why this machine cannot boot so many more simulated hosts
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Compares what that many hosts need with the inotify instances and the memory that the machine which runs Ansible has
    left.
options:
  _input:
    description: How many hosts do not run yet.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: The machine has room for two more hosts
  ansible.builtin.assert:
    that: 2 | emon.overlay_lab.machine_limits | length == 0
"""

RETURN = r"""
_value:
  description: A line for each limit that is in the way; empty where none is.
  type: list
  elements: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._machine_limits import faults


class FilterModule:
    def filters(self) -> dict:
        return {"machine_limits": faults}
