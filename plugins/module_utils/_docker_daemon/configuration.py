# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""dockerd's configuration as it takes it: command line, daemon.json and the environment of its unit, in one view."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import version_in
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import unit_command
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

from . import daemon_json

DAEMON_JSON = Path("/etc/docker/daemon.json")
DATA_ROOT = "/var/lib/docker"

# Flags whose key in daemon.json is not the flag's own name.
_KEYS = {
    "-H": "hosts", "--host": "hosts", "-D": "debug", "-l": "log-level", "-s": "storage-driver", "-b": "bridge",
    "-G": "group", "-p": "pidfile", "-g": "data-root", "--graph": "data-root", "--label": "labels",
    "--dns-opt": "dns-opts", "--exec-opt": "exec-opts", "--log-opt": "log-opts", "--storage-opt": "storage-opts",
    "--insecure-registry": "insecure-registries", "--registry-mirror": "registry-mirrors", "--add-runtime": "runtimes",
    "--default-ulimit": "default-ulimits", "--authorization-plugin": "authorization-plugins",
    "--cluster-store-opt": "cluster-store-opts", "--default-address-pool": "default-address-pools",
    "--node-generic-resource": "node-generic-resources",
}  # fmt: skip
_PROXIES = {"http": "http-proxy", "https": "https-proxy", "no": "no-proxy"}


@dataclass(frozen=True)
class Flag:
    """``shown``: as it is written. ``value``: "true" for a flag that has none."""

    shown: str
    value: str

    @property
    def off(self) -> bool:
        """Of a flag that is on or off; pflag takes these words."""
        return self.value.lower() in ("false", "f", "0", "")


@dataclass(frozen=True)
class Configuration:
    """``path``: the daemon.json that dockerd reads. ``settings``: what it reads there. ``flags``: by their key in
    daemon.json.
    """

    path: Path
    settings: Mapping[str, Any]
    flags: Mapping[str, Flag]
    environment: Mapping[str, str]

    def value(self, *keys: str) -> Any:
        """Of a setting, under the first of its names that has one; None where it is left to dockerd."""
        found = [self.flags[key].value for key in keys if key in self.flags]
        found += [self.settings[key] for key in keys if self.settings.get(key) is not None]
        return found[0] if found else None

    @property
    def data_root(self) -> str:
        return str(self.value("data-root", "graph") or DATA_ROOT)

    @property
    def store(self) -> str:
        return str(self.value("cluster-store") or "")

    @property
    def proxies(self) -> dict[str, str]:
        """By what asks through it, "http" and "https", and "no" for what is not asked so; dockerd's own settings of
        them, which it has since 23.0, count more than its environment.
        """
        given = self.settings.get("proxies")
        own = given if isinstance(given, dict) else {}
        found = proxies_of(self.environment)
        for kind, key in _PROXIES.items():
            value = self.flags[key].value if key in self.flags else own.get(key)
            found[kind] = without_user(str(value)) if value else found[kind]
        return found


def version() -> str:
    """The version of the installed dockerd, whether it runs or not."""
    try:
        return version_in(programs.output(["dockerd", "--version"]))
    except programs.Missing as error:
        raise LabError(f"{error}: install Docker first") from error


def read(
    service: Unit,
    version: str,
    path: Path = DAEMON_JSON,
    drop_ins: Mapping[Path, str] | None = None,
    inherited: Iterable[str] = (),
) -> Configuration:
    """``version``: of dockerd; ``inherited``: what systemd gives every unit, as NAME=VALUE; ``drop_ins``:
    unit_command.drop_ins(), those on the host where it is None. A daemon.json that this dockerd cannot read counts as
    empty.
    """
    given = (*inherited, *service.environment)
    environment = unit_command.environment(given, service.environment_files, service.unset)
    found = flags(unit_command.words(_without_shell(command(service, drop_ins)), environment))
    path = Path(found["config-file"].value) if "config-file" in found else path
    try:
        settings = daemon_json.read(daemon_json.text_of(path.read_bytes(), "replace"), str(path), version)
    except (OSError, LabError):
        settings = {}
    return Configuration(path, settings, found, environment)


def settings_of(path: Path) -> dict[str, Any]:
    """daemon.json as the installed dockerd reads it. Raises LabError where it does not."""
    text = daemon_json.text_of(path.read_bytes(), "replace")
    if daemon_json.is_plain(text):
        return daemon_json.read(text, str(path))
    return daemon_json.read(text, str(path), version())


def command(service: Unit, drop_ins: Mapping[Path, str] | None = None) -> tuple[str, ...]:
    """dockerd's command line, variables not replaced, as a start takes it: systemd is told to read its files before."""
    texts = unit_command.drop_ins(service.name) if drop_ins is None else drop_ins
    return unit_command.command(service.command, texts.values())


def _without_shell(words: tuple[str, ...]) -> tuple[str, ...]:
    """Of /bin/sh -c "... dockerd ...", what the shell starts."""
    text = words[2] if len(words) > 2 and re.fullmatch(r"-\w*c", words[1]) else ""
    inner = unit_command.split(text)
    starts = next((index for index, word in enumerate(inner) if Path(word).name == "dockerd"), None)
    return words if starts is None else tuple(inner[starts:])


def flags(words: list[str]) -> dict[str, Flag]:
    """The directives of a command line by their key in daemon.json; of one that is repeated, the last."""
    found = {}
    for index, word in enumerate(words[1:], 1):
        if not word.startswith("-") or word == "-":
            continue
        name, separator, value = word.partition("=")
        if not word.startswith("--") and len(name) > 2:
            # -g/srv, as well as -g=/srv and -g /srv.
            name, separator, value = word[:2], "=", word[2:]
        following = words[index + 1] if index + 1 < len(words) else ""
        apart = not separator and following and not following.startswith("-")
        shown = f"{word} {following}" if apart else word
        found[_KEYS.get(name, name.lstrip("-"))] = Flag(shown, value if separator else following if apart else "true")
    return found


def proxies_of(environment: Mapping[str, str]) -> dict[str, str]:
    """As programs written in Go take them from their environment, without a user's name and password."""
    names = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY", "no": "NO_PROXY"}
    found = {kind: environment.get(name) or environment.get(name.lower(), "") for kind, name in names.items()}
    return {kind: without_user(value) for kind, value in found.items()}


def without_user(url: str) -> str:
    return re.sub(r"^(\w+://)?[^@/]*@", r"\1", url)
