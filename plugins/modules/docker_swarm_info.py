#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_swarm_info
short_description: Read a host's part in a swarm
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Reads a host's part in a swarm; on a manager also the nodes and, if requested, the join tokens.
  - It can wait until the node is up, the managers have a leader, and O(peers) are known.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It only reads.
  idempotent:
    support: full
    description: It only reads.
options:
  join_tokens:
    description:
      - Whether the join tokens are returned. The token for managers gives control of the swarm, so set
        C(no_log=true) on the task.
    type: bool
    default: false
  peers:
    description:
      - Addresses of hosts by the name of a network. Wait until this host knows all of them as peers. Hosts learn of
        each other while they have containers on the network.
    type: dict
    default: {}
  wait_seconds:
    description: Seconds within which the node has to come up, the managers elect a leader, and O(peers) become known.
    type: float
    default: 0
seealso:
  - module: emon.overlay_lab.docker_swarm
  - module: emon.overlay_lab.docker_swarm_node
"""

EXAMPLES = r"""
- name: Read the swarm
  emon.overlay_lab.docker_swarm_info:
  register: swarm

- name: Wait until all nodes are ready
  ansible.builtin.assert:
    that: swarm.nodes | map(attribute='state') | unique == ['ready']

- name: Wait until this host knows the other one
  emon.overlay_lab.docker_swarm_info:
    peers:
      demo: [10.0.0.117]
    wait_seconds: 75
"""

RETURN = r"""
swarm:
  description: This host's own part.
  returned: success
  type: dict
  contains:
    state:
      description:
        - Docker's value, V(inactive), V(pending), V(active), V(locked) or V(error).
        - Empty if dockerd does not run; then RV(swarm.node_address) is what the node will advertise once it does.
      type: str
      sample: active
    node_id:
      description: The node's id. Empty if the host is not a node, or the node does not work.
      type: str
    node_address:
      description: The address that it advertises.
      type: str
      sample: 10.0.0.116
    manager:
      description: Whether it is a manager.
      type: bool
      sample: true
    cluster_id:
      description: The swarm's id; only managers know it.
      type: str
    lab:
      description: The lab that founded the swarm, or for which this host joined it. Empty for any other swarm.
      type: str
      sample: emon
    managers:
      description: The managers that this host knows, each with C(node_id) and C(address).
      type: list
      elements: dict
    error:
      description: The error that Docker reports; empty if there is none.
      type: str
nodes:
  description:
    - All nodes of the swarm. Empty if this host is not a manager, or the managers have no majority.
    - Of a manager, C(voter) is whether it counts for that majority. One that was lost keeps its role, and has no vote
      once another manager was made the only one.
  returned: success
  type: list
  elements: dict
  sample:
    - id: xavbrnrd1qi4z6x3fdadzzvh8
      hostname: emon
      address: 10.0.0.116
      role: manager
      availability: active
      state: ready
      leader: true
      voter: true
      reachable: true
networks:
  description: The swarm's networks that this host knows. A manager knows all.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The network's name.
      type: str
      sample: demo
    id:
      description: Its id.
      type: str
      sample: 2uoqkye4eblcj6dqwcv8a6ras
    peers:
      description: Addresses of the hosts with containers on it that this host knows, itself included.
      type: list
      elements: str
      sample: [10.0.0.116, 10.0.0.117]
join_tokens:
  description: The tokens for C(manager) and C(worker). Empty unless O(join_tokens) is set and this is a manager.
  returned: success
  type: dict
error:
  description: Why the managers do not answer; empty if they do.
  returned: success
  type: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.docker_swarm_info import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
