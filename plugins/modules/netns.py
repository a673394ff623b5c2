#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns
short_description: Named network namespaces
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates a network namespace with its loopback up, or removes it by its name, whoever created it.
  - A removed namespace exists until the last process in it ends; its links are removed with it.
extends_documentation_fragment:
  - emon.overlay_lab.links
  - emon.overlay_lab.links.netns
options:
  name:
    description: The namespace's name, as C(ip netns) shows it.
    type: str
    required: true
seealso:
  - module: emon.overlay_lab.topology
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Create two namespaces
  emon.overlay_lab.netns:
    name: "{{ item }}"
  loop: [test1, test2]

- name: Remove one of them
  emon.overlay_lab.netns:
    name: test2
    state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be in check mode, a sentence for each step. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample:
    - make namespace test1
reverts_in:
  description: Always null. It is used by the modules that change links.
  type: int
  returned: success
  sample: null
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import argspec
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import end


def main() -> None:
    module = AnsibleModule(argument_spec=argspec.single(argspec.NAMESPACE), supports_check_mode=True)
    end(module, argspec.as_topology("namespaces", module.params))


if __name__ == "__main__":
    main()
