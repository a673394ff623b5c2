#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: path_state
short_description: Read what determines a packet's path on a host
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads, in one call on one host, every network namespace with its links, routes, neighbours and forwarding entries,
    and where Docker's containers and networks are in them.
  - From this, the filter P(emon.overlay_lab.trace_path#filter) computes the path between two containers, and
    M(emon.overlay_lab.packet_trace) follows a packet along it.
  - It does not judge. A dockerd that does not answer is in the return values.
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
  containers:
    description: Names of the containers to look for. Those that this host's Docker does not know are left out.
    type: list
    elements: str
    default: []
  resolve:
    description: A name to look up as a container would, if the container runs on this host.
    type: dict
    suboptions:
      container:
        description: The container's name.
        type: str
        required: true
      name:
        description: The name to look up.
        type: str
        required: true
notes:
  - Needs root on the managed host. No Python library.
seealso:
  - module: emon.overlay_lab.packet_trace
  - module: emon.overlay_lab.topology_info
"""

EXAMPLES = r"""
- name: Read where test1 is, and what its name leads to
  emon.overlay_lab.path_state:
    containers: [test1, test2]
    resolve: {container: test1, name: test2}
  register: state
"""

RETURN = r"""
now:
  description: The host's clock, in seconds since the epoch.
  returned: success
  type: float
docker_error:
  description: Why dockerd does not answer. Null if it does.
  returned: success
  type: str
docker_frozen:
  description: Whether dockerd does not answer because its process is stopped by a signal.
  returned: success
  type: bool
containers:
  description:
    - The containers that exist here and were asked for, or to which the host leads one of its ports, each with C(name),
      C(id), C(status), C(pid), C(netns), C(networks) (C(name), C(id), C(address), C(mac)) and C(listening), the C(tcp)
      and C(udp) sockets in its namespace.
    - C(pid) and C(netns) are null if it does not run.
  returned: success
  type: list
  elements: dict
networks:
  description:
    - Docker's networks, each with C(name), C(id), C(driver), C(encrypted), C(netns) and C(bridge).
    - C(netns) is the namespace that has the network's bridge, empty for the host's own, null if this host has no part
      in the network. C(bridge) is null for an overlay network.
  returned: success
  type: list
  elements: dict
ipsec:
  description:
    - Null where no network is encrypted, or it cannot be read. Else C(esp), whether the kernel has it (C(loaded),
      C(built in), C(available), C(missing) or C(unknown)); C(states), each with C(src), C(dst) and C(spi), and no key;
      and C(policies) that demand ESP, each with C(src), C(dst) and C(direction).
  returned: success
  type: dict
published:
  description: Ports of the host that iptables leads on, each with C(protocol), C(port), C(address) and C(to_port).
  returned: success
  type: list
  elements: dict
listening:
  description: The C(tcp) and C(udp) sockets of the host's own namespace, as ADDRESS:PORT.
  returned: success
  type: dict
  sample: {tcp: ["0.0.0.0:22"], udp: []}
namespaces:
  description:
    - As RV(emon.overlay_lab.topology_info#module:namespaces), without the processes, and with C(neighbours), each with
      C(dev), C(address) and C(mac).
  returned: success
  type: list
  elements: dict
resolved:
  description: C(name), C(address), C(by) (who answered, or was asked) and C(error). Null if nothing was looked up.
  returned: success
  type: dict
  sample: {name: test2, address: 10.200.0.3, by: 127.0.0.11, error: null}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import state


def main() -> None:
    module = AnsibleModule(argument_spec=state.OPTIONS, supports_check_mode=True)
    try:
        result = state.read(module.params["containers"], module.params["resolve"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
