# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a network's subnets get into the way of something: pure functions, both sides named in each fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.routes import Address

from .spec import ON_THE_PARENT, NetworkSpec, Pool, Subnet


@dataclass(frozen=True)
class Taken:
    """A subnet that is in use. ``name``: by what, as a person says it. ``device``: the host's link it is on, if known.

    ``segment``: it is a segment of real hosts, which a macvlan or ipvlan may share.
    """

    subnet: Subnet
    name: str
    device: str = ""
    segment: bool = True


def faults(spec: NetworkSpec, taken: Iterable[Taken], own_addresses: Iterable[Address] = ()) -> list[str]:
    """One line for each subnet of ``spec`` and each thing that it overlaps."""
    found = []
    for pool in spec.pools:
        overlapping = [other for other in taken if _overlap(ip_network(pool.subnet), other.subnet)]
        if spec.driver in ON_THE_PARENT:
            found.extend(_on_the_parent(spec, pool, overlapping, own_addresses))
        else:
            found.extend(_overlaps(spec, pool, other) for other in overlapping)
    return found


def _overlaps(spec: NetworkSpec, pool: Pool, other: Taken) -> str:
    return (
        f"network {spec.name}: subnet {pool.subnet} overlaps {other.subnet} of {other.name}:"
        " choose another, or set allow_overlap to true"
    )


def _on_the_parent(spec: NetworkSpec, pool: Pool, overlapping: list[Taken], own: Iterable[Address]) -> list[str]:
    """The parent's segment is shared by design; what may not be shared are its hosts' addresses."""
    subnet = ip_network(pool.subnet)
    parent = spec.options.get("parent", "")
    found = []
    shared = []
    for other in overlapping:
        if not other.segment or (other.device and other.device != parent):
            found.append(_overlaps(spec, pool, other))
        elif other.subnet.prefixlen <= subnet.prefixlen:
            shared.append(other)
        elif pool.ip_range and _overlap(ip_network(pool.ip_range), other.subnet):
            found.append(
                f"network {spec.name}: ip_range {pool.ip_range} overlaps {other.subnet} of {other.name}:"
                " choose a range that holds none of the segment's hosts"
            )
    if shared and not pool.ip_range:
        found.append(
            f"network {spec.name}: {spec.driver} shares {pool.subnet} with {shared[0].name}:"
            " give it an ip_range that holds none of the segment's hosts"
        )
    if pool.ip_range:
        found.extend(
            f"network {spec.name}: ip_range {pool.ip_range} holds {address}, an address of this host: choose another"
            for address in own
            if address in ip_network(pool.ip_range)
        )
    return found


def _overlap(one: Subnet, other: Subnet) -> bool:
    return one.version == other.version and one.overlaps(other)
