# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Subnets that Docker may take for its own networks without getting into the way of a lab. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

# From the far end of each private block: people, and Docker itself, begin at the near one.
_POOLS = tuple(
    IPv4Network(text)
    for text in (
        *(f"10.{second}.0.0/16" for second in range(255, 0, -1)),
        *(f"172.{second}.0.0/16" for second in range(31, 17, -1)),
        "192.168.0.0/16",
    )
)
# Where a dockerd without default-address-pools puts docker0, docker_gwbridge and bridges of its own choice.
_DOCKERS_BRIDGES = (IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))


def addresses(infos: Mapping[str, Any]) -> list[str]:
    """The hosts' IPv4 addresses, with their prefix lengths. ``infos``: host -> what host_info returned."""
    listed = (one for info in infos.values() for one in info["addresses"])
    return [f"{one['address']}/{one['prefix']}" for one in listed if ":" not in one["address"]]


def address_pool(taken: Iterable[str]) -> str:
    """A /16 that overlaps nothing of ``taken`` (subnets, or addresses with a prefix length).

    Swarm takes 10.0.0.0/8 by default, for its ingress network and every network without a subnet. LabError where none
    is free.
    """
    return _free(_POOLS, list(map(_network, taken)))


def gateway_bridge(wanted: Iterable[str], taken: Iterable[str]) -> str:
    """The subnet for a docker_gwbridge that is to be made; "" where Docker's own choice is in nobody's way.

    Docker looks at the host's present routes. ``wanted``: the subnets of all sites and of the lab's networks, which it
    cannot know; ``taken``: what else is in use.
    """
    lab = list(map(_network, wanted))
    if not any(subnet.overlaps(bridges) for subnet in lab for bridges in _DOCKERS_BRIDGES):
        return ""
    return _free(reversed(_POOLS), [*lab, *map(_network, taken)])


def _network(text: str) -> IPv4Network:
    return IPv4Network(text, strict=False)


def _free(pools: Iterable[IPv4Network], taken: list[IPv4Network]) -> str:
    for pool in pools:
        if not any(pool.overlaps(subnet) for subnet in taken):
            return str(pool)
    listed = ", ".join(sorted(map(str, taken)))
    raise LabError(f"no private /16 is free for Docker's own networks beside {listed}: make one of them smaller")
