# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue: what each fault does to a host, and what has to hold for all of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault import catalogue, scene
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import BY_NAME, FAULTS, Fault
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.planned import Planned
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.scene import Read, Running, Scene
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.step import Step

from .scenes import INSIDE, MAC, OVERLAY, host, link, namespace, read

CABLE = scene.of_cable(
    Read({"namespaces": [namespace("lab-underlay", link("emon2", mtu=1500))]}, identities={"lab-underlay": (4, 5)}),
    "lab-underlay",
    "emon2",
)


def fitting(fault: Fault) -> Scene:
    if fault.on_controller:
        return CABLE
    return replace(host(overlay=catalogue.LEARNING not in fault.needs), may_set_clock=True)


def plan(name: str) -> Planned:
    return BY_NAME[name].kind(fitting(BY_NAME[name]))


def done(name: str) -> list[str]:
    return [" ".join(command) for step in plan(name).steps for command in step.do]


def undone(name: str) -> list[str]:
    return [" ".join(command) for step in reversed(plan(name).steps) for command in step.undo]


def test_there_are_thirty_and_more() -> None:
    assert len(FAULTS) >= 30
    assert len(BY_NAME) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_can_be_made_asked_for_and_undone(fault: Fault) -> None:
    planned = fault.kind(fitting(fault))
    assert any(step.do and step.ask for step in planned.steps)
    assert [step.what for step in planned.steps if step.ask and not step.undo] == []
    for step in planned.steps:
        re.compile(step.shows)
        assert Step.from_record(step.to_record()) == step


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_a_trace_says_can_be_completed(fault: Fault) -> None:
    found = fitting(fault)
    facts = {**found.facts(), **fault.kind(found).facts}
    assert set(re.findall(r"\{(\w+)\}", fault.says)) <= facts.keys()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_host_without_anything_refuses_in_one_line(fault: Fault) -> None:
    with pytest.raises(LabError) as caught:
        fault.kind(Scene(docker_error="dockerd does not answer"))
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("forwarding-missing", "the tables of the VXLAN here are not Docker's: it learns, and asks by ARP"),
        ("source-address-wrong", "the VXLAN here is bound to its address: packets leave from no other"),
    ],
)
def test_what_is_for_overlays_of_dockers_is_not_for_others(name: str, line: str) -> None:
    with pytest.raises(LabError) as caught:
        BY_NAME[name].kind(host(overlay=False))
    assert caught.value.faults == [line]


def test_a_vxlan_of_dockers_floods_nothing() -> None:
    with pytest.raises(LabError, match="floods nothing"):
        BY_NAME["flood-missing"].kind(host())


@pytest.mark.parametrize(
    ("name", "commands", "back"),
    [
        (
            "vxlan-down",
            ["ip link set vxlan0 down"],
            [
                "ip link set vxlan0 up",
                f"ip neigh replace 10.200.0.3 lladdr {MAC} dev vxlan0 nud permanent",
                "ip neigh replace 10.200.0.2 lladdr 02:42:0a:c8:00:02 dev vxlan0 nud permanent",
            ],
        ),
        (
            "host-link-down",
            ["ip link set eth0 down"],
            [
                "ip link set eth0 up",
                "ip route replace 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.116",
                "ip route replace default via 10.0.0.1 dev eth0",
            ],
        ),
        ("cable-out", ["ip link set emon2 down"], ["ip link set emon2 up"]),
        (
            "forwarding-missing",
            [
                "ip link set vxlan0 type vxlan nolearning",
                f"bridge fdb del {MAC} dev vxlan0 dst 10.0.0.117",
            ],
            [
                f"bridge fdb replace {MAC} dev vxlan0 dst 10.0.0.117 self permanent",
                "ip link set vxlan0 type vxlan learning",
            ],
        ),
        (
            "forwarding-wrong",
            [f"bridge fdb replace {MAC} dev vxlan0 dst 10.0.0.254 self permanent"],
            [f"bridge fdb replace {MAC} dev vxlan0 dst 10.0.0.117 self permanent"],
        ),
        (
            "neighbour-missing",
            ["ip neigh del 10.200.0.3 dev vxlan0", "ip neigh flush all"],
            [f"ip neigh replace 10.200.0.3 lladdr {MAC} dev vxlan0 nud permanent", "ip neigh flush all"],
        ),
        (
            "flood-missing",
            [
                "bridge fdb del 00:00:00:00:00:00 dev vx-lab dst 10.0.0.117",
                f"bridge fdb del {MAC} dev vx-lab dst 10.0.0.117",
            ],
            ["bridge fdb append 00:00:00:00:00:00 dev vx-lab dst 10.0.0.117 self permanent"],
        ),
        (
            "container-route-missing",
            ["ip route del 10.200.0.0/24 dev eth0 proto kernel scope link src 10.200.0.2"],
            ["ip route replace 10.200.0.0/24 dev eth0 proto kernel scope link src 10.200.0.2"],
        ),
        (
            "source-address-wrong",
            [
                "ip address add 10.0.0.253/24 dev eth0",
                "ip route replace 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.253",
            ],
            [
                "ip route replace 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.116",
                "ip address del 10.0.0.253/24 dev eth0",
            ],
        ),
        (
            "etcd-killed",
            ["systemctl kill --signal=KILL --kill-who=main etcd.service", "systemctl stop etcd.service"],
            ["systemctl start etcd.service"],
        ),
        (
            "dockerd-killed",
            [
                "systemctl kill --signal=KILL --kill-who=main docker.service",
                "systemctl stop docker.socket docker.service",
            ],
            ["systemctl start docker.socket docker.service"],
        ),
        (
            "containerd-killed",
            ["systemctl kill --signal=KILL --kill-who=main containerd.service", "systemctl stop containerd.service"],
            ["systemctl start containerd.service"],
        ),
        ("container-paused", ["docker pause 1d"], ["docker unpause 1d"]),
    ],
)
def test_commands(name: str, commands: list[str], back: list[str]) -> None:
    assert done(name) == commands
    assert undone(name) == back


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("vxlan-down", {OVERLAY}),
        ("container-link-down", {INSIDE}),
        ("neighbour-missing", {OVERLAY, INSIDE}),
        ("filter-vxlan", {""}),
        ("filter-container", {INSIDE}),
        ("cable-out", {"lab-underlay"}),
    ],
)
def test_where_commands_run(name: str, places: set[str]) -> None:
    steps = plan(name).steps
    assert {step.netns for step in steps} == places
    assert all(step.identity for step in steps if step.netns)


_METRIC = "default via 10.0.0.1 dev eth0 metric 100"


@pytest.mark.parametrize(
    ("route", "output", "away"),
    [
        (_METRIC, "default via 192.168.9.1 dev wlan0 metric 600 \n", True),
        (_METRIC, "default via 10.0.0.2 dev eth0 metric 100 \n", True),
        (_METRIC, "default via 10.0.0.1 dev eth00 metric 100 \n", True),
        (_METRIC, "default via 10.0.0.1 dev eth0 metric 1000 \n", True),
        (_METRIC, "10.0.0.0/24 dev eth0 \ndefault via 10.0.0.1 dev eth0 proto static metric 100 linkdown \n", False),
        ("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.116", "10.0.0.0/24 dev eth0 scope link \n", False),
    ],
)
def test_a_route_is_known_by_its_way(route: str, output: str, away: bool) -> None:
    step = BY_NAME["host-link-down"].kind(host(routes={"": [route]})).steps[0]
    assert step.what == f"route {route}"
    assert bool(re.search(step.shows, output)) is away


def test_a_route_of_several_ways_is_not_taken() -> None:
    ways = "default nexthop via 10.0.0.1 dev eth0 weight 1 nexthop via 10.0.0.2 dev eth0 weight 1"
    with pytest.raises(LabError, match="the route default of eth0 has several ways"):
        BY_NAME["host-link-down"].kind(host(routes={"": [ways]}))


@pytest.mark.parametrize("name", ["dockerd-stopped", "dockerd-killed"])
def test_what_a_dockerd_that_starts_does_not_start_is_started_again(name: str) -> None:
    found = host(running=(Running("old", "0a"), Running("new", "0b", returns=True), Running("first", "0c")))
    planned = BY_NAME[name].kind(found)
    # A dockerd that is stopped says nothing of containers: it is asked for first.
    assert [step.what for step in reversed(planned.steps)] == ["docker.service", "first", "old"]
    assert [step.undo for step in planned.steps[:2]] == [(("docker", "start", "0a"),), (("docker", "start", "0c"),)]
    assert re.search(planned.steps[0].shows, "0b\n0a\n")


@pytest.mark.parametrize("name", ["dockerd-stopped", "dockerd-killed"])
def test_a_container_that_would_be_lost_keeps_dockerd_running(name: str) -> None:
    with pytest.raises(LabError) as caught:
        BY_NAME[name].kind(host(running=(Running("once", "0a", passing=True), Running("b", "0b"))))
    assert caught.value.faults == ["Docker would remove what was started with --rm: stop it yourself first: once"]


@pytest.mark.parametrize("name", ["mtu-underlay", "mtu-container"])
def test_no_container_remembers_how_narrow_the_path_was(name: str) -> None:
    given = read(True)
    given.state["containers"].append({**given.state["containers"][0], "name": "test3", "netns": "/run/docker/netns/3"})
    given.identities["/run/docker/netns/3"] = (4, 13)
    steps = BY_NAME[name].kind(scene.of_host(given, "10.0.0.116", [])).steps
    flushed = [(step.netns, step.identity) for step in steps if step.undo == (("ip", "route", "flush", "cache"),)]
    assert flushed == [(INSIDE, (4, 11)), ("/run/docker/netns/3", (4, 13))]


def narrow(card: int, inside: int, *addresses: str) -> Scene:
    given = read(True)
    own, *_, container = given.state["namespaces"]
    own["links"][0] |= {"mtu": card, "addresses": ["10.0.0.116/24", *addresses]}
    container["links"][0]["mtu"] = inside
    return scene.of_host(given, "10.0.0.116", [])


@pytest.mark.parametrize(
    ("card", "inside", "underlay", "container"),
    [(1500, 1450, 1400, 1000), (1400, 1350, 1300, 900), (9000, 8950, 8900, 8500), (1500, 1300, 1250, 850)],
)
def test_what_is_too_narrow_is_so_for_this_network(card: int, inside: int, underlay: int, container: int) -> None:
    found = narrow(card, inside, "fe80::1/64")
    assert BY_NAME["mtu-underlay"].kind(found).facts["mtu"] == str(underlay)
    assert BY_NAME["mtu-container"].kind(found).facts["mtu"] == str(container)


@pytest.mark.parametrize(
    ("card", "inside", "line"),
    [
        (1400, 1450, "the MTU of eth0 is 1400: that is too small already"),
        (1280, 1230, "the MTU of eth0 would be 1180: with less than 1280 it loses its IPv6 addresses"),
    ],
)
def test_no_link_gets_wider_or_loses_addresses(card: int, inside: int, line: str) -> None:
    with pytest.raises(LabError) as caught:
        BY_NAME["mtu-underlay"].kind(narrow(card, inside, "2001:db8::5/64"))
    assert caught.value.faults == [line]


def test_somebodys_own_queue_is_not_replaced() -> None:
    with pytest.raises(LabError, match="eth0 has a queue of its own, htb 1:"):
        BY_NAME["packets-slow"].kind(host(queues={"eth0": "htb 1:"}))


def test_a_learned_entry_is_left_to_the_vxlan() -> None:
    step = BY_NAME["forwarding-wrong"].kind(host(overlay=False)).steps[0]
    assert step.undo == (("bridge", "fdb", "del", MAC, "dev", "vx-lab"),)


_LINK = "7: {}: <BROADCAST,MULTICAST{}> mtu 1450 qdisc noqueue state X mode DEFAULT group default"


@pytest.mark.parametrize(
    ("name", "output", "there"),
    [
        ("vxlan-down", _LINK.format("vxlan0", ""), True),
        ("vxlan-down", _LINK.format("vxlan0", ",UP,LOWER_UP"), False),
        ("vxlan-down", _LINK.format("vxlan00", ""), False),
        ("vxlan-down", "", False),
        ("veth-down", _LINK.format("veth0@if8", ",M-DOWN"), True),
        ("veth-down", _LINK.format("veth0@if8", ",UP"), False),
        ("mtu-underlay", "2: eth0@if3: <UP> mtu 1400 qdisc x", True),
        ("mtu-underlay", "2: eth0@if3: <UP> mtu 1500 qdisc x", False),
        ("forwarding-wrong", f"{MAC} dst 10.0.0.254 self permanent", True),
        ("forwarding-wrong", f"{MAC} dst 10.0.0.117 self permanent", False),
        ("forwarding-missing", "02:42:ff:ff:ff:ff dst 10.0.0.118 self", True),
        ("forwarding-missing", f"a\n{MAC} dst 10.0.0.117 self permanent\n", False),
        ("neighbour-missing", "10.200.0.30 lladdr 02:00:00:00:00:01 PERMANENT", True),
        ("neighbour-missing", "10.200.0.3 FAILED", True),
        ("neighbour-missing", f"10.200.0.3 lladdr {MAC} PERMANENT", False),
        ("container-address-removed", "2: eth0    inet 10.200.0.20/24 brd x", True),
        ("container-address-removed", "2: eth0    inet 10.200.0.2/24 brd x", False),
        ("container-route-missing", "default via 172.18.0.1 dev eth1", True),
        ("container-route-missing", "default via x dev eth1\n10.200.0.0/24 dev eth0 proto kernel", False),
        ("dockerd-frozen", "State:\tT (stopped)\n", True),
        ("dockerd-frozen", "State:\tS (sleeping)\n", False),
        ("etcd-killed", "failed\n", True),
        ("etcd-killed", "activating\n", False),
        ("packets-slow", "qdisc tbf fa17: root refcnt 2", True),
        ("packets-slow", "qdisc noqueue 0: root refcnt 2", False),
        ("name-server-wrong", "nameserver 192.0.2.1\n", True),
        ("name-server-wrong", "nameserver 127.0.0.11\n", False),
    ],
)
def test_how_it_is_known_that_a_fault_is_there(name: str, output: str, there: bool) -> None:
    # The last step with a question is the fault itself; those before it are what went with it.
    step = [one for one in plan(name).steps if one.ask][-1]
    assert bool(re.search(step.shows, output)) is there
