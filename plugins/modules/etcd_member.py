#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_member
short_description: Add, change or remove a member of an etcd cluster
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Adds a member, updates its peer URLs, or removes it. It changes the list of members, and neither starts nor stops
    etcd.
  - Add one member, start it with RV(initial_cluster) and C(ETCD_INITIAL_CLUSTER_STATE=existing), and wait with
    M(emon.overlay_lab.etcd_info) until it is healthy, before you add the next one.
  - A change that would lose quorum is refused, and the message has the arithmetic.
  - A member that was added and has not started has no name in etcd. It is found by its peer URLs, so the next run
    continues an interrupted join.
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what would change without changing it.
  diff_mode:
    support: full
    description: Shows the member and its peer URLs.
  idempotent:
    support: full
    description: A second run changes nothing.
extends_documentation_fragment:
  - emon.overlay_lab.etcd
options:
  name:
    description:
      - The member's name, its C(ETCD_NAME).
    type: str
    required: true
  peer_urls:
    description:
      - All URLs at which the other members reach it; the order does not matter. Required with O(state=present).
      - With O(state=absent), they identify a member that was added and has not started.
    type: list
    elements: str
    default: []
  state:
    description:
      - Whether it should be a member. A member that is dead can be removed, too.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Change the list even if quorum would be lost. etcd's own check still applies.
    type: bool
    default: false
seealso:
  - module: emon.overlay_lab.etcd_info
"""

EXAMPLES = r"""
- name: Add emon3 to the cluster
  emon.overlay_lab.etcd_member:
    endpoints: [http://10.0.0.116:2379, http://10.0.0.117:2379]
    name: emon3
    peer_urls: [http://10.0.0.118:2380]
  register: joined

- name: Show the line for emon3's configuration
  ansible.builtin.debug:
    msg: ETCD_INITIAL_CLUSTER="{{ joined.initial_cluster }}"

- name: Set the addresses of both sites as peer URLs
  emon.overlay_lab.etcd_member:
    endpoints: [http://10.0.0.116:2379]
    name: emon
    peer_urls: [http://10.0.0.116:2380, http://192.168.1.116:2380]

- name: Remove emon2 from the cluster
  emon.overlay_lab.etcd_member:
    endpoints: [http://10.0.0.116:2379]
    name: emon2
    state: absent
"""

RETURN = r"""
member:
  description: The member after the task; with O(state=absent) the removed one. None if there was none.
  returned: always
  type: dict
  sample:
    id: 122b032f3d6b6b6
    name: emon2
    peer_urls: [http://10.0.0.117:2380]
    client_urls: [http://10.0.0.117:2379]
    is_learner: false
    started: true
initial_cluster:
  description: The value of C(ETCD_INITIAL_CLUSTER) for a joining member.
  returned: always
  type: str
  sample: emon=http://10.0.0.116:2380,emon2=http://10.0.0.117:2380
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import cluster as etcd_cluster
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import member as etcd_member

ARGUMENTS = {
    **etcd_client.ARGUMENTS,
    "name": {"type": "str", "required": True},
    "peer_urls": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=etcd_client.REQUIRED_TOGETHER,
        required_if=[("state", "present", ["peer_urls"])],
        supports_check_mode=True,
    )
    try:
        request = etcd_member.parse(module.params)
        client = etcd_client.Client(etcd_client.parse(module.params))
        plan = etcd_member.plan(request, etcd_cluster.read(client))
        if not module.check_mode:
            etcd_member.apply(plan, client)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    for warning in plan.warnings:
        module.warn(warning)
    module.exit_json(
        changed=plan.differences.changed,
        diff=plan.differences.diff,
        member=etcd_member.data(plan),
        initial_cluster=plan.initial_cluster,
    )


if __name__ == "__main__":
    main()
