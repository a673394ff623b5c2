#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: program_set
short_description: Docker or etcd from upstream's archive is on a host
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Unpacks the programs of an archive below C(/usr/local/lib/overlay-lab), links those that people call from
    C(/usr/local/bin), and writes systemd units into C(/usr/local/lib/systemd/system). Nothing is started or enabled.
  - What is there already, such as a unit or a program of a package, is never replaced. It is a fault, before the first
    change.
  - The host's record remembers all of it, and O(state=absent) removes that, and nothing else. The data of Docker and
    etcd stay.
attributes:
  check_mode:
    support: full
    description: Returns what would be changed, and changes nothing.
  diff_mode:
    support: full
    description: Shows units before and after, and names programs and links.
  idempotent:
    support: full
    description: A program of the size that was unpacked is not unpacked again.
options:
  name:
    description: What is installed. V(docker) has containerd and runc with it, V(etcd) has etcdctl.
    type: str
    choices: [docker, etcd]
    required: true
  lab:
    description: For which lab. Needed with O(state=present).
    type: str
  version:
    description: Its version, as the name of the archive has it. Needed with O(state=present).
    type: str
  sha256:
    description: The checksum of the archive. Needed with O(state=present).
    type: str
  source:
    description: The archive on the host. Needed where something has to be unpacked.
    type: path
  state:
    description: V(absent) stops the units, and removes what the module has made.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.program_archive
"""

EXAMPLES = r"""
- name: Copy the archive
  ansible.builtin.copy:
    src: docker-20.10.24.tgz
    dest: /var/lib/overlay-lab/docker-20.10.24.tgz
    mode: "0600"

- name: Install Docker
  emon.overlay_lab.program_set:
    name: docker
    lab: emon
    version: 20.10.24
    sha256: "{{ docker_sha256 }}"
    source: /var/lib/overlay-lab/docker-20.10.24.tgz
"""

RETURN = r"""
unpacked:
  description: Whether programs were unpacked, or would be.
  type: bool
  returned: success
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.program_set import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
