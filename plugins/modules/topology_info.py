#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: topology_info
short_description: Network namespaces and what is in them, with the other end of every veth
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Describes network namespaces, links with their attributes, bridges with their ports, addresses, routes and
    forwarding entries.
  - Finds all of them, named ones, those of Docker's containers, and those that only processes keep open. So the
    interface of a container and its other end on the host are returned as a pair.
options:
  netns:
    description:
      - Describe only these namespaces, each by name, or by path where there is a C(/). The empty string is the
        machine's own.
      - Without it, all are described.
    type: list
    elements: str
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
  idempotent:
    support: full
    description: It changes nothing.
seealso:
  - module: emon.overlay_lab.topology
"""

EXAMPLES = r"""
- name: Read all namespaces of the machine
  emon.overlay_lab.topology_info:
  register: machine

- name: Read one container's namespace
  emon.overlay_lab.topology_info:
    netns: ["/proc/{{ container.State.Pid }}/ns/net"]
  register: inside

- name: Show the host's end of the container's eth0
  ansible.builtin.debug:
    msg: "{{ (inside.namespaces[0].links | selectattr('name', 'eq', 'eth0') | first).peer.name }}"
"""

RETURN = r"""
namespaces:
  description: The namespaces, the machine's own first, then by name.
  type: list
  elements: dict
  returned: success
  contains:
    netns:
      description: Name or path, as other modules take it. Empty for the machine's own.
      type: str
      sample: test1
    processes:
      description: The processes in it, each with its pid and command. Empty for the machine's own.
      type: list
      elements: dict
      sample: [{"pid": 4711, "command": "sh"}]
    links:
      description: Its links, in the order of their index.
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          type: str
          sample: eth0
        index:
          description: Its number in the namespace.
          type: int
          sample: 2
        kind:
          description: V(veth), V(bridge), V(vxlan), V(macvlan) or another kind that the kernel has. Null for hardware.
          type: str
          sample: veth
        up:
          description: Whether it is administratively up.
          type: bool
          sample: true
        carrier:
          description: Whether the other end is up too.
          type: bool
          sample: true
        mtu:
          description: Its MTU in bytes.
          type: int
          sample: 1500
        mac:
          description: Its MAC address.
          type: str
          sample: "02:42:ac:11:00:02"
        master:
          description: The bridge of which it is a port.
          type: str
          sample: br0
        addresses:
          description: Its addresses with their prefix lengths, without IPv6 link-local ones.
          type: list
          elements: str
          sample: [172.17.0.2/16]
        peer:
          description: The other end of a veth, by C(netns) and C(name). Null if it cannot be found.
          type: dict
          sample: {"netns": "", "name": "vethde47d6c"}
        parent:
          description: The link on which it was created, by C(netns) and C(name).
          type: dict
          sample: null
        topology:
          description: The topology whose mark it has.
          type: str
          sample: emon-underlay
        settings:
          description: Attributes of its kind only, such as C(stp), C(vni), C(local), C(port), C(learning), C(mode).
          type: dict
          sample: {}
    bridges:
      description: Its bridges, each with C(name), C(ports) and C(addresses).
      type: list
      elements: dict
      sample: [{"name": "br0", "ports": ["veth1"], "addresses": ["172.18.0.1/24"]}]
    routes:
      description: The unicast routes of the main table, each with C(to), C(via) and C(dev).
      type: list
      elements: dict
      sample: [{"to": "0.0.0.0/0", "via": "172.17.0.1", "dev": "eth0"}]
    fdb:
      description: The forwarding entries of bridges and VXLANs, each with C(dev), C(mac) and, for a VTEP, C(remote).
      type: list
      elements: dict
      sample: [{"dev": "vxlan42", "mac": "00:00:00:00:00:00", "remote": "10.0.0.117"}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.info import gather


def main() -> None:
    module = AnsibleModule(
        argument_spec={"netns": {"type": "list", "elements": "str"}},
        supports_check_mode=True,
    )
    try:
        namespaces = gather(module.params["netns"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, namespaces=namespaces)


if __name__ == "__main__":
    main()
