# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: simulated_hosts_elsewhere
short_description: Whether simulated hosts were last verified at another site
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads the record that each host keeps of its lab, on the machine that runs Ansible, whether the host runs or
    not. The host controls these files, so no link is followed out of the host, and only a regular file is read.
positional: _input, site
options:
  _input:
    description: Names of the hosts.
    type: list
    elements: str
    required: true
  site:
    description: The site where they should be.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell that the lab is at another site
  ansible.builtin.debug:
    msg: it would be moved
  when: "['emon', 'emon2'] is emon.overlay_lab.simulated_hosts_elsewhere('home')"
"""

RETURN = r"""
_value:
  description: Whether one of them was proven at another site, or is on its way to one; not so without a record.
  type: bool
"""

from collections.abc import Iterable

from ansible.errors import AnsibleError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost


def simulated_hosts_elsewhere(names: Iterable[str], site: str) -> bool:
    try:
        records = [SimulatedHost(name).lab_record() for name in names]
    except LabError as error:
        raise AnsibleError(str(error)) from error
    return any(record.get("site", site) != site or record.get("moving_to") for record in records)


class TestModule:
    def tests(self) -> dict:
        return {"simulated_hosts_elsewhere": simulated_hosts_elsewhere}
