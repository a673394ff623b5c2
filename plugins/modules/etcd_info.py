#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_info
short_description: Read the state and health of an etcd cluster
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Asks all members at the same time for their state, their health and the leader.
  - A member that cannot be reached is returned as such, and so is a cluster of which nothing answers, see
    RV(reachable). The module fails only with O(wait_seconds).
attributes:
  check_mode:
    support: full
    description: Changes nothing anyway.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
extends_documentation_fragment:
  - emon.overlay_lab.etcd
options:
  wait_seconds:
    description:
      - Seconds to wait until every expected member is healthy and there is a leader. Then the module fails with one
        line that says which member is missing and what each member answered.
    type: float
    default: 0
  expect_members:
    description:
      - Names of the members that O(wait_seconds) waits for. Default is every member that the cluster lists.
    type: list
    elements: str
    default: []
  wait_for:
    description:
      - What O(wait_seconds) waits for. V(quorum) is enough to change members; a member may then be down.
    type: str
    choices: [health, quorum]
    default: health
  fail:
    description:
      - Whether the module fails after O(wait_seconds). If not, the cluster is returned as it is then.
    type: bool
    default: true
seealso:
  - module: emon.overlay_lab.etcd_key
  - module: emon.overlay_lab.etcd_member
"""

EXAMPLES = r"""
- name: Read the cluster
  emon.overlay_lab.etcd_info:
    endpoints: [http://10.0.0.116:2379, http://10.0.0.117:2379]
  register: etcd

- name: Wait until the cluster has quorum and every member is healthy
  emon.overlay_lab.etcd_info:
    endpoints: ["https://10.0.0.116:2379", "https://10.0.0.117:2379"]
    ca_cert: /etc/etcd/pki/ca.crt
    client_cert: /etc/etcd/pki/client.crt
    client_key: /etc/etcd/pki/client.key
    wait_seconds: 60
    expect_members: [emon, emon2]
"""

RETURN = r"""
reachable:
  description: Whether any endpoint answered. If not, there are no members, and RV(errors) has each endpoint's error.
  returned: always
  type: bool
cluster_id:
  description: The cluster's id, hexadecimal. None if nothing answered.
  returned: always
  type: str
  sample: 48276a8f75b6a87
members:
  description: >-
    The members that the cluster lists, by name. If a member does not answer, values that only it knows are none.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The id in hexadecimal without leading zeros, as etcdctl prints it.
      type: str
      sample: 122b032f3d6b6b6
    name:
      description: The name. Empty for a member that was added and has not started yet.
      type: str
      sample: emon2
    peer_urls:
      description: The URLs at which the other members reach it.
      type: list
      elements: str
    client_urls:
      description: The URLs that it advertises to clients.
      type: list
      elements: str
    is_leader:
      description: Whether it reports itself as leader.
      type: bool
    is_learner:
      description: Whether it is a learner, without a vote.
      type: bool
    started:
      description: Whether it has ever started.
      type: bool
    healthy:
      description: Whether a read through quorum works at this member, and it has no alarm.
      type: bool
    version:
      description: Its version of etcd.
      type: str
      sample: 3.4.23
    db_size:
      description: The size of its database in bytes.
      type: int
    db_size_quota:
      description: The largest size of its database in bytes. None if its metrics cannot be read.
      type: int
    raft_term:
      description: The Raft term, which counts elections.
      type: int
    raft_index:
      description: The index of the last entry in its Raft log.
      type: int
    errors:
      description: Why it is not healthy, one line each.
      type: list
      elements: str
leader:
  description: The leader's name. None without quorum.
  returned: always
  type: str
quorum:
  description: Whether the cluster can read and write.
  returned: always
  type: bool
quorum_survives_one_loss:
  description: Whether it still could after the loss of one more member.
  returned: always
  type: bool
health:
  description: Whether there is quorum and every member is healthy.
  returned: always
  type: bool
version:
  description: The oldest version that a member runs.
  returned: always
  type: str
alarms:
  description: Alarms that members have raised.
  returned: always
  type: list
  elements: dict
  sample: [{member: emon, alarm: NOSPACE}]
missing:
  description: Why O(expect_members), or all members if none is named, are not healthy, one line each.
  returned: always
  type: list
  elements: str
remedies:
  description: What ends an alarm that etcd does not end by itself, with the commands, one line each.
  returned: always
  type: list
  elements: str
errors:
  description: Errors that belong to no member, one line each.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.etcd_info import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
