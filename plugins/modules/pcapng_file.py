#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pcapng_file
short_description: Write frames of several interfaces into one file for Wireshark
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Writes frames into a pcapng file, with an interface for each place where they were captured, and comments.
  - M(emon.overlay_lab.packet_trace) returns such frames, and C(playbooks/trace.yml) has the controller write them.
attributes:
  check_mode:
    support: full
    description: Can run in check mode. The options are checked, no file is written.
  diff_mode:
    support: none
    description: Will return details on what has changed. A capture is always new.
  idempotent:
    support: none
    description: Running it again replaces the file.
options:
  dest:
    description: The file. Its directory has to exist, a file of that name is replaced.
    type: path
    required: true
  comment:
    description: A comment on the whole file.
    type: str
    default: ""
  interfaces:
    description: Where frames were captured.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The interface's name in Wireshark.
        type: str
        required: true
      description:
        description: The interface's description.
        type: str
        default: ""
      packets:
        description: The frames that were captured there.
        type: list
        elements: dict
        default: []
        suboptions:
          time:
            description: When, in nanoseconds since the epoch.
            type: int
            required: true
          frame:
            description: The Ethernet frame in Base64.
            type: str
            required: true
          comment:
            description: A comment on the packet.
            type: str
            default: ""
requirements:
  - python-pcapng
seealso:
  - module: emon.overlay_lab.packet_trace
"""

EXAMPLES = r"""
- name: Write the frames of two taps
  emon.overlay_lab.pcapng_file:
    dest: /tmp/trace.pcapng
    interfaces:
      - {name: test1 eth0, description: where it begins, packets: "{{ heard[0] }}"}
      - {name: test2 eth0, description: where it ends, packets: "{{ heard[1] }}"}
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The file. In check mode it is not written.
  returned: success
  type: str
  sample: /tmp/trace.pcapng
packets:
  description: How many packets are in it.
  returned: success
  type: int
  sample: 60
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import pcapng_file


def main() -> None:
    module = AnsibleModule(argument_spec=pcapng_file.OPTIONS, supports_check_mode=True)
    validate(module, "pcapng")
    try:
        capture = pcapng_file.parse(module.params)
        if not module.check_mode:
            pcapng_file.write(capture)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=True, path=str(capture.dest), packets=len(capture.packets))


if __name__ == "__main__":
    main()
