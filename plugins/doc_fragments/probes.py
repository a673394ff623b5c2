# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of every module that probes. In step with PROBES in module_utils/_probe/reachability.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  probes:
    description: What to probe, and from where.
    type: list
    elements: dict
    default: []
    suboptions:
      netns:
        description:
          - The network namespace to probe from, by name (as in C(ip netns)) or by path where there is a C(/).
          - With neither O(probes[].netns) nor O(probes[].container), the host's own namespace is used.
        type: str
      container:
        description: The Docker container to probe from, by its name or whole id. It needs to be running.
        type: str
      to:
        description:
          - The IPv4 or IPv6 address, or the name, to probe.
          - A name that has addresses of both families is probed at its IPv4 address.
        type: str
        required: true
      protocol:
        description: V(icmp) sends echo requests as ping does, V(tcp) opens connections as telnet does.
        type: str
        choices: [icmp, tcp]
        default: icmp
      port:
        description: The TCP port. Required with, and only with, O(probes[].protocol=tcp).
        type: int
      size:
        description:
          - Bytes of payload in an ICMP packet, 56 by default. The packet on the wire is 28 bytes longer with IPv4, 48
            with IPv6.
        type: int
      dont_fragment:
        description:
          - Forbid routers and this host to fragment ICMP packets, so a packet longer than the path's MTU is lost.
            The MTU that the packet exceeded is returned.
        type: bool
      count:
        description: How many packets to send, or connections to open.
        type: int
        default: 3
      interval:
        description: Seconds between packets.
        type: float
        default: 0.2
      timeout:
        description: Seconds to wait for the answer to each packet.
        type: float
        default: 1.0
      max_loss:
        description: Largest share of packets (0 to 1) that may be lost while the target still counts as reachable.
        type: float
        default: 0.0
      within:
        description:
          - Seconds in which the probe is repeated until the target counts as reachable.
          - The name is looked up again each time.
          - V(0.0) does not repeat it.
        type: float
        default: 0.0
      payload:
        description:
          - Bytes, at most 1048576, that are sent over the TCP connection and have to come back, as from an echo
            service.
          - V(0) opens the connection and closes it.
        type: int
        default: 0
"""
