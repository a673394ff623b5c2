# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ip-xfrm(8) writes of a host in a swarm with an encrypted network (Docker 20.10, iproute2 6.1)."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import ipsec

STATES = """\
src 10.0.0.117 dst 10.0.0.116
\tproto esp spi 0x9c1f3d52 reqid 13681891 mode transport
\treplay-window 0 
\taead rfc4106(gcm(aes)) <<Keys hidden>> 64
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src 0.0.0.0/0 dst 0.0.0.0/0 
src 10.0.0.116 dst 10.0.0.117
\tproto esp spi 0x00000000 reqid 13681891 mode transport
\treplay-window 0 
\tsel src 10.0.0.116/32 dst 10.0.0.117/32 proto udp sport 53 dport 4789 
src 10.0.0.1 dst 10.0.0.2
\tproto ah spi 0x00000011 reqid 0 mode transport
"""  # noqa: W291  # as it is written
POLICIES = """\
src 10.0.0.116/32 dst 10.0.0.117/32 proto udp dport 4789 
\tdir out priority 0 ptype main 
\tmark 0xd0c4e3/0xffffffff 
\ttmpl src 10.0.0.116 dst 10.0.0.117
\t\tproto esp spi 0x9c1f3d52 reqid 13681891 mode transport
src 10.0.0.0/24 dst 0.0.0.0/0 
\tdir in action block priority 0 ptype main 
src 0.0.0.0/0 dst 0.0.0.0/0 
\tsocket in priority 0 ptype main 
"""  # noqa: W291  # as it is written


def test_states_of_esp_that_have_a_key() -> None:
    assert ipsec.parse_states(STATES) == [{"src": "10.0.0.117", "dst": "10.0.0.116", "spi": "0x9c1f3d52"}]


def test_policies_that_demand_esp() -> None:
    assert ipsec.parse_policies(POLICIES) == [{"src": "10.0.0.116", "dst": "10.0.0.117", "direction": "out"}]
