# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as path_state reads it, with a network of each kind: an overlay of Docker's, and a VXLAN that learns."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._fault import reading, scene
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.scene import Read, Scene

INSIDE = "/run/docker/netns/c0ffee"
OVERLAY = "/run/docker/netns/1-abcdefghij"
MAC, REMOTE = "02:42:0a:c8:00:03", "10.0.0.117"
RESOLV_CONF = ("/var/lib/docker/containers/1d/resolv.conf", "nameserver 127.0.0.11\n")


def link(name: str, **given: Any) -> dict[str, Any]:
    found = {"name": name, "up": True, "mtu": 1450, "mac": "02:42:0a:c8:00:02", "kind": "", "master": None}
    return {**found, "addresses": [], "peer": None, "settings": {}, **given}


def namespace(netns: str, *links: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"netns": netns, "links": list(links), "fdb": [], "neighbours": [], **given}


def read(overlay: bool, **given: Any) -> Read:
    place = OVERLAY if overlay else ""
    bridge, vxlan = ("br0", "vxlan0") if overlay else ("br-lab", "vx-lab")
    card = link("eth0", kind="veth", mtu=1500, addresses=["10.0.0.116/24", "fe80::1/64"])
    ports = [
        link(bridge, kind="bridge"),
        link(vxlan, kind="vxlan", master=bridge, settings={"vni": 256, "port": 4789 if overlay else 14789}),
        link("veth0", kind="veth", master=bridge, peer={"netns": INSIDE, "name": "eth0"}),
    ]
    fdb = [
        {"dev": vxlan, "mac": "02:42:0a:c8:00:99", "remote": None},
        {"dev": vxlan, "mac": "02:42:ff:ff:ff:ff", "remote": "10.0.0.118"},
        {"dev": vxlan, "mac": MAC, "remote": REMOTE},
        {"dev": vxlan, "mac": "02:42:0a:c8:00:02", "remote": "10.0.0.116"},
        *([] if overlay else [{"dev": vxlan, "mac": scene.FLOOD, "remote": REMOTE}]),
    ]
    own = {"dev": vxlan, "address": "10.200.0.2", "mac": "02:42:0a:c8:00:02"}
    near = {"dev": vxlan if overlay else "eth0", "address": "10.200.0.3", "mac": MAC}
    inside = namespace(
        INSIDE,
        link("eth0", kind="veth", addresses=["10.200.0.2/24"], peer={"netns": place, "name": "veth0"}),
        neighbours=[] if overlay else [near],
    )
    spaces = (
        [namespace("", card), namespace(place, *ports, fdb=fdb, neighbours=[own, near])]
        if overlay
        else [namespace("", card, *ports, fdb=fdb)]
    )
    container = {
        "name": "test1",
        "id": "1d",
        "status": "running",
        "netns": INSIDE,
        "networks": [{"name": "demo", "id": "abcdefghij0123", "address": "10.200.0.2", "mac": None}],
    }
    state = {"containers": [container], "namespaces": [*spaces, inside], "docker_error": None}
    routes = {
        "": ["default via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.116"],
        INSIDE: ["default via 172.18.0.1 dev eth1", "10.200.0.0/24 dev eth0 proto kernel scope link src 10.200.0.2"],
    }
    found: dict[str, Any] = {
        "state": state,
        "routes": routes,
        "identities": {INSIDE: (4, 11), OVERLAY: (4, 12), "": (4, 1)},
        "resolv_conf": {"test1": RESOLV_CONF},
        "units": reading.UNITS,
    }
    return Read(**{**found, **given})


def host(overlay: bool = True, **given: Any) -> Scene:
    return scene.of_host(read(overlay, **given), "10.0.0.116", [REMOTE, "10.0.0.118"])
