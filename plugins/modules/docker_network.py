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
  - Creates, compares and removes a Docker network by its name.
  - Options that are given are compared with the existing network. Options that are not given are left to Docker and not
    compared; O(driver_options) and O(labels) are compared key by key.
  - Docker cannot change a network in place. The module names what differs, and creates the network again only with
    O(recreate=true). Its containers, stopped ones too, are then connected again with the addresses, aliases and links
    that they had, if the addresses are in the new subnets. If the new network cannot be created, the former one is
    restored.
  - A subnet that overlaps the host's own routes, another Docker network or a subnet in O(avoid) is refused, and
    both sides are named.
  - With Docker's cluster store, an overlay network is created on one host and appears on the others.
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
      - The network's name. If two networks have it, the module fails and names both.
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
        description: The part of the subnet from which Docker assigns addresses to containers.
        type: str
      aux_addresses:
        description: Addresses that Docker must not assign, by a name of your choice.
        type: dict
  ipam_driver:
    description: The IPAM driver, if it is not Docker's default.
    type: str
  enable_ipv6:
    description: Whether containers get IPv6 addresses as well.
    type: bool
  mtu:
    description:
      - Sets the driver option C(com.docker.network.driver.mtu).
      - For V(bridge) this is the containers' MTU. For V(overlay) it is the MTU of the underlay, from which the driver
        subtracts 50 bytes for VXLAN; Docker never reads the underlay's MTU and assumes 1500.
    type: int
  mtu_from:
    description:
      - A link of the host, whose MTU is used for O(mtu). For V(overlay), the link that leads to the other hosts.
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
    description: Whether the network has no route to the outside.
    type: bool
  avoid:
    description:
      - Subnets that the network must not overlap, besides the host's own routes and Docker's other networks.
      - A C(macvlan) or C(ipvlan) shares its parent's subnet by design. It may be inside one of these, but then needs an
        C(ip_range) which must not contain a smaller one of these, such as another host's address with /32.
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
    description: Whether the network may be removed and created again if something differs.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), whether containers that are connected are disconnected. Without it they are named.
      - On an overlay network this includes the containers of other hosts.
      - With O(lab), this is so for the lab's containers alone.
    type: bool
    default: false
  disconnect_allowed:
    description:
      - With O(state=absent) and O(lab), whether containers that are not the lab's are disconnected as well. Without it
        they are named, and nothing is changed.
    type: bool
    default: false
  lab:
    description:
      - The lab that the network belongs to. This host's record keeps the ids of the networks that were created for it.
      - A network of this name whose id is not recorded is then neither changed nor removed. With
        O(state=present) it is refused; with O(state=absent) it stays, and RV(left) names it.
      - A network that was created before ids were recorded is taken over once, if it has the label
        C(emon.overlay_lab.lab) of the lab that the host belongs to.
      - A container is the lab's by its id in this host's record as well.
      - Without it, networks are managed by name, whoever created them.
    type: str
    default: ""
  lab_containers:
    description:
      - With O(lab), the names of the lab's containers on other hosts. A network's store has only the names of these.
      - An endpoint of another name is regarded as not the lab's, even if its container no longer exists.
    type: list
    elements: str
    default: []
  id:
    description:
      - With O(lab), the id by which another host of the lab knows the network, for one that all hosts share. It is
        recorded here as well.
    type: str
    default: ""
  wait_seconds:
    description:
      - With O(id), seconds to wait until the network that another host creates has appeared here through the store.
      - If it has not by then, the module fails.
    type: float
    default: 0
  state:
    description: Whether the network should exist.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_network_info
  - module: emon.overlay_lab.docker_container
"""

EXAMPLES = r"""
- name: Create a user-defined bridge, on which containers find each other by name
  emon.overlay_lab.docker_network:
    name: my-bridge
    subnet: 172.30.0.0/24

- name: Create an overlay network on one host, which all hosts see
  emon.overlay_lab.docker_network:
    name: demo
    driver: overlay
    subnet: 10.200.0.0/24
    mtu: 1500
    avoid:
      - {name: the company's underlay, subnet: 10.0.0.0/24}
  run_once: true

- name: Create a macvlan network on the segment of a link of the host
  emon.overlay_lab.docker_network:
    name: segment
    driver: macvlan
    ipam_config:
      - {subnet: 192.168.1.0/24, gateway: 192.168.1.1, ip_range: 192.168.1.192/26}
    driver_options:
      parent: eth0

- name: Remove a network
  emon.overlay_lab.docker_network:
    name: my-bridge
    state: absent
"""

RETURN = r"""
network:
  description:
    - The network, in the same shape as in M(emon.overlay_lab.docker_network_info). Empty if it is absent.
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
  description: Networks of the name that stay with O(state=absent) because they are not the lab's, one line each.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.docker_network import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
