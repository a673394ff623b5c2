#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_data
short_description: Remove or set aside a lab's etcd data, and nobody else's
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Asks the data whose it is. The ids of cluster and member in its write-ahead log have to be in the host's record as
    the lab's. Else the module fails with one line, and changes nothing.
  - Stop etcd before its data is removed, set aside or copied.
  - No link is followed. In check mode it only tells whether the data is the lab's.
attributes:
  check_mode:
    support: full
    description: Changes nothing, and refuses what it would refuse.
  diff_mode:
    support: none
    description: Data is not shown.
  idempotent:
    support: partial
    description: A copy is another one each time.
options:
  path:
    description:
      - The data directory.
    type: path
    required: true
  lab:
    description:
      - The lab whose data it has to be.
    type: str
    required: true
  state:
    description:
      - V(claimed) records the ids of the member that runs, O(cluster_id) and O(member_id), where its data is in the
        directory. Where there is no data yet, it records that the lab's is to come. It fails where the directory holds
        something else.
      - V(absent) removes the lab's data from the host, in the directory and wherever else the record says that it
        is. What is not the lab's in O(path) stays, if the lab's was elsewhere.
      - V(set_aside) gives it a dated name beside the former one.
      - V(copied) makes a copy with such a name, as the directory's owner.
      - Data of a lab that was made before ids were recorded may be set aside and copied. It is removed only once
        V(claimed) has recorded it.
    type: str
    choices: [absent, claimed, copied, set_aside]
    required: true
  cluster_id:
    description:
      - The id of the cluster that runs, hexadecimal, as M(emon.overlay_lab.etcd_info) returns it. With
        O(state=claimed).
    type: str
    default: ""
  member_id:
    description:
      - The id of this host's member in it. With O(state=claimed).
    type: str
    default: ""
  config:
    description:
      - etcd's configuration file. It tells whose data is to come to the directory.
    type: path
    default: /etc/default/etcd
seealso:
  - module: emon.overlay_lab.etcd_info
  - module: emon.overlay_lab.host_info
"""

EXAMPLES = r"""
- name: The host's member is recorded as the lab's
  emon.overlay_lab.etcd_data:
    path: /var/lib/etcd/default.etcd
    lab: emon
    state: claimed
    cluster_id: "{{ cluster.cluster_id }}"
    member_id: "{{ (cluster.members | selectattr('name', 'eq', inventory_hostname) | first).id }}"

- name: The lab's data has a dated name
  emon.overlay_lab.etcd_data:
    path: /var/lib/etcd/default.etcd
    lab: emon
    state: set_aside
"""

RETURN = r"""
paths:
  description: The dated names of what was set aside or copied. Empty in check mode.
  returned: success
  type: list
  elements: str
  sample: [/var/lib/etcd/default.etcd.20261122T110000Z]
left:
  description: A line for each directory that is not the lab's and was left alone.
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
