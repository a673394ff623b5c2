#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_data
short_description: Remove or set aside a lab's etcd data, and no other data
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Checks that the data is the lab's. The ids of cluster and member in its write-ahead log have to be in the host's
    record as the lab's. Otherwise the module fails with one line, and changes nothing.
  - Stop etcd before its data is removed, set aside or copied.
  - No link is followed. In check mode it only checks whether the data is the lab's.
attributes:
  check_mode:
    support: full
    description: Changes nothing, and refuses what it would refuse otherwise.
  diff_mode:
    support: none
    description: Data is not shown.
  idempotent:
    support: partial
    description: Each run with O(state=copied) makes another copy.
options:
  path:
    description:
      - The data directory.
    type: path
    required: true
  lab:
    description:
      - The lab that the data has to belong to.
    type: str
    required: true
  state:
    description:
      - V(claimed) records the ids of the running member, O(cluster_id) and O(member_id), if its data is in the
        directory. If there is no data yet, it records that the lab's data is expected there. It fails if the directory
        holds other data.
      - V(absent) removes the lab's data from the host, in O(path) and wherever else the record says that it is. If
        the lab's data was elsewhere, other data in O(path) stays.
      - V(set_aside) renames the directory to a dated name beside it.
      - V(copied) makes a copy with such a name, as the directory's owner.
      - Data of a lab that was created before ids were recorded may be set aside and copied. It is removed only after
        V(claimed) has recorded it.
    type: str
    choices: [absent, claimed, copied, set_aside]
    required: true
  cluster_id:
    description:
      - The id of the running cluster, hexadecimal, as M(emon.overlay_lab.etcd_info) returns it. With
        O(state=claimed).
    type: str
    default: ""
  member_id:
    description:
      - The id of this host's member in it. With O(state=claimed).
    type: str
    default: ""
  enabled:
    description:
      - Whether etcd's unit starts at boot. V(claimed) records it where the lab has not configured etcd yet, and
        V(absent) forgets it. M(emon.overlay_lab.host_info) returns it in C(etcd.enabled_before).
    type: bool
    default: false
  config:
    description:
      - etcd's configuration file. It says which lab's data is expected in the directory.
    type: path
    default: /etc/default/etcd
seealso:
  - module: emon.overlay_lab.etcd_info
  - module: emon.overlay_lab.host_info
"""

EXAMPLES = r"""
- name: Record the host's member as the lab's
  emon.overlay_lab.etcd_data:
    path: /var/lib/etcd/default.etcd
    lab: emon
    state: claimed
    cluster_id: "{{ cluster.cluster_id }}"
    member_id: "{{ (cluster.members | selectattr('name', 'eq', inventory_hostname) | first).id }}"

- name: Set the lab's data aside
  emon.overlay_lab.etcd_data:
    path: /var/lib/etcd/default.etcd
    lab: emon
    state: set_aside
"""

RETURN = r"""
paths:
  description: The dated names of the directories that were set aside or copied. Empty in check mode.
  returned: success
  type: list
  elements: str
  sample: [/var/lib/etcd/default.etcd.20261122T110000Z]
left:
  description: One line for each directory that is not the lab's and was left alone.
  returned: success
  type: list
  elements: str
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import data as etcd_data
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "lab": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["absent", "claimed", "copied", "set_aside"], "required": True},
    "cluster_id": {"type": "str", "default": ""},
    "member_id": {"type": "str", "default": ""},
    "enabled": {"type": "bool", "default": False},
    "config": {"type": "path", "default": "/etc/default/etcd"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    options = module.params
    ids = (options["cluster_id"], options["member_id"])
    request = etcd_data.Request(
        path=Path(options["path"]),
        lab=options["lab"],
        state=options["state"],
        member="/".join(ids) if all(ids) else "",
        enabled=options["enabled"],
    )
    try:
        known = etcd_files.founded(Path(options["config"]))
        found = [etcd_data.look(path) for path in etcd_data.places(request, known)]
        decided = etcd_data.plan(request, known, found)
        paths = (
            []
            if module.check_mode
            else etcd_data.apply(request, decided, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
        )
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    changed = bool(decided.act or decided.claim)
    module.exit_json(changed=changed, paths=paths, left=list(decided.left))


if __name__ == "__main__":
    main()
