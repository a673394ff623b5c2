#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: topology
short_description: Namespaces, veth pairs, bridges and routes as one desired state
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Brings namespaces, bridges, veth pairs, addresses and routes to what is listed, in one call.
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
  name: {description: "The topology's name, from which its mark is made.", type: str, required: true}
"""

EXAMPLES = r"""
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils import _topology_argspec as argspec
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import run


def main() -> None:
    module = AnsibleModule(argument_spec=argspec.topology(), supports_check_mode=True)
    try:
        result = run(module.params, module.check_mode)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
