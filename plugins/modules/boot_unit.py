#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: boot_unit
short_description: A lab's containers run again after a boot
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Installs and enables the systemd unit C(overlay-lab-boot.service). Each time dockerd starts, it does what
    M(emon.overlay_lab.docker_container_set) would do with O(containers), except that it removes none, and repeats it
    for up to an hour, until the containers run. It works without Ansible.
  - Where dockerd has a cluster store, it forgets the endpoints from before the boot first, and hosts start their
    containers one after the other.
  - The unit does nothing while a run has the lock of the lab. What it did is in the journal
    (C(journalctl -u overlay-lab-boot)).
  - The program is the collection's own code, C(/usr/local/lib/overlay-lab/boot.pyz), and runs with the Python
    interpreter that runs this module.
attributes:
  check_mode:
    support: full
    description: Returns what would be changed, and changes nothing.
  diff_mode:
    support: full
    description: Shows the files before and after; of the program its checksum.
  idempotent:
    support: full
    description: Files that do not differ are not written.
options:
  lab:
    description: The name of the lab.
    type: str
    required: true
  containers:
    description:
      - The containers of the lab on this host, as in M(emon.overlay_lab.docker_container_set). After a boot, those run
        whose C(state) is V(started) and whose C(restart_policy) is V(always) or V(unless-stopped).
    type: list
    elements: dict
    default: []
  state:
    description: V(absent) stops the unit and removes its files.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_container_set
"""

EXAMPLES = r"""
- name: Start the lab's containers after each boot
  emon.overlay_lab.boot_unit:
    lab: emon
    containers:
      - name: test1
        image: busybox:lab
        command: sleep infinity
        restart_policy: unless-stopped
        networks: [{name: demo}]
        labels: {emon.overlay_lab.lab: emon}
"""

RETURN = r"""
changed_paths:
  description: The files that were written or removed, or would be in check mode.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.boot_unit import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
