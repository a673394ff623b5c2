#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: program_archive
short_description: Upstream's archives of Docker and etcd are on the controller, and verified
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Fetches archives that are given as URLs, once, and compares each with its checksum before anything in it is read.
  - Then it checks every member. An archive that does not have upstream's layout, or has a member that would be
    unpacked elsewhere, is a fault.
  - Meant for the controller. Faults do not fail the module, so that a run can report them together with all others.
attributes:
  check_mode:
    support: full
    description: Fetches and reads as well. Nothing but the cache is changed by it.
  diff_mode:
    support: none
    description: It changes nothing but its cache.
  idempotent:
    support: full
    description: What is in the cache is not fetched again.
options:
  archives:
    description: The archives.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What is in it.
        type: str
        choices: [docker, etcd]
        required: true
      archive:
        description: A path on this machine, or a URL with C(https) or C(http). It has upstream's file name.
        type: str
        required: true
      sha256:
        description: The SHA-256 checksum of the file.
        type: str
        required: true
  cache:
    description: The directory where fetched archives are kept.
    type: path
    required: true
seealso:
  - module: emon.overlay_lab.program_set
"""

EXAMPLES = r"""
- name: Fetch etcd
  emon.overlay_lab.program_archive:
    archives:
      - name: etcd
        archive: https://github.com/etcd-io/etcd/releases/download/v3.5.9/etcd-v3.5.9-linux-amd64.tar.gz
        sha256: "{{ etcd_sha256 }}"
    cache: ~/.cache/overlay-lab/emon/archives
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
archives:
  description:
    - By name, C(path) of the file, the C(machine) for which its programs are, as C(uname -m) calls it, or '' for one
      that is not known, how many C(megabytes) they take, and whether it was C(fetched) now.
  type: dict
  returned: success
faults:
  description: Why an archive cannot be used, a line each.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.program_archive import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
