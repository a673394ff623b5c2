# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The containers of a lab file, each with a place in some of its networks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from ipaddress import IPv4Address

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import published_ports
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import whose
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import names as image_names
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine

from .model import Attachment, Container, Network
from .networks import Declared
from .services import COMPOSE_WORDS, KEYS, read_service, words
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
MOST = 5000
_ALL = "all"
_IMAGES = Names(
    "an image's name",
    image_names.FORM,
    512,
    "write for example busybox or registry.example:5000/team/app:1.2",
    {},
)
_Dependencies = tuple[tuple[Item, str, str], ...]


@dataclass(frozen=True)
class _Draft:
    """A container before its dependencies are looked up. ``written``: its name in the file, the same for all hosts."""

    made: Container
    written: str
    depends_on: _Dependencies
    ports: Item

    @property
    def names(self) -> set[str]:
        return {self.made.name, self.written}


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
        # Aliases, with their network and their containers.
        self._aliases: list[tuple[Item, str, list[str]]] = []
        self._drafts: list[_Draft] = []

    def read(self, item: Item) -> list[Container]:
        """Containers in the order of the file."""
        for entry in item.items():
            self._container(entry)
            if len(self._drafts) > MOST:
                raise LabError(
                    f"{entry.path}: more than {MOST} containers with those of each host: a lab has at most {MOST}"
                )
        containers = self._with_dependencies()
        self._check_aliases(containers)
        self._check_ports(containers)
        return containers

    def _container(self, entry: Item) -> None:
        """One, or one for each of its hosts."""
        given = entry.keys(
            ("name", "host", "hosts", "networks", "image", "command", *KEYS),
            required={"name": "test1", "networks": "[demo]"},
            elsewhere=COMPOSE_WORDS,
        )
        entry.exactly_one(given, {"host": "emon", "hosts": "all"})
        name = self._written_name(given["name"]) if "name" in given else ""
        one = self._host(given["host"]) if "host" in given else None
        listed = self._hosts_in(given["hosts"]) if "hosts" in given else []
        several = bool(listed) and "host" not in given
        # Without a host that can be read, the rest of the container is read all the same.
        hosts = listed if several else [one or ""]
        names = [f"{name}-{host}" for host in hosts] if several and name else [name] * len(hosts)
        if name:
            for full in names:
                self._take_name(given["name"], full, several)
        image = (given["image"].name(_IMAGES) if "image" in given else None) or ""
        command = words(given["command"]) if "command" in given else ()
        places = self._attachments(given["networks"], names, several) if "networks" in given else ()
        service, depends_on = read_service(given)
        for full, host in zip(names, hosts):
            made = Container(full, host, image, command, places, service)
            self._drafts.append(_Draft(made, name, depends_on, given.get("published_ports", entry)))

    def _hosts_in(self, item: Item) -> list[str]:
        if not item.is_list:
            return [*self._hosts] if item.choice((_ALL,)) else []
        item.not_empty("no host named: name one, or write all")
        found: list[str] = []
        for entry in item.items():
            host = self._host(entry)
            if host is not None and host in found:
                entry.fault(f"{host} is given already: remove one")
            elif host is not None:
                found.append(host)
        return found

    def _host(self, item: Item) -> str | None:
        host = item.text()
        if host is not None and self._hosts and host not in self._hosts:
            item.fault(f"{shown(host)} is not a host of this lab; {suggestion(host, self._hosts)}")
        return host

    def _with_dependencies(self) -> list[Container]:
        """A name means the container on the same host, or the one that has the host's name behind it."""
        there = {(draft.made.host, name): draft.made.name for draft in self._drafts for name in draft.names}
        containers = []
        for draft in self._drafts:
            host = draft.made.host
            found: dict[str, str] = {}
            for item, name, condition in draft.depends_on:
                full = there.get((host, name))
                if full is None:
                    here = [one.made.name for one in self._drafts if one.made.host == host and one is not draft]
                    item.fault(f"{shown(name)} is not a container on {host or 'its host'}; {suggestion(name, here)}")
                elif full == draft.made.name:
                    item.fault("a container cannot wait for itself: remove it")
                elif full in found:
                    item.fault(f"{shown(name)} is given already: remove one")
                else:
                    found[full] = condition
            containers.append(replace(draft.made, depends_on=found))
        self._check_circles(containers)
        return containers

    def _check_circles(self, containers: list[Container]) -> None:
        waiting = {one.name: set(one.depends_on) for one in containers}
        while True:
            try:
                TopologicalSorter(waiting).prepare()
                return
            except CycleError as error:
                # From each to the one that waits for it.
                circle = error.args[1][::-1]
            draft = next(one for one in self._drafts if one.made.name == circle[0])
            draft.depends_on[0][0].fault(f"{' waits for '.join(circle)}: none of them could start first")
            del waiting[circle[0]]

    def _check_ports(self, containers: list[Container]) -> None:
        """Two containers of one host cannot have the same port of it."""
        held: dict[tuple[str, int | None, str], list[published_ports.Listener]] = {}
        for container, draft in zip(containers, self._drafts):
            ports = published_ports.parse(container.service.published_ports, [])
            for port in ports:
                others = held.get((container.host, port.host_port, port.protocol), ())
                for line in published_ports.conflicts([port], others):
                    draft.ports.fault(line.replace("of the host", f"of {container.host}", 1))
            for port in ports:
                here = held.setdefault((container.host, port.host_port, port.protocol), [])
                here.extend(published_ports.wanted_by([port], container.name))

    def _written_name(self, item: Item) -> str:
        name = item.name(_NAMES) or ""
        if is_address(name):
            item.fault(f"{name} cannot be a container's name: it is an address, and these are not looked up by name")
        return name

    def _take_name(self, item: Item, name: str, several: bool) -> None:
        """Names resolve across the whole overlay, whatever the host, and without regard to case."""
        first = self._names.setdefault(name.lower(), item.path)
        if first != item.path:
            item.fault(f"{name} is given at {first} as well: names are valid on all hosts, and case does not matter")
        if name != whose(name):
            mark = name.removeprefix(whose(name))
            item.fault(f"{name} ends in {mark}, which marks a container that is being replaced: choose another name")
        if several and len(name) > _NAMES.longest:
            item.fault(f"{shown(name)} has {len(name)} characters with its host's name, at most {_NAMES.longest}")

    def _attachments(self, item: Item, containers: list[str], several: bool) -> tuple[Attachment, ...]:
        item.not_empty("no network named: a container of the lab is in at least one")
        places: dict[str, Attachment] = {}
        for entry in item.items():
            keys = ("name", "ipv4_address", "aliases")
            given = entry.keys(keys, required={"name": "demo"}) if entry.is_mapping else {"name": entry}
            name = given["name"].text() if "name" in given else None
            if name is not None and self._networks is not None and name not in self._networks:
                given["name"].fault(f"{shown(name)} is not a network of this lab; {suggestion(name, self._networks)}")
            elif name in places:
                given["name"].fault(f"the container is in {name} already: remove this one")
            if several and "ipv4_address" in given:
                given["ipv4_address"].fault("one address cannot be that of a container on each host: remove it")
            place = Attachment(
                network=name or "",
                ipv4_address=self._address(given["ipv4_address"], name) if "ipv4_address" in given else None,
                aliases=self._alias_names(given["aliases"], name or "", containers) if "aliases" in given else (),
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

    def _alias_names(self, item: Item, network: str, containers: list[str]) -> tuple[str, ...]:
        names = []
        for entry in item.items():
            name = entry.name(_ALIASES)
            if name is not None:
                names.append(name)
                self._aliases.append((entry, network, containers))
        return tuple(names)

    def _check_aliases(self, containers: list[Container]) -> None:
        """An alias that is another container's name makes that name mean two containers."""
        owners = {(place.network, one.name.lower()): one.name for one in containers for place in one.networks}
        for item, network, own in self._aliases:
            if owners.get((network, item.source.lower()), own[0]) not in own:
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
