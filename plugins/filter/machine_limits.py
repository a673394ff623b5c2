# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: machine_limits
short_description: Why this machine cannot boot these simulated hosts
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
positional: _input, outbound
description:
  - Compares what those that do not run yet need with the inotify instances and the memory that the machine which runs
    Ansible has left, and with the modules of its kernel.
options:
  _input:
    description: Names of simulated hosts.
    type: list
    elements: str
    required: true
  outbound:
    description: Whether they have a way out, which the machine then must be able to give.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The machine has room for the lab's hosts
  ansible.builtin.assert:
    that: groups['lab'] | emon.overlay_lab.machine_limits | length == 0
"""

RETURN = r"""
_value:
  description: A line for each limit or missing kernel module that is in the way; empty where none is.
  type: list
  elements: str
"""

import os

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules as kernel_modules
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.modules import Kernel
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import outbound as way_out
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated import (
    machine_limits as simulated_machine_limits,
)


def machine_limits(hosts: list[str], outbound: bool = False) -> list[str]:
    to_boot = sum(not SimulatedHost(name).leader() for name in hosts)
    return [
        *(way_out.faults() if outbound else []),
        *simulated_machine_limits.faults(to_boot),
        *(kernel_modules.faults(Kernel(os.uname().release)) if to_boot else []),
    ]


class FilterModule:
    def filters(self) -> dict:
        return {"machine_limits": machine_limits}
