# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The underlay of simulated hosts, as a topology: a bridge in a namespace of its own, a veth to each host."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.mac import derived_from

# linux/if.h: IFNAMSIZ is 16, with the terminating zero.
_LONGEST_LINK_NAME = 15


def underlay(lab: str, hosts: dict[str, dict], site: str, sites: dict[str, dict]) -> dict[str, Any]:
    """Options for the module topology.

    ``hosts``: name -> {"addresses": {site: address}}; ``sites``: name -> {"subnet", "mtu"}. There is no gateway and no
    other way out: a simulated host reaches the other hosts of its lab and nothing else.
    """
    subnet = ipaddress.ip_network(sites[site]["subnet"])
    mtu = int(sites[site]["mtu"])
    middle = f"{lab}-underlay"
    return {
        "name": middle,
        "namespaces": [{"name": name} for name in (middle, *hosts)],
        "bridges": [{"name": "underlay", "netns": middle, "mtu": mtu}],
        "veths": [
            {
                "name": "eth0",
                "netns": name,
                "addresses": [f"{host['addresses'][site]}/{subnet.prefixlen}"],
                "mtu": mtu,
                "mac": mac_address(lab, name),
                "peer": {"name": port_name(name), "netns": middle, "master": "underlay", "mtu": mtu},
            }
            for name, host in hosts.items()
        ],
    }


def site_of(namespaces: list[dict], hosts: dict[str, dict], sites: Iterable[str], wanted: str) -> str:
    """The site where an underlay stands: the wanted one if a host is there already, or if none is anywhere.

    ``namespaces``: what the module topology_info returned of the hosts' namespaces.
    """
    standing: dict[str, int] = {}
    for namespace in namespaces:
        addresses = hosts.get(namespace["netns"], {}).get("addresses", {})
        has = {one.partition("/")[0] for link in namespace["links"] for one in link["addresses"]}
        for site in sites:
            if addresses.get(site) in has:
                standing[site] = standing.get(site, 0) + 1
    if wanted in standing or not standing:
        return wanted
    return max(standing, key=lambda site: standing[site])


def port_name(host: str) -> str:
    """The host's end on the underlay's bridge: its name, or a digest of it where the kernel takes no name so long."""
    return host if len(host) <= _LONGEST_LINK_NAME else f"port-{hashlib.sha256(host.encode()).hexdigest()[:10]}"


def mac_address(lab: str, host: str) -> str:
    """The same at each boot and each site."""
    return derived_from(f"{lab}/{host}")
