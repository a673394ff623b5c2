# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not the lab's, as the kernel has it: further names, what a router gives, entries that have more than an
address; and a kernel without IPv6, and one that refuses half way.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import rollback
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run

from . import iproute2

OWN = "in the machine's own namespace"
NIC = "nic0"
PREFIX, ROUTER = "2001:db8:5::", "fe80::1"


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def options(name: str | None = None, state: str = "present", **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, **more}


def bridge(**more: Any) -> dict[str, Any]:
    return options(bridges=[{"name": "to-br", **more}])


def vxlan(*remotes: str) -> dict[str, Any]:
    return options(vxlans=[{"name": "to-vx", "vni": 7, "port": 4790, "remotes": list(remotes)}])


def faults(given: dict[str, Any], check_mode: bool = False) -> list[str]:
    with pytest.raises(LabError) as raised:
        run(given, check_mode)
    return raised.value.faults


@pytest.fixture
def _nic() -> Iterator[None]:
    """An interface of the machine with a further name; the other end is a router's, in another namespace."""
    ip("netns", "add", "to-router")
    ip("link", "add", NIC, "type", "veth", "peer", "name", "far", "netns", "to-router")
    ip("link", "property", "add", "dev", NIC, "altname", "enp3s0")
    ip("-n", "to-router", "link", "set", "far", "up")
    ip("-n", "to-router", "addr", "add", f"{ROUTER}/64", "dev", "far", "nodad")
    ip("link", "set", NIC, "up")
    yield
    ip("link", "del", NIC)
    ip("netns", "del", "to-router")
    for name in ("to-br", "to-vx", "to-v1"):
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)


def advertise() -> None:
    """A router advertisement (RFC 4861) with a prefix for addresses of their own, valid for an hour."""
    header = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 3600, 3600, 0, socket.inet_pton(socket.AF_INET6, PREFIX))
    with (
        netns.Namespaces() as namespaces,
        namespaces.inside("to-router"),
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as router,
    ):
        index = socket.if_nametoindex("far")
        router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        router.bind((ROUTER, 0, 0, index))
        router.sendto(header + prefix, ("ff02::1", 0, 0, index))


def given_addresses(link: str) -> list[str]:
    found = iproute2.ip("", "-6", "addr", "show", "dev", link, "scope", "global")
    addresses = [one.get("local", "") for entry in found for one in entry.get("addr_info", [])]
    return [address for address in addresses if address.startswith("2001:")]


def wait_for_address(link: str) -> None:
    """The kernel takes an advertisement in its own time, and none while its own address is being tried."""
    for _try in range(100):
        advertise()
        if given_addresses(link):
            return
        time.sleep(0.1)
    raise AssertionError(f"{link} takes no router advertisement")


def default_routes() -> list[str]:
    return [line.split()[2] for line in ip("-6", "route", "show", "default").splitlines()]


# Further names ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_nic")
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("given", "title"),
    [
        (options(bridges=[{"name": "enp3s0"}]), f"bridge enp3s0 {OWN}"),
        (options(vxlans=[{"name": "enp3s0", "vni": 7, "port": 4790}]), f"vxlan enp3s0 {OWN}"),
        (options(veths=[{"name": "to-v1", "peer": {"name": "enp3s0"}}]), f"veth enp3s0 {OWN}"),
    ],
)
def test_a_further_name_is_taken(given: dict[str, Any], title: str, check_mode: bool) -> None:
    assert faults(given, check_mode) == [
        f"{title}: enp3s0 is another name of {NIC} there: choose another name, or take it off"
        f" (ip link property del dev {NIC} altname enp3s0)"
    ]
    subprocess.run(f"ip link property del dev {NIC} altname enp3s0", shell=True, check=True)
    assert run(given, check_mode)["changed"]
    subprocess.run(["ip", "link", "del", "enp3s0"], check=not check_mode, capture_output=True)


@pytest.mark.usefixtures("_nic")
def test_a_port_a_parent_and_a_route_may_be_called_by_it() -> None:
    given = bridge(ports=["enp3s0"])
    assert run(given, False)["changed"] and not run(given, False)["changed"]
    assert iproute2.ip("", "link", "show", NIC)[0]["master"] == "to-br"
    ip("link", "set", NIC, "nomaster")
    ip("addr", "add", "192.0.2.9/24", "dev", NIC)
    given = options("to-lab", routes=[{"to": "198.51.100.0/24", "via": "192.0.2.1", "dev": "enp3s0"}])
    assert run(given, False)["changed"] and not run(given, False)["changed"]
    given = options(macvlans=[{"name": "to-v1", "parent": "enp3s0", "mode": "bridge"}])
    assert run(given, False)["changed"] and not run(given, False)["changed"]


@pytest.mark.usefixtures("_nic")
def test_nothing_is_removed_by_a_further_name() -> None:
    (line,) = faults(options(state="absent", veths=[{"name": "enp3s0"}]))
    assert line == f"veth enp3s0 {OWN}: enp3s0 is another name of {NIC} there: give that one"


def test_a_link_that_leads_nowhere_is_a_name_that_is_taken(tmp_path: Path) -> None:
    entry, elsewhere = Path("/run/netns/to-gone"), tmp_path / "elsewhere"
    entry.symlink_to(elsewhere)
    given = options("to-lab", namespaces=[{"name": "to-gone"}])
    assert faults(given) == [
        "namespace to-gone: /run/netns/to-gone is no namespace, and topology to-lab did not leave it: remove it, or set"
        " adopt"
    ]
    run({**given, "adopt": True}, False)
    assert netns.identity("to-gone") and not entry.is_symlink() and not elsewhere.exists()
    run(options("to-lab", state="absent"), False)
    assert not entry.exists()


def test_what_a_link_leads_to_outlives_it() -> None:
    ip("netns", "add", "to-real")
    Path("/run/netns/to-link").symlink_to("to-real")
    netns.remove("to-link")
    assert netns.identity("to-real")
    ip("netns", "del", "to-real")


# What the network gives ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_nic")
def test_what_a_router_gives_is_left_alone() -> None:
    run(bridge(ports=[NIC], addresses=["10.9.0.1/24"]), False)
    wait_for_address("to-br")
    (address,), routes = given_addresses("to-br"), default_routes()
    assert routes == [ROUTER]
    for wanted in (["10.9.0.1/24"], ["10.9.0.1/24", "10.9.1.1/24"]):
        # It carries the machine's default route now, so nothing may be taken from it.
        result = run(bridge(ports=[NIC], addresses=wanted), False)
        assert result["changed"] == (len(wanted) > 1) and not any(address in step for step in result["plan"])
    (line,) = faults(bridge(ports=[NIC], addresses=[]), check_mode=True)[:1]
    assert line.startswith(f"remove 10.9.0.1/24 from bridge to-br {OWN}: to-br carries the default route")
    assert given_addresses("to-br") == [address]
    assert default_routes() == routes


@pytest.mark.usefixtures("_nic")
def test_an_address_of_the_routers_that_is_asked_for_becomes_the_labs() -> None:
    run(bridge(ports=[NIC]), False)
    wait_for_address("to-br")
    wanted = bridge(ports=[NIC], addresses=[f"{given_addresses('to-br')[0]}/64"])
    assert run(wanted, False)["changed"]
    shown = iproute2.ip("", "-6", "addr", "show", "dev", "to-br", "scope", "global")[0]["addr_info"]
    assert [one["valid_life_time"] for one in shown if "local" in one] == [2**32 - 1]


@pytest.mark.usefixtures("_nic")
def test_a_route_of_the_routers_is_not_the_topologys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "_in_background", lambda _work: None)
    wait_for_address(NIC)
    given = options("to-lab", force=True, routes=[{"to": "::/0", "via": f"{PREFIX}99"}])
    assert run(given, False)["changed"] and not run(given, False)["changed"]
    assert sorted(default_routes()) == sorted([ROUTER, f"{PREFIX}99"])
    run(options("to-lab", state="absent", force=True), False)
    assert default_routes() == [ROUTER]


# Entries with more than an address -------------------------------------------------------------------------------


def floods(link: str) -> list[str]:
    entries = iproute2.ip("", "fdb", "show", "dev", link, tool="bridge")
    return sorted(one["dst"] for one in entries if one["mac"] == iproute2.FLOOD)


@pytest.mark.usefixtures("_nic")
@pytest.mark.parametrize(
    ("group", "entry", "shown"),
    [
        (["group", "239.1.1.1", "dev", NIC], [], "239.1.1.1 via interface {index}"),
        ([], ["port", "8472"], "192.0.2.7 port 8472"),
        ([], ["vni", "99"], "192.0.2.7 vni 99"),
        ([], ["via", NIC, "port", "8472", "vni", "99"], "192.0.2.7 port 8472 vni 99 via interface {index}"),
    ],
)
def test_an_entry_goes_with_all_that_it_has(group: list[str], entry: list[str], shown: str) -> None:
    ip("link", "add", "to-vx", "type", "vxlan", "id", "7", "dstport", "4790", *group)
    if entry:
        append = ["bridge", "fdb", "append", iproute2.FLOOD, "dev", "to-vx", "dst", "192.0.2.7", *entry]
        subprocess.run(append, check=True)
    index = iproute2.ip("", "link", "show", NIC)[0]["ifindex"]
    result = run(vxlan("192.0.2.8"), False)
    assert f"remove remote {shown.format(index=index)} from vxlan to-vx {OWN}" in result["plan"]
    assert floods("to-vx") == ["192.0.2.8"]
    assert not run(vxlan("192.0.2.8"), False)["changed"]


@pytest.mark.usefixtures("_nic")
def test_an_entry_of_the_same_address_is_another_one() -> None:
    ip("link", "add", "to-vx", "type", "vxlan", "id", "7", "dstport", "4790")
    append = ["bridge", "fdb", "append", iproute2.FLOOD, "dev", "to-vx", "dst", "192.0.2.7", "port", "8472"]
    subprocess.run(append, check=True)
    assert run(vxlan("192.0.2.7"), False)["changed"]
    shown = subprocess.run(["bridge", "fdb", "show", "dev", "to-vx"], check=True, capture_output=True, text=True).stdout
    assert "192.0.2.7" in shown and "port 8472" not in shown
    assert not run(vxlan("192.0.2.7"), False)["changed"]


# Without IPv6, and half way --------------------------------------------------------------------------------------


@pytest.fixture
def _no_ipv6() -> Iterator[None]:
    for value in ("1", "0"):
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text(value)
        if value == "1":
            yield


@pytest.mark.usefixtures("_nic", "_no_ipv6")
def test_without_ipv6_nothing_is_begun() -> None:
    given = bridge(addresses=["10.9.0.1/24", "fd00::1/64"])
    (line,) = faults(given)
    assert line == (
        f"bridge to-br {OWN}: fd00::1/64: IPv6 is off there (net.ipv6.conf.default.disable_ipv6 is 1, or this kernel"
        " has none): turn it on (sysctl -w net.ipv6.conf.all.disable_ipv6=0), or take IPv6 out"
    )
    assert "to-br" not in iproute2.links("")
    (line,) = faults(options("to-lab", routes=[{"to": "fd01::/64", "dev": NIC}]))
    assert line.startswith(
        f"route to fd01::/64 dev {NIC} {OWN}: IPv6 is off there (net.ipv6.conf.{NIC}.disable_ipv6 is 1"
    )
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("0")
    assert run(given, False)["changed"]
    Path("/proc/sys/net/ipv6/conf/to-br/disable_ipv6").write_text("1")
    (line,) = faults(given)
    assert "net.ipv6.conf.to-br.disable_ipv6 is 1" in line
    subprocess.run(line.partition("turn it on (")[2].partition(")")[0], shell=True, check=True, capture_output=True)
    assert run(given, False)["changed"]


@pytest.mark.usefixtures("_nic")
def test_a_failure_half_way_says_what_was_done() -> None:
    """The kernel refuses a route whose link is down; the bridge before it stays."""
    given = options(
        "to-lab",
        bridges=[{"name": "to-br", "addresses": ["10.9.0.1/24"], "up": False}],
        routes=[{"to": "198.51.100.0/24", "via": "10.9.0.7"}],
    )
    with pytest.raises(LabError) as raised:
        run(given, False)
    refused, line = raised.value.faults
    assert refused.startswith(f"add route to 198.51.100.0/24 via 10.9.0.7 {OWN}: the kernel says: ")
    assert line.startswith(f"done before that: make bridge to-br {OWN}, ")
    assert line.endswith(f"; not done: add route to 198.51.100.0/24 via 10.9.0.7 {OWN}")
    assert raised.value.done["changed"] and "to-br" in iproute2.links("")
    run(options("to-lab", state="absent"), False)
