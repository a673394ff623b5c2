# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.
"""The overlay's half of a lab file: networks, and containers with a place in some of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network

from ansible_collections.emon.overlay_lab.plugins.module_utils._lab_model import (
    VXLAN_OVERHEAD,
    Attachment,
    Container,
    Network,
    Site,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._lab_reader import Item, Names, shown, suggestion
from ansible_collections.emon.overlay_lab.plugins.module_utils._lab_underlay import not_for_hosts

# Every IPv4 link carries 576 bytes.
SMALLEST_MTU = 576
_SMALLEST_NETWORK = 29
_PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# Where Docker puts its own bridges on a host that has nothing there. A later step looks at the hosts themselves.
_DOCKERS_OWN = {
    "docker0's default": IPv4Network("172.17.0.0/16"),
    "docker_gwbridge's usual": IPv4Network("172.18.0.0/16"),
}
_NOT_ENCRYPTING = {
    "cluster_store": "the engine cluster_store has no keys to encrypt with",
    "vxlan": "kernel VXLAN does not encrypt",
}
_NETWORK_NAMES = Names(
    "a network's name",
    # What Swarm takes, the strictest of the engines.
    re.compile(r"[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9])*"),
    63,
    "use letters, digits, hyphens and underscores, a letter or digit first and last",
    dict.fromkeys(
        ("bridge", "host", "none", "default", "ingress", "docker_gwbridge"), "Docker has a network of that name"
    ),
)
_CONTAINER_NAMES = Names(
    "a container's name",
    re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"),
    63,
    "use two or more letters, digits, underscores, dots and hyphens, a letter or digit first",
    {"localhost": "every container calls itself that"},
)
_ALIASES = Names(
    "an alias",
    re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"),
    63,
    "use letters, digits, underscores, dots and hyphens, a letter or digit first",
    {"localhost": "every container calls itself that"},
)
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"
)


def read_networks(item: Item, sites: Iterable[Site], engine: str) -> dict[str, Network | None]:
    """Networks by name; None for one whose subnet cannot be read, so that its name is known all the same."""
    sites = tuple(sites)
    largest_mtu = min((site.mtu for site in sites), default=1500) - VXLAN_OVERHEAD
    networks: dict[str, Network | None] = {}
    for entry in item.items():
        given = entry.keys(
            ("name", "subnet", "mtu", "allow_overlap", "allow_public", "encrypted"),
            required={"name": "demo", "subnet": "10.200.0.0/24"},
        )
        name = given["name"].name(_NETWORK_NAMES) if "name" in given else None
        if name in networks:
            given["name"].fault(f"{name} is the name of another network as well")
        flags = {
            key: bool(given[key].boolean()) if key in given else False
            for key in ("allow_overlap", "allow_public", "encrypted")
        }
        if flags["encrypted"] and engine in _NOT_ENCRYPTING:
            given["encrypted"].fault(f"{_NOT_ENCRYPTING[engine]}: remove it, or choose the engine swarm")
        mtu = given["mtu"].integer(SMALLEST_MTU) if "mtu" in given else largest_mtu
        if mtu is not None and mtu > largest_mtu:
            given["mtu"].fault(
                f"{mtu} is too large: the smallest MTU of a site less {VXLAN_OVERHEAD} for VXLAN is {largest_mtu}"
            )
        subnet = given["subnet"].subnet() if "subnet" in given else None
        if subnet is not None:
            _check_subnet(given["subnet"], subnet, flags, sites, filter(None, networks.values()))
        if name is not None and name not in networks:
            networks[name] = None if subnet is None else Network(name, subnet, mtu or largest_mtu, **flags)
    return networks


def _check_subnet(
    item: Item, subnet: IPv4Network, flags: Mapping[str, bool], sites: Iterable[Site], others: Iterable[Network]
) -> None:
    kind = not_for_hosts(subnet)
    if kind:
        item.fault(f"{subnet} is {kind}: no container can have such an address")
    elif not flags["allow_public"] and not any(subnet.subnet_of(block) for block in _PRIVATE):
        blocks = ", ".join(str(block) for block in _PRIVATE)
        item.fault(f"{subnet} is not private: take one of {blocks}, or say allow_public: true")
    if subnet.prefixlen > _SMALLEST_NETWORK:
        item.fault(f"{subnet} is too small: take at least a /{_SMALLEST_NETWORK}")
    for other in others:
        if subnet.overlaps(other.subnet):
            item.fault(f"{subnet} overlaps the network {other.name} ({other.subnet}): Docker refuses that")
    if flags["allow_overlap"]:
        return
    taken = {f"the site {site.name}": site.subnet for site in sites} | _DOCKERS_OWN
    for holder, block in taken.items():
        if subnet.overlaps(block):
            what = f"{holder} ({block})" if block not in _DOCKERS_OWN.values() else f"{holder} subnet ({block})"
            item.fault(f"{subnet} overlaps {what}: take another, or say allow_overlap: true")


def read_containers(
    item: Item,
    hosts: Collection[str] | None,
    networks: Mapping[str, Network | None] | None,
) -> list[Container]:
    """Containers in the order of the file. ``hosts`` or ``networks`` is None where the file does not tell them."""
    containers: list[Container] = []
    named: dict[str, str] = {}
    holders: dict[tuple[str, IPv4Address], str] = {}
    attached: list[tuple[Item, Container]] = []
    for entry in item.items():
        given = entry.keys(
            ("name", "host", "networks", "image", "command"),
            required={"name": "test1", "host": "emon", "networks": "[demo]"},
        )
        name = given["name"].name(_CONTAINER_NAMES) if "name" in given else None
        if name is not None:
            _check_container_name(given["name"], name, named)
        host = given["host"].text() if "host" in given else None
        if host is not None and hosts and host not in hosts:
            given["host"].fault(f"{shown(host)} is not a host of this lab; {suggestion(host, hosts)}")
        places = _read_attachments(given["networks"], networks, holders) if "networks" in given else ()
        image = _read_image(given["image"]) if "image" in given else ""
        command = _read_command(given["command"]) if "command" in given else ()
        container = Container(name or "", host or "", image, command, places)
        containers.append(container)
        attached.append((entry, container))
    _check_aliases(attached)
    return containers


def _check_container_name(item: Item, name: str, named: dict[str, str]) -> None:
    """Names resolve across the whole overlay, whatever the host, and without regard to case."""
    if _is_address(name):
        item.fault(f"{name} cannot be a container's name: it is an address, so nothing would look the name up")
    other = named.setdefault(name.lower(), name)
    if named[name.lower()] is not name:
        same = "is" if other == name else f"differs only in case from {other}, which is"
        item.fault(f"{name} {same} the name of another container: names resolve across all hosts of the lab")


def _read_attachments(
    item: Item, networks: Mapping[str, Network | None] | None, holders: dict[tuple[str, IPv4Address], str]
) -> tuple[Attachment, ...]:
    places: list[Attachment] = []
    if item.is_list and not item.items():
        item.fault("names no network: a container of the lab is in at least one")
    for entry in item.items():
        if entry.is_mapping:
            given = entry.keys(("name", "ipv4_address", "aliases"), required={"name": "demo"})
            named = given.get("name")
        else:
            given, named = {}, entry
        name = named.text() if named else None
        aliases = given["aliases"].items() if "aliases" in given else []
        alias_names = tuple(filter(None, (alias.name(_ALIASES) for alias in aliases)))
        address = given["ipv4_address"].address() if "ipv4_address" in given else None
        if named is None or name is None:
            continue
        if networks is not None and name not in networks:
            named.fault(f"{shown(name)} is not a network of this lab; {suggestion(name, networks)}")
            continue
        if any(place.network == name for place in places):
            named.fault(f"the container is in {name} already: name a network once")
            continue
        network = networks.get(name) if networks else None
        if address is not None and network is not None and _is_free(given["ipv4_address"], address, network):
            holder = holders.setdefault((name, address), given["ipv4_address"].path)
            if holder != given["ipv4_address"].path:
                given["ipv4_address"].fault(f"{address} stands at {holder} as well: two containers cannot share it")
        places.append(Attachment(name, address, alias_names))
    return tuple(places)


def _is_free(item: Item, address: IPv4Address, network: Network) -> bool:
    """Tell whether a container can have the address; a fault if not."""
    subnet = network.subnet
    if address not in subnet:
        item.fault(f"{address} is outside the network {network.name} ({subnet})")
    elif address == network.gateway:
        item.fault(f"{address} is the gateway of the network {network.name}: take another")
    elif address == subnet.network_address:
        item.fault(f"{address} is the network address of {subnet}: no container can have it")
    elif address == subnet.broadcast_address:
        item.fault(f"{address} is the broadcast address of {subnet}: no container can have it")
    else:
        return True
    return False


def _read_image(item: Item) -> str:
    image = item.text()
    if image is None or _IMAGE.fullmatch(image):
        return image or ""
    item.fault(
        f"{shown(image)} is not an image's name; write for example busybox or registry.example:5000/team/app:1.2"
    )
    return ""


def _read_command(item: Item) -> tuple[str, ...]:
    """A list as it stands, or text that is split as a shell splits it."""
    if item.is_list:
        words = [entry.text() for entry in item.items()]
        return tuple(word for word in words if word is not None)
    text = item.text()
    try:
        return tuple(shlex.split(text or ""))
    except ValueError:
        item.fault(f"{shown(text or '')} has a quote that does not end; write a list of words instead")
        return ()


def _check_aliases(attached: list[tuple[Item, Container]]) -> None:
    """An alias that is another container's name in the same network makes that name mean two containers."""
    owners = {
        (place.network, container.name.lower()): container.name
        for _, container in attached
        for place in container.networks
    }
    for entry, container in attached:
        for place in container.networks:
            for alias in place.aliases:
                owner = owners.get((place.network, alias.lower()))
                if owner and owner != container.name:
                    entry.fault(
                        f"the alias {alias} is the name of another container in {place.network}: choose another"
                    )


def check_capacity(
    item: Item, networks: Mapping[str, Network | None], containers: Iterable[Container], hosts: int, engine: str
) -> None:
    """Every container needs an address. All engines but cluster_store take one more a host, for the host itself."""
    taken = 1 + (0 if engine == "cluster_store" else hosts)
    names = [place.network for container in containers for place in container.networks]
    for entry, network in zip(item.items(), networks.values(), strict=False):
        if network is None:
            continue
        room = max(network.subnet.num_addresses - 2 - taken, 0)
        used = names.count(network.name)
        if used > room:
            entry.fault(
                f"{network.subnet} holds {room} containers beside the gateway"
                + (f" and an address for each of {hosts} hosts" if taken > 1 else "")
                + f", and {used} are in {network.name}: take a larger subnet"
            )


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
