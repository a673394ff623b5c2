# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The networks of a lab file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import encrypting

from .hosts import DEFAULT_MTU, not_for_hosts
from .model import ENCRYPTED_MULTIPLE, ENCRYPTION_OVERHEAD, Container, Host, Network, Site
from .yaml_nodes import Item, Names

# Every IPv4 link carries 576 bytes.
SMALLEST_MTU = 576
_SMALLEST_NETWORK = 29
_PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# Where Docker puts its own bridges on a host that has nothing there. A later step looks at the hosts themselves.
_DOCKERS_OWN = {
    "docker0's default subnet": IPv4Network("172.17.0.0/16"),
    "docker_gwbridge's usual subnet": IPv4Network("172.18.0.0/16"),
}
_FLAGS = ("allow_overlap", "allow_public", "encrypted")
_RESERVED = ("bridge", "host", "none", "default", "ingress", "docker_gwbridge")
_NAMES = Names(
    "a network's name",
    # The limits of Swarm, which are the strictest of the engines.
    re.compile(r"[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9])*"),
    63,
    "use letters, digits, hyphens and underscores, a letter or digit first and last",
    dict.fromkeys(_RESERVED, "Docker reserves that name"),
)


@dataclass(frozen=True)
class Declared:
    """A network as it stands in the file; ``network`` is None where its subnet cannot serve."""

    entry: Item
    network: Network | None


def read_networks(item: Item, sites: Iterable[Site], name_of_engine: str, engine: Engine) -> dict[str, Declared]:
    """Networks by name, in the order of the file."""
    sites = tuple(sites)
    underlay_mtu = min((site.mtu for site in sites), default=DEFAULT_MTU)
    declared: dict[str, Declared] = {}
    for entry in item.items():
        given = entry.keys(("name", "subnet", "mtu", *_FLAGS), required={"name": "demo", "subnet": "10.200.0.0/24"})
        name = given["name"].written_name(_NAMES) if "name" in given else None
        if name is not None and name in declared:
            given["name"].fault(f"{name} is the name of another network as well")
        flags = {key: key in given and bool(given[key].boolean()) for key in _FLAGS}
        if flags["encrypted"] and engine.no_encryption:
            given["encrypted"].fault(
                f"the engine {name_of_engine} {engine.no_encryption}: remove this, or choose the engine"
                f" {' or '.join(encrypting())}"
            )
        mtu = _read_mtu(given.get("mtu"), underlay_mtu, flags["encrypted"])
        subnet = given["subnet"].subnet() if "subnet" in given else None
        network = None
        if subnet is not None:
            others = [one.network for one in declared.values() if one.network is not None]
            if _check_subnet(given["subnet"], subnet, flags, sites, others):
                network = Network(name or "", subnet, mtu, **flags)
        if name is not None:
            declared.setdefault(name, Declared(entry, network))
    return declared


def _read_mtu(item: Item | None, underlay: int, encrypted: bool) -> int:
    """What containers see; by default as much as the underlay leaves."""
    largest = underlay - kernel_vxlan.OVERHEAD[4]
    if encrypted:
        largest = (largest - ENCRYPTION_OVERHEAD) // ENCRYPTED_MULTIPLE * ENCRYPTED_MULTIPLE
    mtu = item.integer(SMALLEST_MTU) if item else None
    if item is None or mtu is None:
        return largest
    if mtu > largest:
        takes = f"{kernel_vxlan.OVERHEAD[4]} for VXLAN" + (
            f" and {ENCRYPTION_OVERHEAD} for encryption" if encrypted else ""
        )
        item.fault(f"{mtu} is too large: the smallest MTU of the sites less {takes} is {largest}")
    elif encrypted and mtu % ENCRYPTED_MULTIPLE:
        less = mtu // ENCRYPTED_MULTIPLE * ENCRYPTED_MULTIPLE
        item.fault(f"{mtu} is no multiple of {ENCRYPTED_MULTIPLE}, as Docker sets it with encryption: take {less}")
    return mtu


def _check_subnet(
    item: Item, subnet: IPv4Network, flags: Mapping[str, bool], sites: Iterable[Site], others: Iterable[Network]
) -> bool:
    """Tell whether containers can have addresses of the subnet at all; a fault for everything that is against it."""
    kind = not_for_hosts(subnet)
    if kind:
        item.fault(f"{subnet} is {kind}: no container can have such an address")
    elif not flags["allow_public"] and not any(subnet.subnet_of(block) for block in _PRIVATE):
        blocks = ", ".join(str(block) for block in _PRIVATE)
        item.fault(f"{subnet} is not private: take a part of {blocks}, or set allow_public: true")
    too_small = subnet.prefixlen > _SMALLEST_NETWORK
    if too_small:
        item.fault(f"{subnet} is too small: take at least a /{_SMALLEST_NETWORK}")
    for other in others:
        if subnet.overlaps(other.subnet):
            item.fault(f"{subnet} overlaps the network {other.name} ({other.subnet}): take another")
    if not flags["allow_overlap"]:
        for holder, block in ({f"the site {site.name}": site.subnet for site in sites} | _DOCKERS_OWN).items():
            if subnet.overlaps(block):
                item.fault(f"{subnet} overlaps {holder} ({block}): take another, or set allow_overlap: true")
    return not kind and not too_small


def check_capacity(
    declared: Mapping[str, Declared], containers: Iterable[Container], hosts: Collection[Host], engine: Engine
) -> None:
    """Every container needs an address; what hosts take beside them, the engine knows."""
    attached = [place.network for container in containers for place in container.networks]
    indexes = {host.name: host.index for host in hosts}
    for name, one in declared.items():
        if one.network is not None:
            for fault in engine.room_faults(one.network.subnet, name, attached.count(name), indexes):
                one.entry.at("subnet").fault(fault)
