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

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.unlogged import UnloggedModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.file_set import TASK


def main() -> None:
    run(TASK, UnloggedModule)


if __name__ == "__main__":
    main()
