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
  - Every fault of every container is named before the first one is touched. Among these are a name, a port or an
    address that two of them want.
  - Two containers of the list may swap addresses. After a change, every container tells its networks where it is (by
    ARP, which takes root), so that bridges and VXLANs do not send its packets to where its address was before.
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
      - One may share the namespace of one that stands before it, or be linked to it.
    type: list
    elements: dict
    required: true
  prune_label:
    description:
      - Containers with this label, as C(KEY=VALUE), that are not in O(containers) are removed. Only those are that
        M(emon.overlay_lab.docker_container) or this module made.
      - Whether they did is told by the id of each, which this host's record (C(/var/lib/overlay-lab/state.json)) keeps.
        A container of a committed image inherits the label; it stays, and RV(left) names it.
      - With C(emon.overlay_lab.lab=LAB), a container of a wanted name that is not that lab's by its id is refused.
      - A lab that was made before ids were recorded is taken over once, where a container has its labels of its own.
    type: str
    default: ""
seealso:
  - module: emon.overlay_lab.docker_container
"""

EXAMPLES = r"""
- name: The lab's containers of this host, and no others of the lab's
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
    - The containers that are there, in their order, each as RV(emon.overlay_lab.docker_container#module:container).
  returned: success
  type: list
  elements: dict
healed:
  description: What had to be mended before containers started, a line each.
  returned: success
  type: list
  elements: str
left:
  description: Containers that bear O(prune_label) and stay, because no module made them, a line each.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import (
    DEFAULT_HOST,
    DOCKER_ARGUMENTS,
    connect,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import container_set
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.gratuitous_arp import announce

ARGUMENTS = DOCKER_ARGUMENTS | {
    "containers": {"type": "list", "elements": "dict", "required": True},
    "prune_label": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    healed: list[str] = []
    try:
        wanted = container_set.specs(module.params["containers"])
        client = connect(module.params["docker_host"], module.params["timeout"])
        plan = container_set.plan(client, wanted, module.params["prune_label"])
        if module.check_mode:
            containers = container_set.expected(plan)
        else:
            containers, healed = container_set.apply(client, plan)
            if plan.differences.changed and module.params["docker_host"] == DEFAULT_HOST:
                announce(containers)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    for line in plan.left:
        module.warn(line)
    module.exit_json(
        changed=plan.differences.changed,
        diff=plan.differences.diff,
        containers=containers,
        healed=healed,
        left=list(plan.left),
    )


if __name__ == "__main__":
    main()
