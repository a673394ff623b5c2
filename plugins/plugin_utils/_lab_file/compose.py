# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""A Compose file as containers and networks of a lab file, and what of it a lab file cannot take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import readiness

from .services import RESTART_POLICIES
from .yaml_document import root
from .yaml_nodes import Item

# Every service of a file is in it that names no network.
_DEFAULT_NETWORK = "default"
# $NAME, ${NAME...}; $$ is a dollar.
_VARIABLE = re.compile(r"\$(?:\$|(\{[^}]*\}?|[a-zA-Z_][a-zA-Z0-9_]*))")
_HEALTHCHECK_TEXTS = ("interval", "timeout", "start_period")


@dataclass
class Imported:
    """``containers``: as in a lab file, without a host. ``networks``: name -> subnet; "" where the file has none.

    ``left_out``: what a lab file has no word for, a line each.
    """

    containers: list[dict[str, Any]] = field(default_factory=list)
    networks: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read(text: str, network: str) -> Imported:
    """``network``: what the network of services is called that name none. Raises LabError with all that is wrong."""
    faults: list[str] = []
    found = _Reader(Imported(), network).read(root(text, faults))
    if faults:
        raise LabError(faults)
    return found


@dataclass
class _Reader:
    found: Imported
    default_network: str

    def read(self, document: Item) -> Imported:
        entries = document.entries()
        declared = entries["networks"].entries() if "networks" in entries else {}
        for key, item in entries.items():
            if key not in ("services", "networks", "volumes", "version", "name"):
                self._leave_out(item)
        if "volumes" in entries:
            for item in entries["volumes"].entries().values():
                for option in item.entries().values():
                    self._leave_out(option)
        services = entries["services"].entries() if "services" in entries else {}
        if document.is_mapping and not services:
            document.at("services").fault("missing: a Compose file has at least one")
        names = {name: self._name(name, item) for name, item in services.items()}
        for name, item in services.items():
            self._service(names, name, item, declared)
        for item in declared.values():
            self._network(item)
        return self.found

    def _leave_out(self, item: Item, why: str = "a lab file has no such key") -> None:
        self.found.left_out.append(f"{item.path}: {why}")

    def _name(self, name: str, item: Item) -> str:
        given = item.entries().get("container_name") if item.is_mapping else None
        return (given and _text(given)) or name

    def _service(self, names: Mapping[str, str], name: str, item: Item, declared: Mapping[str, Item]) -> None:
        entries = {key: one for key, one in item.entries().items() if not one.is_null}
        made: dict[str, Any] = {"name": names[name], "networks": []}
        if "image" not in entries and (item.is_mapping or item.is_null):
            item.at("image").fault("missing: nothing is built here; build the image, and name it")
        networks = entries.pop("networks", None)
        for key, one in entries.items():
            if key in _KEYS:
                made |= _KEYS[key](self, one)
            elif key == "depends_on":
                made |= self._depends_on(one, names)
            elif key == "build" and "image" in entries:
                self._leave_out(one, "nothing is built here: the hosts need the image")
            elif key not in ("container_name", "expose", "build"):
                self._leave_out(one)
        # In Compose a service is known by its name also where its container has another.
        aliases = [name] if names[name] != name else []
        made["networks"] = self._places(networks, declared, aliases)
        self.found.containers.append(made)

    def _places(self, item: Item | None, declared: Mapping[str, Item], aliases: list[str]) -> list[Any]:
        places: list[Any] = []
        given: dict[str, Item | None] = {_DEFAULT_NETWORK: None}
        if item is not None:
            given = dict(item.entries()) if item.is_mapping else dict.fromkeys(_texts(item))
        for name, options in given.items():
            if item is not None and name not in declared and name != _DEFAULT_NETWORK:
                item.fault(f"{name} is not a network of this file")
            lab_name = self.default_network if name == _DEFAULT_NETWORK else name
            self.found.networks[lab_name] = _subnet(declared.get(name))
            place: dict[str, Any] = {"aliases": aliases} if aliases else {}
            for key, one in (options.entries() if options is not None else {}).items():
                if key == "aliases":
                    place["aliases"] = aliases + _texts(one)
                elif key == "ipv4_address" and _subnet(declared.get(name)):
                    place["ipv4_address"] = _text(one)
                elif key == "ipv4_address":
                    self._leave_out(one, "the file gives the network no subnet")
                else:
                    self._leave_out(one)
            places.append({"name": lab_name, **place} if place else lab_name)
        return places

    def _network(self, item: Item) -> None:
        for key, one in item.entries().items():
            if key == "external":
                self._leave_out(one, "the lab makes a network of its own")
            elif key not in ("ipam", "driver", "attachable", "name"):
                self._leave_out(one)

    def env(self, item: Item) -> dict[str, Any]:
        found: dict[str, str] = {}
        for name, value, where in _pairs(item):
            if value is None:
                self._leave_out(where, "its value would be that of the shell: write one")
            else:
                found[name] = value
        return {"env": found}

    def labels(self, item: Item) -> dict[str, Any]:
        return {"labels": {name: value or "" for name, value, _where in _pairs(item)}}

    def sysctls(self, item: Item) -> dict[str, Any]:
        return {"sysctls": {name: value or "" for name, value, _where in _pairs(item)}}

    def ports(self, item: Item) -> dict[str, Any]:
        found = []
        for one in item.items():
            if one.is_mapping:
                found.append(self._long_port(one))
                continue
            text = _text(one) or ""
            if "-" in text:
                self._leave_out(one, f"{text} is a range: write each of its ports")
            else:
                found.append(text)
        return {"published_ports": [one for one in found if one]}

    def _long_port(self, item: Item) -> str:
        given = {key: _text(one) or "" for key, one in item.entries().items()}
        for key, one in item.entries().items():
            if key not in ("target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"):
                self._leave_out(one)
        address = f"[{given['host_ip']}]" if ":" in given.get("host_ip", "") else given.get("host_ip", "")
        text = ":".join(part for part in (address, given.get("published", ""), given.get("target", "")) if part)
        return f"{text}/{given['protocol']}" if given.get("protocol") else text

    def volumes(self, item: Item) -> dict[str, Any]:
        found = []
        for one in item.items():
            source, target, read_only = self._volume(one)
            if not target:
                continue
            if source.startswith((".", "~")):
                self._leave_out(one, f"{source} is a folder of this machine, which the hosts do not have")
            elif not source:
                self._leave_out(one, f"the volume at {target} has no name: give it one")
            else:
                found.append(f"{source}:{target}{':ro' if read_only else ''}")
        return {"volumes": found}

    def _volume(self, item: Item) -> tuple[str, str, bool]:
        """Source, target, and whether it is only read."""
        if not item.is_mapping:
            source, _colon, rest = (_text(item) or "").partition(":")
            target, _colon, mode = rest.partition(":")
            options = set(mode.split(",")) if mode else set()
            for option in sorted(options - {"ro", "rw"}):
                self._leave_out(item, f"the option {option} has no meaning here")
            return (source, target, "ro" in options) if target else ("", source, False)
        given = item.entries()
        kind = _text(given["type"]) if "type" in given else "volume"
        if kind not in ("volume", "bind"):
            self._leave_out(item, f"a lab file has no volumes of the type {kind}")
            return "", "", False
        for key, one in given.items():
            if key not in ("type", "source", "src", "target", "dst", "destination", "read_only"):
                self._leave_out(one)
        texts = {key: _text(one) or "" for key, one in given.items() if one.is_scalar}
        source = texts.get("source") or texts.get("src", "")
        target = texts.get("target") or texts.get("dst") or texts.get("destination", "")
        return source, target, texts.get("read_only") == "true"

    def restart(self, item: Item) -> dict[str, Any]:
        policy, _colon, times = (_text(item) or "").partition(":")
        if policy not in RESTART_POLICIES:
            item.fault(f"{policy} is not one of {', '.join(RESTART_POLICIES)}")
        if times:
            self._leave_out(item, f"the number of attempts, {times}")
        return {"restart_policy": policy}

    def healthcheck(self, item: Item) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in item.entries().items():
            if key == "test":
                found[key] = _texts(one) if one.is_list else _text(one)
            elif key in _HEALTHCHECK_TEXTS:
                found[key] = _text(one)
            elif key == "retries":
                found[key] = one.integer(1)
            elif key == "disable":
                found[key] = one.boolean()
            else:
                self._leave_out(one)
        return {"healthcheck": {"disable": True} if found.get("disable") else found}

    def deploy(self, item: Item) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in item.entries().items():
            if key == "replicas":
                found |= self.replicas(one)
            elif key == "resources":
                for name, resource in one.entries().items():
                    if name == "limits":
                        found |= self._limits(resource)
                    else:
                        self._leave_out(resource)
            else:
                self._leave_out(one)
        return found

    def _limits(self, item: Item) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in item.entries().items():
            if key in ("memory", "cpus"):
                found |= _KEYS[key](self, one)
            else:
                self._leave_out(one)
        return found

    def replicas(self, item: Item) -> dict[str, Any]:
        count = _number(item)
        if not count:
            if count is not None:
                self._leave_out(item, "a lab file has no container of which none runs: one does; remove it there")
            return {}
        # Compose makes one of what says nothing.
        return {"replicas": count} if count != 1 else {}

    def env_file(self, item: Item) -> dict[str, Any]:
        self._leave_out(item, "copy the file beside the lab file, and name it there: env_file")
        return {}

    def _depends_on(self, item: Item, names: Mapping[str, str]) -> dict[str, Any]:
        given = dict(item.entries()) if item.is_mapping else dict.fromkeys(_texts(item), item)
        found: dict[str, Any] = {}
        for name, one in given.items():
            if name not in names:
                one.fault(f"{name} is not a service of this file")
                continue
            condition = one.entries().get("condition") if one.is_mapping else None
            text = _text(condition) if condition is not None else ""
            if text and text not in readiness.CONDITIONS:
                self._leave_out(one, f"the condition {text}: the order alone is kept")
                text = ""
            found[names[name]] = {"condition": text} if text else {}
        return {"depends_on": found if any(found.values()) else list(found)}


def _words(key: str) -> Callable[[_Reader, Item], dict[str, Any]]:
    return lambda _reader, item: {key: _texts(item) if item.is_list else _text(item)}


def _one(key: str) -> Callable[[_Reader, Item], dict[str, Any]]:
    return lambda _reader, item: {key: _text(item)}


_KEYS: Mapping[str, Callable[[_Reader, Item], dict[str, Any]]] = {
    "image": _one("image"),
    "command": _words("command"),
    "entrypoint": _words("entrypoint"),
    "user": _one("user"),
    "cap_add": lambda _reader, item: {"cap_add": _texts(item)},
    "cap_drop": lambda _reader, item: {"cap_drop": _texts(item)},
    "mem_limit": _one("memory"),
    "memory": _one("memory"),
    "cpus": lambda _reader, item: {"cpus": _number(item)},
    "environment": _Reader.env,
    "env_file": _Reader.env_file,
    "labels": _Reader.labels,
    "sysctls": _Reader.sysctls,
    "ports": _Reader.ports,
    "volumes": _Reader.volumes,
    "restart": _Reader.restart,
    "healthcheck": _Reader.healthcheck,
    "deploy": _Reader.deploy,
    "scale": _Reader.replicas,
}


def _subnet(item: Item | None) -> str:
    """That of the first IPv4 pool of a network; "" where it has none."""
    ipam = item.entries().get("ipam") if item is not None else None
    config = ipam.entries().get("config") if ipam is not None else None
    for pool in config.items() if config is not None else ():
        subnet = _text(pool.entries()["subnet"]) if "subnet" in pool.entries() else None
        if subnet and ":" not in subnet:
            return subnet
    return ""


def _pairs(item: Item) -> Iterator[tuple[str, str | None, Item]]:
    """Of a mapping, or of a list of NAME=VALUE."""
    if item.is_mapping:
        for name, one in item.entries().items():
            yield name, None if one.is_null else _text(one), one
        return
    for one in item.items():
        name, equals, value = (_text(one) or "").partition("=")
        yield name, value if equals else None, one


def _texts(item: Item) -> list[str]:
    found = [_text(one) for one in item.items()]
    return [one for one in found if one is not None]


def _number(item: Item) -> float | int | None:
    text = _text(item)
    try:
        return None if text is None else int(text) if text.isdecimal() else float(text)
    except ValueError:
        item.fault(f"{text} is no number")
        return None


def _text(item: Item) -> str | None:
    """A scalar as it was written, which is what Compose makes of it where it wants text."""
    if not item.is_scalar or item.is_null:
        return item.text()
    for match in _VARIABLE.finditer(item.source):
        if match[1]:
            item.fault(
                f"{match[0]} is for Compose to replace: write its value, or import what `docker compose config` prints"
            )
            return None
    return item.source.replace("$$", "$")
