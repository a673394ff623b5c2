#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_record
short_description: Record which lab a host belongs to
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Writes lab, site, engine, index and the host's machine id to C(/var/lib/overlay-lab/state.json). Playbooks change
    only hosts whose record matches. What other modules keep there for rollback is not touched.
attributes:
  check_mode:
    support: full
    description: Returns whether the record would change.
  diff_mode:
    support: full
    description: Shows the record before and after.
  idempotent:
    support: full
    description: A record that does not differ is not written again.
options:
  lab:
    description: Name of the lab. A host that belongs to another lab is refused.
    type: str
    required: true
  uuid:
    description:
      - The lab's unique id. A host with another id on record is refused.
      - Without it, the recorded id stays.
    type: str
  site:
    description: The site that the host is configured for. Needed for O(state=present).
    type: str
  moving_to:
    description:
      - The site that the lab is being moved to; empty, the default, if it is not moved. O(site) is the site where
        the lab was verified last, until it is verified at the new one.
    type: str
    default: ""
  engine:
    description: The engine that the host is configured for. Needed for O(state=present).
    type: str
  index:
    description:
      - The host's place in the lab, from 1. The host keeps it when others leave the lab file.
      - Without it, the recorded index stays.
    type: int
  state:
    description: V(absent) ends the host's membership.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Record that the host belongs to the lab
  emon.overlay_lab.host_record:
    lab: emon
    site: company
    engine: cluster_store
"""

RETURN = r"""
record:
  description: The record after the task, {} for a host of no lab.
  type: dict
  returned: success
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

# What Docker's modules record by ids. Nothing on a host that joins a lab is that lab's yet.
_KINDS = (owned.CONTAINER, owned.NETWORK, owned.SWARM)
_KEYS = ("lab", "uuid", "site", "moving_to", "engine", "machine_id", "index")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "lab": {"type": "str", "required": True},
            "uuid": {"type": "str"},
            "site": {"type": "str"},
            "moving_to": {"type": "str", "default": ""},
            "engine": {"type": "str"},
            "index": {"type": "int"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("site", "engine"))],
        supports_check_mode=True,
    )
    lab = module.params["lab"]
    wanted: dict[str, Any] = {}
    differences = Differences()
    try:
        before = {key: value for key, value in host_record.read().items() if key in _KEYS}
        if module.params["state"] == "present":
            given = {key: module.params[key] for key in _KEYS if module.params.get(key)}
            kept: dict[str, Any] = {key: before[key] for key in ("uuid", "index") if key in before}
            wanted = {**kept, **given, "machine_id": host_record.machine_id()}
        if before.get("lab", lab) != lab:
            raise LabError(f"this host belongs to the lab {before['lab']}, not to {lab}: destroy that lab first")
        given_uuid = module.params["uuid"] or before.get("uuid")
        if before.get("uuid", given_uuid) != given_uuid:
            raise LabError(
                f"this host belongs to another lab {lab}, {before['uuid']}, not to {given_uuid}: nothing is changed"
            )
        for key in _KEYS:
            differences.compare(f"host record: {key}", before.get(key), wanted.get(key))
        if differences.changed and not module.check_mode:
            for kind in _KINDS:
                if not wanted:
                    owned.forget(kind)
                elif "lab" not in before:
                    owned.claim(kind, {})
            # Data that is still recorded is etcd's own matter: it was left, and its record says whose it is.
            if not wanted and not owned.of_kind(owned.ETCD):
                owned.forget(owned.ETCD)
            host_record.update_identity(wanted or None)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=differences.changed, diff=differences.diff, record=wanted)


if __name__ == "__main__":
    main()
