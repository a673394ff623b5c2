#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: file_set
short_description: Several files as one desired state
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Writes a service's configuration and certificates in one task. Each file is replaced in one step, and has its mode
    before it has its content.
attributes:
  check_mode:
    support: full
    description: Returns what would be written, and writes nothing.
  diff_mode:
    support: full
    description: Shows contents before and after; of a secret only that it changes.
  idempotent:
    support: full
    description: Files that do not differ are not written.
options:
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - Absolute path. Missing directories are created.
          - With O(files[].backup) a symbolic link is kept, and its target is written. Without it, the link is replaced,
            and its target is not touched.
        type: path
        required: true
      content:
        description: The text. One of O(files[].content) and O(files[].secret_content) is needed for O(state=present).
        type: str
      secret_content:
        description: The text of a private key or another secret. It is never shown.
        type: str
      mode:
        description: Permissions in octal, as a string.
        type: str
        default: "0644"
      owner:
        description: Owning user.
        type: str
        default: root
      group:
        description: Owning group.
        type: str
        default: root
      backup:
        description:
          - Keep a file that was there before, in C(/var/lib/overlay-lab/kept) and, unless it exists, as
            C(PATH.bak). O(state=absent) restores it, and leaves a file that was not written with this option.
            The former file is recorded with its hash in C(/var/lib/overlay-lab/state.json), so a C(PATH.bak) that the
            lab did not write is neither used nor removed.
          - If the lab's file was edited meanwhile, the edited file is kept beside it as C(PATH.DATE.edited), with a
            warning.
        type: bool
        default: false
  state:
    description: V(absent) removes the files, or restores the former ones.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Configure etcd
  emon.overlay_lab.file_set:
    files:
      - path: /etc/default/etcd
        content: |
          ETCD_NAME=emon
        backup: true
      - path: /etc/overlay-lab/etcd/server.key
        secret_content: "{{ lookup('ansible.builtin.file', 'server.key') }}"
        mode: "0600"
        owner: etcd
"""

RETURN = r"""
changed_paths:
  description: The files that were written or removed, or would be in check mode.
  type: list
  elements: str
  returned: success
"""

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.unlogged import UnloggedModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files as kept
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.kept_files import Former
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import FILE_OPTIONS, Plan, parse

_SECTION = "file_set"


def _apply(plan: Plan, recorded: dict[str, Any], formers: dict[str, Former], present: bool) -> None:
    # Recorded before the first file is touched, and forgotten after the last one is gone: a run that is killed in
    # between leaves a record that is right.
    after = kept.to_record(plan.formers)
    if present:
        plan.keep()
        _record(after, recorded)
        plan.apply()
    else:
        plan.apply()
        _record(after, recorded)
        kept.discard(formers, plan.formers)


def _record(after: dict[str, Any], before: dict[str, Any]) -> None:
    if after != before:
        host_record.update(_SECTION, after or None)


def main() -> None:
    module = UnloggedModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": FILE_OPTIONS},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        present = module.params["state"] == "present"
        files = parse(module.params["files"], present)
        recorded = host_record.section(_SECTION)
        formers = kept.from_record(recorded)
        plan = Plan(files, formers)
        # A record of an older lab is brought up to date by the first run.
        if (plan.differences.changed or kept.to_record(plan.formers) != recorded) and not module.check_mode:
            _apply(plan, recorded, formers, present)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    for note in plan.notes:
        module.warn(note)
    module.exit_json(
        changed=plan.differences.changed,
        diff=plan.differences.diff,
        changed_paths=[str(path) for path in plan.changed_paths],
    )


if __name__ == "__main__":
    main()
