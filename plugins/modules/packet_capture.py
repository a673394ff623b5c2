#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packet_capture
short_description: Capture packets of a namespace or a container
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Runs tcpdump inside a network namespace or a container's, for a limited time, and writes a file on the managed host
    that Wireshark can open. Nothing has to be installed in the container.
  - To capture what other tasks send, run it with C(async) and C(poll=0), see the examples.
attributes:
  check_mode:
    support: full
    description: Can run in check mode. Place, interface and filter are checked, nothing is captured.
  diff_mode:
    support: none
    description: Will return details on what has changed. A capture is always new.
  idempotent:
    support: none
    description: Running it again captures again and replaces the file.
options:
  netns:
    description:
      - The network namespace to capture in, by name (as in C(ip netns)) or by path where there is a C(/).
      - With neither O(netns) nor O(container), the host's own namespace is used.
    type: str
  container:
    description: The Docker container to capture in, by its name or whole id. It needs to be running.
    type: str
  interface:
    description: The interface to listen on. V(any) is all of them, without their link-layer headers.
    type: str
    default: any
  filter:
    description: What to capture, in the language of pcap-filter(7). Everything by default.
    type: str
    default: ""
  seconds:
    description: How long to capture, at most 3600.
    type: float
    default: 10.0
  count:
    description: End as soon as this many packets are captured.
    type: int
  dest:
    description:
      - The file to write on the managed host. Its directory has to exist, a file of that name is replaced.
      - It appears when the capture is complete, readable only by its owner. While the capture runs, the packets are in
        a file with V(.part) appended to its name, which appears when tcpdump listens.
    type: path
    required: true
requirements:
  - tcpdump on the managed host
notes:
  - Needs root on the managed host.
seealso:
  - module: emon.overlay_lab.reachability
"""

EXAMPLES = r"""
- name: Capture the next ten ARP packets of a namespace
  emon.overlay_lab.packet_capture:
    netns: test1
    interface: veth0
    filter: arp
    count: 10
    seconds: 60
    dest: /tmp/arp.pcap

- name: Start the capture of a ping
  emon.overlay_lab.packet_capture:
    container: test1
    interface: eth0
    filter: icmp
    seconds: 5
    dest: /tmp/ping.pcap
  async: 30
  poll: 0
  register: capture

- name: Wait until the capture listens
  ansible.builtin.wait_for:
    path: /tmp/ping.pcap.part
    timeout: 10

- name: Send the ping
  emon.overlay_lab.reachability:
    probes:
      - {container: test1, to: test2}

- name: Wait for the capture to end
  ansible.builtin.async_status:
    jid: "{{ capture.ansible_job_id }}"
  register: captured
  until: captured is finished
  retries: 30
  delay: 1

- name: Fetch the file for Wireshark
  ansible.builtin.fetch:
    src: "{{ captured.path }}"
    dest: ./
    flat: true
"""

RETURN = r"""
path:
  description: The file. In check mode it does not exist.
  returned: success
  type: str
  sample: /tmp/ping.pcap
packets:
  description: Packets in the file. 0 in check mode.
  returned: success
  type: int
  sample: 6
dropped:
  description: Packets that the kernel dropped because they came too fast to be captured. 0 in check mode.
  returned: success
  type: int
  sample: 0
size:
  description: Bytes of the file. 0 in check mode.
  returned: success
  type: int
  sample: 708
msg:
  description: What was captured, or in check mode would be.
  returned: success
  type: str
  sample: captured packets that match 'icmp' on interface eth0 of container test1, for 5 s, into /tmp/ping.pcap
command:
  description: The command that was run, or in check mode would be.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import packet_capture


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "netns": {"type": "str"},
            "container": {"type": "str"},
            "interface": {"type": "str", "default": "any"},
            "filter": {"type": "str", "default": ""},
            "seconds": {"type": "float", "default": 10.0},
            "count": {"type": "int"},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        capture = packet_capture.parse(module.params)
        with DockerSocket() as docker:
            plan = packet_capture.plan(capture, docker)
        result = {"path": str(capture.dest), "packets": 0, "dropped": 0, "size": 0}
        if not module.check_mode:
            result = packet_capture.apply(plan)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    verb = "would capture" if module.check_mode else "captured"
    module.exit_json(changed=True, msg=f"{verb} {capture}", command=plan.command, **result)


if __name__ == "__main__":
    main()
