# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: simulated_host_started
short_description: Whether a simulated host of this lab runs
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Looks on the machine that runs Ansible, where simulated hosts are. True for a host whose boot was seen to complete,
    and that belongs to the lab and runs the release. M(emon.overlay_lab.simulated_host) would change nothing on it.
positional: _input, lab, release, outbound, outbound_except
options:
  _input:
    description: Name of the host.
    type: str
    required: true
  lab:
    description: Name of the lab.
    type: str
    required: true
  release:
    description: Its Debian release.
    type: str
    required: true
  outbound:
    description: Whether it has a way out; where that is not given, as it was made.
    type: bool
  outbound_except:
    description: The subnets to which the way out does not lead.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Start emon
  emon.overlay_lab.simulated_host:
    name: emon
    lab: emon
  when: "'emon' is not emon.overlay_lab.simulated_host_started('emon', 'bookworm')"
"""

RETURN = r"""
_value:
  description: Whether it runs as wanted.
  type: bool
"""

from collections.abc import Sequence

from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost


def simulated_host_started(
    name: str, lab: str, release: str, outbound: bool | None = None, outbound_except: Sequence[str] = ()
) -> bool:
    host = SimulatedHost(name)
    return not host.faults(lab, release) and host.ready() and host.led_out(outbound, outbound_except)


class TestModule:
    def tests(self) -> dict:
        return {"simulated_host_started": simulated_host_started}
