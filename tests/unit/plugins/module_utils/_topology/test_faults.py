# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad inputs: each is one clear line, all lines come together, and nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._topology.fake_machine import (  # noqa: F401  (a fixture)
    LAB,
    RecordingClient,
    machine,
)

Options = dict[str, Any]
OWN = "in the machine's own namespace"


def topology(**more: Any) -> Options:
    return {"name": "lab", "state": "present", **more}


def bridge(**more: Any) -> Options:
    return topology(bridges=[{"name": "b0", **more}])


def veth(peer: Options | None = None, **more: Any) -> Options:
    return topology(veths=[{"name": "v1", **more, "peer": {"name": "v2", **(peer or {})}}])


def vxlan(**more: Any) -> Options:
    return topology(vxlans=[{"name": "x0", "vni": 1, "port": 4790, **more}])


def macvlan(**more: Any) -> Options:
    return topology(macvlans=[{"name": "m0", "parent": "eth1", "mode": "bridge", **more}])


def route(**more: Any) -> Options:
    return topology(routes=[{"netns": "ours", **more}])


def single(kind: str, **more: Any) -> Options:
    return {"name": None, "state": "present", kind: [more]}


BAD: list[tuple[Options, str]] = [
    # Names
    (
        {"name": "a b", "state": "present"},
        "name: 'a b': use letters, digits, '_', '.' and '-', a letter or digit first, up to 100",
    ),
    (
        topology(namespaces=[{"name": "a/b"}]),
        "namespace 'a/b': a name is a file's name in /run/netns, without '/', up to 255 bytes",
    ),
    (
        topology(namespaces=[{"name": ".."}]),
        "namespace '..': a name is a file's name in /run/netns, without '/', up to 255 bytes",
    ),
    (topology(namespaces=[{"name": "n"}, {"name": "n"}]), "namespace n: it is listed twice: leave one"),
    (
        bridge(name="sixteen-letters-"),
        f"bridge sixteen-letters- {OWN}: the name has 16 characters and the kernel takes 15: shorten it",
    ),
    (
        bridge(name="brücke-nach-köln"),
        f"bridge brücke-nach-köln {OWN}: the name has 18 characters and the kernel takes 15: shorten it",
    ),
    (
        bridge(name="a/b"),
        f"bridge a/b {OWN}: 'a/b' cannot name a link: no '/', ':', '%' or space, and not lo, all or default",
    ),
    (
        bridge(name="lo"),
        f"bridge lo {OWN}: 'lo' cannot name a link: no '/', ':', '%' or space, and not lo, all or default",
    ),
    (
        bridge(netns="./here"),
        "bridge b0 in namespace ./here: netns './here': give a name of /run/netns, or a path that starts with '/'",
    ),
    (
        topology(bridges=[{"name": "b0"}], vxlans=[{"name": "b0", "vni": 1, "port": 1}]),
        f"vxlan b0 {OWN}: a bridge of that name is listed as well: rename one",
    ),
    (veth({"name": "v1"}), f"veth v1 {OWN}: a veth of that name is listed as well: rename one"),
    # Addresses
    (
        bridge(addresses=["10.2.0.300/24"]),
        f"bridge b0 {OWN}: '10.2.0.300/24' is not an address: write one like 10.0.0.1/24 or fd00::1/64",
    ),
    (bridge(addresses=["10.2.0.1"]), f"bridge b0 {OWN}: 10.2.0.1 lacks its prefix length: write 10.2.0.1/24"),
    (bridge(addresses=["fd00::1"]), f"bridge b0 {OWN}: fd00::1 lacks its prefix length: write fd00::1/64"),
    (
        bridge(addresses=["10.2.0.0/24"]),
        f"bridge b0 {OWN}: 10.2.0.0/24 is a network and not a host's: write one like 10.2.0.1/24",
    ),
    (
        bridge(addresses=["10.2.0.255/24"]),
        f"bridge b0 {OWN}: 10.2.0.255/24 is a broadcast address and not a host's: write one like 10.2.0.1/24",
    ),
    (
        bridge(addresses=["224.0.0.5/24"]),
        f"bridge b0 {OWN}: 224.0.0.5/24 is not the address of a host: write a unicast address",
    ),
    (
        bridge(addresses=["fe80::1/64"]),
        f"bridge b0 {OWN}: fe80::1/64 is link-local, and those the kernel gives by itself: leave it out",
    ),
    (bridge(addresses=["10.2.0.1/24", "10.2.0.1/24"]), f"bridge b0 {OWN}: 10.2.0.1/24 is listed twice: leave one"),
    (
        veth({"addresses": ["10.2.0.1/24"]}, addresses=["10.2.0.1/16"]),
        f"veth v2 {OWN}: 10.2.0.1 is an address of veth v1 as well: change one",
    ),
    (
        bridge(addresses=["192.168.1.5/24"]),
        f"bridge b0 {OWN}: 192.168.1.5 is an address of eth0 there already: change one",
    ),
    # MTU and MAC
    (bridge(mtu=67), f"bridge b0 {OWN}: mtu 67 is out of range: give 68 to 65535"),
    (bridge(mtu=65536), f"bridge b0 {OWN}: mtu 65536 is out of range: give 68 to 65535"),
    (
        bridge(mtu=1279, addresses=["fd00::1/64"]),
        f"bridge b0 {OWN}: mtu 1279 is out of range: give 1280 to 65535, as it has an IPv6 address",
    ),
    (bridge(mac="02:00"), f"bridge b0 {OWN}: mac '02:00' is not six bytes: write one like 02:00:00:00:00:01"),
    (
        bridge(mac="01:00:5e:00:00:01"),
        f"bridge b0 {OWN}: mac 01:00:5e:00:00:01 is not an interface's (a group's, or zero):"
        " use an even first byte, such as 02",
    ),
    # Namespaces and masters that nobody makes
    (
        veth({"netns": "nowhere"}),
        "veth v2 in namespace nowhere: there is no namespace nowhere: list it under namespaces, or make it before",
    ),
    (
        bridge(netns="/proc/1/ns/nowhere"),
        "bridge b0 in namespace /proc/1/ns/nowhere: there is no namespace /proc/1/ns/nowhere: give the path of one",
    ),
    (
        veth(master="br9"),
        f"veth v1 {OWN}: master br9: there is no such bridge: list it under bridges of that namespace",
    ),
    (
        veth(master="eth1"),
        f"veth v1 {OWN}: master eth1: it is not a bridge (interface): list it under bridges of that namespace",
    ),
    # Ports
    (bridge(ports=["eth9"]), f"bridge b0 {OWN}: port eth9: there is no such link"),
    (
        topology(bridges=[{"name": "b0", "ports": ["eth1"]}, {"name": "b1", "ports": ["eth1"]}]),
        f"bridge b1 {OWN}: eth1 is a port of bridge b0 as well: leave one",
    ),
    (
        topology(
            bridges=[{"name": "b0", "ports": ["v1"]}, {"name": "b1"}],
            veths=[{"name": "v1", "master": "b1", "peer": {"name": "v2"}}],
        ),
        f"veth v1 {OWN}: its master is 'b1', and b0 lists it as a port: leave one",
    ),
    (
        topology(bridges=[{"name": "b0", "ports": ["b1"]}, {"name": "b1"}]),
        f"bridge b1 {OWN}: it is listed as a port of b0, and a bridge cannot be one: join them by a veth",
    ),
    (bridge(ports=["docker0"]), f"bridge b0 {OWN}: port docker0 is a bridge, which cannot be one"),
    # What is somebody else's
    (
        topology(namespaces=[{"name": "theirs"}]),
        "namespace theirs: it exists and topology lab did not make it: choose another name,"
        " remove it (ip netns delete theirs), or set adopt",
    ),
    (
        topology(namespaces=[{"name": "stale"}]),
        "namespace stale: /run/netns/stale is no namespace, and topology lab did not leave it: remove it, or set adopt",
    ),
    (
        bridge(name="br0"),
        f"bridge br0 {OWN}: it exists and topology lab did not make it: choose another name, remove it, or set adopt",
    ),
    (bridge(name="eth1"), f"bridge eth1 {OWN}: eth1 is a real interface there: choose another name"),
    (single("vxlans", name="br0", vni=1, port=1), f"vxlan br0 {OWN}: br0 is a bridge there: choose another name"),
    (
        {"name": "other", "state": "present", "adopt": True, "bridges": [{"name": "br0", "netns": "ours"}]},
        f"bridge br0 in namespace ours: it belongs to another topology (ip link show group {LAB}): choose another name",
    ),
    # Veths
    (topology(veths=[{"name": "v1"}]), f"veth v1 {OWN}: it has no peer: give peer with a name"),
    (single("veths", name="v1"), f"veth v1 {OWN}: it does not exist: give its peer, so that it can be made"),
    (
        single("veths", name="new", peer={"name": "e0", "netns": "ours2"}),
        "veth e0 in namespace ours2: it is not the peer of new: choose another name for the peer, or remove it",
    ),
    # VXLANs
    (vxlan(vni=None), f"vxlan x0 {OWN}: it has no vni: give one from 1 to 16777215"),
    (vxlan(vni=16777216), f"vxlan x0 {OWN}: vni 16777216 is out of range: give 1 to 16777215"),
    (vxlan(port=70000), f"vxlan x0 {OWN}: port 70000 is out of range: give 1 to 65535"),
    (
        vxlan(local="10.1.0.1/24"),
        f"vxlan x0 {OWN}: local '10.1.0.1/24' is not an address: leave the prefix length out",
    ),
    (vxlan(remotes=["emon2"]), f"vxlan x0 {OWN}: remote 'emon2' is not an address: write one like 10.0.0.1 or fd00::1"),
    (
        vxlan(remotes=["239.1.1.1"]),
        f"vxlan x0 {OWN}: remote 239.1.1.1 is not a host's address: write a unicast address",
    ),
    (
        vxlan(local="10.1.0.1", remotes=["fd00::2"]),
        f"vxlan x0 {OWN}: local and remotes mix IPv4 and IPv6: use one family",
    ),
    (
        vxlan(remotes=["fd00::2"]),
        f"vxlan x0 {OWN}: its remotes are IPv6, and without local the kernel takes it for IPv4: give local",
    ),
    (
        vxlan(local="10.1.0.1", remotes=["10.1.0.1"]),
        f"vxlan x0 {OWN}: remote 10.1.0.1 is its own local address: leave it out",
    ),
    (
        vxlan(local="192.168.1.5", mtu=1451),
        f"vxlan x0 {OWN}: mtu 1451 does not fit into eth0: give at most 1450",
    ),
    (vxlan(parent="eth9"), f"vxlan x0 {OWN}: parent eth9: there is no such link {OWN} that can carry it"),
    (
        topology(vxlans=[{"name": "x0", "vni": 1, "port": 1}, {"name": "x1", "vni": 1, "port": 1}]),
        f"vxlan x1 {OWN}: vxlan x0 has the same vni and port: change one of them",
    ),
    # Macvlans
    (macvlan(parent=None), f"macvlan m0 {OWN}: it has no parent: give the link on which it is made"),
    (macvlan(parent="lo"), f"macvlan m0 {OWN}: parent lo: there is no such link {OWN} that can carry it"),
    (macvlan(parent="uplink"), f"macvlan m0 {OWN}: parent uplink is a macvlan itself: give the link below it"),
    (macvlan(mtu=1501), f"macvlan m0 {OWN}: mtu 1501 does not fit into eth1: give at most 1500"),
    (
        macvlan(parent="v0", parent_netns="ours"),
        f"macvlan m0 {OWN}: parent v0 is a port of bridge br0: give the bridge",
    ),
    # Routes
    (route(to="10.5.0.0/16"), "route to 10.5.0.0/16 in namespace ours: it leads nowhere: give via, dev or both"),
    (
        route(to="10.5.0.1/16", via="10.1.0.9"),
        "route to 10.5.0.1/16 in namespace ours: to '10.5.0.1/16' is not a network: the network is 10.5.0.0/16",
    ),
    (
        route(to="everything", via="10.1.0.9"),
        "route to everything in namespace ours: to 'everything' is not a network:"
        " write one like 10.1.0.0/16, or default",
    ),
    (
        route(to="default", via="10.1.0.9/24"),
        "route to default in namespace ours: via '10.1.0.9/24' is not an address: leave the prefix length out",
    ),
    (
        route(to="fd05::/64", via="10.1.0.9"),
        "route to fd05::/64 in namespace ours: via 10.1.0.9 is IPv4 and the route IPv6: use one family",
    ),
    (
        route(to="default", via="fe80::1"),
        "route to default in namespace ours: via fe80::1 is link-local, so any link could be meant: give dev",
    ),
    (
        route(to="10.5.0.0/16", dev="eth7"),
        "route to 10.5.0.0/16 dev eth7 in namespace ours: there is no link eth7 there",
    ),
    (
        route(to="default", via="10.7.0.1"),
        "route to 0.0.0.0/0 via 10.7.0.1 in namespace ours: no link there has an address in the subnet of 10.7.0.1:"
        " the kernel could not reach it",
    ),
    (
        topology(
            routes=[
                {"netns": "ours", "to": "default", "via": "10.1.0.9"},
                {"netns": "ours", "to": "0.0.0.0/0", "dev": "br0"},
            ]
        ),
        "route to 0.0.0.0/0 dev br0 in namespace ours: there is another route to 0.0.0.0/0: leave one",
    ),
    # The branch on which the machine sits
    (
        bridge(ports=["eth0"]),
        f"make port eth0 {OWN} a port of b0: eth0 carries the default route: choose another interface, or set force,"
        " with which the old state comes back by itself unless confirmed",
    ),
    (
        topology(routes=[{"to": "default", "via": "192.168.1.9"}]),
        f"add route to 0.0.0.0/0 via 192.168.1.9 {OWN}: the machine has a default route already:"
        " set force to replace it",
    ),
]


@pytest.mark.parametrize(("options", "line"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_one_fault_is_one_line_and_nothing_is_sent(
    machine: RecordingClient,  # noqa: F811
    options: Options,
    line: str,
) -> None:
    for check_mode in (True, False):
        with pytest.raises(LabError) as raised:
            run(options, check_mode)
        assert raised.value.faults == [line]
    assert machine.untouched


def test_all_faults_come_together(machine: RecordingClient) -> None:  # noqa: F811
    """Those of the options in one go, and those that show against the machine in another."""
    options = topology(
        namespaces=[{"name": "n"}, {"name": "n"}],
        bridges=[{"name": "b0", "mtu": 1, "mac": "x", "addresses": ["1.2.3.4", "1.2.3"]}],
        vxlans=[{"name": "x0", "vni": 0, "port": 0}],
        routes=[{"to": "x", "via": "y"}],
    )
    with pytest.raises(LabError) as raised:
        run(options, check_mode=False)
    assert len(raised.value.faults) == 9
    options = topology(
        namespaces=[{"name": "theirs"}],
        bridges=[{"name": "br0"}, {"name": "b0", "ports": ["eth9"]}],
        veths=[{"name": "v1", "netns": "nowhere", "master": "b7", "peer": {"name": "v2", "master": "b7"}}],
        macvlans=[{"name": "m0", "parent": "eth8", "mode": "bridge"}],
        routes=[{"netns": "ours", "to": "default", "via": "10.7.0.1"}],
    )
    with pytest.raises(LabError) as raised:
        run(options, check_mode=False)
    assert len(raised.value.faults) == 7
    assert machine.untouched


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="need root: run the task with become"):
        run(bridge(), check_mode=True)
