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

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_ipv4
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import published_ports
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import whose
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import names as image_names
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine

from .model import Attachment, Container, Network
from .networks import Declared
from .replicas import spread
from .services import COMPOSE_WORDS, KEYS, read_service, words
from .yaml_nodes import Item, Names, shown, suggestion

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
_MOST_REPLICAS = 1000
_MOST_DEPENDENCIES = 50_000
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
class _Copies:
    """What one entry of the list becomes: ``names``, and the host of each.

    ``added``: what a name has beside the written one, in words. ``several``: whose one address cannot be, empty where
    it can. ``shared``: aliases of all in each network.
    """

    names: list[str]
    hosts: list[str]
    added: str = ""
    several: str = ""
    shared: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Draft:
    """A container before its dependencies are looked up. ``written``: its name in the file, the same for all hosts.

    ``replica``: it has a number behind that name.
    """

    made: Container
    written: str
    depends_on: _Dependencies
    ports: Item
    replica: bool

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

    @property
    def replicas(self) -> dict[str, list[str]]:
        """A container's name in the file -> the replicas that it became."""
        found: dict[str, list[str]] = {}
        for draft in self._drafts:
            if draft.replica:
                found.setdefault(draft.written, []).append(draft.made.name)
        return found

    def read(self, item: Item) -> list[Container]:
        """Containers in the order of the file."""
        for entry in item.items():
            self._container(entry)
            if len(self._drafts) > MOST:
                raise LabError(
                    f"{entry.path}: more than {MOST} containers with replicas and those of each host:"
                    f" a lab has at most {MOST}"
                )
        containers = self._with_dependencies()
        self._check_aliases(containers)
        self._check_ports(containers)
        return containers

    def _container(self, entry: Item) -> None:
        """One, or one for each of its hosts."""
        given = entry.keys(
            ("name", "host", "hosts", "replicas", "networks", "image", "command", *KEYS),
            required={"name": "test1", "networks": "[demo]"},
            elsewhere=COMPOSE_WORDS,
        )
        entry.exactly_one(given, {"host": "emon", "hosts": "all"})
        name = self._written_name(given["name"]) if "name" in given else ""
        copies = self._copies(given, name)
        if name:
            self._take_names(given["name"], copies)
        image = (given["image"].name(_IMAGES) if "image" in given else None) or ""
        command = words(given["command"]) if "command" in given else ()
        places = self._attachments(given["networks"], copies) if "networks" in given else ()
        service, depends_on = read_service(given)
        for full, host in zip(copies.names, copies.hosts):
            made = Container(full, host, image, command, places, service)
            self._drafts.append(
                _Draft(made, name, depends_on, given.get("published_ports", entry), "replicas" in given)
            )

    def _copies(self, given: Mapping[str, Item], name: str) -> _Copies:
        one = self._host(given["host"]) if "host" in given else None
        listed = self._hosts_in(given["hosts"]) if "hosts" in given else []
        # Without a host that can be read, the rest of the container is read all the same.
        hosts = [one or ""] if "host" in given else listed or [""]
        if "replicas" in given:
            count = given["replicas"].integer(1, _MOST_REPLICAS) or 1
            names = [f"{name}-{number}" if name else "" for number in range(1, count + 1)]
            of_whom = f"of {count} replicas" if count > 1 else ""
            return _Copies(names, spread(count, hosts), "its number", of_whom, (name,) if name else ())
        if listed and "host" not in given:
            names = [f"{name}-{host}" if name else "" for host in hosts]
            return _Copies(names, hosts, "its host's name", "of a container on each host")
        return _Copies([name], hosts)

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
        """A name means the container on the same host, or those that have a host's name or a number behind it."""
        there: dict[tuple[str, str], list[str]] = {}
        for draft in self._drafts:
            for name in draft.names:
                there.setdefault((draft.made.host, name), []).append(draft.made.name)
        containers = []
        # Replicas on one host have the same faults.
        told: set[tuple[str, str]] = set()
        total = 0
        for draft in self._drafts:
            host = draft.made.host
            found: dict[str, str] = {}
            for item, name, condition in draft.depends_on:
                meant = there.get((host, name), [])
                total += len(meant)
                if total > _MOST_DEPENDENCIES:
                    raise LabError(
                        f"{item.path}: more than {_MOST_DEPENDENCIES} with those of each replica: no lab has as many"
                    )
                if (item.path, host) in told:
                    continue
                fault = self._dependency_fault(draft, name, meant, found)
                if fault:
                    told.add((item.path, host))
                    item.fault(fault)
                else:
                    found |= dict.fromkeys(meant, condition)
            containers.append(replace(draft.made, depends_on=found))
        self._check_circles(containers)
        return containers

    def _dependency_fault(self, draft: _Draft, name: str, meant: list[str], found: Mapping[str, str]) -> str:
        host = draft.made.host
        if not meant:
            here = [one.made.name for one in self._drafts if one.made.host == host and one is not draft]
            return f"{shown(name)} is not a container on {host or 'its host'}; {suggestion(name, here)}"
        if draft.made.name in meant:
            return "a container cannot wait for itself: remove it"
        if found.keys() & meant:
            return f"{shown(name)} is given already: remove one"
        return ""

    def _check_circles(self, containers: list[Container]) -> None:
        waiting = {one.name: set(one.depends_on) for one in containers}
        while True:
            try:
                TopologicalSorter(waiting).prepare()
                return
            except CycleError as error:
                # From each to the one that waits for it.
                circle = error.args[1][::-1]
            first = next(one for one in self._drafts if one.made.name == circle[0] and one.depends_on)
            item = first.depends_on[0][0]
            item.fault(f"{' waits for '.join(circle)}: none of them could start first")
            # Its replicas wait in the same circle.
            for draft in self._drafts:
                if draft.depends_on and draft.depends_on[0][0].path == item.path:
                    waiting.pop(draft.made.name, None)

    def _check_ports(self, containers: list[Container]) -> None:
        """Two containers of one host cannot have the same port of it."""
        held: dict[tuple[str, int | None, str], list[published_ports.Listener]] = {}
        first: dict[tuple[str, str], str] = {}
        for container, draft in zip(containers, self._drafts):
            ports = published_ports.parse(container.service.published_ports, [])
            if not self._fit_beside_own(container, draft, ports, first):
                continue
            for port in ports:
                others = held.get((container.host, port.host_port, port.protocol), ())
                for line in published_ports.conflicts([port], others):
                    draft.ports.fault(line.replace("of the host", f"of {container.host}", 1))
            for port in ports:
                here = held.setdefault((container.host, port.host_port, port.protocol), [])
                here.extend(published_ports.wanted_by([port], container.name))

    @staticmethod
    def _fit_beside_own(
        container: Container,
        draft: _Draft,
        ports: Collection[published_ports.PublishedPort],
        first: dict[tuple[str, str], str],
    ) -> bool:
        """``first``: entry and host -> its first replica there. Those of one entry have the same ports."""
        other = first.setdefault((draft.ports.path, container.host), container.name)
        fixed = next((port for port in ports if port.host_port), None)
        if other == container.name or fixed is None:
            return True
        # One line for the entry: the other hosts have no more room.
        if first.setdefault((draft.ports.path, ""), container.name) == container.name:
            port = f"{fixed.host_port}/{fixed.protocol} of {container.host}"
            draft.ports.fault(
                f"port {port} is wanted by {other} and {container.name}:"
                f" take no more replicas than hosts, or publish {fixed.container_port} alone, and Docker chooses"
            )
        return False

    def _written_name(self, item: Item) -> str:
        name = item.name(_NAMES) or ""
        if is_ipv4(name):
            item.fault(f"{name} cannot be a container's name: it is an address, and these are not looked up by name")
        return name

    def _take_names(self, item: Item, copies: _Copies) -> None:
        """Names resolve across the whole overlay, whatever the host, and without regard to case."""
        for name in (*copies.shared, *copies.names):
            first = self._names.setdefault(name.lower(), item.path)
            if first != item.path:
                item.fault(
                    f"{name} is given at {first} as well: names are valid on all hosts, and case does not matter"
                )
                if name in copies.shared:
                    # Those with numbers would be told for the same reason.
                    break
        for name in copies.names:
            if name != whose(name):
                mark = name.removeprefix(whose(name))
                item.fault(
                    f"{name} ends in {mark}, which marks a container that is being replaced: choose another name"
                )
            if copies.added and len(name) > _NAMES.longest:
                item.fault(f"{shown(name)} has {len(name)} characters with {copies.added}, at most {_NAMES.longest}")
                break

    def _attachments(self, item: Item, copies: _Copies) -> tuple[Attachment, ...]:
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
            if copies.several and "ipv4_address" in given:
                given["ipv4_address"].fault(f"one address cannot be that {copies.several}: remove it")
            aliases = self._alias_names(given["aliases"], name or "", copies.names) if "aliases" in given else ()
            place = Attachment(
                network=name or "",
                ipv4_address=self._address(given["ipv4_address"], name) if "ipv4_address" in given else None,
                aliases=tuple(dict.fromkeys((*copies.shared, *aliases))),
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
