# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from ipaddress import ip_address, ip_interface
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import overlay_state
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts.overlay_state import Segment
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.forwarding_tables import FLOOD, Entry
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.rtnetlink import attribute
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.observed import LinkState, Place

ID = "5d2ac4f1f0aa" + "0" * 52
OVERLAY = {
    "Name": "demo",
    "Id": ID,
    "Driver": "overlay",
    "Scope": "global",
    "IPAM": {"Config": [{"Subnet": "10.200.0.0/24", "Gateway": "10.200.0.1"}]},
    "Options": {"com.docker.network.driver.mtu": "1500"},
}


def link(name: str, kind: str | None = "veth", **given: Any) -> LinkState:
    """As much of a link as is read here."""
    facts = {"mtu": 1450, "mac": "02:42:0a:c8:00:02", "master": None, "addresses": set(), "settings": {}}
    facts |= {"up": True, "index": 7, "link_index": 8, **given}
    return cast(LinkState, SimpleNamespace(name=name, kind=kind, **facts))


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        pytest.param(OVERLAY, Segment("/ns/1-5d2ac4f1f0", None), id="the overlay's sandbox"),
        pytest.param({**OVERLAY, "Id": "f" * 64}, None, id="no container of it here"),
        pytest.param({**OVERLAY, "Driver": "bridge"}, Segment("", "br-5d2ac4f1f0aa"), id="bridge"),
        pytest.param(
            {"Driver": "bridge", "Id": ID, "Options": {"com.docker.network.bridge.name": "lab0"}},
            Segment("", "lab0"),
            id="bridge with a name",
        ),
        pytest.param({"Driver": "host", "Id": ID, "Options": None}, None, id="another driver"),
    ],
)
def test_segment(network: dict[str, Any], expected: Segment | None) -> None:
    assert overlay_state.segment(network, ["/ns/default", "/ns/lb_5d2ac4f1f", "/ns/1-5d2ac4f1f0"]) == expected


@pytest.mark.parametrize(
    ("bridge", "expected"),
    [(None, ["vxlan0", "vxlan1"]), ("br0", ["vxlan0"])],
)
def test_vxlans_of_a_segment(bridge: str | None, expected: list[str]) -> None:
    links = [link("vxlan0", "vxlan", master="br0"), link("vxlan1", "vxlan"), link("veth0", master="br0")]
    assert [one.name for one in Segment("", bridge).vxlans(links)] == expected


@pytest.mark.parametrize(
    ("bridge", "expected"),
    [(None, "br0"), ("br1", "br1"), ("br2", None)],
)
def test_bridge_of_a_segment(bridge: str | None, expected: str | None) -> None:
    links = [link("vxlan0", "vxlan"), link("br0", "bridge"), link("br1", "bridge")]
    found = Segment("", bridge).bridge_among(links)
    assert (found and found.name) == expected


@pytest.mark.parametrize("text", ["", None, "0001-01-01T00:00:00Z"])
def test_a_container_that_never_started(text: str | None) -> None:
    assert overlay_state.moment(text) is None


M2, M3, M4 = "02:42:0a:c8:00:02", "02:42:0a:c8:00:03", "02:42:0a:c8:00:04"


@pytest.mark.parametrize(
    ("fdb", "neighbours", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param(
            [Entry(5, M3, "192.168.1.117")],
            [Entry(5, M3, "10.200.0.3")],
            [(M3, "192.168.1.117", "10.200.0.3")],
            id="both tables know it",
        ),
        pytest.param([Entry(5, M3, "192.168.1.117")], [], [(M3, "192.168.1.117", None)], id="only the fdb"),
        pytest.param([], [Entry(5, M3, "10.200.0.3")], [(M3, None, "10.200.0.3")], id="only the neighbour table"),
        pytest.param(
            [Entry(5, M3, "192.168.1.117"), Entry(5, M3, "192.168.1.116")],
            [Entry(5, M3, "10.200.0.3")],
            [(M3, "192.168.1.116", "10.200.0.3"), (M3, "192.168.1.117", "10.200.0.3")],
            id="one MAC behind two VTEPs",
        ),
        pytest.param(
            [Entry(7, M2, "192.168.1.117"), Entry(5, M4, None), Entry(5, FLOOD, "192.168.1.117")],
            [Entry(7, M2, "10.9.0.2")],
            [],
            id="other interfaces, a bridge's own, and what floods",
        ),
    ],
)
def test_join(fdb: list[Entry], neighbours: list[Entry], expected: list[tuple]) -> None:
    found = overlay_state.join("demo", {5}, fdb, neighbours)
    assert found == [
        {"network": "demo", "mac": mac, "vtep": vtep, "address": address} for mac, vtep, address in expected
    ]


def test_network_views() -> None:
    twice = {**OVERLAY, "Id": "f" * 64, "Options": {}}
    segments = {ID: Segment("/ns/1-5d2ac4f1f0", None), "f" * 64: None}
    vxlan = link("vxlan0", "vxlan", index=5, master="br0", settings={"vni": 256, "port": 4789, "local": "10.0.0.1"})
    overlay_state.add_remotes(
        [vxlan], [Entry(5, FLOOD, "10.0.0.3"), Entry(5, M3, "10.0.0.2"), Entry(7, FLOOD, "10.9.0.1")]
    )
    vxlans = {ID: [vxlan]}
    bridges = {ID: link("br0", "bridge", addresses={ip_interface("10.200.0.1/24")})}
    views = overlay_state.network_views(["demo", "gone", "demo"], [OVERLAY, twice], segments, vxlans, bridges)
    assert views[0] == {
        "name": "demo",
        "exists": True,
        "id": ID,
        "driver": "overlay",
        "scope": "global",
        "subnets": ["10.200.0.0/24"],
        "ipam": [{"subnet": "10.200.0.0/24", "gateway": "10.200.0.1", "ip_range": None}],
        "mtu": 1500,
        "options": {"com.docker.network.driver.mtu": "1500"},
        "sandbox": "/ns/1-5d2ac4f1f0",
        "vnis": [256],
        "vxlans": [
            {
                "name": "vxlan0",
                "vni": 256,
                "port": 4789,
                "local": "10.0.0.1",
                "mtu": 1450,
                "up": True,
                "master": "br0",
                "remotes": ["10.0.0.3"],
            }
        ],
        "bridge": {"name": "br0", "mtu": 1450, "mac": M2, "up": True, "addresses": ["10.200.0.1/24"]},
    }
    assert [(view["name"], view["exists"], view["id"], view["vnis"]) for view in views[1:]] == [
        ("demo", True, "f" * 64, []),
        ("gone", False, None, []),
    ]
    assert len({tuple(view) for view in views}) == 1  # the same keys


def test_container_view() -> None:
    inspected = {
        "State": {"Running": True, "Status": "running", "Pid": 42, "StartedAt": "2026-11-22T11:10:30.924122123Z"},
        "NetworkSettings": {"Networks": {"demo": {"NetworkID": ID, "IPAddress": "10.200.0.2", "MacAddress": M2}}},
    }
    eth0 = link("eth0", addresses={ip_interface("10.200.0.2/24")})
    others = {"lo": link("lo", None), "veth9": link("veth9", index=8, link_index=6)}
    veth0 = link("veth0", index=8, link_index=7, master="br0")
    places = {ID: cast(Place, SimpleNamespace(links={**others, "veth0": veth0}))}
    bridges_of = overlay_state.by_mac([inspected, None], places)
    view = overlay_state.container_view("test1", inspected, [link("lo", None), eth0], bridges_of)
    assert view == {
        "name": "test1",
        "exists": True,
        "running": True,
        "status": "running",
        "pid": 42,
        "started": 1795345830.0,
        "networks": [{"name": "demo", "id": ID, "address": "10.200.0.2", "mac": M2}],
        "interfaces": [
            {
                "name": "eth0",
                "mtu": 1450,
                "mac": M2,
                "up": True,
                "addresses": ["10.200.0.2/24"],
                "port": {"name": "veth0", "up": True, "master": "br0"},
            }
        ],
    }
    # One that uses test1's network: Docker knows no endpoint of it.
    guest = {**inspected, "NetworkSettings": {"Networks": {}}}
    assert overlay_state.container_view("guest", guest, [eth0], bridges_of)["interfaces"] == view["interfaces"]
    gone = overlay_state.container_view("test1", None, [], {})
    assert (gone["exists"], gone["running"], gone["pid"], gone["interfaces"]) == (False, False, None, [])
    assert list(gone) == list(view)


@pytest.mark.parametrize("address", ["192.168.1.117", "fd00::1", None])
def test_forwarding_entry(address: str | None) -> None:
    body = struct.pack("=BxxxiHBB", 7, 5, 0x80, 2, 0) + attribute(2, bytes.fromhex(M3.replace(":", "")))
    if address:
        body += attribute(1, ip_address(address).packed)
    assert forwarding_tables.entry(body) == Entry(5, M3, address)
