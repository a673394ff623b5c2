# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labs of any size, as their hosts would tell them: what the module lab_status returns. All in them is as wanted."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import status
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan import plan as vxlan_plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

NOW = 1_795_345_830.0
SITE = "company"
Views = dict[str, dict[str, Any]]
_FIRST_VNI = {"cluster_store": 256, "swarm": 4097}


def lab(hosts: int = 2, engine: str = "cluster_store", networks: int = 1, containers: int = 1) -> dict[str, Any]:
    """``containers``: on each host; they are on the networks in turn, and the last of a host on the first two."""
    names = ["demo", "store", "front", "back", "audit", "spare"][:networks]
    made = []
    for number in range(hosts):
        for place in range(containers):
            on = [names[place % networks]]
            if networks > 1 and place and place == containers - 1:
                on = names[:2]
            places = [{"name": name, "ipv4_address": "", "aliases": []} for name in on]
            made.append({"name": f"test{len(made) + 1}", "host": host_name(number), "networks": places})
    return {
        "name": "emon",
        "site": SITE,
        "sites": {SITE: {"subnet": "10.0.0.0/24", "mtu": 1500}},
        "engine": engine,
        "hosts": {
            host_name(number): {
                "addresses": {SITE: f"10.0.0.{116 + number}"},
                "index": number + 1,
                "etcd": number < 3,
            }
            for number in range(hosts)
        },
        "networks": [
            {
                "name": name,
                "subnet": f"10.{200 + number}.0.0/24",
                "mtu": 1450,
                "underlay_mtu": 1500,
                "allow_overlap": False,
                "encrypted": False,
            }
            for number, name in enumerate(names)
        ],
        "containers": made,
    }


def host_name(number: int) -> str:
    return "emon" if number == 0 else f"emon{number + 1}"


def views(given: dict[str, Any]) -> Views:
    """What lab_status returns on each of the lab's hosts."""
    known = status.as_it_stands(given, {})
    addresses = _addresses(known)
    return {host: _view(known, host, addresses) for host in known["hosts"]}


def _addresses(given: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(container, network) -> address."""
    found = {}
    for network in given["networks"]:
        free = iter(list(IPv4Network(network["subnet"]).hosts())[1:])
        for container in given["containers"]:
            for place in container["networks"]:
                if place["name"] == network["name"]:
                    found[container["name"], network["name"]] = place["ipv4_address"] or str(next(free))
    return found


def _view(given: dict[str, Any], host: str, addresses: dict[tuple[str, str], str]) -> dict[str, Any]:
    engine, number = given["engine"], list(given["hosts"]).index(host)
    member = ENGINES[engine].uses_etcd and given["hosts"][host]["etcd"]
    has = {"docker.service": True, "containerd.service": True, "etcd.service": member}
    has |= dict.fromkeys(("overlay-lab-vxlan.service", "overlay-lab-resolver.service"), engine == "vxlan")
    own = given["hosts"][host]["addresses"][SITE]
    return {
        "hostname": host,
        "time": NOW,
        "record": {"lab": given["name"], "site": SITE, "moving_to": "", "engine": engine, "index": number + 1},
        "units": {
            name: {"active": runs, "enabled": runs, "started": NOW - 840 if runs else 0} for name, runs in has.items()
        },
        "uplink": {"name": "host0", "mtu": 1500, "mac": _mac(own), "up": True, "addresses": [f"{own}/24"]},
        "docker": {"version": "26.1.5" if engine == "swarm" else "20.10.24", "fault": ""},
        "swarm": _swarm(given, host),
        "etcd": {
            "version": "3.4.23" if member else "",
            "member_id": f"{number + 1:016x}" if member else "",
            "leader": member and number == 0,
            "fault": "",
            "remedy": "",
        },
        "networks": [_network(given, host, position) for position in range(len(given["networks"]))],
        "containers": [
            _container(one, addresses, position)
            for position, one in enumerate(one for one in given["containers"] if one["host"] == host)
        ],
        "forwarding": [],
    }


def _swarm(given: dict[str, Any], host: str) -> dict[str, Any]:
    names = list(given["hosts"])
    managers = names[:3] if len(names) > 2 else names[:1]
    if given["engine"] != "swarm":
        state = {"state": "inactive", "node_id": "", "node_address": "", "manager": False, "error": "", "lab": ""}
        return {"swarm": {**state, "managers": [], "cluster_id": ""}, "nodes": [], "networks": [], "error": ""}
    nodes = [
        {
            "id": f"node-{name}",
            "hostname": name,
            "address": given["hosts"][name]["addresses"][SITE],
            "role": "manager" if name in managers else "worker",
            "availability": "active",
            "state": "ready",
            "leader": name == names[0],
            "voter": name in managers,
            "reachable": name in managers,
        }
        for name in names
    ]
    return {
        "swarm": {
            "state": "active",
            "node_id": f"node-{host}",
            "node_address": given["hosts"][host]["addresses"][SITE],
            "manager": host in managers,
            "cluster_id": "swarm" if host in managers else "",
            "lab": given["name"],
            "managers": [
                {"node_id": f"node-{name}", "address": given["hosts"][name]["addresses"][SITE]} for name in managers
            ],
            "error": "",
        },
        "nodes": nodes if host in managers else [],
        "networks": [],
        "error": "",
    }


def _network(given: dict[str, Any], host: str, position: int) -> dict[str, Any]:
    network, engine = given["networks"][position], given["engine"]
    others = [one["addresses"][SITE] for name, one in given["hosts"].items() if name != host]
    options: dict[str, Any] = {"name": network["name"], "exists": True, "id": f"{position + 10:02x}" * 32}
    used = any(
        one["host"] == host and network["name"] in [place["name"] for place in one["networks"]]
        for one in given["containers"]
    )
    if engine == "vxlan":
        bridge, link = vxlan_plan.bridges(given, host)[position], vxlan_plan.vxlans(given, host)[position]
        pool = bridge["ipam_config"][0]
        name = bridge["driver_options"]["com.docker.network.bridge.name"]
        vxlan = {key: link[key] for key in ("name", "vni", "port", "local", "mtu", "remotes", "master")}
        return {
            **options,
            "driver": "bridge",
            "scope": "local",
            "ipam": [pool],
            "sandbox": None,
            "bridge": _bridge(name, f"{pool['gateway']}/24"),
            "vxlans": [{**vxlan, "up": True}],
            "vnis": [link["vni"]],
        }
    vni = _FIRST_VNI[engine] + position
    gateway = str(IPv4Network(network["subnet"])[1])
    vxlan = {"name": "vxlan0", "vni": vni, "port": 4789, "local": None, "mtu": 1450, "master": "br0", "remotes": others}
    return {
        **options,
        "driver": "overlay",
        "scope": "swarm" if engine == "swarm" else "global",
        "ipam": [{"subnet": network["subnet"], "gateway": gateway, "ip_range": None}],
        "sandbox": f"/var/run/docker/netns/1-{options['id'][:10]}" if used else None,
        "bridge": _bridge("br0", f"{gateway}/24") if used else None,
        "vxlans": [{**vxlan, "up": True}] if used else [],
        "vnis": [vni] if used else [],
    }


def _bridge(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "mtu": 1450, "mac": _mac(address.partition("/")[0]), "up": True, "addresses": [address]}


def _container(wanted: dict[str, Any], addresses: dict[tuple[str, str], str], position: int) -> dict[str, Any]:
    places = [(place["name"], addresses[wanted["name"], place["name"]]) for place in wanted["networks"]]
    return {
        "name": wanted["name"],
        "exists": True,
        "running": True,
        "status": "running",
        "pid": 4000 + position,
        "started": NOW - 600,
        "networks": [{"name": name, "id": name, "address": address, "mac": _mac(address)} for name, address in places],
        "interfaces": [
            {
                "name": f"eth{number}",
                "mtu": 1450,
                "mac": _mac(address),
                "up": True,
                "addresses": [f"{address}/24"],
                "port": {"name": f"veth{position}", "up": True, "master": "br0"},
            }
            for number, (_name, address) in enumerate(places)
        ],
    }


def _mac(address: str) -> str:
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
