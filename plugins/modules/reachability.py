#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability
short_description: Probe whether packets cross a network
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Sends ICMP echo requests or opens TCP connections from network namespaces and containers, and returns loss and
    round-trip times as data.
  - All probes of a call run concurrently, so a call takes as long as its slowest probe.
  - Nothing has to be installed in a container. Names are looked up as the container would, in its C(/etc/hosts) and
    with its DNS servers, Docker's own included.
extends_documentation_fragment:
  - emon.overlay_lab.probes
attributes:
  check_mode:
    support: full
    description: Can run in check mode. Probes change nothing, so they are sent in check mode too.
  diff_mode:
    support: none
    description: Will return details on what has changed. Nothing ever changes.
  idempotent:
    support: full
    description: Running it again changes nothing, because it never changes anything.
options:
  echoes:
    description:
      - TCP ports at which this call itself returns what it receives, for the O(probes[].payload) of other hosts' calls
        that run at the same time.
      - A port that another program uses is left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      netns:
        description: The network namespace, as for O(probes[].netns).
        type: str
      container:
        description: The Docker container, as for O(probes[].container).
        type: str
      port:
        description: The TCP port.
        type: int
        required: true
      connections:
        description: How many connections to answer before the call may end.
        type: int
        default: 1
      seconds:
        description: For how long they are waited for.
        type: float
        default: 5.0
  measures:
    description:
      - Links of this host to be measured, one after the other, once all probes and echoes have ended. By echo requests
        alone; both directions of a link are taken to be alike.
    type: list
    elements: dict
    default: []
    suboptions:
      to:
        description: The other host's IPv4 address.
        type: str
        required: true
      count:
        description: How many small packets are sent, for loss and delay. A small loss takes many.
        type: int
        default: 100
      timeout:
        description: For how many seconds the last reply is waited for.
        type: float
        default: 1.0
      rate:
        description: The bits a second that the link is expected to carry. V(0) does not measure them.
        type: int
        default: 0
      mtu:
        description: The link's MTU, the size of the packets that the rate is measured with.
        type: int
        default: 1500
  fail:
    description: Whether to fail if a target is not reachable. Otherwise this is only in the return values.
    type: bool
    default: true
notes:
  - Needs root on the managed host, for raw sockets and for entering namespaces.
  - Names are looked up in C(/etc/hosts) and DNS only, not in other sources of C(nsswitch.conf).
seealso:
  - module: emon.overlay_lab.packet_capture
"""

EXAMPLES = r"""
- name: Check that two containers reach each other, by name and at full size
  emon.overlay_lab.reachability:
    probes:
      - {container: test1, to: test2}
      - {container: test1, to: test2, size: 1422, dont_fragment: true}
      - {container: test1, to: test2, protocol: tcp, port: 80}

- name: Check that a namespace reaches its gateway and not the world
  emon.overlay_lab.reachability:
    probes:
      - {netns: test1, to: 192.168.1.254}
      - {netns: test1, to: 203.0.113.1, count: 1}
    fail: false
  register: probed
  failed_when: probed.results | map(attribute='ok') != [true, false]

- name: Wait until a service answers
  emon.overlay_lab.reachability:
    probes:
      - {to: 192.168.1.116, protocol: tcp, port: 2379, count: 1}
  register: etcd
  until: etcd is succeeded
  retries: 10
  delay: 1
"""

RETURN = r"""
reachable:
  description: Whether every probe succeeded.
  returned: always
  type: bool
  sample: true
results:
  description: One entry for each probe, in their order.
  returned: when the options are right
  type: list
  elements: dict
  contains:
    netns:
      description: The namespace probed from, as given.
      type: str
      sample: null
    container:
      description: The container probed from, as given.
      type: str
      sample: test1
    to:
      description: The target as given.
      type: str
      sample: test2
    address:
      description: The target's address. Null if the name could not be resolved, or the place not be entered.
      type: str
      sample: 10.0.0.3
    protocol:
      description: The protocol of the probe.
      type: str
      sample: icmp
    port:
      description: The TCP port.
      type: int
      sample: null
    size:
      description: Bytes of ICMP payload.
      type: int
      sample: 56
    dont_fragment:
      description: Whether fragmentation was forbidden.
      type: bool
      sample: false
    sent:
      description: Packets sent or connections tried. V(0) if the target was not asked.
      type: int
      sample: 3
    received:
      description: Replies received or connections opened; with O(probes[].payload), those that sent it back as well.
      type: int
      sample: 3
    loss:
      description: Share of packets that were lost, 0 to 1.
      type: float
      sample: 0.0
    rtt_ms:
      description: Minimum, mean and maximum round-trip time in milliseconds. Null without a reply.
      type: dict
      sample: {min: 0.061, avg: 0.08, max: 0.113}
    path_mtu:
      description: The MTU of the path, if a packet was too long for it.
      type: int
      sample: null
    unknown_name:
      description: Whether the target was not asked because its name has no address where the probe comes from.
      type: bool
      sample: false
    ok:
      description: Whether the target is reachable.
      type: bool
      sample: true
    error:
      description: Why it is not, in one line.
      type: str
      sample: null
measured:
  description: One entry for each of O(measures), in their order.
  returned: when the options are right
  type: list
  elements: dict
  contains:
    to:
      description: The address as given.
      type: str
      sample: 10.0.0.117
    sent:
      description: Small packets sent.
      type: int
      sample: 1000
    received:
      description: Replies to them.
      type: int
      sample: 981
    loss:
      description: >-
        The share that one direction loses, from 0 to 1, by that of requests without a reply. Null if nothing was sent.
      type: float
      sample: 0.00955
    rtt_ms:
      description: The median round-trip time in milliseconds. Null without a reply.
      type: float
      sample: 40.2
    rate:
      description: Bits a second, with the Ethernet header. Null if it was not measured.
      type: int
      sample: 99600000
    error:
      description: Why nothing came back, in one line.
      type: str
      sample: null
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import echo, measure, reachability


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "probes": reachability.PROBES,
            "echoes": echo.ECHOES,
            "measures": measure.MEASURES,
            "fail": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        probes, echoes = reachability.parse(module.params["probes"]), echo.parse(module.params["echoes"])
        measures = measure.parse(module.params["measures"])
        results, measured = reachability.run(probes, echoes), measure.run(measures)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    failures = reachability.failures(results)
    if failures and module.params["fail"]:
        module.fail_json(msg="\n".join(failures), reachable=False, results=results, measured=measured)
    module.exit_json(changed=False, reachable=not failures, results=results, measured=measured)


if __name__ == "__main__":
    main()
