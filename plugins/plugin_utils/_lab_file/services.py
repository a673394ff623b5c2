# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""How a container runs: environment, volumes, ports, limits, health check, and what it waits for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import (
    capabilities,
    environment,
    healthcheck,
    limits,
    published_ports,
    readiness,
    volumes,
)

from .model import Service
from .yaml_nodes import Item, Names, shown

# Of an option that Compose calls otherwise: what it is here.
COMPOSE_WORDS = {
    "environment": "env",
    "ports": "published_ports",
    "restart": "restart_policy",
    "mem_limit": "memory",
    "container_name": "name",
}
RESTART_POLICIES = ("no", "always", "on-failure", "unless-stopped")
_MOST_CPUS = 4096
_LONGEST = 4096
_VARIABLES = Names(
    "the name of a variable",
    environment.NAME,
    255,
    "use letters, digits and underscores, a letter or underscore first",
    {},
)
_ENTRIES = Names("a variable", re.compile(rf"{environment.NAME.pattern}=[^\r\n]*"), 65536, "write NAME=VALUE", {})
_ENV_FILES = Names(
    "a file of variables",
    re.compile(r"(?!(?:.*/)?\.\.(?:/|$))[^/\s\x00-\x1f](?:[^\x00-\x1f]*[^/\s\x00-\x1f])?"),
    255,
    "write its path from the lab file's folder, and in it or below",
    {},
)
_VOLUMES = Names("a volume", volumes.FORM, _LONGEST, volumes.RULE, {})
_PORTS = Names("a published port", published_ports.FORM, 64, published_ports.RULE, {})
_USERS = Names(
    "a user",
    re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?"),
    128,
    "write USER or USER:GROUP, names or numbers",
    {},
)
_CAPABILITIES = Names("a capability", re.compile(r"[a-zA-Z_]+"), 32, "write its name, such as NET_ADMIN", {})
_SYSCTLS = Names(
    "a kernel parameter of a container",
    # Those that Docker takes, because the kernel has them once in each namespace.
    re.compile(
        r"(?:net|fs\.mqueue)\.[a-zA-Z0-9_./-]+|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)"
    ),
    255,
    "Docker takes those below net and fs.mqueue, and kernel.msg*, kernel.sem and kernel.shm*",
    {},
)
_LABELS = Names(
    "a label",
    re.compile(r"(?!emon\.overlay_lab\.)[a-zA-Z0-9](?:[a-zA-Z0-9._/-]*[a-zA-Z0-9])?"),
    128,
    "use letters, digits, dots, underscores, slashes and hyphens; what begins with emon.overlay_lab is the lab's own",
    {},
)
_MEMORY = Names("an amount of memory", limits.MEMORY, 32, limits.MEMORY_RULE, {})
_DURATIONS = Names("a duration", healthcheck.DURATION, 64, healthcheck.DURATION_RULE, {})


def words(item: Item) -> tuple[str, ...]:
    """A list as it stands, or text that is split as a shell splits it."""
    if item.is_list:
        found = [entry.text() for entry in item.items()]
        return tuple(word for word in found if word is not None)
    text = item.text() or ""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        item.fault(f"{shown(text)} has a quote that does not end; a list of words needs none")
        return ()


def _env(item: Item) -> dict[str, str]:
    """A mapping, or Compose's list of NAME=VALUE."""
    if not item.is_list:
        return _texts(item, _VARIABLES)
    found: dict[str, str] = {}
    for entry in item.items():
        name, _equals, value = (entry.name(_ENTRIES) or "").partition("=")
        if name in found:
            entry.fault(f"{name} is given already: remove one")
        elif name:
            found[name] = value
    return found


def _texts(item: Item, names: Names) -> dict[str, str]:
    found = {}
    for name, entry in item.entries().items():
        value = entry.plain()
        if entry.check_name(name, names) and value is not None:
            found[name] = value
    return found


def _names(item: Item, names: Names) -> tuple[str, ...]:
    found = [entry.name(names) for entry in item.items()]
    return tuple(name for name in found if name is not None)


def _one_or_more(item: Item, names: Names) -> tuple[str, ...]:
    if item.is_list:
        return _names(item, names)
    name = item.name(names)
    return () if name is None else (name,)


def _checked(found: Any, check: Callable[[Any, list[str]], Any], item: Item) -> Any:
    """What was read, after the module's own check of it, whose faults begin with the option's name."""
    lines: list[str] = []
    check(found, lines)
    for line in lines:
        item.fault(line.partition(": ")[2])
    return found


def _capabilities(item: Item) -> tuple[str, ...]:
    found = []
    for entry in item.items():
        name = entry.name(_CAPABILITIES)
        if name is not None and (fault := capabilities.fault(name)):
            entry.fault(fault)
        elif name is not None:
            found.append(name)
    return tuple(found)


def _healthcheck(item: Item) -> dict[str, Any]:
    given = item.keys(("test", "interval", "timeout", "start_period", "retries", "disable"))
    found: dict[str, Any] = {}
    if "disable" in given:
        found["disable"] = given["disable"].boolean()
    if "test" in given:
        found["test"] = _test(given["test"])
    for key in healthcheck.DURATIONS:
        if key in given:
            found[key] = given[key].name(_DURATIONS)
    if "retries" in given:
        found["retries"] = given["retries"].integer(1, 1000)
    if found.get("disable"):
        for key in given:
            if key != "disable":
                given[key].fault("has no meaning with disable: true: remove it")
        return {"disable": True}
    if item.is_mapping and "test" not in given:
        item.at("test").fault('missing; for example "wget -q -O /dev/null http://localhost/"')
    found = {key: value for key, value in found.items() if value is not None}
    return _checked(found, healthcheck.parse, item) if "test" in found else found


def _test(item: Item) -> list[str] | str | None:
    return list(words(item)) if item.is_list else item.text()


def _depends_on(item: Item) -> tuple[tuple[Item, str, str], ...]:
    """(where, container, condition) each; a list waits for health where there is a check, a mapping says what for."""
    found: list[tuple[Item, str, str]] = []
    if item.is_list:
        for entry in item.items():
            name = entry.text()
            if name is not None:
                found.append((entry, name, ""))
        return tuple(found)
    for name, entry in item.entries().items():
        given = entry.keys(("condition",))
        condition = given["condition"].choice(readiness.CONDITIONS) if "condition" in given else None
        found.append((entry, name, condition or ""))
    return tuple(found)


_READERS: Mapping[str, Callable[[Item], Any]] = {
    "env": _env,
    "env_file": lambda item: _one_or_more(item, _ENV_FILES),
    "volumes": lambda item: _checked(_names(item, _VOLUMES), volumes.parse, item),
    "published_ports": lambda item: _checked(_names(item, _PORTS), published_ports.parse, item),
    "entrypoint": words,
    "user": lambda item: item.name(_USERS) or "",
    "restart_policy": lambda item: item.choice(RESTART_POLICIES) or "",
    "cap_add": _capabilities,
    "cap_drop": _capabilities,
    "sysctls": lambda item: _texts(item, _SYSCTLS),
    "memory": lambda item: _checked(item.name(_MEMORY) or "", limits.memory, item),
    "cpus": lambda item: _checked(item.number(float(limits.LEAST_CPUS), _MOST_CPUS) or "", limits.nano_cpus, item),
    "healthcheck": _healthcheck,
    "labels": lambda item: _texts(item, _LABELS),
}
KEYS = (*_READERS, "depends_on")


def read_service(given: Mapping[str, Item]) -> tuple[Service, tuple[tuple[Item, str, str], ...]]:
    """The service, and what it depends on, which nobody has looked up yet."""
    service = Service(**{key: read(given[key]) for key, read in _READERS.items() if key in given})
    return service, _depends_on(given["depends_on"]) if "depends_on" in given else ()
