#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_restore
short_description: Restore a backup into a new etcd cluster
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Restores a file of M(emon.overlay_lab.etcd_backup) in two parts. With O(part=data), each member gets a data
    directory of the snapshot while etcd is stopped. With O(part=keys), the keys of the v2 API are written once the new
    cluster runs, and the sentinels of both APIs are read back.
  - The file is checked in full before anything is touched. The data is created as O(owner), and its
    ids are recorded as the lab's, see M(emon.overlay_lab.etcd_data).
attributes:
  check_mode:
    support: full
    description: Checks the file, and changes nothing.
  diff_mode:
    support: none
    description: Data is not shown.
  idempotent:
    support: none
    description: Each run writes what it restores. An existing data directory is refused.
requirements:
  - etcdctl on the host
extends_documentation_fragment:
  - emon.overlay_lab.etcd
options:
  path:
    description:
      - The file, on the host that runs the module.
    type: path
    required: true
  lab:
    description:
      - The lab that the file has to belong to.
    type: str
    required: true
  lab_uuid:
    description:
      - The lab's UUID. A file with a UUID must have this one.
    type: str
    default: ""
  part:
    description:
      - The part to restore.
    type: str
    choices: [data, keys]
    required: true
  name:
    description:
      - The member's name, its C(ETCD_NAME). With O(part=data).
    type: str
  initial_cluster:
    description:
      - C(ETCD_INITIAL_CLUSTER) of the new cluster, the same for all its members. With O(part=data).
    type: str
  token:
    description:
      - C(ETCD_INITIAL_CLUSTER_TOKEN) of the new cluster. With O(part=data).
    type: str
  peer_urls:
    description:
      - The URLs at which the other members reach this one. With O(part=data).
    type: list
    elements: str
  data_dir:
    description:
      - The data directory to create. With O(part=data).
      - Its write-ahead log is in the directory V(wal) below it, so etcd needs C(--wal-dir) or C(ETCD_WAL_DIR).
    type: path
  owner:
    description:
      - The owner of the data directory.
    type: str
    default: etcd
seealso:
  - module: emon.overlay_lab.etcd_backup
"""

EXAMPLES = r"""
- name: Restore the member's data
  emon.overlay_lab.etcd_restore:
    endpoints: [http://10.0.0.116:2379]
    path: /var/backups/emon-20261122T110000Z.tar.gz
    lab: emon
    part: data
    name: emon
    initial_cluster: emon=http://10.0.0.116:2380
    token: emon-etcd
    peer_urls: [http://10.0.0.116:2380]
    data_dir: /var/lib/etcd/default.etcd

- name: Restore the keys of the v2 API
  emon.overlay_lab.etcd_restore:
    endpoints: [http://10.0.0.116:2379]
    path: /var/backups/emon-20261122T110000Z.tar.gz
    lab: emon
    part: keys
"""

RETURN = r"""
manifest:
  description: The content of the file.
  returned: success
  type: dict
  sample: {format: 1, lab: emon, time: "2026-11-22T11:00:00Z", v2_keys: 41}
"""

import os
import pwd
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import archive as etcd_archive
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import backup as etcd_backup
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

DATA = ("name", "initial_cluster", "token", "peer_urls", "data_dir")
ARGUMENTS = {
    **etcd_client.ARGUMENTS,
    "path": {"type": "path", "required": True},
    "lab": {"type": "str", "required": True},
    "lab_uuid": {"type": "str", "default": ""},
    "part": {"type": "str", "choices": ["data", "keys"], "required": True},
    "name": {"type": "str"},
    "initial_cluster": {"type": "str"},
    "token": {"type": "str", "no_log": False},
    "peer_urls": {"type": "list", "elements": "str"},
    "data_dir": {"type": "path"},
    "owner": {"type": "str", "default": "etcd"},
}


def _restore(params: dict, check_mode: bool) -> dict:
    backup = etcd_archive.read(Path(params["path"]), params["lab"], params["lab_uuid"])
    client = etcd_client.Client(etcd_client.parse(params))
    if params["part"] == "keys":
        if not check_mode:
            etcd_backup.restore_keys(backup, client)
        return backup.manifest
    data_dir = Path(params["data_dir"])
    if os.path.lexists(data_dir):
        raise LabError(f"data_dir: {data_dir} is there already: stop etcd and set it aside first")
    try:
        user = pwd.getpwnam(params["owner"])
    except KeyError as error:
        raise LabError(f"owner: there is no user {params['owner']}") from error
    if not check_mode:
        member = {key: params[key] for key in ("name", "initial_cluster", "token")}
        member["peer_urls"] = ",".join(params["peer_urls"])
        entry = {"lab": params["lab"], "path": str(data_dir)}
        etcd_backup.restore_data(
            backup,
            member,
            data_dir,
            (user.pw_uid, user.pw_gid),
            lambda identity: owned.claim(owned.ETCD, {identity: entry}),
        )
    return backup.manifest


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=etcd_client.REQUIRED_TOGETHER,
        required_if=[("part", "data", DATA)],
        supports_check_mode=True,
    )
    try:
        manifest = _restore(module.params, module.check_mode)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=True, manifest=manifest)


if __name__ == "__main__":
    main()
