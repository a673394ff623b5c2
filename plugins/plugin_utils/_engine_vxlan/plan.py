# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What one host gets with the engine vxlan, as options of the modules that make it. Pure.

``lab``: as in _engine_common/engine.py.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.vxlan import UDP_PORT
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import dns

from . import addresses

# What the names of the lab's bridges begin with.
BRIDGE = "vxbr-"


def topology_name(lab: str) -> str:
    """The topology that the lab's VXLANs belong to."""
    return f"{lab}-vxlan"


def plan(lab: dict[str, Any], host: str) -> dict[str, Any]:
    """{"topology": {"name", "vxlans"}, "group", "port", "hosts": [{"address", "names"}], "names": [name]}.

    ``group``: the interface group that marks the topology's links; ``port``: UDP; ``hosts``: every container's address
    in each network with its names there; ``names``: all of them that DNS can say, each once.
    """
    entries = _names(lab)
    return {
        "topology": {"name": topology_name(lab["name"]), "vxlans": vxlans(lab, host)},
        "group": mark_of(topology_name(lab["name"])),
        "port": UDP_PORT,
        "hosts": entries,
        "names": list(dict.fromkeys(name for entry in entries for name in entry["names"])),
    }


def bridges(lab: dict[str, Any], host: str) -> list[dict[str, Any]]:
    """The Docker networks, each the same subnet as on the other hosts, with the host's own gateway and range."""
    numbers = addresses.vnis(lab["name"], lab["networks"])
    found = []
    for network in lab["networks"]:
        own = addresses.shares(network).slice(lab["hosts"][host]["index"])
        pool = {"subnet": network["subnet"], "gateway": str(own[0]), "ip_range": str(own)}
        found.append(
            {
                "name": network["name"],
                "ipam_config": [pool],
                "mtu": network["mtu"],
                "driver_options": {"com.docker.network.bridge.name": _bridge(numbers[network["name"]])},
                "allow_overlap": network["allow_overlap"],
            }
        )
    return found


def vxlans(lab: dict[str, Any], host: str) -> list[dict[str, Any]]:
    """The VXLANs, each a port of its network's bridge. They flood to every other host of the lab file."""
    at = {name: one["addresses"][lab["site"]] for name, one in lab["hosts"].items()}
    return [
        {
            "name": f"vxlan-{vni}",
            "vni": vni,
            "local": at[host],
            "port": UDP_PORT,
            "remotes": [address for name, address in at.items() if name != host],
            "learning": True,
            "mtu": network["mtu"],
            "mac": addresses.mac(lab["name"], network["name"], host),
            "master": _bridge(vni),
        }
        for network, vni in zip(lab["networks"], addresses.vnis(lab["name"], lab["networks"]).values())
    ]


def _bridge(vni: int) -> str:
    return f"{BRIDGE}{vni}"


def _names(lab: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"address": place["ipv4_address"], "names": names}
        for container in addresses.placed(lab["networks"], lab["containers"])
        for place in container["networks"]
        if (names := [name for name in (container["name"], *place["aliases"]) if _can_be_asked_for(name)])
    ]


def _can_be_asked_for(name: str) -> bool:
    """Docker takes names that DNS cannot say, such as a..b, and a resolver would not start with one."""
    try:
        dns.encode_name(name)
    except ValueError:
        return False
    return True
