#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_backup_info
short_description: Check whether a backup of etcd can be restored
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Reads a file of M(emon.overlay_lab.etcd_backup) in full, and fails with one line if it is damaged, of
    another lab, or without a sentinel key of each API. It usually runs on the controller, before anything is stopped.
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
options:
  path:
    description:
      - The file.
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
seealso:
  - module: emon.overlay_lab.etcd_backup
  - module: emon.overlay_lab.etcd_restore
"""

EXAMPLES = r"""
- name: Check that the file can be restored
  emon.overlay_lab.etcd_backup_info:
    path: ~/.config/overlay-lab/emon/backups/emon-20261122T110000Z.tar.gz
    lab: emon
  delegate_to: localhost
"""

RETURN = r"""
manifest:
  description: The content of the file.
  returned: success
  type: dict
  sample: {format: 1, lab: emon, time: "2026-11-22T11:00:00Z", v2_keys: 41}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import archive as etcd_archive


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "lab": {"type": "str", "required": True},
            "lab_uuid": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        backup = etcd_archive.read(Path(module.params["path"]), module.params["lab"], module.params["lab_uuid"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, manifest=backup.manifest)


if __name__ == "__main__":
    main()
