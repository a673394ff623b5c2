#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_opening
short_description: Open a host's firewall for a lab's peers only
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Opens ports in ufw or firewalld, permanently, for the addresses of the peers only. Rules that were there before are
    left alone, even if they say the same.
  - A host whose packet filter is managed by neither of the two is left alone. There M(emon.overlay_lab.port_probe)
    finds the closed ports, and the filter P(emon.overlay_lab.port_faults#filter) names the commands that open them.
extends_documentation_fragment:
  - emon.overlay_lab.owner
attributes:
  check_mode:
    support: full
    description: Returns which rules would be added and removed.
  diff_mode:
    support: full
    description: Shows the rules that are added and removed.
  idempotent:
    support: full
    description: Existing rules are not added again.
options:
  address:
    description: >-
      The host's own address, which the peers connect to. It determines firewalld's zone. Needed for O(state=present).
    type: str
  peers:
    description:
      - Addresses to allow. Other addresses that this module allowed before are removed.
      - With O(state=absent), the addresses to remove. An empty list stands for all that this module allowed.
    type: list
    elements: str
    default: []
  ports:
    description: The ports to open for them.
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description: Its protocol.
        type: str
        choices: [tcp, udp]
        required: true
      port:
        description: Its number.
        type: int
        required: true
  state:
    description: V(absent) removes the rules that this module added, for O(peers) or for all.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root. The added rules are recorded in C(/var/lib/overlay-lab/state.json).
  - The rules of firewalld become part of its running and its permanent configuration, without a reload.
seealso:
  - module: emon.overlay_lab.port_probe
"""

EXAMPLES = r"""
- name: Open the ports of etcd and the overlay for the peers
  emon.overlay_lab.firewall_opening:
    lab: emon
    address: 10.0.0.117
    peers: [10.0.0.116]
    ports:
      - {protocol: tcp, port: 2379}
      - {protocol: tcp, port: 2380}
      - {protocol: udp, port: 4789}

- name: Close the firewall for a host that left
  emon.overlay_lab.firewall_opening:
    lab: emon
    peers: [10.0.0.118]
    state: absent

- name: Remove all rules that this module added
  emon.overlay_lab.firewall_opening:
    lab: emon
    state: absent
"""

RETURN = r"""
manager:
  description:
    - What manages the host's packet filter, V(ufw) or V(firewalld), V(nftables) or V(iptables) for rules from
      elsewhere, or empty if nothing refuses packets. With O(state=absent), what had this module's rules.
  returned: success
  type: str
  sample: ufw
managed:
  description: Whether this module can add rules to it.
  returned: success
  type: bool
rules:
  description: The rules that this module added.
  returned: success
  type: list
  elements: str
  sample: ["allow from 10.0.0.116 to any port 2379,2380 proto tcp"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall as host_firewall
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall_rules


def main() -> None:
    port = {
        "protocol": {"type": "str", "choices": ["tcp", "udp"], "required": True},
        "port": {"type": "int", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "lab": {"type": "str", "default": ""},
            "address": {"type": "str"},
            "peers": {"type": "list", "elements": "str", "default": []},
            "ports": {"type": "list", "elements": "dict", "default": [], "options": port},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("address",))],
        supports_check_mode=True,
    )
    try:
        desired = firewall_rules.Desired.of(module.params) if module.params["state"] == "present" else None
        firewall = host_firewall.detect(host_firewall.interface(module.params["address"]))
        leaving = tuple(module.params["peers"]) if desired is None else ()
        plan = firewall_rules.Plan(firewall, desired, leaving=leaving, lab=module.params["lab"])
        if not module.check_mode:
            plan.apply()
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(
        changed=plan.differences.changed,
        diff=plan.differences.diff,
        manager=plan.manager,
        managed=plan.managed,
        rules=plan.rules,
    )


if __name__ == "__main__":
    main()
