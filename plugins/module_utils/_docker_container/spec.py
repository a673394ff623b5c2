# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A wanted container: parsed once, all faults at once, into frozen values. Touches nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint

from . import capabilities, environment, healthcheck, limits, readiness, volumes
from . import published_ports as published
from .environment import SECRETS_LABEL
from .published_ports import PublishedPort
from .readiness import Dependency

DIGEST_LABEL = "emon.overlay_lab.digest"
DEFAULT_BRIDGE = "bridge"
# While a container is replaced, what is added to the new one's name until it takes the other's place, and to the former
# one's until the new one runs.
COMING = "-coming"
FORMER = "-former"
# The mode of a container that has a namespace of its own, with whatever networks in it.
OWN_NAMESPACE = "networks"

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+\Z")
_MODES = re.compile(r"(default|bridge|host|none|container:[a-zA-Z0-9][a-zA-Z0-9_.-]+)\Z")

# What Docker takes for the host's own address.
_HOST_GATEWAY = "host-gateway"
_NAMES: dict[str, Any] = {"type": "list", "elements": "str"}
# The options of one container; documented in the module docker_container.
CONTAINER_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "image": {"type": "str"},
    "command": {"type": "raw"},
    "network_mode": {"type": "str"},
    "networks": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "ipv4_address": {"type": "str"},
            "ipv6_address": {"type": "str"},
            "aliases": _NAMES,
            "links": _NAMES,
        },
    },
    "links": _NAMES,
    "published_ports": _NAMES,
    "restart_policy": {"type": "str", "choices": ["no", "always", "on-failure", "unless-stopped"], "default": "no"},
    "hostname": {"type": "str"},
    "extra_hosts": {"type": "dict"},
    "dns": _NAMES,
    "capabilities": _NAMES,
    "drop_capabilities": _NAMES,
    "sysctls": {"type": "dict"},
    "labels": {"type": "dict"},
    "env": {"type": "dict"},
    "secret_env": {**_NAMES, "no_log": False},
    "volumes": _NAMES,
    "entrypoint": {"type": "raw"},
    "user": {"type": "str"},
    "memory": {"type": "str"},
    "cpus": {"type": "str"},
    "healthcheck": healthcheck.OPTIONS,
    "depends_on": readiness.OPTIONS,
    "init": {"type": "bool", "default": True},
    "stop_timeout": {"type": "int", "default": 1},
    "state": {"type": "str", "choices": ["present", "started", "stopped", "absent"], "default": "started"},
}


@dataclass(frozen=True)
class ContainerSpec:
    """What is wanted.

    ``state``: present, started, stopped or absent. ``mode``: OWN_NAMESPACE, "host", "none" or "container:NAME".
    ``endpoints``: the networks, the first one first. ``fixed``: what cannot change after creation, in the API's words,
    without networks. ``secrets``: variable -> value, None where any will do. ``depends_on``: what has to be ready
    before it starts. Without an ``image`` nothing but the running state is wanted.
    """

    name: str
    image: str
    state: str
    mode: str
    endpoints: tuple[Endpoint, ...]
    ports: tuple[PublishedPort, ...]
    links: tuple[str, ...]
    restart_policy: str
    fixed: dict[str, Any]
    secrets: dict[str, str | None] = field(default_factory=dict)
    depends_on: tuple[Dependency, ...] = ()

    @property
    def digest(self) -> str:
        """By this a container is known to be as wanted. What can be changed in place is not part of it, nor is a
        secret: the digest can be read, and a short secret be guessed by it.
        """
        described = [self.mode, self.links, self.fixed, *([sorted(self.secrets)] if self.secrets else [])]
        text = json.dumps(described, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def addresses(self) -> set[tuple[str, str]]:
        """Its fixed ones, each with its network."""
        return {
            (endpoint.network, address)
            for endpoint in self.endpoints
            for address in (endpoint.ipv4_address, endpoint.ipv6_address)
            if address
        }

    def to_api(self) -> dict[str, Any]:
        """The request that creates the container, on its first network."""
        host_config = self.fixed["HostConfig"] | {
            "NetworkMode": self.endpoints[0].network if self.endpoints else self.mode,
            "RestartPolicy": {"Name": self.restart_policy},
            "Links": list(self.links),
        }
        own_labels = {DIGEST_LABEL: self.digest}
        if self.secrets:
            own_labels[SECRETS_LABEL] = ",".join(sorted(self.secrets))
        config = self.fixed | {"Labels": self.fixed["Labels"] | own_labels, "HostConfig": host_config}
        if self.secrets:
            known = {name: value for name, value in self.secrets.items() if value is not None}
            config["Env"] = environment.to_api(environment.of_api(self.fixed.get("Env")) | known)
        if self.endpoints and self.endpoints[0].network != DEFAULT_BRIDGE:
            first = self.endpoints[0]
            config["NetworkingConfig"] = {"EndpointsConfig": {first.network: first.to_api()}}
        return config


def whose(name: str) -> str:
    """The container that one of this name is, or is coming to replace, or was replaced by."""
    return name.removesuffix(COMING).removesuffix(FORMER)


def absent(name: str) -> ContainerSpec:
    """One that is to go."""
    return parse({"name": name, "state": "absent", "stop_timeout": 1})


def parse(params: dict[str, Any], secrets: Mapping[str, str] | None = None) -> ContainerSpec:
    """The module's parameters as a spec; LabError with every fault in them. ``secrets``: values of secret_env."""
    faults: list[str] = []
    name = params["name"]
    if not _NAME.match(name):
        faults.append(f"name: {name!r} is no container name: letters, digits, '_', '.' and '-', two at least")
    elif name != whose(name):
        mark = name.removeprefix(whose(name))
        faults.append(f"name: {name} ends in {mark}, which marks a container that is being replaced: choose another")
    mode = params.get("network_mode") or "default"
    if not _MODES.match(mode):
        faults.append(
            f"network_mode: {mode} is none of default, bridge, host, none, container:NAME:"
            " networks of your own are joined with networks"
        )
        mode = "default"
    endpoints = _endpoints(params, faults)
    ports = published.parse(params.get("published_ports") or [], faults)
    links = tuple(_link(link) for link in params.get("links") or [])
    _check_mode(params, mode, endpoints, faults)
    if mode in ("default", "bridge"):
        if params.get("network_mode") or not endpoints:
            endpoints = (Endpoint(DEFAULT_BRIDGE), *(one for one in endpoints if one.network != DEFAULT_BRIDGE))
        mode = OWN_NAMESPACE
    if links and not any(endpoint.network == DEFAULT_BRIDGE for endpoint in endpoints):
        faults.append(
            "links: work on the default bridge only: use links of an entry in networks, or network_mode: bridge"
        )
    fixed = _fixed(params, ports, faults)
    _check_secrets(params, secrets or {}, faults)
    depends_on = tuple(Dependency(one["name"], one.get("condition") or "") for one in params.get("depends_on") or ())
    if any(one.name == name for one in depends_on):
        faults.append("depends_on: it cannot wait for itself: remove it")
    if faults:
        raise LabError(f"container {name}: {fault}" for fault in faults)
    return ContainerSpec(
        name=name,
        image=params.get("image") or "",
        state=params["state"],
        mode=mode,
        endpoints=endpoints,
        ports=ports,
        links=links,
        restart_policy=params.get("restart_policy") or "no",
        fixed=fixed,
        secrets={one: (secrets or {}).get(one) for one in params.get("secret_env") or ()},
        depends_on=depends_on,
    )


def _endpoints(params: dict[str, Any], faults: list[str]) -> tuple[Endpoint, ...]:
    endpoints: list[Endpoint] = []
    for index, entry in enumerate(params.get("networks") or []):
        where = f"networks[{index}]"
        addresses: dict[str, str | None] = {}
        for version in (4, 6):
            key = f"ipv{version}_address"
            addresses[key] = _address(entry.get(key), version, f"{where}.{key}", faults)
        endpoint = Endpoint(
            network=entry["name"],
            aliases=tuple(entry.get("aliases") or ()),
            links=tuple(_link(link) for link in entry.get("links") or ()),
            ipv4_address=addresses["ipv4_address"],
            ipv6_address=addresses["ipv6_address"],
        )
        if endpoint.network in ("host", "none"):
            faults.append(f"{where}: {endpoint.network} is no network to join: use network_mode")
        if endpoint.network == DEFAULT_BRIDGE and endpoint != Endpoint(DEFAULT_BRIDGE):
            faults.append(
                f"{where}: the default bridge takes no fixed addresses, aliases or links: use a bridge of your own"
            )
        if any(endpoint.network == other.network for other in endpoints):
            faults.append(f"{where}: {endpoint.network} is given twice")
        endpoints.append(endpoint)
    return tuple(endpoints)


def _check_mode(params: dict[str, Any], mode: str, endpoints: tuple[Endpoint, ...], faults: list[str]) -> None:
    """What Docker refuses, or silently ignores, where the container has no namespace of its own."""
    if mode in ("default", "bridge"):
        return
    if endpoints:
        faults.append(f"networks: cannot be joined with network_mode {mode}")
    if params.get("published_ports"):
        reason = "its ports are the host's own" if mode == "host" else "it has none of its own"
        faults.append(f"published_ports: have no effect with network_mode {mode}: {reason}")
    if mode.startswith("container:"):
        faults.extend(
            f"{key}: is that of the other container with network_mode {mode}"
            for key in ("hostname", "dns", "extra_hosts")
            if params.get(key)
        )


def _fixed(params: dict[str, Any], ports: tuple[PublishedPort, ...], faults: list[str]) -> dict[str, Any]:
    labels = {key: str(value) for key, value in (params.get("labels") or {}).items()}
    faults.extend(f"labels: {key} is the module's own" for key in (DIGEST_LABEL, SECRETS_LABEL) if key in labels)
    hosts = params.get("extra_hosts") or {}
    bindings = published.to_api(ports)
    return {
        "Image": params.get("image") or "",
        "Cmd": _words(params.get("command"), "command", faults),
        "Hostname": params.get("hostname") or "",
        "Labels": labels,
        # Kept by Docker, so that a restart of dockerd or of the host does not wait for it either.
        "StopTimeout": params["stop_timeout"],
        "ExposedPorts": {port: {} for port in bindings},
        **_given(
            {
                "Entrypoint": _words(params.get("entrypoint"), "entrypoint", faults),
                "User": params.get("user"),
                "Env": environment.to_api(environment.parse(params.get("env"), faults)),
                "Healthcheck": healthcheck.parse(params.get("healthcheck"), faults),
            }
        ),
        "HostConfig": {
            "PortBindings": bindings,
            "ExtraHosts": [
                f"{host}:{_host_address(address, f'extra_hosts[{host}]', faults)}"
                for host, address in sorted(hosts.items())
            ],
            "Dns": [_address(address, None, "dns", faults) for address in params.get("dns") or []],
            "CapAdd": capabilities.parse(params.get("capabilities"), "capabilities", faults),
            "CapDrop": capabilities.parse(params.get("drop_capabilities"), "drop_capabilities", faults),
            "Sysctls": _sysctls(params.get("sysctls") or {}, faults),
            "Init": bool(params.get("init")),
            **_given(
                {
                    "Binds": volumes.parse(params.get("volumes"), faults),
                    "Memory": limits.memory(params.get("memory"), faults),
                    "NanoCpus": limits.nano_cpus(params.get("cpus"), faults),
                }
            ),
        },
    }


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What is not asked for is no part of the digest: containers that were made before it could be stay."""
    return {key: value for key, value in values.items() if value}


def _words(given: Any, option: str, faults: list[str]) -> list[str] | None:
    """A list as it stands, or text that is split as a shell splits it."""
    if isinstance(given, str):
        try:
            return shlex.split(given)
        except ValueError as error:
            faults.append(f"{option}: {error}: {given}")
    elif given is not None and not isinstance(given, list):
        faults.append(f"{option}: {given!r} is neither a text nor a list")
    return [str(word) for word in given] if isinstance(given, list) else None


def _check_secrets(params: dict[str, Any], secrets: Mapping[str, str], faults: list[str]) -> None:
    names = params.get("secret_env") or []
    faults.extend(
        f"secret_env: {name!r} is no name of a variable" for name in names if not environment.NAME.fullmatch(name)
    )
    faults.extend(
        f"secret_env: {name} is in env as well: remove one" for name in names if name in (params.get("env") or {})
    )
    faults.extend(f"secrets: {name} is not in secret_env: add it there" for name in sorted(set(secrets) - set(names)))


def _sysctls(given: Mapping[str, Any], faults: list[str]) -> dict[str, str]:
    faults.extend(
        f"sysctls: {key}: {str(value).lower()} is no value of a kernel parameter: write 0 or 1"
        for key, value in given.items()
        if isinstance(value, bool)
    )
    return {key: str(value) for key, value in given.items()}


def _host_address(text: str | None, where: str, faults: list[str]) -> str | None:
    return text if text == _HOST_GATEWAY else _address(text, None, where, faults)


def _address(text: str | None, version: int | None, where: str, faults: list[str]) -> str | None:
    if not text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        faults.append(f"{where}: {text!r} is no IP address")
        return text
    if version and address.version != version:
        faults.append(f"{where}: {address} is not IPv{version}")
    return str(address)


def _link(text: str) -> str:
    """ "container:alias"; without an alias the container's own name is it."""
    container, _separator, alias = text.partition(":")
    return f"{container}:{alias or container}"
