# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab of two hosts as the module path_state reads it, and what packet_trace returns of a packet that gets so far.

test1 on emon and test2 on emon2 are in demo, as is near, beside test1. Interfaces are named by what they are.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import plan as plans
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import request

HOSTS = {"emon": "10.0.0.116", "emon2": "10.0.0.117"}
LAB = {
    "name": "emon",
    "site": "company",
    "simulated": True,
    "hosts": {host: {"addresses": {"company": address}} for host, address in HOSTS.items()},
    "networks": [{"name": "demo", "subnet": "10.200.0.0/24"}],
    "containers": [
        {"name": name, "host": host, "networks": [{"name": "demo"}]}
        for name, host in (("test1", "emon"), ("near", "emon"), ("test2", "emon2"))
    ],
}
CONTAINERS = {"test1": ("emon", "10.200.0.2"), "near": ("emon", "10.200.0.4"), "test2": ("emon2", "10.200.0.3")}
MACS = {name: f"02:42:0a:c8:00:0{address[-1]}" for name, (_host, address) in CONTAINERS.items()}
OVERLAY = "/run/docker/netns/1-5d2ac4f1f0"
States = dict[str, dict[str, Any]]


def link(name: str, kind: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "index": 1, "kind": kind, "up": True, "carrier": True, "mtu": 1500, "mac": "", "master": None,
        "addresses": [], "peer": None, "parent": None, "settings": {}, **more,
    }  # fmt: skip


def namespace(netns: str, links: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"netns": netns, "links": links, "routes": [], "fdb": [], "neighbours": [], **more}


def states(engine: str = "overlay", simulated: bool = True) -> States:
    """``engine``: overlay, as Docker's own with a store or in a swarm, or vxlan."""
    found = {host: _host(host, engine) for host in HOSTS}
    if simulated:
        found["localhost"] = _controller(found)
    return found


def _host(host: str, engine: str) -> dict[str, Any]:
    own = [name for name, (where, _address) in CONTAINERS.items() if where == host]
    others = [name for name in CONTAINERS if name not in own]
    other = next(one for one in HOSTS if one != host)
    bridge, vxlan, space = ("br0", "vxlan0", OVERLAY) if engine == "overlay" else ("vxbr-9", "vxlan-9", "")
    card = link("eth0", "veth", mac=f"02:00:00:00:00:{host[4:] or 1}", addresses=[f"{HOSTS[host]}/24"])
    settings = {"vni": 256, "port": 4789} if engine == "overlay" else {"vni": 9, "port": 14789, "local": HOSTS[host]}
    segment = [
        link(bridge, "bridge", mtu=1450),
        link(vxlan, "vxlan", master=bridge, mtu=1450, settings=settings),
        *(link(f"veth-{name}", "veth", master=bridge, mtu=1450,
               peer={"netns": f"/run/docker/netns/{name}", "name": "eth0"}) for name in own),
    ]  # fmt: skip
    tables = {
        "fdb": [{"dev": vxlan, "mac": MACS[name], "remote": HOSTS[other]} for name in others],
        "neighbours": [{"dev": vxlan, "address": CONTAINERS[name][1], "mac": MACS[name]} for name in others],
    }
    routes = [{"to": "10.0.0.0/24", "via": None, "dev": "eth0"}]
    if engine == "vxlan":
        tables = {"fdb": [{"dev": vxlan, "mac": "00:00:00:00:00:00", "remote": HOSTS[other]}], "neighbours": []}
        spaces = [namespace("", [card, *segment], routes=routes, **tables)]
    else:
        spaces = [namespace("", [card], routes=routes), namespace(OVERLAY, segment, **tables)]
    spaces += [_container_space(name, space, bridge) for name in own]
    return {
        "now": 1000.0,
        "docker_error": None,
        "containers": [_container(name) for name in own],
        "networks": [_network(engine)],
        "published": [],
        "listening": {"tcp": [], "udp": []},
        "namespaces": spaces,
        "resolved": None,
    }


def _network(engine: str) -> dict[str, Any]:
    place = {"netns": OVERLAY, "bridge": None} if engine == "overlay" else {"netns": "", "bridge": "vxbr-9"}
    return {"name": "demo", "id": "5d2ac4f1f0aa", "driver": "overlay", "encrypted": False, **place}


def _container(name: str) -> dict[str, Any]:
    place = {"name": "demo", "id": "5d2ac4f1f0aa", "address": CONTAINERS[name][1], "mac": MACS[name]}
    return {
        "name": name, "id": name, "status": "running", "pid": 7, "netns": f"/run/docker/netns/{name}",
        "networks": [place], "listening": {"tcp": [], "udp": []},
    }  # fmt: skip


def _container_space(name: str, peer_netns: str, _bridge: str) -> dict[str, Any]:
    eth0 = link(
        "eth0", "veth", mac=MACS[name], mtu=1450, addresses=[f"{CONTAINERS[name][1]}/24"],
        peer={"netns": peer_netns, "name": f"veth-{name}"},
    )  # fmt: skip
    return namespace(f"/run/docker/netns/{name}", [eth0], routes=[{"to": "10.200.0.0/24", "via": None, "dev": "eth0"}])


def _controller(hosts: States) -> dict[str, Any]:
    ports = [link(host, "veth", master="underlay", peer={"netns": host, "name": "eth0"}) for host in hosts]
    spaces = [namespace("emon-underlay", [link("underlay", "bridge"), *ports])]
    spaces += [namespace(host, []) for host in hosts]
    empty = {"docker_error": "none", "containers": [], "networks": [], "published": [], "resolved": None}
    return {"now": 1000.0, "namespaces": spaces, **empty}


def space(of: States, host: str, netns: str) -> dict[str, Any]:
    return next(one for one in of[host]["namespaces"] if one["netns"] == netns)


def the_link(of: States, host: str, netns: str, name: str) -> dict[str, Any]:
    return next(one for one in space(of, host, netns)["links"] if one["name"] == name)


def publish(of: States) -> None:
    """emon2 leads its port 8080 to port 80 of test2."""
    host = space(of, "emon2", "")
    host["links"] += [
        link("docker_gwbridge", "bridge", addresses=["172.18.0.1/16"]),
        link("veth9", "veth", master="docker_gwbridge", peer={"netns": "/run/docker/netns/test2", "name": "eth1"}),
    ]
    host["routes"].append({"to": "172.18.0.0/16", "via": None, "dev": "docker_gwbridge"})
    space(of, "emon2", "/run/docker/netns/test2")["links"].append(
        link("eth1", "veth", addresses=["172.18.0.3/16"], peer={"netns": "", "name": "veth9"})
    )
    of["emon2"]["published"] = [{"protocol": "tcp", "port": 8080, "address": "172.18.0.3", "to_port": 80}]


def plan(of: States, source: str = "test1", target: str = "test2", port: str = "") -> plans.Plan:
    asked, faults = request.parse({"from": source, "to": target, "port": port}, LAB)
    assert asked is not None, faults
    return plans.make(asked, of, LAB)


def traced(
    made: plans.Plan, forth: int = 99, back: int = 99, whole: tuple[int, int] | None = None, said: str = ""
) -> dict[str, dict[str, Any]]:
    """What the hosts return where requests get to so many hops, and replies to so many; ``whole``: full-size ones."""
    kinds = [(0, False, (forth, back)), (1, True, whole or (forth, back))]
    if made.request.port:
        kinds = kinds[:1]
    sightings: dict[str, list[dict[str, Any]]] = {host: [] for host in {*made.interfaces, made.sender}}
    heard = [number for number, tap in enumerate(made.taps) if tap]
    for index, _is_whole, (most_forth, most_back) in kinds:
        clock = 1_000_000_000_000 + index * 1_000_000
        for step, number in enumerate(heard[:most_forth]):
            _see(sightings, made, number, True, index, clock + step * 1000, "SYN" if made.request.port else "")
        for step, number in enumerate(heard[::-1][: most_back if most_forth >= len(heard) else 0]):
            _see(sightings, made, number, False, index, clock + 50_000 + step * 1000, said)
    return {
        host: {
            "sightings": found, "silent": [], "counted": [], "began": 999.0, "ended": 1002.0, "dropped": 0,
            "met": len(sightings) - 1,
            "sent": [
                {"index": index, "size": None if made.request.port else 1450 if is_whole else 84, "mtu": None,
                 "dont_fragment": is_whole, "error": None}
                for index, is_whole, _most in kinds
            ] if host == made.sender else [],
        }
        for host, found in sightings.items()
    }  # fmt: skip


def _see(
    sightings: dict[str, list[dict[str, Any]]],
    made: plans.Plan,
    number: int,
    forth: bool,
    index: int,
    time: int,
    said: str,
) -> None:
    host, tap = made.taps[number] or ("", 0)
    hop = made.hops[number]
    ends = (made.source.address, made.target.address)
    inner = {"src": ends[not forth], "dst": ends[forth], "ttl": 64, "protocol": 1}
    outer = {"src": HOSTS["emon" if forth else "emon2"], "dst": HOSTS["emon2" if forth else "emon"], "ttl": 64}
    tunnel = hop.tunnel
    sightings[host].append(
        {
            "tap": tap, "time": time, "outgoing": hop.outgoing == forth, "kind": "request" if forth else "reply",
            "index": index, "layers": [outer, inner] if tunnel else [inner], "vni": tunnel.vni if tunnel else None,
            "udp_port": tunnel.port if tunnel else None, "said": said,
            "mtu": None, "checksum_left": False, "frame": None,
        }
    )  # fmt: skip


def arp(
    made: plans.Plan, results: dict[str, dict[str, Any]], hops: int, answered: int = 0, of_target: bool = False
) -> None:
    """The sender (or the target) asks by ARP, and is heard at so many hops; so is the answer, from the other end."""
    heard = [number for number, tap in enumerate(made.taps) if tap]
    order = heard[::-1] if of_target else heard
    for kind, numbers, forth in (
        ("arp request", order[:hops], not of_target),
        ("arp reply", order[::-1][:answered], of_target),
    ):
        for number in numbers:
            host, tap = made.taps[number] or ("", 0)
            results[host]["sightings"].append(
                {
                    "tap": tap, "time": 1, "outgoing": made.hops[number].outgoing == forth, "kind": kind, "index": None,
                    "layers": [{"src": "", "dst": "", "protocol": "arp"}], "vni": None, "udp_port": None, "said": "",
                    "mtu": None, "checksum_left": False, "frame": None,
                }
            )  # fmt: skip


def refuse(results: dict[str, dict[str, Any]], said: str, index: int | None = None) -> None:
    """What came back, or one of it, was an ICMP error."""
    for result in results.values():
        for one in result["sightings"]:
            if one["kind"] == "reply" and index in (None, one["index"]):
                one.update(kind="error", said=said)


def matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None
