# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The engine vxlan: kernel VXLAN under a Docker bridge on each host, all of it from the lab file; no control plane."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.vxlan import UDP_PORT
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import (
    Engine,
    Infos,
    Lab,
    Lines,
    Told,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import (
    has_joined,
    vni_of,
    without_library,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.networks import missing_networks, options
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.indexes import recorded_index

from . import addresses
from . import plan as vxlan_plan
from .shares import Shares
from .units import PORTS, RESOLVER

_DNS_PORT = 53
_UNITS = {
    PORTS: "its VXLANs would not come back after a reboot",
    RESOLVER: "containers on other hosts are not found by name",
}
_AGAIN = "run playbooks/overlay.yml"


# -- the lab file: containers have one half of a subnet, and each host a slice of the other ----------------------------


def address_fault(address: IPv4Address, subnet: IPv4Network) -> str:
    if address not in Shares(subnet).upper:
        return ""
    return f"{address} is in the half of {subnet} that the engine vxlan gives to hosts: take one of the lower half"


def room_faults(subnet: IPv4Network, network: str, used: int, hosts: Mapping[str, int]) -> list[str]:
    shares = Shares(subnet)
    found = []
    if used > shares.room:
        found.append(
            f"the lower half of {subnet} has room for {shares.room} containers, and {used} are in it: take a larger one"
        )
    return found + [
        f"the upper half of {subnet} has slices for {shares.slices} hosts, and {host} has the index {index}: take a"
        " larger one"
        for host, index in hosts.items()
        if index > shares.slices
    ]


# -- before anything is changed ----------------------------------------------------------------------------------------


def faults(lab: Lab, infos: Infos, _missing: Lines) -> list[str]:
    return [
        *_index_faults(lab, infos),
        *_slice_faults(lab),
        *(f"{host}: {line}" for host, info in infos.items() for line in _host_faults(lab, info)),
    ]


def _index_faults(lab: Lab, infos: Infos) -> list[str]:
    recorded = {name: recorded_index(infos.get(name), lab["name"]) for name in lab["hosts"]}
    holders: dict[int, str] = {}
    found = []
    for name, index in recorded.items():
        if index and holders.setdefault(index, name) != name:
            found.append(
                f"{holders[index]} and {name} have both recorded the index {index}, so their containers would share"
                f" addresses: take {name} out of the lab, and let it join again"
            )
    unseen = [name for name in lab["hosts"] if name not in infos]
    newcomers = [name for name in infos if not recorded[name]]
    if unseen and newcomers:
        found.append(
            f"{', '.join(newcomers)} cannot join in a run without {', '.join(unseen)}: only all hosts together know"
            " which addresses are taken; run with all of them, or take those that are gone out of the lab file"
        )
    return found


def _slice_faults(lab: Lab) -> list[str]:
    return [
        f"{name}: its index {host['index']} is too large for the network {network['name']}: {network['subnet']} has"
        f" slices for {slices} hosts; take a larger subnet, or a lower index"
        for network in lab["networks"]
        if (slices := addresses.shares(network).slices)
        for name, host in lab["hosts"].items()
        if host["index"] > slices
    ]


def _host_faults(lab: Lab, info: dict[str, Any]) -> list[str]:
    links = info["vxlan"]["links"]
    mark = str(mark_of(vxlan_plan.topology_name(lab["name"])))
    listening, port = info["listening"], UDP_PORT
    found = [
        f"the VXLAN {link['name']} {vni_of(link)} on UDP port {port}, which the network {network} needs: remove it"
        f" (ip link delete {link['name']})"
        for network, vni in addresses.vnis(lab["name"], lab["networks"]).items()
        for link in links
        if link["vni"] in (vni, 0) and link["port"] == port and link["group"] != mark
    ]
    if port in listening["udp"] and port not in [link["port"] for link in links]:
        found.append(f"udp port {port} is in use, and VXLANs need it: find its owner with ss -lunp and stop it")
    taken = [protocol for protocol in ("udp", "tcp") if _DNS_PORT in listening[protocol]]
    if taken:
        found.append(
            f"{' and '.join(taken)} port {_DNS_PORT} is in use on all addresses, and the lab's resolver needs it on its"
            " gateways: bind its owner (ss -lunp) to addresses of its own"
        )
    if has_joined(lab, info):
        return found
    resolver = info["resolver"]
    if not (resolver["version"] or resolver["available"]):
        found.append("dnsmasq is neither installed nor in this host's package sources: install it, or add a source")
    return found + without_library("pyroute2", info)


# -- containers --------------------------------------------------------------------------------------------------------


def containers(lab: Lab) -> list[dict[str, Any]]:
    """Each has an address in every network, and asks the resolver on its own host for names."""
    networks = {network["name"]: addresses.shares(network) for network in lab["networks"]}
    return [
        {
            **container,
            "dns": [
                str(networks[place["name"]].gateway(lab["hosts"][container["host"]]["index"]))
                for place in container["networks"][:1]
            ],
        }
        for container in addresses.placed(lab["networks"], lab["containers"])
    ]


# -- what it has on hosts ----------------------------------------------------------------------------------------------


def networks(lab: Lab, host: str) -> list[dict[str, Any]]:
    return [
        options(lab, network, driver="bridge", **bridge)
        for network, bridge in zip(lab["networks"], vxlan_plan.bridges(lab, host))
    ]


def changes(lab: Lab, infos: Infos, _told: Told) -> dict[str, Lines]:
    """Units that do not run, or would not after a reboot."""
    found = {}
    for host, info in infos.items():
        found[host] = [] if info["resolver"]["version"] else ["dnsmasq: absent -> installed"]
        found[host] += [f"{package}: absent -> installed" for package in info["python_packages"]["pyroute2"]]
        for key, unit in (("vxlan", PORTS), ("resolver", RESOLVER)):
            found[host] += [f"{unit}: {what}: false -> true" for what in ("active", "enabled") if not info[key][what]]
    return found


# -- afterwards --------------------------------------------------------------------------------------------------------


def checks(lab: Lab, states: Infos, evidence: dict[str, str]) -> list[str]:
    """``evidence``: host -> what `systemctl show` said of Id, ActiveState and UnitFileState of the lab's units."""
    return [
        *missing_networks(lab, states),
        *(f"{host}: {line}" for host, state in states.items() for line in _state_faults(lab, host, state)),
        *(f"{host}: {line}" for host in states for line in _unit_faults(evidence[host])),
    ]


def _state_faults(lab: Lab, host: str, state: dict[str, Any]) -> list[str]:
    return [line for network in state["networks"] if network["exists"] for line in link_faults(lab, host, network)]


def link_faults(lab: Lab, host: str, network: dict[str, Any]) -> list[str]:
    """What is not as wanted in one of the networks of a host that exist there."""
    found = []
    for bridge, vxlan in zip(vxlan_plan.bridges(lab, host), vxlan_plan.vxlans(lab, host)):
        if bridge["name"] == network["name"]:
            found += _network_faults(bridge, network)
            found += _vxlan_faults(lab, bridge["name"], vxlan, network["vxlans"])
    return found


def _network_faults(wanted: dict[str, Any], network: dict[str, Any]) -> list[str]:
    pool = network["ipam"][0] if network["ipam"] else {}
    name = wanted["name"]
    if network["driver"] != "bridge":
        return [f"the network {name} is one of the driver {network['driver']}: remove it, and {_AGAIN}"]
    return [
        f"the network {name} has {what.replace('_', ' ')} {pool.get(what) or 'none'}, wanted {value}: remove it and its"
        f" containers, and {_AGAIN}"
        for what, value in wanted["ipam_config"][0].items()
        if pool.get(what) != value
    ]


def _vxlan_faults(lab: Lab, network: str, wanted: dict[str, Any], links: list[dict[str, Any]]) -> list[str]:
    link = next((one for one in links if one["vni"] == wanted["vni"]), None)
    if link is None:
        return [f"no VXLAN of VNI {wanted['vni']} is a port of {wanted['master']}, the bridge of {network}: {_AGAIN}"]
    title = f"{link['name']} of the network {network}"
    found = [
        f"{title} has {what} {link[what]}, wanted {wanted[what]}: {_AGAIN}"
        for what in ("local", "port", "mtu")
        if link[what] != wanted[what]
    ]
    if not link["up"]:
        found.append(f"{title} is down: {_AGAIN}")
    at = {one["addresses"][lab["site"]]: name for name, one in lab["hosts"].items()}
    found += [
        f"{title} does not lead to {at[remote]} at {remote}: {_AGAIN}"
        for remote in wanted["remotes"]
        if remote not in link["remotes"]
    ]
    found += [
        f"{title} leads to {remote}, where no other host of the lab is: {_AGAIN}"
        for remote in link["remotes"]
        if remote not in wanted["remotes"]
    ]
    return found


def part_faults(_lab: Lab, views: Infos) -> dict[str, Lines]:
    """Units that do not run, or would not after a reboot."""
    return {
        host: [
            f"{unit} is {what}: {_UNITS[unit]}; see its journal, and {_AGAIN}"
            for unit in (PORTS, RESOLVER)
            for what in ("inactive", "not enabled")
            if not view["units"][unit]["active" if what == "inactive" else "enabled"]
        ]
        for host, view in views.items()
    }


def _unit_faults(shown: str) -> list[str]:
    units = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")]
    return [
        f"{unit['Id']} is {unit['ActiveState']}, {unit['UnitFileState'] or 'not there'}: {_UNITS[unit['Id']]}; see its"
        f" journal, and {_AGAIN}"
        for unit in units
        if (unit["ActiveState"], unit["UnitFileState"]) != ("active", "enabled")
    ]


# -- removal -----------------------------------------------------------------------------------------------------------


def signs(info: dict[str, Any]) -> list[str]:
    return ["units of the lab exist"] if info["resolver"]["unit"] or info["vxlan"]["unit"] else []


ENGINE = Engine(
    own_resolver=True,
    address_fault=address_fault,
    room_faults=room_faults,
    # What is taken by whom is told by `faults`: a port is not enough to know it.
    peer_ports={"udp": (UDP_PORT,)},
    bridges=rf"{vxlan_plan.BRIDGE}\d+",
    faults=faults,
    containers=containers,
    networks=networks,
    changes=changes,
    checks=checks,
    link_faults=link_faults,
    part_faults=part_faults,
    signs=signs,
)
