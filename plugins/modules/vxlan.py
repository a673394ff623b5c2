#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vxlan
short_description: VXLAN interfaces with static VTEPs
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates a VXLAN, compares it attribute by attribute, or removes it by its name, whoever created it.
  - A new VXLAN without O(mtu) gets the largest MTU that fits into the link that has O(local), or into O(parent); an
    O(mtu) that does not fit is refused.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.vxlan
seealso:
  - module: emon.overlay_lab.topology
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Create a segment to two other hosts, on a bridge
  emon.overlay_lab.vxlan:
    name: vxlan42
    vni: 42
    port: 4790
    local: 10.0.0.116
    remotes: [10.0.0.117, 10.0.0.118]
    master: br0

- name: Remove the segment
  emon.overlay_lab.vxlan:
    name: vxlan42
    state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be in check mode, a sentence for each step. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample:
    - make vxlan vxlan42 in the machine's own namespace
    - add remote 10.0.0.117 to vxlan vxlan42 in the machine's own namespace
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
    module = AnsibleModule(argument_spec=argspec.single(argspec.VXLAN), supports_check_mode=True)
    end(module, argspec.as_topology("vxlans", module.params))


if __name__ == "__main__":
    main()
