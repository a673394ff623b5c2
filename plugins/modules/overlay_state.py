#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_state
short_description: Read what a host knows of its overlay networks, and probe them
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads, in one call on one host, the facts that are needed to verify Docker networks across hosts. These are networks
    and containers as Docker describes them, and interfaces inside the containers and entries that forward to other
    hosts as the kernel has them.
  - Probes, in the same call, whether packets cross. A probe that fails does not fail the module.
  - It does not judge. What is absent, stopped or unreachable is in the return values.
extends_documentation_fragment:
  - emon.overlay_lab.probes
attributes:
  check_mode:
    support: full
    description: Can run in check mode. Reading changes nothing, so it is done in check mode too.
  diff_mode:
    support: none
    description: Will return details on what has changed. Nothing ever changes.
  idempotent:
    support: full
    description: Running it again changes nothing, because it never changes anything.
options:
  networks:
    description: Names of the networks to read.
    type: list
    elements: str
    default: []
  containers:
    description: Names of the containers to read.
    type: list
    elements: str
    default: []
notes:
  - Needs root on the managed host, and Docker at its unix socket. No Python library.
seealso:
  - module: emon.overlay_lab.reachability
  - module: emon.overlay_lab.docker_network_info
"""

EXAMPLES = r"""
- name: Read and probe the overlay
  emon.overlay_lab.overlay_state:
    networks: [demo]
    containers: [test1]
    probes:
      - {container: test1, to: test2}
      - {container: test1, to: 10.200.0.3, size: 1422, dont_fragment: true}
  register: overlay

- name: Check that each interface of the container has the overlay's MTU
  ansible.builtin.assert:
    that: item.mtu == 1450
  loop: "{{ overlay.containers[0].interfaces | rejectattr('name', 'eq', 'eth1') }}"
"""

RETURN = r"""
networks:
  description:
    - One entry for each network of the listed names, two if a name exists twice. For a name without a network, the
      entry says that it does not exist.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The network's name.
      type: str
      sample: demo
    exists:
      description: Whether this host's Docker knows it. If not, the other values are null or empty.
      type: bool
      sample: true
    id:
      description: The network's id, the same on every host.
      type: str
    driver:
      description: The network's driver.
      type: str
      sample: overlay
    scope:
      description: V(global) with a cluster store, V(swarm) with Swarm, V(local) if only this host knows it.
      type: str
      sample: global
    subnets:
      description: The network's subnets.
      type: list
      elements: str
      sample: [10.200.0.0/24]
    ipam:
      description: The same with C(gateway) and C(ip_range), each null if none was given.
      type: list
      elements: dict
      sample: [{subnet: 10.200.0.0/24, gateway: 10.200.0.128, ip_range: 10.200.0.128/29}]
    mtu:
      description: The MTU that the network was created with. Null if none was given.
      type: int
      sample: 1500
    options:
      description: The driver's options.
      type: dict
    sandbox:
      description:
        - The namespace in which Docker keeps this host's part of an overlay network. Null if this host has no part
          of it, or the network's bridge is in the host's own namespace.
      type: str
      sample: /var/run/docker/netns/1-5d2ac4f1f0
    vnis:
      description: The VNIs of the VXLANs that this host has for the network.
      type: list
      elements: int
      sample: [256]
    vxlans:
      description: These VXLANs, each with C(name), C(vni), C(port), C(local), C(mtu), C(up), C(master) and C(remotes).
      type: list
      elements: dict
    bridge:
      description:
        - The bridge that connects the network's containers on this host, with C(name), C(mtu), C(mac), C(up) and
          C(addresses). Null if the host has none.
      type: dict
      sample: {name: br0, mtu: 1450, mac: "3a:5c:0b:11:02:9f", up: true, addresses: [10.200.0.1/24]}
boot:
  description: The unit of M(emon.overlay_lab.boot_unit).
  returned: success
  type: dict
  contains:
    state:
      description: systemd's word for it.
      type: str
      sample: active
    said:
      description: The last line of its journal, if it failed.
      type: str
      sample: ""
containers:
  description: One entry for each container asked for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The container's name.
      type: str
      sample: test1
    exists:
      description: Whether there is such a container.
      type: bool
      sample: true
    running:
      description: Whether it runs.
      type: bool
      sample: true
    status:
      description: Docker's name for its state. Null if it does not exist.
      type: str
      sample: running
    pid:
      description: Process id of its first process. Null if it does not run.
      type: int
      sample: 4711
    started:
      description: When it started, in seconds of the epoch, by the host's clock. Null if it does not run.
      type: float
      sample: 1763809830.0
    networks:
      description: The networks that Docker has connected it to, with its address and MAC in each.
      type: list
      elements: dict
      sample: [{name: demo, id: 5d2ac4f1f0, address: 10.200.0.2, mac: "02:42:0a:c8:00:02"}]
    interfaces:
      description:
        - The interfaces in its network namespace as the kernel has them, without the loopback. C(port) is the other end
          of one that belongs to a network of O(networks), with C(name), C(up) and C(master), the bridge.
      type: list
      elements: dict
      sample:
        - name: eth0
          mtu: 1450
          mac: "02:42:0a:c8:00:02"
          up: true
          addresses: [10.200.0.2/24]
          port: {name: veth0, up: true, master: br0}
forwarding:
  description:
    - The entries by which the host forwards to containers on other hosts, from C(bridge fdb) and C(ip neigh) of the
      network's VXLANs, matched by MAC.
    - The VTEP is null if only the neighbour table has the MAC, and the address is null if only the forwarding database
      has it.
  returned: success
  type: list
  elements: dict
  sample: [{network: demo, mac: "02:42:0a:c8:00:03", vtep: 192.168.1.117, address: 10.200.0.3}]
probes:
  description: One result for each probe, with the keys of RV(emon.overlay_lab.reachability#module:results).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.overlay_state import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
