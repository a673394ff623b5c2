#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: topology
short_description: Namespaces, veth pairs, bridges, VXLANs, macvlans and routes as one desired state
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates and changes all listed objects in one call, however many they are. A thousand attached
    namespaces take no longer than with one C(ip -batch).
  - All faults of the whole topology are found together before anything is touched. If the kernel refuses something
    later, the error has the object and the kernel's message, and a second run completes the rest. So does a
    second run after the first was killed.
  - Objects that it creates have a mark, which is derived from O(name). Links have it as their interface group, which
    C(ip link show group NUMBER) lists; it is returned as RV(mark). Namespaces cannot have a mark, so they are recorded
    in C(/var/lib/overlay-lab/topology); the record is valid for the boot and the inode that it names.
  - An existing object of a listed name without the mark is an error, unless O(adopt=true).
  - Every attribute that is given is compared. If the kernel can change it, it is changed in place. Otherwise (a VXLAN's
    VNI or port, a veth's peer, a macvlan's parent) the object is created again, and the diff says which and why.
  - If NetworkManager or systemd-networkd run, they are configured to leave links in the machine's own namespace alone.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.topology
options:
  name:
    description: The topology's name, from which its mark is derived.
    type: str
    required: true
  prune:
    description:
      - Remove objects that have the mark, or are recorded, and are no longer listed.
      - Without it, such objects stay, with their mark.
    type: bool
    default: false
  adopt:
    description:
      - Take over existing objects of the listed names. They are changed as needed, have the mark from then on, and are
        removed with O(state=absent).
    type: bool
    default: false
  coming_bridges:
    description:
      - Bridges of the machine's own namespace that earlier tasks make. In check mode they count as if they were there.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(absent) removes all links with the mark and all recorded namespaces and routes, and nothing else.
        The lists are not needed for that.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Create two hosts on an underlay
  emon.overlay_lab.topology:
    name: demo
    namespaces: [{name: demo-underlay}, {name: host1}, {name: host2}]
    bridges:
      - {name: underlay, netns: demo-underlay}
    veths:
      - name: eth0
        netns: host1
        addresses: [10.0.0.116/24, "fd00::116/64"]
        peer: {name: host1, netns: demo-underlay, master: underlay}
      - name: eth0
        netns: host2
        addresses: [10.0.0.117/24, "fd00::117/64"]
        peer: {name: host2, netns: demo-underlay, master: underlay}
    routes:
      - {netns: host1, to: default, via: 10.0.0.117}
    prune: true

- name: Create a VXLAN across them
  emon.overlay_lab.topology:
    name: demo-segment
    bridges:
      - {name: br0, netns: host1, addresses: [172.18.0.1/24]}
    vxlans:
      - name: vxlan42
        netns: host1
        vni: 42
        local: 10.0.0.116
        remotes: [10.0.0.117]
        master: br0

- name: Remove both topologies
  emon.overlay_lab.topology:
    name: "{{ item }}"
    state: absent
  loop: [demo-segment, demo]
"""

RETURN = r"""
mark:
  description: The interface group of the topology's links.
  type: int
  returned: success
  sample: 739977308
plan:
  description: What was done, or would be in check mode, a sentence for each step. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample:
    - make namespace host1
    - make veth host1 in namespace demo-underlay, its peer eth0 in namespace host1
    - add 10.0.0.116/24 to veth eth0 in namespace host1
reverts_in:
  description: After O(force), seconds until the old state is restored unless a next task confirms. Otherwise null.
  type: int
  returned: success
  sample: null
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import argspec
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import end


def main() -> None:
    module = AnsibleModule(argument_spec=argspec.topology(), supports_check_mode=True)
    end(module, module.params)


if __name__ == "__main__":
    main()
