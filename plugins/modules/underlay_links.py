#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: underlay_links
short_description: Make a host's links to others slow or lossy
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Limits, delays and drops packets between one address of this host and the addresses of others, and no other packets.
  - Leaving packets wait in a queue, a class of htb(8) for each link. Arriving packets are dropped by a table of nft(8),
    C(ip overlay_lab_links). So each host gives a link its properties in one direction; run it on both hosts.
  - A queue that somebody else gave the interface is never replaced, it is refused in one line.
extends_documentation_fragment:
  - emon.overlay_lab.owner
attributes:
  check_mode:
    support: full
    description: Returns what would be changed, and changes nothing.
  diff_mode:
    support: full
    description: Shows each property of each link before and after.
  idempotent:
    support: full
    description: Changes nothing where links are as asked for, and the kernel shows what it showed when they were made.
options:
  address:
    description: This host's own address. Needed for O(state=present).
    type: str
  links:
    description: All links that have a property. Those of other links are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: The other host's name.
        type: str
        required: true
      address:
        description: The other host's address.
        type: str
        required: true
      rate:
        description: What leaves in a second, such as V(100mbit). From V(64kbit) to V(10gbit).
        type: str
      delay:
        description: How long each packet waits before it leaves, such as V(20ms). Needs C(sch_netem) in the kernel.
        type: str
      jitter:
        description: By how much the delay varies.
        type: str
      loss:
        description: The share of arriving packets that is dropped, at random, such as V(1%). At most V(50%).
        type: str
      duplicate:
        description: The share of leaving packets that is sent twice. Needs C(sch_netem).
        type: str
      corrupt:
        description: The share of leaving packets that has a wrong bit. Needs C(sch_netem).
        type: str
      reorder:
        description: The share of leaving packets that does not wait for O(links[].delay). Needs C(sch_netem).
        type: str
  state:
    description: V(absent) removes what this module made on the host.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root, tc(8), and for loss nft(8). What is made is recorded in C(/var/lib/overlay-lab/state.json). After a boot
    the unit of M(emon.overlay_lab.boot_unit) makes it again.
  - ARP is neither delayed nor lost.
seealso:
  - module: emon.overlay_lab.reachability
  - module: emon.overlay_lab.boot_unit
"""

EXAMPLES = r"""
- name: Make the link to emon2 slow and lossy, as far as this host does it
  emon.overlay_lab.underlay_links:
    lab: emon
    address: 10.0.0.116
    links:
      - {host: emon2, address: 10.0.0.117, rate: 10mbit, loss: 1%}

- name: Give the links of this host back what they had
  emon.overlay_lab.underlay_links:
    lab: emon
    state: absent
"""

RETURN = r"""
interface:
  description: The interface that has O(address); empty where no link has a property.
  returned: success
  type: str
  sample: eth0
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.underlay_links import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
