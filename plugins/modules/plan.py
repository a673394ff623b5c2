#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Predict what other modules of the collection would change, in one call
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Runs the modules that O(steps) lists in check mode, by their own code, in one process. Nothing is changed.
  - A step that fails does not fail this module. Its faults are returned, and the other steps still run. A step does not
    see what an earlier one would change.
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: RV(steps) has what would change.
  idempotent:
    support: full
    description: It only reads.
options:
  steps:
    description: The modules to run, in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      part:
        description: A name of your choice for what the step belongs to. It is returned with the result.
        type: str
        required: true
      module:
        description: The module, without the name of the collection.
        type: str
        required: true
        choices:
          - boot_unit
          - busybox_image
          - docker_container_set
          - docker_daemon
          - docker_network
          - docker_swarm_info
          - etcd_info
          - etcd_key
          - file_set
          - overlay_state
          - topology
          - underlay_links
      options:
        description: The module's options. Secrets among them are not shown.
        type: dict
        required: true
requirements:
  - those of the modules in O(steps)
seealso:
  - plugin: emon.overlay_lab.planned_changes
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Predict what would change
  emon.overlay_lab.plan:
    steps:
      - part: containers
        module: docker_container_set
        options:
          containers: [{name: test1, image: busybox:latest}]
  register: plan

- name: Show what would change
  ansible.builtin.debug:
    msg: "{{ plan.steps | map(attribute='lines') | flatten }}"
"""

RETURN = r"""
steps:
  description:
    - One entry a step, with its C(part) and C(module); C(faults), one line each, [] if it succeeded; C(lines), one for
      each thing that would change, [] if nothing would; C(result), what the module returns in check mode.
  type: list
  elements: dict
  returned: success
  sample:
    - part: docker_engine
      module: docker_daemon
      faults: []
      lines: ["docker.service: active: false -> true"]
      result: {restarted: true, version: 20.10.24}
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.unlogged import UnloggedModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import plan


def main() -> None:
    module = UnloggedModule(plan.ARGUMENTS, supports_check_mode=True)
    # Ansible knows none of the options inside a step, so not which are secret.
    module.no_log_values.update(plan.secrets(module.params["steps"]))
    module.exit_json(changed=False, steps=[plan.predict(step) for step in module.params["steps"]])


if __name__ == "__main__":
    main()
