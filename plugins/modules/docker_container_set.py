#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_container_set
short_description: A host's containers as one desired state
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Does for many containers in one task what M(emon.overlay_lab.docker_container) does for one, in their order.
  - All faults of all containers are reported before the first container is touched. A name, a port or an address that
    two of them ask for is such a fault.
  - Two containers of the list may swap addresses, or ports of the host. Whoever holds a port that another one takes is
    stopped before that one starts, and started again where something fails.
  - After a change, every container announces its addresses in its networks (by gratuitous ARP, which needs root), so
    that bridges and VXLANs do not send its packets to the former place of an address.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Returns each attribute that differs, before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  containers:
    description:
      - The containers, each with the options of M(emon.overlay_lab.docker_container) except those of the connection.
      - A container may share the namespace of one that is listed before it, be linked to it or depend on it.
      - The values of C(secret_env) are in O(secrets).
    type: list
    elements: dict
    required: true
  secrets:
    description:
      - The values of the containers' C(secret_env), as the filter P(emon.overlay_lab.container_secrets#filter) returns
        them.
      - As one text that is nowhere else, because Ansible hides a secret wherever its value is in a result.
    type: str
    default: ""
  prune_label:
    description:
      - Containers with this label, as C(KEY=VALUE), that are not in O(containers) are removed, but only if
        M(emon.overlay_lab.docker_container) or this module created them.
      - The ids of the containers that they created are in this host's record (C(/var/lib/overlay-lab/state.json)).
        A container of a committed image inherits the label; it stays, and RV(left) names it.
      - With C(emon.overlay_lab.lab=LAB), a container of a listed name whose id is not recorded as that lab's is
        refused.
      - Containers of a lab that was created before ids were recorded are taken over once, if they have the labels
        themselves and not from their image.
    type: str
    default: ""
  coming_networks:
    description:
      - Networks that earlier tasks make.
      - In check mode they count as if they were on the host. Without check mode, a network that is missing is an error.
    type: list
    elements: str
    default: []
  coming_images:
    description: Images that earlier tasks make or pull, likewise.
    type: list
    elements: str
    default: []
seealso:
  - module: emon.overlay_lab.docker_container
"""

EXAMPLES = r"""
- name: Start the lab's containers on this host and remove its others
  emon.overlay_lab.docker_container_set:
    prune_label: emon.overlay_lab.lab=emon
    containers:
      - name: test1
        image: busybox:lab
        command: sleep infinity
        networks: [{name: demo}]
        labels: {emon.overlay_lab.lab: emon}
      - name: test1-shell
        image: busybox:lab
        command: sleep infinity
        network_mode: container:test1
        labels: {emon.overlay_lab.lab: emon}
"""

RETURN = r"""
containers:
  description:
    - The containers that exist, in their order, each as RV(emon.overlay_lab.docker_container#module:container).
  returned: success
  type: list
  elements: dict
healed:
  description: What had to be repaired before containers started, one line each.
  returned: success
  type: list
  elements: str
left:
  description: Containers with O(prune_label) that stay because no module created them, one line each.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.docker_container_set import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
