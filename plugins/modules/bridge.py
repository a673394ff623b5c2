#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge
short_description: Bridges and their ports
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates a bridge, compares it attribute by attribute, adds and releases its ports, or removes it by its name,
    whoever created it.
  - A real interface can be a port; see O(force) for how the connection to the machine is protected.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.bridge
seealso:
  - module: emon.overlay_lab.topology
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Create a bridge with an address
  emon.overlay_lab.bridge:
    name: br0
    addresses: [172.18.0.1/24]

- name: Make a second interface of the machine a port
  emon.overlay_lab.bridge:
    name: br0
    ports: [eth1]

- name: Release the port again
  emon.overlay_lab.bridge:
    name: br0
    ports: []
    exclusive_ports: true

- name: Create a bridge in a namespace of its own
  emon.overlay_lab.bridge:
    name: underlay
    netns: lab-underlay
    mtu: 9000
    stp: true
"""

RETURN = r"""
plan:
  description: What was done, or would be in check mode, a sentence for each step. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample:
    - make bridge br0 in the machine's own namespace
    - add 172.18.0.1/24 to bridge br0 in the machine's own namespace
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
    module = AnsibleModule(argument_spec=argspec.single(argspec.BRIDGE), supports_check_mode=True)
    end(module, argspec.as_topology("bridges", module.params))


if __name__ == "__main__":
    main()
