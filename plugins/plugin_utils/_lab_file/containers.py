# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The containers of a lab file, each with a place in some of its networks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine

from .model import Attachment, Container, Network
from .networks import Declared
from .yaml_nodes import Item, Names, is_address, shown, suggestion

_ITSELF = {"localhost": "in every container it means the container itself"}
_NAMES = Names(
    "a container's name",
    re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"),
    63,
    "use two or more letters, digits, underscores, dots and hyphens, a letter or digit first",
    _ITSELF,
)
_ALIASES = Names(
    "an alias",
    re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"),
    63,
    "use letters, digits, underscores, dots and hyphens, a letter or digit first",
    _ITSELF,
)
_REGISTRY = r"[a-zA-Z0-9.-]+(?::[0-9]+)?/"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_TAG = r":[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_IMAGE = re.compile(rf"(?:{_REGISTRY})?{_PART}(?:/{_PART})*(?:{_TAG})?(?:@sha256:[0-9a-f]{{64}})?")


class ContainerReader:
    """Reads the list of containers, remembering which names and addresses are taken.

    ``networks`` is None if they cannot be read; then references to unknown networks are not reported.
    """

    def __init__(self, hosts: Collection[str], networks: Mapping[str, Declared] | None, engine: Engine) -> None:
        self._hosts = hosts
        self._networks = networks
        self._engine = engine
        # Lower-case name -> the name as it was written first.
        self._names: dict[str, str] = {}
        # Network and address -> path of the container that has it.
        self._addresses: dict[tuple[str, IPv4Address], str] = {}
        # Aliases, with their network and their container.
        self._aliases: list[tuple[Item, str, str]] = []

    def read(self, item: Item) -> list[Container]:
        """Containers in the order of the file."""
        containers = [self._container(entry) for entry in item.items()]
        self._check_aliases(containers)
        return containers

    def _container(self, entry: Item) -> Container:
        given = entry.keys(
            ("name", "host", "networks", "image", "command"),
            required={"name": "test1", "host": "emon", "networks": "[demo]"},
        )
        name = self._name(given["name"]) if "name" in given else ""
        host = given["host"].text() if "host" in given else None
        if host is not None and self._hosts and host not in self._hosts:
            given["host"].fault(f"{shown(host)} is not a host of this lab; {suggestion(host, self._hosts)}")
        return Container(
            name=name,
            host=host or "",
            image=_image(given["image"]) if "image" in given else "",
            command=_command(given["command"]) if "command" in given else (),
            networks=self._attachments(given["networks"], name) if "networks" in given else (),
        )

    def _name(self, item: Item) -> str:
        """Names resolve across the whole overlay, whatever the host, and without regard to case."""
        name = item.name(_NAMES)
        if name is None:
            return ""
        if is_address(name):
            item.fault(f"{name} cannot be a container's name: it is an address, and these are not looked up by name")
        first = self._names.setdefault(name.lower(), item.path)
        if first != item.path:
            item.fault(f"{name} is given at {first} as well: names are valid on all hosts, and case does not matter")
        return name

    def _attachments(self, item: Item, container: str) -> tuple[Attachment, ...]:
        if item.is_list and not item.items():
            item.fault("no network named: a container of the lab is in at least one")
        places: dict[str, Attachment] = {}
        for entry in item.items():
            keys = ("name", "ipv4_address", "aliases")
            given = entry.keys(keys, required={"name": "demo"}) if entry.is_mapping else {"name": entry}
            name = given["name"].text() if "name" in given else None
            if name is not None and self._networks is not None and name not in self._networks:
                given["name"].fault(f"{shown(name)} is not a network of this lab; {suggestion(name, self._networks)}")
            elif name in places:
                given["name"].fault(f"the container is in {name} already: remove this one")
            place = Attachment(
                network=name or "",
                ipv4_address=self._address(given["ipv4_address"], name) if "ipv4_address" in given else None,
                aliases=self._alias_names(given["aliases"], name or "", container) if "aliases" in given else (),
            )
            if name is not None:
                places.setdefault(name, place)
        return tuple(places.values())

    def _address(self, item: Item, network_name: str | None) -> IPv4Address | None:
        address = item.address()
        declared = (self._networks or {}).get(network_name or "")
        if address is None or declared is None or declared.network is None:
            return address
        if _is_for_containers(item, address, declared.network, self._engine):
            holder = self._addresses.setdefault((declared.network.name, address), item.path)
            if holder != item.path:
                item.fault(f"{address} is given at {holder} as well: two containers cannot share it")
        return address

    def _alias_names(self, item: Item, network: str, container: str) -> tuple[str, ...]:
        names = []
        for entry in item.items():
            name = entry.name(_ALIASES)
            if name is not None:
                names.append(name)
                self._aliases.append((entry, network, container))
        return tuple(names)

    def _check_aliases(self, containers: list[Container]) -> None:
        """An alias that is another container's name makes that name mean two containers."""
        owners = {(place.network, one.name.lower()): one.name for one in containers for place in one.networks}
        for item, network, container in self._aliases:
            if owners.get((network, item.source.lower()), container) != container:
                item.fault(f"{item.source} is the name of another container in {network}: choose another")


def _is_for_containers(item: Item, address: IPv4Address, network: Network, engine: Engine) -> bool:
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
    elif fault := engine.address_fault(address, subnet):
        item.fault(fault)
    else:
        return True
    return False


def _image(item: Item) -> str:
    image = item.text()
    if image is not None and not _IMAGE.fullmatch(image):
        item.fault(f"{shown(image)} is not an image's name; for example busybox or registry.example:5000/team/app:1.2")
    return image or ""


def _command(item: Item) -> tuple[str, ...]:
    """A list as it stands, or text that is split as a shell splits it."""
    if item.is_list:
        words = [entry.text() for entry in item.items()]
        return tuple(word for word in words if word is not None)
    text = item.text() or ""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        item.fault(f"{shown(text)} has a quote that does not end; a list of words needs none")
        return ()
