#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_status
short_description: Read the state of a lab's host, in one call
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads what C(make status) and C(make map) show of a host. This is the lab to which it belongs, which of the lab's
    services run and since when, the host's role and health in etcd and Swarm, and its networks and containers as
    M(emon.overlay_lab.overlay_state) reads them.
  - It does not judge. A dockerd or an etcd that does not answer is in the return values.
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
  address:
    description: The host's address in the underlay.
    type: str
    required: true
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
  etcd:
    description: How the host's own member of etcd is reached. Not given for a host that is no member.
    type: dict
    suboptions:
      endpoints:
        description: Its client URL, C(https://HOST:PORT) or C(http://HOST:PORT).
        type: list
        elements: str
        required: true
      ca_cert:
        description: The CA that signed its certificate, a file on the host. By default, the CAs that the host trusts.
        type: path
      client_cert:
        description: The certificate to show to it, a file on the host.
        type: path
      client_key:
        description: The private key of O(etcd.client_cert), a file on the host.
        type: path
      timeout:
        description: Seconds that one request may take.
        type: float
        default: 2.0
notes:
  - Needs root on the managed host. No Python library.
seealso:
  - module: emon.overlay_lab.overlay_state
  - module: emon.overlay_lab.host_info
"""

EXAMPLES = r"""
- name: Read how the host is
  emon.overlay_lab.lab_status:
    address: 10.0.0.116
    networks: [demo]
    containers: [test1]
  register: status

- name: Show since when its containers run
  ansible.builtin.debug:
    msg: "{{ status.containers | map(attribute='started') }}"
"""

RETURN = r"""
hostname:
  description: The host's own name.
  returned: success
  type: str
  sample: emon
time:
  description: The host's clock, in seconds of the epoch.
  returned: success
  type: float
  sample: 1763809830.0
record:
  description:
    - What the host has recorded of its C(lab), C(site), C(moving_to), C(engine) and C(index). What it has not recorded
      is empty, or 0.
  returned: success
  type: dict
  sample: {lab: emon, site: company, moving_to: "", engine: cluster_store, index: 1}
units:
  description:
    - By name, units of systemd that a lab may have, each with C(active), C(enabled) and C(started), in seconds of the
      epoch, 0 for never. C(containerd.service) is left out where dockerd has a containerd of its own.
  returned: success
  type: dict
  sample: {docker.service: {active: true, enabled: true, started: 1763809830.0}}
uplink:
  description: The link that has O(address), with C(name), C(mtu), C(mac), C(up) and C(addresses). Null if none has it.
  returned: success
  type: dict
  sample: {name: host0, mtu: 1500, mac: "7e:2c:11:0a:4b:d2", up: true, addresses: [10.0.0.116/24]}
faults:
  description: Why C(record), C(units) or C(uplink) could not be read, one line each. What could not is empty.
  returned: success
  type: list
  elements: str
  sample: []
docker:
  description:
    - dockerd's C(version), and C(fault), why it does not answer, or why its networks and containers could not be read;
      empty if they could.
  returned: success
  type: dict
  sample: {version: 20.10.24, fault: ""}
swarm:
  description:
    - What the host says of its swarm, with the keys C(swarm), C(nodes), C(networks) and C(error) of
      M(emon.overlay_lab.docker_swarm_info).
  returned: success
  type: dict
etcd:
  description:
    - What the host's member of etcd says of itself, with C(version), C(member_id), C(leader), whether it is the leader,
      C(fault), why it is not healthy, and C(remedy), the line with what ends its alarm, where it has one that a person
      ends. All are empty where O(etcd) is not given.
  returned: success
  type: dict
  sample: {version: 3.4.23, member_id: 85cea699a6c68067, leader: true, fault: "", remedy: ""}
networks:
  description: As M(emon.overlay_lab.overlay_state) returns them. Empty if dockerd does not answer.
  returned: success
  type: list
  elements: dict
containers:
  description: As M(emon.overlay_lab.overlay_state) returns them. Empty if dockerd does not answer.
  returned: success
  type: list
  elements: dict
forwarding:
  description: As M(emon.overlay_lab.overlay_state) returns it. Empty if dockerd does not answer.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import lab_status

_NAMES = {"type": "list", "elements": "str", "default": []}
_ARGUMENTS = {
    "address": {"type": "str", "required": True},
    "networks": _NAMES,
    "containers": _NAMES,
    "etcd": {
        "type": "dict",
        "options": {**etcd_client.ARGUMENTS, "timeout": {"type": "float", "default": lab_status.ETCD_SECONDS}},
        "required_together": etcd_client.REQUIRED_TOGETHER,
    },
}


def _run(params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
    return lab_status.read(lab_status.parse(params))


def main() -> None:
    run(Task(_ARGUMENTS, _run))


if __name__ == "__main__":
    main()
