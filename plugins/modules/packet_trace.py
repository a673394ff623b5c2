#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packet_trace
short_description: Follow marked packets through the interfaces of a host
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Listens at many interfaces at once, each in its network namespace, for the marked packets of one trace, and returns
    when each of them was seen where, in which direction, and with which headers. Packets are found inside VXLAN, too.
  - One of the hosts sends the packets, in the same call. Run the task on all hosts of the path at the same time, with
    the same O(mark).
  - It ends by itself when the packets have passed, or after O(seconds). It writes no file and changes nothing.
  - To explain a loss, it returns the rules of iptables and nftables, and the drop reasons of the IP stack, whose
    counters grew meanwhile.
attributes:
  check_mode:
    support: full
    description: Can run in check mode. Following packets changes nothing, so it is done in check mode too.
  diff_mode:
    support: none
    description: Will return details on what has changed. Nothing ever changes.
  idempotent:
    support: full
    description: Running it again changes nothing, because it never changes anything.
options:
  mark:
    description: Identifies the packets of this trace, 16 hexadecimal digits. Choose them at random.
    type: str
    required: true
  protocol:
    description:
      - The kind of packets. V(icmp) are echo requests, V(udp) datagrams.
      - V(tcp) are SYN segments. No connection is established, because the sending host resets it at once.
    type: str
    choices: [icmp, tcp, udp]
    default: icmp
  addresses:
    description: The IPv4 addresses of both ends. ARP messages between them are returned as well.
    type: list
    elements: str
    default: []
  vxlan_ports:
    description: UDP ports that VXLAN uses.
    type: list
    elements: int
    default: [4789]
  encrypted:
    description:
      - Whether to return ESP packets as well. Those of the trace cannot be distinguished from others. At most 50 per
        tap and direction are returned.
    type: bool
    default: false
  taps:
    description: Where to listen.
    type: list
    elements: dict
    default: []
    suboptions:
      netns:
        description: The network namespace, by name or by path. Empty is the host's own.
        type: str
        default: ""
      interface:
        description: The interface.
        type: str
        required: true
  counters:
    description: The network namespaces whose packet filters are read before and after.
    type: list
    elements: str
    default: []
  send:
    description: What to send, if this host is the sender.
    type: dict
    suboptions:
      netns:
        description: The network namespace to send from.
        type: str
        default: ""
      to:
        description: The IPv4 address to send to.
        type: str
        required: true
      port:
        description: The port of TCP or UDP.
        type: int
      sizes:
        description:
          - Sizes of the IP packets in bytes, in turn, for ICMP. Packets of the first size may be fragmented on the way,
            those of the others may not.
        type: list
        elements: int
        default: [84]
      count:
        description: How many packets to send, at most 14.
        type: int
        default: 6
      interval:
        description: Seconds between two packets. All of them have to leave within O(seconds).
        type: float
        default: 0.05
  meeting:
    description:
      - How the hosts of a trace find out that all of them listen. Those that do not send report it to the sender, in
        UDP datagrams between the hosts' own addresses. The sender waits for these reports, for 2.5 s at most.
    type: dict
    suboptions:
      netns:
        description: The network namespace of the hosts' addresses.
        type: str
        default: ""
      address:
        description: The sender's address, for those that do not send.
        type: str
        default: 127.0.0.1
      port:
        description: A UDP port of the sender's that nothing else uses.
        type: int
        required: true
      guests:
        description: How many other hosts the sender waits for.
        type: int
        default: 0
  seconds:
    description:
      - How long to listen at most, up to 60. The host that sends may take 3 seconds more, for O(meeting) and for the
        reply to the last packet.
    type: float
    default: 5.0
  frames:
    description: Whether to return the frames as well.
    type: bool
    default: false
notes:
  - Needs root on the managed host. No Python library.
  - IPv4 only.
seealso:
  - module: emon.overlay_lab.path_state
  - module: emon.overlay_lab.packet_capture
"""

EXAMPLES = r"""
- name: Follow a ping through a namespace
  emon.overlay_lab.packet_trace:
    mark: "{{ lookup('ansible.builtin.password', '/dev/null', chars=['hexdigits'], length=16) | lower }}"
    addresses: [192.168.1.1, 192.168.1.2]
    taps:
      - {netns: test1, interface: veth0}
      - {netns: test2, interface: veth0}
    send: {netns: test1, to: 192.168.1.2}
  register: traced

- name: Check that the packets of the first namespace arrived in the second
  ansible.builtin.assert:
    that: traced.sightings | selectattr('tap', 'eq', 1) | selectattr('kind', 'eq', 'request') | length > 0
"""

RETURN = r"""
sightings:
  description: What was seen, in the order of time.
  returned: success
  type: list
  elements: dict
  contains:
    tap:
      description: The number of the tap in O(taps), from 0.
      type: int
      sample: 0
    time:
      description: When the kernel saw it, in nanoseconds of the host's clock since the epoch.
      type: int
    outgoing:
      description: Whether it left through the interface. Otherwise it came in.
      type: bool
    kind:
      description: V(request), V(reply), V(error) for an ICMP error about one, V(arp request), V(arp reply), or V(esp).
      type: str
      sample: request
    index:
      description: The packet's number, from 0. Null for ARP and ESP.
      type: int
      sample: 0
    layers:
      description:
        - The IP headers from the outside in, each with C(src), C(dst), C(protocol), C(ttl), C(length),
          C(dont_fragment), C(fragment) and, for TCP and UDP, C(src_port) and C(dst_port).
      type: list
      elements: dict
    vni:
      description: The number of the VXLAN that it was in. Null if it was in none.
      type: int
      sample: 256
    udp_port:
      description: The UDP port of that VXLAN.
      type: int
      sample: 4789
    said:
      description: The flags of a TCP segment, or what an ICMP error says.
      type: str
      sample: SYN
    mtu:
      description: The MTU that an ICMP error demands.
      type: int
    checksum_left:
      description: Whether the checksum is left to the network card.
      type: bool
    frame:
      description: The frame in Base64. Null without O(frames).
      type: str
silent:
  description: Taps at which listening failed, each with C(tap) and C(error).
  returned: success
  type: list
  elements: dict
  sample: [{tap: 2, error: the link is down}]
sent:
  description:
    - The packets that this host sent, each with C(index), C(size), C(dont_fragment), C(error), why it did not leave,
      and C(mtu), the path's MTU if that is why.
  returned: success
  type: list
  elements: dict
met:
  description: For how many other hosts the sender knew that they listened.
  returned: success
  type: int
  sample: 2
counted:
  description:
    - By namespace (C(netns)), C(rules), which drop or reject and have counted packets meanwhile, each with C(table),
      C(chain), C(rule), C(packets) and C(remove), a command that removes it; C(uncounted), rules that drop and have no
      counter; and C(stack), the reasons for which the IP stack dropped packets. A queue is a rule as well, whose table
      is C(tc) and its interface.
    - Empty if every tap has seen every packet and its reply, which a reset is not.
  returned: success
  type: list
  elements: dict
began:
  description: When the taps were open, in seconds of the host's clock since the epoch.
  returned: success
  type: float
ended:
  description: When they were closed.
  returned: success
  type: float
dropped:
  description: How many marked packets came too fast to be read.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import part


def main() -> None:
    module = AnsibleModule(argument_spec=part.OPTIONS, supports_check_mode=True)
    try:
        result = part.run(part.parse(module.params))
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
