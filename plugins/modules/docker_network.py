#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_network
short_description: Docker networks of every driver, compared attribute by attribute
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Makes, compares and removes a Docker network by its name.
  - What is given is compared with what stands there. What is not given is left to Docker and not compared;
    O(driver_options) and O(labels) are compared key by key.
  - Docker changes nothing of a network in place. The module names what differs and makes the network anew only with
    O(recreate=true). Its containers, stopped ones too, are then connected again with the addresses, aliases and links
    that they had, as far as the addresses fit into the new subnets. If the new network cannot be made, the former one
    comes back.
  - A subnet that overlaps the host's own routes, another Docker network or a subnet in O(avoid) is refused, and
    both sides are named.
  - With Docker's cluster store, an overlay network is made on one host and appears on the others.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Returns each attribute that differs, before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  name:
    description:
      - The network's name. Two networks of one name are never told apart silently, but named in the error.
    type: str
    required: true
  driver:
    description:
      - V(bridge), V(overlay), V(macvlan), V(ipvlan), or any plugin's.
    type: str
    default: bridge
  subnet:
    description:
      - Short form of O(ipam_config) with one entry.
    type: str
  ipam_config:
    description:
      - The subnets, and what is reserved in each. Without it Docker chooses.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: A subnet without host bits.
        type: str
        required: true
      gateway:
        description: The gateway's address. Docker takes the first one by default.
        type: str
      ip_range:
        description: The part of the subnet from which Docker gives addresses to containers.
        type: str
      aux_addresses:
        description: Addresses that Docker must not give away, by a name of your own.
        type: dict
  ipam_driver:
    description: The IPAM driver, where it is not Docker's own.
    type: str
  enable_ipv6:
    description: Whether containers get IPv6 addresses as well.
    type: bool
  mtu:
    description:
      - Sets the driver option C(com.docker.network.driver.mtu).
      - For V(bridge) this is the containers' MTU. For V(overlay) it is the MTU of the underlay, from which the driver
        takes 50 bytes for VXLAN; Docker itself never looks at the underlay and assumes 1500.
    type: int
  mtu_from:
    description:
      - A link of the host, whose MTU is taken for O(mtu). For V(overlay), the one that leads to the other hosts.
    type: str
  driver_options:
    description: Options of the driver, such as C(parent) for V(macvlan).
    type: dict
  labels:
    description: Labels of the network.
    type: dict
  attachable:
    description: Whether containers may join a network of swarm scope.
    type: bool
  internal:
    description: Whether the network has no way out.
    type: bool
  avoid:
    description:
      - Subnets that the network must not overlap, besides the host's own routes and Docker's other networks.
      - A C(macvlan) or C(ipvlan) shares its parent's subnet by design. It may lie in one of these, but then needs an
        C(ip_range), and that must not hold any smaller one of these, such as another host's address with /32.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: The subnet.
        type: str
        required: true
      name:
        description: What it is, for the error.
        type: str
        required: true
  allow_overlap:
    description: Skip the check for overlaps.
    type: bool
    default: false
  recreate:
    description: Whether the network may be removed and made again where something differs.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), whether containers that are connected are disconnected. Without it they are named.
      - On an overlay network this includes the containers of other hosts.
    type: bool
    default: false
  lab:
    description:
      - The lab whose network it is. This host's record keeps the ids of those that were made for it.
      - Then a network of this name that is not the lab's by its id is neither changed nor removed. With
        O(state=present) it is refused; with O(state=absent) it stays, and RV(left) names it.
      - One that was made before ids were recorded is taken over once, where it has the label C(emon.overlay_lab.lab) of
        the lab that the host belongs to.
      - Without it, networks are managed by name, whoever made them.
    type: str
    default: ""
  id:
    description:
      - With O(lab), the id by which another host of the lab knows the network, for one that all hosts share. It is
        recorded here as well.
    type: str
    default: ""
  state:
    description: Whether the network is to be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_network_info
  - module: emon.overlay_lab.docker_container
"""

EXAMPLES = r"""
- name: A bridge of one's own, on which containers find each other by name
  emon.overlay_lab.docker_network:
    name: my-bridge
    subnet: 172.30.0.0/24

- name: An overlay network, made on one host and seen on all
  emon.overlay_lab.docker_network:
    name: demo
    driver: overlay
    subnet: 10.200.0.0/24
    mtu: 1500
    avoid:
      - {name: the company's underlay, subnet: 10.0.0.0/24}
  run_once: true

- name: Containers on the segment of the host's own link
  emon.overlay_lab.docker_network:
    name: segment
    driver: macvlan
    ipam_config:
      - {subnet: 192.168.1.0/24, gateway: 192.168.1.1, ip_range: 192.168.1.192/26}
    driver_options:
      parent: eth0

- name: No such network
  emon.overlay_lab.docker_network:
    name: my-bridge
    state: absent
"""

RETURN = r"""
network:
  description:
    - The network, in the same shape as in M(emon.overlay_lab.docker_network_info). Empty where it is absent.
    - In check mode, what is known in advance; its C(id) is empty then.
  returned: always
  type: dict
  sample:
    id: 4b2b3f1f8d0d7b8e6a5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a
    name: demo
    driver: overlay
    scope: global
    subnets: [10.200.0.0/24]
    mtu: 1500
    bridge: ""
    labels: {}
    containers: []
left:
  description: Networks of the name that stay with O(state=absent), because they are not the lab's, a line each.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import apply as network_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import plan as network_plan

ARGUMENTS = DOCKER_ARGUMENTS | {
    "name": {"type": "str", "required": True},
    "driver": {"type": "str", "default": "bridge"},
    "subnet": {"type": "str"},
    "ipam_config": {
        "type": "list",
        "elements": "dict",
        "options": {
            "subnet": {"type": "str", "required": True},
            "gateway": {"type": "str"},
            "ip_range": {"type": "str"},
            "aux_addresses": {"type": "dict"},
        },
    },
    "ipam_driver": {"type": "str"},
    "enable_ipv6": {"type": "bool"},
    "mtu": {"type": "int"},
    "mtu_from": {"type": "str"},
    "driver_options": {"type": "dict"},
    "labels": {"type": "dict"},
    "attachable": {"type": "bool"},
    "internal": {"type": "bool"},
    "avoid": {
        "type": "list",
        "elements": "dict",
        "options": {"subnet": {"type": "str", "required": True}, "name": {"type": "str", "required": True}},
    },
    "allow_overlap": {"type": "bool", "default": False},
    "recreate": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "lab": {"type": "str", "default": ""},
    "id": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    try:
        request = network_plan.request(module.params)
        client = connect(module.params["docker_host"], module.params["timeout"])
        plan = network_plan.plan(client, request)
        network = plan.expected if module.check_mode else network_apply.apply(client, plan)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    for line in plan.left:
        module.warn(line)
    module.exit_json(
        changed=plan.differences.changed, diff=plan.differences.diff, network=network, left=list(plan.left)
    )


if __name__ == "__main__":
    main()
