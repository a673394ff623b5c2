#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_lock
short_description: Lock a lab's host against other runs
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Two people, or one person on two machines, may run a playbook for the same lab at the same time. The lock on each
    host, in C(/var/lib/overlay-lab/lock.json), is held by one run only.
  - A run is the process of C(ansible-playbook). It may take the lock repeatedly, and releases it at its end.
  - A killed run leaves the lock. A run on the same controller takes it over without asking, because it sees that the
    process has ended, and so does any run after the host has rebooted. Other controllers are refused, with a line that
    says who has the lock, for how long, and how to break it.
  - M(emon.overlay_lab.host_info) takes the lock as well, in the first call of a playbook.
extends_documentation_fragment:
  - emon.overlay_lab.run
attributes:
  action:
    support: full
    description: A part of it runs on the controller, and says which run this is and whether another one has ended.
  check_mode:
    support: full
    description: The lock is read, and neither taken nor released.
  diff_mode:
    support: none
    description: A lock is not configuration.
  idempotent:
    support: full
    description: A lock is not configuration, so taking and releasing it are not changes.
options:
  lab:
    description: Name of the lab. A host has one lock, whatever the lab.
    type: str
    required: true
  state:
    description:
      - V(held) takes the lock, and fails if another run has it.
      - V(released) releases it. A lock of another run stays.
    type: str
    choices: [held, released]
    default: held
  break_lock:
    description: Take the lock, whichever run has it.
    type: bool
    default: false
seealso:
  - module: emon.overlay_lab.host_info
"""

EXAMPLES = r"""
- name: Lock the host
  emon.overlay_lab.lab_lock:
    lab: emon

- name: Release the lock
  emon.overlay_lab.lab_lock:
    lab: emon
    state: released
"""

RETURN = r"""
lock:
  description: The lock after the task.
  type: dict
  returned: always
  contains:
    state:
      description: V(held) by this run, V(refused) because another run has it, or V(free).
      type: str
      sample: held
    holder:
      description:
        - The other run that has the lock, or from which it was taken over. Empty if there is none.
        - C(run) (an id), C(lab), C(owner) (a description), C(since) (seconds since the epoch, by the host's
          clock), C(age) in seconds, and C(controller), where the run's process is.
      type: dict
    reason:
      description: Why it was taken over, V(ended), V(rebooted) or V(broken). Empty if it was not.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "lab": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "break_lock": {"type": "bool", "default": False},
            **lab_lock.RUN_OPTIONS,
        },
        supports_check_mode=True,
    )
    released = module.params["state"] == "released"
    try:
        if released:
            lock = lab_lock.release(module.params["_run"]["id"], write=not module.check_mode)
        else:
            lock = lab_lock.take_for(module, module.params["lab"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults, lock=lab_lock.result())
    if lock["state"] == lab_lock.REFUSED and not released:
        module.fail_json(msg=lab_lock.refusal(lock["holder"]), lock=lock)
    module.exit_json(changed=False, lock=lock)


if __name__ == "__main__":
    main()
