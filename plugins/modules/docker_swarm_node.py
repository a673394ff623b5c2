#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_swarm_node
short_description: Promote, demote or remove a node of a swarm
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Makes a node a manager or a worker, or removes it from the swarm. Runs on a manager.
  - Docker itself refuses only to demote the last manager. This module also refuses a change that would leave the
    managers without a majority, before anything is changed.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Shows the role, or what is removed.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  node:
    description:
      - The node's id or host name. With O(state=absent), a host name means every node that has it.
    type: str
    required: true
  role:
    description: The role that it should have. Without it, the role is not changed.
    type: str
    choices: [manager, worker]
  force:
    description: With O(state=absent), whether a node that answers is removed. It should leave first.
    type: bool
    default: false
  wait_seconds:
    description: Seconds that the managers may take to add or remove a manager.
    type: float
    default: 30
  state:
    description:
      - Whether the node should be in the swarm. V(present) does not add one; M(emon.overlay_lab.docker_swarm) does
        that.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_swarm
  - module: emon.overlay_lab.docker_swarm_info
"""

EXAMPLES = r"""
- name: Promote a host to manager
  emon.overlay_lab.docker_swarm_node:
    node: emon2
    role: manager

- name: Remove a lost host from the swarm
  emon.overlay_lab.docker_swarm_node:
    node: emon3
    state: absent
"""

RETURN = r"""
nodes:
  description: The nodes that O(node) matches, as RV(emon.overlay_lab.docker_swarm_info#module:nodes); none if absent.
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import node as swarm_node

ARGUMENTS = DOCKER_ARGUMENTS | {
    "node": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["manager", "worker"]},
    "force": {"type": "bool", "default": False},
    "wait_seconds": {"type": "float", "default": 30},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    request = swarm_node.Request(
        node=module.params["node"],
        present=module.params["state"] == "present",
        role=module.params["role"] or "",
        force=module.params["force"],
        wait_seconds=module.params["wait_seconds"],
    )
    try:
        client = connect(module.params["docker_host"], module.params["timeout"])
        plan = swarm_node.plan(client, request)
        nodes = plan.expected if module.check_mode else swarm_node.apply(client, plan)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=plan.differences.changed, diff=plan.differences.diff, nodes=nodes)


if __name__ == "__main__":
    main()
