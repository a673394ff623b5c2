# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What differs between a network as wanted and as found."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences

from .spec import NetworkSpec, Pool
from .view import spec_of


def creation(spec: NetworkSpec) -> Differences:
    found = Differences()
    subnets = [pool.subnet for pool in spec.pools]
    found.add(f"network {spec.name}", None, f"{spec.driver} {', '.join(subnets)}".strip())
    return found


def compare(spec: NetworkSpec, network: dict[str, Any]) -> Differences:
    """Docker changes nothing of a network in place, so every difference asks for a new one."""
    found = Differences()
    now = spec_of(network)
    found.compare("driver", now.driver, spec.driver, recreate=True)
    for what in ("ipam_driver", "enable_ipv6", "internal", "attachable"):
        if getattr(spec, what) is not None:
            found.compare(what, getattr(now, what), getattr(spec, what), recreate=True)
    _compare_pools(found, spec, now)
    for what in ("options", "labels"):
        have = getattr(now, what)
        for key, value in getattr(spec, what).items():
            found.compare(f"{what}[{key}]", have.get(key), value, recreate=True)
    return found


def _compare_pools(found: Differences, spec: NetworkSpec, now: NetworkSpec) -> None:
    if not spec.pools:
        return
    versions = {subnet.version for subnet in spec.subnets}
    # Docker adds an IPv4 subnet of its own to a network that was given an IPv6 one only.
    have = {str(net): pool for net, pool in zip(now.subnets, now.pools) if net.version in versions}
    want = {pool.subnet: pool for pool in spec.pools}
    if not found.compare("subnets", sorted(have), sorted(want), recreate=True):
        for subnet, pool in want.items():
            if pool.gateway is not None:
                found.compare(f"gateway of {subnet}", _gateway(have[subnet]), pool.gateway, recreate=True)
            for what in ("ip_range", "aux_addresses"):
                if getattr(pool, what) is not None:
                    found.compare(
                        f"{what} of {subnet}", getattr(have[subnet], what), getattr(pool, what), recreate=True
                    )


def _gateway(pool: Pool) -> str:
    """The gateway, which Docker does not show where it chose: the first address that it may give.

    The subnet's own first address is no host's, that of a range further up is.
    """
    subnet, given = ip_network(pool.subnet), ip_network(pool.ip_range or pool.subnet)
    return pool.gateway or str(given[1 if given[0] == subnet[0] else 0])
