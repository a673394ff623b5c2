# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each cause, where a trace misses the packet, and the sentence that a person reads."""

# ruff: noqa: E501  # a fault is one line, so its expectation is one, too
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import table, trace
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.verdict import judge
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace import a_lab
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace.a_lab import MACS, OVERLAY, States

# Of the way between simulated hosts by Docker's overlay, the number of the hop in the table.
TEST1, VETH1, VXLAN1, CARD1, PORT1, PORT2, CARD2, VXLAN2, VETH2, TEST2 = range(1, 11)
ON_EMON = f"nsenter --net={OVERLAY}"
Change = Callable[[States], Any]


def of_link(host: str, netns: str, name: str, **change: Any) -> Change:
    return lambda states: a_lab.the_link(states, host, netns, name).update(change)


def of_table(host: str, table_name: str, entries: list[dict[str, Any]]) -> Change:
    return lambda states: a_lab.space(states, host, OVERLAY).update({table_name: entries})


def of_routes(host: str, netns: str, routes: list[dict[str, Any]]) -> Change:
    return lambda states: a_lab.space(states, host, netns)["routes"].extend(routes)


def both(*changes: Change) -> Change:
    return lambda states: [change(states) for change in changes]


def entry(remote: str) -> dict[str, Any]:
    return {"dev": "vxlan0", "mac": MACS["test2"], "remote": remote}


def lost_at(hop: int, way: str = "request") -> str:
    return f"the {way} is lost between hop {hop - 1 if way == 'request' else hop + 1}, .* and hop {hop}, "


@pytest.mark.parametrize(
    ("engine", "target"),
    [("overlay", "test2"), ("overlay", "near"), ("vxlan", "test2"), ("vxlan", "near")],
)
def test_it_arrived(engine: str, target: str) -> None:
    made = a_lab.plan(a_lab.states(engine), target=target)
    found = judge(made, a_lab.traced(made))
    assert found.ok, found.line
    assert found.line.startswith(f"arrived: test1 reaches {target} at 10.200.0.")
    assert "so do 1450 bytes in one piece" in found.line


@pytest.mark.parametrize(
    ("change", "forth", "cause"),
    [
        pytest.param(
            of_link("emon", OVERLAY, "vxlan0", up=False),
            VETH1,
            "vxlan0 in demo on emon is down; on emon: .* ip link set vxlan0 up",
            id="VXLAN down",
        ),
        pytest.param(of_link("emon", OVERLAY, "br0", up=False), VETH1, "br0 in demo on emon is down", id="bridge down"),
        pytest.param(
            of_link("emon", "", "eth0", up=False),
            VXLAN1,
            "eth0 on emon is down; on emon: ip link set eth0 up",
            id="card down",
        ),
        pytest.param(
            of_link("localhost", "emon-underlay", "emon2", up=False),
            PORT1,
            "emon2 in underlay is down; on this machine: ip netns exec emon-underlay ip link set emon2 up",
            id="cable down",
        ),
        pytest.param(
            of_link("emon2", "/run/docker/netns/test2", "eth0", up=False),
            VXLAN2,
            "eth0 in test2 on emon2 is down",
            id="container's interface down",
        ),
        pytest.param(
            of_link("emon2", "", "eth0", carrier=False), PORT2, "eth0 on emon2 has no carrier", id="no carrier"
        ),
        pytest.param(
            of_table("emon", "fdb", [entry("10.0.0.99")]),
            VXLAN1,
            rf"vxlan0 in demo on emon forwards {MACS['test2']} \(test2\) to 10.0.0.99, not to emon2 at 10.0.0.117; on emon: {ON_EMON} bridge fdb replace {MACS['test2']} dev vxlan0 dst 10.0.0.117",
            id="forwarding entry astray, before the wire",
        ),
        pytest.param(
            of_table("emon", "fdb", [entry("10.0.0.99")]),
            CARD1,
            "to 10.0.0.99, not to emon2",
            id="forwarding entry astray, on the wire",
        ),
        pytest.param(
            of_table("emon", "fdb", [entry("10.0.0.117"), entry("10.0.0.99")]),
            CARD1,
            "bridge fdb del .* dst 10.0.0.99",
            id="a stale one beside the right one",
        ),
        pytest.param(
            of_table("emon", "fdb", []),
            VXLAN1,
            rf"vxlan0 in demo on emon has no forwarding entry for {MACS['test2']} \(test2\)",
            id="forwarding entry missing",
        ),
        pytest.param(
            both(of_table("emon", "fdb", []), of_table("emon", "neighbours", [])),
            VXLAN1,
            "Docker's gossip has not told emon of it; on emon2: docker restart test2",
            id="gossip",
        ),
        pytest.param(
            of_link("emon2", "", "eth0", addresses=["10.0.0.99/24"]),
            VXLAN1,
            "emon2 does not have the address 10.0.0.117",
            id="host's address",
        ),
        pytest.param(
            of_routes("emon", "", [{"to": "10.0.0.117/32", "via": "10.0.0.254", "dev": "eth0"}]),
            VXLAN1,
            r"emon sends packets for 10.0.0.117 \(emon2\) to the gateway 10.0.0.254, though both are in the subnet of eth0;"
            " on emon: ip route del 10.0.0.117/32 via 10.0.0.254 dev eth0",
            id="host's route",
        ),
        pytest.param(
            of_table("emon", "neighbours", [{"dev": "vxlan0", "address": "10.200.0.3", "mac": "02:00:00:00:00:99"}]),
            VXLAN1,
            f"vxlan0 in demo on emon has the MAC 02:00:00:00:00:99 for 10.200.0.3, and test2 has {MACS['test2']}",
            id="wrong neighbour",
        ),
    ],
)
def test_where_and_why_a_request_is_lost(change: Change, forth: int, cause: str) -> None:
    states = a_lab.states()
    change(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, forth=forth))
    assert not found.ok
    assert a_lab.matches(lost_at(forth + 1), found.line), found.line
    assert a_lab.matches(cause, found.line), found.line


CABLE_DOWN = "emon2 in underlay is down; on this machine: ip netns exec emon-underlay ip link set emon2 up"


@pytest.mark.parametrize(
    ("host", "netns", "name", "cause"),
    [
        pytest.param("localhost", "emon-underlay", "emon2", CABLE_DOWN, id="cable"),
        pytest.param("localhost", "emon-underlay", "underlay", "underlay in underlay is down", id="bridge"),
        pytest.param("emon2", "", "eth0", "eth0 on emon2 is down", id="card"),
    ],
)
def test_a_link_of_the_underlay_is_down_and_the_hosts_do_not_know_each_other(
    host: str, netns: str, name: str, cause: str
) -> None:
    """A host asks by ARP for the other one before the first VXLAN packet leaves: it is missed there, not at the link."""
    states = a_lab.states("vxlan")
    of_link(host, netns, name, up=False)(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, forth=VXLAN1))
    assert a_lab.matches(lost_at(CARD1), found.line), found.line
    assert cause in found.line
    # So is the ARP request of the container.
    results = a_lab.traced(made, forth=0)
    a_lab.arp(made, results, hops=VXLAN1)
    found = judge(made, results)
    assert "the request is not seen at hop 1, eth0 in test1 on emon (test1 asks by ARP" in found.line
    assert cause in found.line


def test_a_link_behind_a_router_is_down() -> None:
    """The router asks by ARP for the container, and no trace sees that."""
    states = a_lab.states(simulated=False)
    a_lab.publish(states)
    of_link("emon2", "/run/docker/netns/test2", "eth1", up=False)(states)
    made = a_lab.plan(states, "emon", "emon2", "8080")
    found = judge(made, a_lab.traced(made, forth=2))
    assert "is lost between hop 2, eth0 on emon2 and hop 3, docker_gwbridge on emon2: eth1 in test2" in found.line
    assert "is down" not in judge(made, a_lab.traced(made, forth=1)).line


def test_the_answer_by_arp_is_lost_on_the_underlay() -> None:
    states = a_lab.states("vxlan")
    of_link("localhost", "emon-underlay", "emon", up=False)(states)
    made = a_lab.plan(states)
    results = a_lab.traced(made, forth=0)
    a_lab.arp(made, results, hops=99, answered=3)  # not at emon2's card any more
    assert "emon in underlay is down" in judge(made, results).line


def test_a_link_behind_the_vxlan_explains_nothing_before_it() -> None:
    states = a_lab.states("vxlan")
    of_link("emon2", "/run/docker/netns/test2", "eth0", up=False)(states)
    made = a_lab.plan(states)
    assert "is down" not in judge(made, a_lab.traced(made, forth=VXLAN1)).line
    assert "is down" not in judge(made, a_lab.traced(made, forth=0)).line


def test_nothing_is_flooded_and_an_entry_remains() -> None:
    """What has an entry of its own passes, and ARP requests, which are flooded, do not."""
    states = a_lab.states("vxlan")
    a_lab.space(states, "emon", "")["fdb"] = [{"dev": "vxlan-9", "mac": MACS["test2"], "remote": "10.0.0.117"}]
    made = a_lab.plan(states)
    results = a_lab.traced(made, forth=0)
    a_lab.arp(made, results, hops=VXLAN1)
    found = judge(made, results)
    assert "vxlan-9 on emon floods nothing to emon2 at 10.0.0.117, and ARP requests are flooded" in found.line
    assert found.line.endswith("on emon: bridge fdb append 00:00:00:00:00:00 dev vxlan-9 dst 10.0.0.117")
    assert "floods" not in judge(made, a_lab.traced(made, forth=VXLAN1)).line


@pytest.mark.parametrize(
    ("change", "back", "cause"),
    [
        pytest.param(
            of_table("emon2", "fdb", [{"dev": "vxlan0", "mac": MACS["test1"], "remote": "10.0.0.98"}]),
            3,
            r"vxlan0 in demo on emon2 forwards .* \(test1\) to 10.0.0.98, not to emon at 10.0.0.116",
            id="forwarding entry astray",
        ),
        pytest.param(
            of_table("emon2", "fdb", []),
            3,
            r"vxlan0 in demo on emon2 has no forwarding entry for .* \(test1\)",
            id="forwarding entry missing",
        ),
    ],
)
def test_where_and_why_a_reply_is_lost(change: Change, back: int, cause: str) -> None:
    states = a_lab.states()
    change(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, back=back))
    assert a_lab.matches(lost_at(TEST2 - back, "reply"), found.line), found.line
    assert a_lab.matches(cause, found.line), found.line


def test_a_static_entry_of_the_far_host_drops_what_comes_from_elsewhere() -> None:
    """As the kernel does (vxlan_snoop): a VXLAN that learns does not learn over a static entry."""
    states = a_lab.states()
    of_table("emon2", "fdb", [{"dev": "vxlan0", "mac": MACS["test1"], "remote": "10.0.0.98"}])(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, forth=CARD2))
    assert a_lab.matches(lost_at(VXLAN2), found.line), found.line
    assert (
        f"vxlan0 in demo on emon2 has {MACS['test1']} (test1) at 10.0.0.98, and drops what comes with it from emon at 10.0.0.116"
        in found.line
    )
    assert found.line.endswith(f"bridge fdb replace {MACS['test1']} dev vxlan0 dst 10.0.0.116")


def test_the_targets_address_was_removed() -> None:
    states = a_lab.states()
    of_link("emon2", "/run/docker/netns/test2", "eth0", addresses=[])(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, back=0))
    assert "the reply is not seen at hop 10, eth0 in test2 on emon2" in found.line
    assert "eth0 in test2 on emon2 has no address 10.200.0.3, which Docker gave test2; on emon2: nsenter" in found.line
    assert "ip address add 10.200.0.3/24 dev eth0" in found.line


def test_the_targets_address_was_removed_and_nothing_leaves_for_want_of_arp() -> None:
    states = a_lab.states("vxlan")
    of_link("emon2", "/run/docker/netns/test2", "eth0", addresses=[])(states)
    made = a_lab.plan(states)
    results = a_lab.traced(made, forth=0)
    a_lab.arp(made, results, hops=99)
    found = judge(made, results)
    assert (
        "the request is not seen at hop 1, eth0 in test1 on emon (test1 asks by ARP who has 10.200.0.3, in vain)"
        in found.line
    )
    assert "eth0 in test2 on emon2 has no address 10.200.0.3" in found.line


def test_a_neighbour_is_missing_and_nothing_leaves_for_want_of_arp() -> None:
    """Docker's VXLAN answers ARP requests itself: no other host is asked."""
    states = a_lab.states()
    of_table("emon", "neighbours", [])(states)
    made = a_lab.plan(states)
    results = a_lab.traced(made, forth=0)
    a_lab.arp(made, results, hops=VXLAN1)
    found = judge(made, results)
    assert "vxlan0 in demo on emon has no neighbour for 10.200.0.3" in found.line
    assert f"ip neigh replace 10.200.0.3 lladdr {MACS['test2']} dev vxlan0 nud permanent" in found.line


def test_a_neighbour_that_is_missing_explains_no_packet_that_left() -> None:
    states = a_lab.states()
    of_table("emon", "neighbours", [])(states)
    made = a_lab.plan(states)
    assert "neighbour" not in judge(made, a_lab.traced(made, forth=CARD2)).causes[0].text.split(":")[0]


def test_a_frame_for_another_mac_is_heard_and_not_answered() -> None:
    states = a_lab.states("vxlan")
    known = {"dev": "eth0", "address": "10.200.0.3", "mac": "02:00:00:00:00:99"}
    a_lab.space(states, "emon", "/run/docker/netns/test1")["neighbours"].append(known)
    made = a_lab.plan(states)
    assert a_lab.matches(
        "the reply is not seen at hop 10, .*: test1 has the MAC 02:00:00:00:00:99 for 10.200.0.3, and test2 has .*;"
        " on emon: .*ip neigh del 10.200.0.3 dev eth0",
        judge(made, a_lab.traced(made, back=0)).line,
    )


def test_a_wrong_neighbour_is_not_to_blame_where_the_sender_knows_better() -> None:
    states = a_lab.states()
    of_table("emon", "neighbours", [{"dev": "vxlan0", "address": "10.200.0.3", "mac": "02:00:00:00:00:99"}])(states)
    known = {"dev": "eth0", "address": "10.200.0.3", "mac": MACS["test2"]}
    a_lab.space(states, "emon", "/run/docker/netns/test1")["neighbours"].append(known)
    made = a_lab.plan(states)
    assert "00:99" not in judge(made, a_lab.traced(made, forth=VXLAN1)).line


def test_a_route_that_leads_out_of_the_containers_network() -> None:
    states = a_lab.states()
    inside = a_lab.space(states, "emon", "/run/docker/netns/test1")
    inside["links"].append(a_lab.link("eth1", "veth", addresses=["172.18.0.2/16"]))
    inside["routes"] = [{"to": "0.0.0.0/0", "via": "172.18.0.1", "dev": "eth1"}]
    made = a_lab.plan(states)
    assert a_lab.matches(
        "not seen at hop 1, eth0 in test1 on emon: test1 has no route to 10.200.0.3 through eth0: its packets leave by"
        " eth1; on emon: .*ip route replace 10.200.0.0/24 dev eth0",
        judge(made, a_lab.traced(made, forth=0)).line,
    )


def test_a_path_mtu_is_remembered_of_what_was_mended() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, whole=(0, 0))
    results["emon"]["sent"][1].update(error="message too long", mtu=1350)
    found = judge(made, results)
    assert (
        "remembers an MTU of 1350 on the path, of an earlier error, and no link on the way is as narrow now"
        in found.line
    )
    assert found.line.endswith("on emon: nsenter --net=/run/docker/netns/test1 ip route flush cache")


def test_a_path_mtu_is_remembered_of_a_link_that_is_still_narrow() -> None:
    states = a_lab.states()
    of_link("emon", "", "eth0", mtu=1400)(states)
    made = a_lab.plan(states)
    results = a_lab.traced(made, whole=(0, 0))
    results["emon"]["sent"][1].update(error="message too long", mtu=1350)
    line = judge(made, results).line
    assert "the MTU of eth0 on emon is 1400, of which VXLAN takes 50, too little for 1450 bytes" in line
    assert line.endswith("on emon: ip link set eth0 mtu 1500")


def test_full_size_packets_do_not_fit() -> None:
    states = a_lab.states()
    of_link("emon", "", "eth0", mtu=1400)(states)
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made, whole=(VXLAN1, 0)))
    assert "test1 reaches test2 at 10.200.0.3 with small packets only" in found.line
    assert (
        "the request of 1450 bytes in one piece is lost between hop 3, vxlan0 in demo on emon and hop 4" in found.line
    )
    assert "the MTU of eth0 on emon is 1400, of which VXLAN takes 50, too little for 1450 bytes" in found.line
    assert found.line.endswith("on emon: ip link set eth0 mtu 1500")


RULE = {"table": "iptables filter", "chain": "INPUT", "rule": "-p udp -m udp --dport 4789 -j DROP", "remove": "iptables -t filter -D INPUT -p udp"}  # fmt: skip


@pytest.mark.parametrize(
    ("packets", "cause"),
    [
        pytest.param(
            6,
            "a packet filter in emon2 drops it: iptables filter INPUT: -p udp .* -j DROP .counted 6 meanwhile.; on emon2: iptables -t filter -D INPUT -p udp",
            id="counted",
        ),
        pytest.param(
            None, "these rules may, and have no counter that would tell: iptables filter INPUT", id="not counted"
        ),
    ],
)
def test_a_packet_filter(packets: int | None, cause: str) -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, forth=CARD2)
    rule = {**RULE, "packets": packets}
    results["emon2"]["counted"] = [
        {"netns": "", "rules": [rule] if packets else [], "uncounted": [] if packets else [rule], "stack": {}}
    ]
    found = judge(made, results)
    assert a_lab.matches(lost_at(VXLAN2), found.line), found.line
    assert a_lab.matches(cause, found.line), found.line


def _counted(rule: dict[str, Any], packets: int | None) -> list[dict[str, Any]]:
    """What emon, or emon2, counted in its own namespace; None: the rule does not count."""
    rules, uncounted = ([], [{**rule, "packets": None}]) if packets is None else ([{**rule, "packets": packets}], [])
    return [{"netns": "", "rules": rules, "uncounted": uncounted, "stack": {}}]


@pytest.mark.parametrize("packets", [pytest.param(1, id="counted"), pytest.param(None, id="not counted")])
@pytest.mark.parametrize(
    ("host", "asked", "answered", "of_target"),
    [
        pytest.param("emon2", CARD2, 0, False, id="the request, at the target's host"),
        pytest.param("emon", 99, 7, False, id="the answer, at the sender's host"),
        pytest.param("emon", 7, 0, True, id="the target's request, at the sender's host"),
        pytest.param("emon2", 99, CARD2, True, id="the answer to the target, at its host"),
    ],
)
def test_a_packet_filter_drops_what_arp_asks_or_answers(
    host: str, asked: int, answered: int, of_target: bool, packets: int | None
) -> None:
    """The packet that waits for it is missed where it did not leave, and the rule is elsewhere."""
    made = a_lab.plan(a_lab.states("vxlan"))
    results = a_lab.traced(made, back=0) if of_target else a_lab.traced(made, forth=0)
    a_lab.arp(made, results, asked, answered, of_target)
    results[host]["counted"] = _counted(RULE, packets)
    line = judge(made, results).line
    assert "asks by ARP who has 10.200.0." in line
    blamed = "no counter that would tell: iptables filter INPUT" if packets is None else f"a packet filter in {host} "
    assert blamed in line, line


def test_a_reply_that_a_filter_drops_is_not_for_want_of_arp() -> None:
    """Docker's VXLAN has answered; nobody else was asked, and that explains nothing."""
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, back=0)
    a_lab.arp(made, results, hops=3, of_target=True)
    answered = {made.taps[number] for number in (12, 11, 9)}
    for host, result in results.items():
        result["sightings"] += [
            {**one, "kind": "arp reply", "outgoing": not one["outgoing"]}
            for one in result["sightings"]
            if one["kind"] == "arp request" and (host, one["tap"]) in answered
        ]
    results["emon2"]["counted"] = [{**_counted(RULE, 3)[0], "netns": "/run/docker/netns/test2"}]
    line = judge(made, results).line
    assert "in vain" not in line
    assert "a packet filter in test2 drops it" in line


def test_a_filter_elsewhere_is_not_blamed() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, forth=VXLAN1)
    results["emon2"]["counted"] = [{"netns": "", "rules": [{**RULE, "packets": 9}], "uncounted": [], "stack": {}}]
    assert "nothing that was read explains it" in judge(made, results).line


def test_the_stack_dropped_it() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, forth=CARD2)
    results["emon2"]["counted"] = [{"netns": "", "rules": [], "uncounted": [], "stack": {"reverse path filter": 3}}]
    assert (
        "the IP stack of emon2 dropped 3 packets meanwhile, because of: reverse path filter"
        in judge(made, results).line
    )


def test_what_nothing_explains_is_said_to_be_so() -> None:
    made = a_lab.plan(a_lab.states())
    found = judge(made, a_lab.traced(made, forth=CARD1))
    assert a_lab.matches(lost_at(PORT1), found.line)
    assert "nothing that was read explains it" in found.line


def test_hosts_that_did_not_listen_at_the_same_time_are_told() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, forth=PORT2)
    results["emon2"].update(began=1003.0, ended=1008.0)
    results["emon"]["met"] = 1
    assert judge(made, results).line == (
        "emon2 and emon did not listen at the same time, so nothing can be said: trace again"
    )


@pytest.mark.parametrize(
    ("listening", "said", "expected"),
    [
        pytest.param([], "RST", "but tcp port 80 is refused there (RST): nothing in test2 listens on it", id="nobody"),
        pytest.param(
            ["0.0.0.0:22"], "RST", "nothing in test2 listens on it; it listens on 0.0.0.0:22", id="other port"
        ),
        pytest.param(["127.0.0.1:80"], "RST", "what listens in test2 does so at 127.0.0.1:80 only", id="other address"),
        pytest.param(
            ["0.0.0.0:80"],
            "SYN-ACK",
            "arrived: test1 reaches test2 at 10.200.0.3, TCP port 80, which is open",
            id="open",
        ),
    ],
)
def test_a_port(listening: list[str], said: str, expected: str) -> None:
    states = a_lab.states()
    states["emon2"]["containers"][0]["listening"]["tcp"] = listening
    made = a_lab.plan(states, port="80")
    found = judge(made, a_lab.traced(made, said=said))
    assert expected in found.line
    assert found.ok == (said == "SYN-ACK")


REJECT = {**RULE, "rule": "-j REJECT", "remove": "iptables -D INPUT -j REJECT", "packets": 4}


@pytest.mark.parametrize(
    ("port", "said", "what"),
    [
        pytest.param("", "port unreachable", "ICMP echo is refused there (port unreachable)", id="ping"),
        pytest.param("80", "host prohibited", "tcp port 80 is refused there (host prohibited)", id="tcp"),
        pytest.param(
            "53/udp", "administratively prohibited", "udp port 53 is refused there (administratively", id="udp"
        ),
    ],
)
@pytest.mark.parametrize(
    ("counted", "why"),
    [
        pytest.param(
            [{**RULE, "packets": 9}, REJECT],
            "drops it: iptables filter INPUT: -j REJECT .counted 4 meanwhile.; on emon2: iptables -D INPUT -j REJECT$",
            id="counted",
        ),
        pytest.param([{**REJECT, "packets": None}], "these rules may, and .*: -j REJECT .emon2.$", id="not counted"),
        pytest.param([], "nothing that was read explains it", id="nothing"),
    ],
)
def test_an_error_of_the_other_end_is_a_refusal(
    port: str, said: str, what: str, counted: list[dict[str, Any]], why: str
) -> None:
    """As of a rule that rejects: every hop sees the request, and the error on its way back."""
    states = a_lab.states()
    for protocol in ("tcp", "udp"):
        states["emon2"]["listening"][protocol] = ["0.0.0.0:80", "0.0.0.0:53"]
    made = a_lab.plan(states, "emon", "emon2", port)
    results = a_lab.traced(made)
    a_lab.refuse(results, said)
    rules = {
        word: [one for one in counted if bool(one["packets"]) == (word == "rules")] for word in ("rules", "uncounted")
    }
    results["emon2"]["counted"] = [{"netns": "", "stack": {}, **rules}]
    found = judge(made, results)
    assert not found.ok
    assert f"emon reaches emon2, but {what}" in found.line
    assert a_lab.matches(why, found.line), found.line


@pytest.mark.parametrize(
    ("index", "what"),
    [(0, "ICMP echo is refused"), (1, "ICMP echo of 1450 bytes in one piece is refused"), (2, "ICMP echo is refused")],
)
def test_one_refusal_is_enough(index: int, what: str) -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made)
    results["emon"]["sent"].append({**results["emon"]["sent"][0], "index": 2})
    for result in results.values():
        result["sightings"] += [{**one, "index": 2} for one in result["sightings"] if one["index"] == 0]
    a_lab.refuse(results, "host prohibited", index)
    found = judge(made, results)
    assert not found.ok
    assert what in found.line


def test_a_reset_of_a_port_on_which_somebody_listens_is_no_want_of_a_listener() -> None:
    states = a_lab.states()
    states["emon2"]["containers"][0]["listening"]["tcp"] = ["10.200.0.3:80"]
    made = a_lab.plan(states, port="80")
    found = judge(made, a_lab.traced(made, said="RST"))
    assert "tcp port 80 is refused there (RST): nothing that was read explains it" in found.line


def test_a_refusal_behind_a_published_port_is_the_containers() -> None:
    """What listens on the host's port is Docker's, and says nothing of the container's."""
    states = a_lab.states(simulated=False)
    a_lab.publish(states)
    states["emon2"]["listening"]["tcp"] = ["0.0.0.0:8080"]
    made = a_lab.plan(states, "emon", "emon2", "8080")
    found = judge(made, a_lab.traced(made, said="RST"))
    assert found.line == (
        "emon reaches emon2, but tcp port 8080 is refused there (RST): the refusal comes from eth1 in test2 on emon2"
    )


def test_udp_to_a_host_that_did_not_listen_has_not_arrived() -> None:
    made = a_lab.plan(a_lab.states(), port="53/udp")
    results = a_lab.traced(made, back=0)
    assert judge(made, results).ok
    del results["emon2"]
    found = judge(made, results)
    assert not found.ok
    assert "whether the request arrives cannot be said: the part of emon2 in the trace failed" in found.line


def test_a_host_that_did_not_listen_is_told_beside_a_loss() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, back=0)
    del results["emon2"]
    assert "the part of emon2 in the trace failed: its hops could see nothing" in judge(made, results).notes


@pytest.mark.parametrize(
    ("resolved", "ok", "expected"),
    [
        pytest.param({"address": "10.200.0.3", "error": None}, True, "arrived: ", id="right"),
        pytest.param(
            {"address": "10.200.0.9", "error": None},
            False,
            "but not by its name: test2 leads to 10.200.0.9, says 127.0.0.11",
            id="wrong",
        ),
        pytest.param(
            {"address": None, "error": "test2 is not known: it is not in /etc/hosts, nor in DNS server 127.0.0.11"},
            False,
            "not by its name: test2 is not known: .* DNS server 127.0.0.11",
            id="unknown",
        ),
    ],
)
def test_a_name(resolved: dict[str, Any], ok: bool, expected: str) -> None:
    states = a_lab.states()
    states["emon"]["resolved"] = {"name": "test2", "by": "127.0.0.11", **resolved}
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made))
    assert found.ok == ok
    assert a_lab.matches(expected, found.line), found.line


def test_a_container_that_is_paused_answers_by_its_kernel() -> None:
    states = a_lab.states()
    states["emon2"]["containers"][0]["status"] = "paused"
    made = a_lab.plan(states)
    found = judge(made, a_lab.traced(made))
    assert found.ok
    assert any("the container test2 is paused: its kernel answers, its programs do not" in note for note in found.notes)


def test_a_few_packets_were_lost() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made)
    sent = results["emon"]["sent"]
    sent.append({**sent[0], "index": 2})
    assert "1 of 2 packets were lost" in judge(made, results).line


def test_the_rule_that_dropped_a_few_packets_is_named() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made)
    sent = results["emon"]["sent"]
    sent.append({**sent[0], "index": 2})
    for host in results:
        for one in [one for one in results[host]["sightings"] if one["index"] == 0]:
            tap = made.taps.index((host, one["tap"]))
            if one["kind"] == "request" and (host == "emon" or made.hops[tap].tunnel):
                results[host]["sightings"].append({**one, "index": 2})
    rule = {"table": "iptables filter", "chain": "INPUT", "rule": "-m statistic -j DROP", "packets": 1, "remove": "x"}
    results["emon2"]["counted"] = [{"netns": "", "rules": [rule], "uncounted": [], "stack": {}}]
    line = judge(made, results).line
    assert "; but 1 of 2 packets were lost before hop 8, vxlan0 in demo on emon2: a packet filter in emon2" in line
    assert line.endswith("-m statistic -j DROP (counted 1 meanwhile); on emon2: x")


LINKS = {
    host: [{"host": other, "address": a_lab.HOSTS[other], "rate": "5mbit", "loss": "5%"}]
    for host, other in (("emon", "emon2"), ("emon2", "emon"))
}
OUR_LOSS = {
    "table": "nft ip overlay_lab_links",
    "chain": "arriving",
    "rule": "ip saddr 10.0.0.116 ip daddr 10.0.0.117 numgen random mod 1000000 < 50000 drop",
    "remove": "nft delete rule ip overlay_lab_links arriving handle 2",
}
QUEUE = {"rule": "bfifo limit 62500b", "remove": "tc qdisc del dev eth0 parent 1ab0:1"}


def _with_links(links: dict[str, Any], forth: int, host: str, rule: dict[str, Any]) -> str:
    made = replace(a_lab.plan(a_lab.states()), lab={**a_lab.LAB, "links": links})
    results = a_lab.traced(made, forth=forth)
    results[host]["counted"] = [{"netns": "", "rules": [{"packets": 6, **rule}], "uncounted": [], "stack": {}}]
    return judge(made, results).line


def test_loss_that_the_lab_file_asks_for_is_nobodys_filter() -> None:
    line = _with_links(LINKS, CARD2, "emon2", OUR_LOSS)
    assert a_lab.matches(lost_at(VXLAN2), line), line
    assert line.endswith(
        ": the lab file asks for a loss of 5% on the link between emon2 and emon (nft ip overlay_lab_links arriving on"
        " emon2 counted 6 meanwhile)"
    )


def test_loss_of_a_link_that_the_lab_file_does_not_ask_for_any_more_is_repaired_by_a_run() -> None:
    line = _with_links({}, CARD2, "emon2", OUR_LOSS)
    assert "the lab made it so, and its file asks for no loss on the link between emon2 and emon any more" in line
    assert line.endswith("; make overlay repairs it")


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        pytest.param(
            {**QUEUE, "table": "tc eth0", "chain": "1ab1:"},
            ": the lab file asks for a rate of 5mbit on the link between emon and emon2 (its queue was full, tc eth0 1ab1:"
            " on emon counted 6 meanwhile)",
            id="the lab's",
        ),
        pytest.param(
            {**QUEUE, "table": "tc eth0", "chain": "8001:"},
            ": a full queue in emon drops it: tc eth0 8001:: bfifo limit 62500b (counted 6 meanwhile); on emon: tc qdisc del dev"
            " eth0 parent 1ab0:1",
            id="somebody's",
        ),
        pytest.param(
            {**QUEUE, "table": "tc eth1", "chain": "1ab1:"},
            ": nothing that was read explains it: links, addresses, routes, forwarding entries, neighbours, packet filters",
            id="of another interface",
        ),
    ],
)
def test_a_queue_that_was_full(rule: dict[str, Any], cause: str) -> None:
    line = _with_links(LINKS, VXLAN1, "emon", rule)
    assert a_lab.matches(lost_at(CARD1), line), line
    assert line.endswith(cause)


def test_packets_that_wait_because_the_lab_file_asks_for_it() -> None:
    made = replace(a_lab.plan(a_lab.states()), lab={**a_lab.LAB, "links": LINKS})
    results = a_lab.traced(made)
    passed = [made.taps[number] for number in range(VXLAN1 + 1)]
    for host, result in results.items():
        for one in result["sightings"]:
            if one["kind"] == "reply" or (host, one["tap"]) not in passed:
                one["time"] += 250_000_000
    note = judge(made, results).notes[0]
    assert note.endswith(": the lab file asks for a rate of 5mbit on the link between emon and emon2")


def test_where_packets_wait_is_told() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made)
    assert not [note for note in judge(made, results).notes if note.startswith("slow")]
    passed = [made.taps[number] for number in range(VXLAN1 + 1)]
    for host, result in results.items():
        for one in result["sightings"]:
            if one["kind"] == "reply" or (host, one["tap"]) not in passed:
                one["time"] += 250_000_000
    found = judge(made, results)
    assert found.ok
    assert (
        "slow: it takes up to 250 ms to hop 4, eth0 on emon, where microseconds are usual: a queue holds"
        in found.notes[0]
    )


def test_packets_from_before_a_host_listened_do_not_count() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made)
    sent = results["emon"]["sent"]
    for result in results.values():
        result["sightings"] = [{**one, "index": one["index"] + 2} for one in result["sightings"]]
    results["emon"]["sent"] = [*sent, *({**one, "index": one["index"] + 2} for one in sent)]
    assert "were lost" not in judge(made, results).line


def test_the_table() -> None:
    made = a_lab.plan(a_lab.states())
    results = a_lab.traced(made, forth=VXLAN1)
    assert table.lines(made, results, judge(made, results)) == [
        "test1 (10.200.0.2) to test2 (10.200.0.3) over demo: ICMP echo",
        "",
        "HOP  HOST   IN        INTERFACE    MTU  REQUEST  REPLY  TTL  PACKET",
        "  1  emon   test1     eth0        1450     0 µs      -   64  10.200.0.2 > 10.200.0.3",
        "  2  emon   demo      veth-test1  1450     1 µs      -   64",
        "     emon   demo      br0         1450                       a bridge: what it forwards is not heard",
        "  3  emon   demo      vxlan0      1450     2 µs      -   64  10.200.0.2 > 10.200.0.3, VNI 256",
        "  4  emon   host      eth0        1500     LOST      -",
        "  5  -      underlay  emon        1500        -      -",
        "     -      underlay  underlay    1500                       a bridge: what it forwards is not heard",
        "  6  -      underlay  emon2       1500        -      -",
        "  7  emon2  host      eth0        1500        -      -",
        "  8  emon2  demo      vxlan0      1450        -      -       VNI 256",
        "     emon2  demo      br0         1450                       a bridge: what it forwards is not heard",
        "  9  emon2  demo      veth-test2  1450        -      -",
        " 10  emon2  test2     eth0        1450        -      -",
    ]


def test_the_report_says_of_each_hop_what_the_table_does() -> None:
    states = a_lab.states()
    question = {"from": "test1", "to": "test2", "port": "", "mark": "00ff" * 4}
    report = trace.report(states, question, a_lab.LAB, a_lab.traced(a_lab.plan(states), forth=VXLAN1))
    assert report["title"] == report["table"][0]
    rows = report["table"][3:]
    assert len(report["hops"]) == len(rows)
    for hop, row in zip(report["hops"], rows):
        told = [hop["number"], "-" if hop["host"] == "localhost" else hop["host"], hop["inside"], hop["interface"]]
        cells = [str(cell) for cell in told if cell is not None]
        assert row.split()[: len(cells)] == cells
        assert [row[41:48].strip(), row[50:55].strip()] == [hop["request"], hop["reply"]]
