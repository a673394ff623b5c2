#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: port_probe
short_description: Prove that hosts reach each other's ports, before anything listens there
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Runs on all hosts at the same time. Each host listens on its own ports, and probes the ports of its peers, TCP and
    UDP, with real packets, until every port has answered. So packet filters on the hosts and between them are found
    before a service is moved.
  - A call ends as soon as all results are known and no peer needs an answer any more, well below a second after the
    last host has begun. The module stops waiting for a silent port O(quiet) seconds after anything else was received
    from its host, and for everything at O(deadline).
  - A port that a service uses is left to the service. Over TCP it counts as reached if it accepts a connection,
    over UDP it is not probed.
  - The hosts also compare their clocks.
attributes:
  check_mode:
    support: full
    description: Probes change nothing, so they are sent in check mode, too.
  diff_mode:
    support: none
    description: It changes nothing.
  idempotent:
    support: full
    description: It changes nothing.
options:
  lab:
    description: Name of the lab. Probes of other labs are not answered.
    type: str
    required: true
  name:
    description: The host's own name among its peers.
    type: str
    required: true
  address:
    description: The host's own address, which peers probe, and from which it probes them.
    type: str
    required: true
  listen:
    description: The ports on which the host answers.
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
  peers:
    description: The other hosts, including those that only probe.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its O(name) in its own call.
        type: str
        required: true
      address:
        description: Its address.
        type: str
        required: true
      ports:
        description: The ports to probe.
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
  deadline:
    description:
      - Seconds after which the call ends in any case. All hosts have to begin within this time, so no host may wait for
        a fork, V(throttle) or V(serial).
    type: float
    default: 30.0
  quiet:
    description: Seconds to wait for a silent port after anything else was received from its host.
    type: float
    default: 5.0
notes:
  - Its listeners exist during the call only, at O(address) only, and answer nothing but probes.
  - Probing does not need root. Only root can see which packet filter is active on the host.
seealso:
  - plugin: emon.overlay_lab.port_plan
    plugin_type: filter
  - plugin: emon.overlay_lab.port_faults
    plugin_type: filter
  - module: emon.overlay_lab.reachability
"""

EXAMPLES = r"""
- name: Read facts of the hosts
  emon.overlay_lab.host_info:
  register: lab_host_info

- name: Probe the ports between the hosts
  emon.overlay_lab.port_probe:
    lab: "{{ lab_name }}"
    name: "{{ inventory_hostname }}"
    address: "{{ mine.address }}"
    listen: "{{ mine.listen }}"
    peers: "{{ mine.peers }}"
  vars:
    infos: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'lab_host_info'))) }}"
    mine: "{{ (infos | emon.overlay_lab.port_plan(lab))[inventory_hostname] }}"
  register: lab_ports
"""

RETURN = r"""
listening:
  description: The host's own ports.
  returned: success
  type: list
  elements: dict
  contains:
    protocol: {description: Its protocol., type: str}
    port: {description: Its number., type: int}
    state:
      description: V(listening) during the call, V(in_use) by a service, or V(unreachable) if it cannot be bound.
      type: str
      sample: listening
    error: {description: The system's error., type: str}
peers:
  description: The results, in the order of O(peers).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The peer's name., type: str}
    address: {description: The peer's address., type: str}
    heard:
      description: Whether any probe or answer has come from it.
      type: bool
    clock_offset:
      description: Seconds by which its clock is ahead of this host's. Null if it did not answer.
      type: float
    round_trip:
      description: Seconds that the answer took from which the offset was computed; its error is at most half of that.
      type: float
    ports:
      description: One entry for each of its ports.
      type: list
      elements: dict
      contains:
        protocol: {description: Its protocol., type: str}
        port: {description: Its number., type: int}
        state:
          description:
            - V(open), the probe was answered; V(service), a program other than this peer's probe accepted a connection;
              V(in_use), by a service of the peer, so not probed.
            - V(refused), by the host or a packet filter; V(unreachable), for the reason in RV(peers[].ports[].error);
              V(no_answer).
          type: str
          sample: open
        error: {description: Why it is not open., type: str}
firewall:
  description:
    - C(manager), the packet filter that may refuse packets to the host, and C(places), where in its rules.
    - C(sources), the networks that have their own zone in firewalld, each with that zone; C(before), what chains
      before the input hook may refuse, each with C(place), C(protocol), C(ports) as ranges, and C(sources), all of
      them if it is empty; C(read), the programs that were read. Filters of other programs are not known.
  returned: success
  type: dict
  sample: {manager: nftables, places: [inet filter input], sources: {}, before: [], read: [nft]}
time:
  description: The host's clock, in seconds since the epoch.
  returned: success
  type: float
seconds:
  description: How long it took.
  returned: success
  type: float
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import port_probe


def main() -> None:
    module = AnsibleModule(argument_spec=port_probe.OPTIONS, supports_check_mode=True)
    try:
        result = port_probe.execute(port_probe.parse(module.params))
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
