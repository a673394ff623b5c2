#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: macvlan
short_description: Macvlans on links of any namespace
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates a macvlan directly in its namespace, compares it attribute by attribute, or removes it by its name, whoever
    created it.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.macvlan
seealso:
  - module: emon.overlay_lab.topology
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Give a namespace its own interface in the machine's network
  emon.overlay_lab.macvlan:
    name: eth0
    netns: test1
    parent: eth1
    addresses: [192.168.1.50/24]

- name: Create a macvlan on a link of another namespace
  emon.overlay_lab.macvlan:
    name: eth0
    netns: test2
    parent: uplink
    parent_netns: router
    mode: private

- name: Remove the macvlan
  emon.overlay_lab.macvlan:
    name: eth0
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
    - make macvlan eth0 in namespace test1 on eth1
    - add 192.168.1.50/24 to macvlan eth0 in namespace test1
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
    module = AnsibleModule(argument_spec=argspec.single(argspec.MACVLAN), supports_check_mode=True)
    end(module, argspec.as_topology("macvlans", module.params))


if __name__ == "__main__":
    main()
