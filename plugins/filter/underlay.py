# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: underlay
short_description: The underlay of a lab's simulated hosts, as options of the module topology
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - A bridge in the namespace C(LAB-underlay), and for each host a veth from C(eth0) in its namespace to that bridge.
positional: _input, hosts, site, sites
options:
  _input:
    description: Name of the lab.
    type: str
    required: true
  hosts:
    description: The hosts by name, each with C(addresses) by site, as the variable C(lab_hosts).
    type: dict
    required: true
  site:
    description: The site where the hosts are.
    type: str
    required: true
  sites:
    description: The sites by name, each with C(subnet) and C(mtu), as the variable C(lab_sites).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The simulated hosts have an underlay
  emon.overlay_lab.topology: "{{ lab_name | emon.overlay_lab.underlay(lab_hosts, lab_site, lab_sites) }}"
"""

RETURN = r"""
_value:
  description: Options of M(emon.overlay_lab.topology).
  type: dict
"""

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated.underlay import site_of, underlay


class FilterModule:
    def filters(self) -> dict:
        return {"underlay": underlay, "underlay_site": site_of}
