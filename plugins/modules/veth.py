#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: veth
short_description: Veth pairs, each end in its namespace
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates a pair of virtual interfaces, both directly in their namespaces, and compares both ends attribute by
    attribute.
  - Removes the pair by one end's name, whoever created it.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.veth
seealso:
  - module: emon.overlay_lab.topology
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Connect two namespaces
  emon.overlay_lab.veth:
    name: veth-test1
    netns: test1
    addresses: [192.168.1.10/24]
    peer:
      name: veth-test2
      netns: test2
      addresses: [192.168.1.11/24]

- name: Connect a namespace to the machine's bridge
  emon.overlay_lab.veth:
    name: eth0
    netns: test1
    addresses: [172.18.0.2/24, "fd00:18::2/64"]
    mtu: 1450
    peer: {name: veth-test1, master: br0}

- name: Connect a container, by the path of its namespace
  emon.overlay_lab.veth:
    name: eth1
    netns: "/proc/{{ container.State.Pid }}/ns/net"
    addresses: [172.18.0.3/24]
    peer: {name: veth-test3, master: br0}

- name: Remove the pair
  emon.overlay_lab.veth:
    name: veth-test1
    netns: test1
    state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be in check mode, a sentence for each step. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample:
    - make veth veth-test1 in namespace test1, its peer veth-test2 in namespace test2
    - add 192.168.1.10/24 to veth veth-test1 in namespace test1
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
    module = AnsibleModule(argument_spec=argspec.single(argspec.VETH), supports_check_mode=True)
    end(module, argspec.as_topology("veths", module.params))


if __name__ == "__main__":
    main()
