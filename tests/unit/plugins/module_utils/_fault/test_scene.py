# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What faults can be made of on a host."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault import scene
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.scene import Other

from .scenes import INSIDE, MAC, OVERLAY, REMOTE, host, link, read


@pytest.mark.parametrize(
    ("overlay", "links"),
    [
        (True, {"card": ("", "eth0"), "bridge": (OVERLAY, "br0"), "vxlan": (OVERLAY, "vxlan0")}),
        (False, {"card": ("", "eth0"), "bridge": ("", "br-lab"), "vxlan": ("", "vx-lab")}),
    ],
)
def test_links_are_found_by_how_they_are_connected(overlay: bool, links: dict[str, tuple[str, str]]) -> None:
    found = host(overlay)
    links = {**links, "inner": (INSIDE, "eth0"), "veth": (OVERLAY if overlay else "", "veth0")}
    assert {which: (found.link(which).netns, found.link(which).name) for which in links} == links
    assert found.overlay is overlay


def test_containers_of_other_hosts_with_an_address_come_first() -> None:
    assert host().others == (Other(MAC, REMOTE, "10.200.0.3"), Other("02:42:ff:ff:ff:ff", "10.0.0.118"))


def test_routes_are_those_of_the_link_alone() -> None:
    assert host().link("inner").routes == ("10.200.0.0/24 dev eth0 proto kernel scope link src 10.200.0.2",)


def test_nobodys_address_is_no_hosts() -> None:
    assert host().nobody() == "10.0.0.254"
    assert scene.of_host(read(True), "10.0.0.116", ["10.0.0.254", "10.0.0.253"]).nobody() == "10.0.0.252"


def test_nobodys_address_is_no_gateways_and_no_neighbours_either() -> None:
    given = read(True)
    given.routes[""][0] = "default via 10.0.0.254 dev eth0"
    given.state["namespaces"][0]["neighbours"] = [{"dev": "eth0", "address": "10.0.0.253", "mac": MAC}]
    given.state["namespaces"][0]["links"].append(link("eth1", addresses=["10.0.0.252/24"]))
    assert scene.of_host(given, "10.0.0.116", []).nobody() == "10.0.0.251"


def test_the_address_is_the_one_that_was_asked_for() -> None:
    given = read(True)
    given.state["namespaces"][0]["links"][0]["addresses"] = ["192.168.7.5/24", "10.0.0.116/24"]
    found = scene.of_host(given, "10.0.0.116", [])
    assert found.link("card").address == "10.0.0.116/24"
    assert (found.facts()["host_address"], found.nobody()) == ("10.0.0.116", "10.0.0.254")


def test_a_route_through_several_links_is_one() -> None:
    ways = "default proto static nexthop via 10.0.0.1 dev eth0 weight 1 nexthop via 10.0.0.2 dev eth1 weight 1"
    assert scene.of_host(read(True, routes={"": [ways]}), "10.0.0.116", []).link("card").routes == (ways,)


def test_without_containers_the_host_itself_is_left() -> None:
    given = read(True)
    state = {**given.state, "containers": [], "docker_error": "dockerd does not answer"}
    found = scene.of_host(scene.Read(state, given.routes), "10.0.0.116", [REMOTE])
    assert found.link("card").name == "eth0"
    for ask in (lambda: found.link("vxlan"), found.needed_container):
        with pytest.raises(LabError, match="here \\(dockerd does not answer\\)"):
            ask()
