#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_backup
short_description: Back up etcd's keys of both APIs into one file
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Takes a snapshot of a running cluster, which has the keys of the v3 API, and also reads the tree of the v2 API,
    where Docker's cluster store is.
  - The file is a tar.gz with checksums, and has a sentinel key of each API. M(emon.overlay_lab.etcd_restore) requires
    both.
  - Keys of the v2 API with a time to live are left out. The process that wrote them writes them again.
attributes:
  check_mode:
    support: full
    description: Changes nothing, and returns no path.
  diff_mode:
    support: none
    description: A backup is new each time.
  idempotent:
    support: none
    description: Each run creates another file.
requirements:
  - etcdctl on the host
extends_documentation_fragment:
  - emon.overlay_lab.etcd
options:
  lab:
    description:
      - The lab's name. The file's name begins with it, and only this lab restores the file.
    type: str
    required: true
  lab_uuid:
    description:
      - The lab's UUID, for the file's manifest.
    type: str
    default: ""
  directory:
    description:
      - The directory for the file. It must exist.
    type: path
    required: true
seealso:
  - module: emon.overlay_lab.etcd_restore
"""

EXAMPLES = r"""
- name: Back up the cluster
  emon.overlay_lab.etcd_backup:
    endpoints: [http://10.0.0.116:2379, http://10.0.0.117:2379]
    lab: emon
    directory: /var/backups
"""

RETURN = r"""
path:
  description: The file, mode 0600. Empty in check mode.
  returned: always
  type: str
  sample: /var/backups/emon-20261122T110000Z.tar.gz
manifest:
  description: The content of the file.
  returned: always
  type: dict
  sample: {format: 1, lab: emon, time: "2026-11-22T11:00:00Z", v2_keys: 41}
"""

from datetime import datetime, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import backup as etcd_backup
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client

ARGUMENTS = {
    **etcd_client.ARGUMENTS,
    "lab": {"type": "str", "required": True},
    "lab_uuid": {"type": "str", "default": ""},
    "directory": {"type": "path", "required": True},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=etcd_client.REQUIRED_TOGETHER, supports_check_mode=True
    )
    lab, directory = module.params["lab"], Path(module.params["directory"])
    result = {"path": "", "manifest": {}}
    try:
        client = etcd_client.Client(etcd_client.parse(module.params))
        if not module.check_mode:
            path, manifest = etcd_backup.create(
                client, lab, directory, datetime.now(timezone.utc), module.params["lab_uuid"]
            )
            result = {"path": str(path), "manifest": manifest}
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()
