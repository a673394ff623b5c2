#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fault
short_description: Break a lab's host in a known way, and repair it
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Makes a fault of a catalogue on a host of a lab, for exercises and for tests, such as a link that is down, a wrong
    forwarding entry, a filter rule, or a frozen dockerd. C(make break) lists the catalogue.
  - Each fault, and how it is undone, is recorded before it is made, in C(/var/lib/overlay-lab/faults.json) on the host.
  - A fault is undone as recorded, and only as far as it is still present. If it is gone, because it was repaired or
    because of a reboot, only its record is removed.
attributes:
  check_mode:
    support: full
    description: Reads the host, and returns what would be broken or repaired.
  diff_mode:
    support: full
    description: Shows what is broken or repaired, before and after.
  idempotent:
    support: full
    description: An existing fault is not made again, and what is not broken is not repaired.
options:
  lab:
    description: The lab. A host that is not this lab's is refused.
    type: str
    required: true
  state:
    description: V(absent) repairs what this module broke.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Faults of the catalogue. If several are given, the first one that is possible on this host is made.
      - With O(state=absent), the faults to repair. By default all of them.
    type: list
    elements: str
    default: []
  address:
    description: The host's address on the underlay.
    type: str
  peers:
    description: The addresses of the lab's other hosts.
    type: list
    elements: str
    default: []
  containers:
    description: The lab's containers on this host. The first that runs, and its first network, are broken.
    type: list
    elements: str
    default: []
  cable:
    description: The cable of a simulated host, on the machine that runs it, for faults outside of the host.
    type: dict
    suboptions:
      host:
        description: The simulated host.
        type: str
        required: true
      netns:
        description: The network namespace of the underlay.
        type: str
        required: true
      port:
        description: The link at the other end of the host's network card.
        type: str
        required: true
notes:
  - Some faults cut Ansible's own connection to a real host. This module makes them on any host; the playbook
    C(break.yml) makes them on simulated hosts only.
  - Needs root on the managed host. No Python library.
seealso:
  - module: emon.overlay_lab.packet_trace
"""

EXAMPLES = r"""
- name: Set the VXLAN down
  emon.overlay_lab.fault:
    lab: emon
    name: [vxlan-down]
    address: 10.0.0.116
    peers: [10.0.0.117]
    containers: [test1]

- name: Repair whatever was broken
  emon.overlay_lab.fault:
    lab: emon
    state: absent
"""

RETURN = r"""
name:
  description: The fault that was made. Empty with O(state=absent).
  returned: success
  type: str
  sample: vxlan-down
summary:
  description: What is broken.
  returned: success
  type: str
  sample: the VXLAN of the lab's network is down
facts:
  description: Names and addresses of what is broken, and of its neighbours.
  returned: success
  type: dict
  sample: {vxlan: vxlan0, bridge: br0, remote: 10.0.0.117}
mended:
  description:
    - The recorded faults that were repaired, or were gone already, the latest first, each with C(name), C(summary),
      C(since) (seconds since the epoch) and C(was_there), whether there was still something to repair.
  returned: success, and where others could not be repaired
  type: list
  elements: dict
record:
  description: The file in which it is recorded.
  returned: success
  type: str
  sample: /var/lib/overlay-lab/faults.json
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.run import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
