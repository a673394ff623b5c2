#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_network_info
short_description: Docker networks as data
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Returns Docker networks with their subnets and containers.
  - Can wait until networks that another host created have appeared here through the store.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Changes nothing.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
options:
  name:
    description: Names of networks. All networks by default. Names without a network are left out.
    type: list
    elements: str
  wait_seconds:
    description:
      - Seconds to wait until every network in O(name) exists; then fail if one is missing.
      - V(0) does not wait, and a missing network is not an error.
    type: float
    default: 0
  interfaces:
    description:
      - Look up each container's interface and its veth on the host, as C(brctl show) and C(ip link) show together.
    type: bool
    default: false
seealso:
  - module: emon.overlay_lab.docker_network
"""

EXAMPLES = r"""
- name: Read all networks
  emon.overlay_lab.docker_network_info:
  register: found

- name: Wait for the network that the first host created
  emon.overlay_lab.docker_network_info:
    name: demo
    wait_seconds: 10

- name: Read which veth on docker0 belongs to which container
  emon.overlay_lab.docker_network_info:
    name: bridge
    interfaces: true
"""

RETURN = r"""
networks:
  description: The networks, ordered by name.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The network's id.
      type: str
    name:
      description: The network's name.
      type: str
    driver:
      description: The driver.
      type: str
    scope:
      description: V(local) to the host, V(global) to the store, or V(swarm).
      type: str
    subnets:
      description: The subnets.
      type: list
      elements: str
    ipam_config:
      description: Each subnet with C(gateway), C(ip_range) and C(aux_addresses); empty where there is none.
      type: list
      elements: dict
    mtu:
      description: The driver option C(com.docker.network.driver.mtu); null if it is not set.
      type: int
    bridge:
      description: The bridge's link on the host; empty for other drivers.
      type: str
    enable_ipv6:
      description: Whether containers get IPv6 addresses.
      type: bool
    internal:
      description: Whether the network has no route to the outside.
      type: bool
    attachable:
      description: Whether containers may join a network of swarm scope.
      type: bool
    options:
      description: The driver's options.
      type: dict
    labels:
      description: The labels.
      type: dict
    containers:
      description:
        - The connected containers that run, ordered by name, with C(name), C(id), C(ipv4_address), C(ipv6_address),
          C(mac), and with O(interfaces=true) C(interface) in the container and C(veth) on the network's C(bridge).
        - An overlay's C(veth) is empty, because its bridge is in a namespace of its own.
        - The id of another host's container begins with C(ep-).
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.view import read

ARGUMENTS = DOCKER_ARGUMENTS | {
    "name": {"type": "list", "elements": "str"},
    "wait_seconds": {"type": "float", "default": 0},
    "interfaces": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    try:
        client = connect(module.params["docker_host"], module.params["timeout"])
        networks = read(client, module.params["name"], module.params["wait_seconds"], module.params["interfaces"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, networks=networks)


if __name__ == "__main__":
    main()
