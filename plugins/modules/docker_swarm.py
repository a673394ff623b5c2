#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_swarm
short_description: A host's membership in the swarm of its lab
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Founds a swarm, joins one, or leaves it.
  - The host's record in C(/var/lib/overlay-lab/state.json) says that it joined for a lab, and the swarm itself has the
    label C(emon.overlay_lab.lab). A swarm that is not the lab's is never left or changed.
  - A host leaves in an order that leaves no network behind. The lab's containers on the swarm's networks are stopped,
    all are disconnected, the node leaves, and the networks must be gone. The containers stay, with their ids;
    M(emon.overlay_lab.docker_container_set) connects them again.
  - Before a host founds or joins a swarm, the lab's containers are disconnected from networks of a swarm that no longer
    exists, because they could not start with them.
  - On a host whose dockerd does not run, O(state=absent) removes the node's own files, as dockerd does. A node that has
    moved to another network may keep dockerd from starting.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Shows the node, and what has to be disconnected. Tokens are never shown.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  lab:
    description: The lab for which the host is a node of the swarm.
    type: str
    required: true
  advertise_addr:
    description:
      - The address that the node advertises. It cannot be changed. A node with another address has to leave first.
      - Needed with O(state=present).
    type: str
  listen_addr:
    description: Where the node listens for other managers. Used when it founds or joins, and not compared afterwards.
    type: str
    default: 0.0.0.0:2377
  data_path_addr:
    description: The address for VXLAN. Default is O(advertise_addr). Used when it founds or joins, not compared.
    type: str
  default_addr_pool:
    description:
      - Subnets from which the swarm takes subnets for its ingress network and for networks without a given subnet.
        Docker's default is 10.0.0.0/8.
      - Used when it is founded, and not compared afterwards, because it cannot be changed.
    type: list
    elements: str
  subnet_size:
    description: The prefix length of the subnets that are taken from O(default_addr_pool).
    type: int
    default: 24
  gateway_bridge:
    description:
      - The subnet of C(docker_gwbridge), through which containers on overlay networks reach the outside. Without it,
        Docker chooses a subnet by the routes that the host has at that moment.
      - An existing bridge is not changed.
    type: str
  remote_addrs:
    description: Managers to join at, each as C(ADDRESS:PORT).
    type: list
    elements: str
  join_token:
    description:
      - The token with which the host joins. It decides whether the host joins as manager or as worker. Without it, the
        host founds a swarm.
      - M(emon.overlay_lab.docker_swarm_info) reads it on a manager.
    type: str
  force:
    description:
      - With O(state=absent), whether the host leaves although containers that are not the lab's, or services, use the
        swarm. Without it, the module fails and names them.
      - A manager deletes its copy of the swarm's services as it leaves. Where they cannot be read, because its dockerd
        does not run, or the managers have no majority, it leaves with this option only.
    type: bool
    default: false
  purge:
    description:
      - With O(state=absent), whether the host leaves for good. Then C(docker_gwbridge) is removed as well, if it came
        with the swarm and nothing uses it, and the swarm is removed from the host's record.
    type: bool
    default: false
  others_stay:
    description:
      - With O(state=absent), whether other nodes keep the swarm. Services continue there, so they do not prevent
        leaving.
    type: bool
    default: false
  cluster_id:
    description:
      - The id of the lab's swarm, as C(cluster_id) in RV(emon.overlay_lab.docker_swarm_info#module:swarm) of a manager.
      - With O(join_token), it is recorded before the host joins. A node whose join was interrupted is the lab's only if
        it is in this swarm.
      - With O(others_stay), the swarm in which the others stay. On a node of another swarm, its services are read.
    type: str
    default: ""
  state:
    description:
      - Whether the host should be a node. The role of an existing node is not changed.
      - V(leaving) makes the checks of V(absent), and the host stays. A manager records for an hour that there were no
        services, so that it can leave when the others have left and they can no longer be read. Use it on all
        hosts before the first one leaves.
    type: str
    choices: [present, leaving, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_swarm_info
  - module: emon.overlay_lab.docker_swarm_node
"""

EXAMPLES = r"""
- name: Found the swarm on the first host
  emon.overlay_lab.docker_swarm:
    lab: emon
    advertise_addr: 10.0.0.116
    default_addr_pool: [10.255.0.0/16]

- name: Read the join tokens there
  emon.overlay_lab.docker_swarm_info:
    join_tokens: true
  register: swarm
  no_log: true

- name: Join another host
  emon.overlay_lab.docker_swarm:
    lab: emon
    advertise_addr: 10.0.0.117
    remote_addrs: ["10.0.0.116:2377"]
    cluster_id: "{{ swarm.swarm.cluster_id }}"
    join_token: "{{ swarm.join_tokens.worker }}"

- name: Leave the swarm
  emon.overlay_lab.docker_swarm:
    lab: emon
    state: absent
"""

RETURN = r"""
swarm:
  description:
    - The node, as RV(emon.overlay_lab.docker_swarm_info#module:swarm). In check mode, what is known in advance.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import apply as swarm_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import plan as swarm_plan

ARGUMENTS = DOCKER_ARGUMENTS | {
    "lab": {"type": "str", "required": True},
    "advertise_addr": {"type": "str"},
    "listen_addr": {"type": "str", "default": "0.0.0.0:2377"},
    "data_path_addr": {"type": "str"},
    "default_addr_pool": {"type": "list", "elements": "str"},
    "subnet_size": {"type": "int", "default": 24},
    "gateway_bridge": {"type": "str"},
    "remote_addrs": {"type": "list", "elements": "str"},
    "join_token": {"type": "str", "no_log": True},
    "force": {"type": "bool", "default": False},
    "purge": {"type": "bool", "default": False},
    "others_stay": {"type": "bool", "default": False},
    "cluster_id": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "leaving", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(
        ARGUMENTS,
        supports_check_mode=True,
        required_if=[("state", "present", ["advertise_addr"])],
        required_together=[("remote_addrs", "join_token")],
    )
    validate(module, "docker")
    try:
        request = swarm_plan.request(module.params)
        docker_host = module.params["docker_host"]
        gone = not request.present and swarm_plan.stopped(docker_host)
        client = None if gone else connect(docker_host, module.params["timeout"])
        plan = swarm_plan.plan(client, request)
        swarm = plan.expected if module.check_mode else swarm_apply.apply(client, plan)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    if plan.enter and not module.check_mode and not swarm_apply.has_ip_vs():
        module.warn(
            "this kernel has no ip_vs: published ports and virtual addresses of services will not work. Containers on"
            " attachable networks need none"
        )
    module.exit_json(changed=plan.differences.changed, diff=plan.differences.diff, swarm=swarm)


if __name__ == "__main__":
    main()
