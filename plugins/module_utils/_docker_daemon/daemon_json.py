# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""daemon.json as values: read, merged, given back, and every clash named. Nothing is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import DOCKER_WITHOUT_STORE, parse_version
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile

# Of the host's record; what is in it: plan.py.
SECTION = "docker_daemon"
CLUSTER_STORE_KEYS = ("cluster-store", "cluster-advertise", "cluster-store-opts")
_DEFAULT_DATA_ROOT = "/var/lib/docker"

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


@dataclass(frozen=True)
class Owned:
    """A key that we set: what stood there before, and whether anything did."""

    existed: bool
    before: Any = None


@dataclass(frozen=True)
class Merge:
    """``settings``: the whole file's new content. ``owned``: our keys, with what they replaced."""

    settings: dict[str, Any]
    owned: dict[str, Owned]
    faults: list[str]


def read(text: str, path: str) -> dict[str, Any]:
    """The file's object; LabError for what is none, because such a file is never overwritten."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise LabError(
            f"{path}: line {error.lineno} is not JSON ({error.msg}): fix it first; it is not changed"
        ) from error
    if not isinstance(value, dict):
        raise LabError(f"{path}: holds no JSON object: fix it first; it is not changed")
    return value


def damage(text: str | None) -> str:
    """What is wrong with a file that was written once, '' for nothing. Changed keys are none: a plan shows them."""
    if text is None:
        return "it is gone"
    if not text.strip():
        return "it is empty"
    try:
        read(text, "")
    except LabError as error:
        return error.faults[0].removeprefix(": ").partition(":")[0]
    return ""


def write(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, indent=2) + "\n"


def managed(path: Path, settings: Mapping[str, Any]) -> ManagedFile:
    """The file with these settings, whose it was before. It may hold a proxy's password, so no content is shown."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ManagedFile(path, write(settings), secret=True, shared=True)
    # Numbers: an owner may have no name any more.
    return ManagedFile(
        path, write(settings), status.st_mode & 0o777, str(status.st_uid), str(status.st_gid), secret=True, shared=True
    )


def merge(
    existing: dict[str, Any], wanted: dict[str, Any], owned: dict[str, Owned], *, override: bool, path: str
) -> Merge:
    """Put ``wanted`` over ``existing``; keys of ours that are no longer wanted get back what they replaced."""
    released = {key: former for key, former in owned.items() if key not in wanted}
    settings = give_back(existing, released)
    kept = {key: former for key, former in owned.items() if key in wanted}
    faults = []
    for key, value in wanted.items():
        if key in kept:
            settings[key] = value
        elif key not in existing:
            kept[key] = Owned(existed=False)
            settings[key] = value
        elif existing[key] != value:
            if not override:
                faults.append(
                    f"{path}: {key} is {_shown(existing[key])} and not ours, wanted {_shown(value)}:"
                    " set override to true to replace it until the lab is removed"
                )
            kept[key] = Owned(existed=True, before=existing[key])
            settings[key] = value
    return Merge(settings, kept, faults)


def give_back(existing: dict[str, Any], owned: dict[str, Owned]) -> dict[str, Any]:
    """The content without the keys of ours: what they replaced is there again. All other keys stay."""
    settings = {key: value for key, value in existing.items() if key not in owned or owned[key].existed}
    return settings | {key: former.before for key, former in owned.items() if former.existed}


def flags(command: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, str]:
    """The directives on dockerd's command line by their key in daemon.json, with the flag as it is written."""
    words: list[str] = []
    for word in command[1:]:
        value = environment.get(word.strip("${}"), "") if word.startswith("$") else word
        words.extend(value.split())
    found = {}
    for index, word in enumerate(words):
        if word.startswith("-"):
            flag, separator, _after = word.partition("=")
            following = words[index + 1] if index + 1 < len(words) else ""
            shown = word if separator or following.startswith("-") or not following else f"{word} {following}"
            found[_KEYS.get(flag, flag.lstrip("-"))] = shown
    return found


def clashes(
    merged: dict[str, Any], existing: dict[str, Any], on_command_line: Mapping[str, str], *, swarm: bool, path: str
) -> list[str]:
    """Why dockerd would not start with these settings, or the lab not work on it; a line each."""
    found = [
        f"{path}: {key} is on dockerd's command line as well ({on_command_line[key]}), and dockerd refuses both:"
        " give it in one place"
        for key in merged
        if key in on_command_line
    ]
    exclusive = "Swarm mode" if swarm else "the cluster store" if "cluster-store" in merged else ""
    if exclusive and (merged.get("live-restore") or "live-restore" in on_command_line):
        found.append(f"live-restore is on, and {exclusive} excludes it: turn it off")
    if merged.get("userns-remap") or "userns-remap" in on_command_line:
        found.append("userns-remap is on: containers could not use the host's network namespace: turn it off")
    if merged.get("iptables") is False or on_command_line.get("iptables", "").endswith("=false"):
        found.append("iptables is false: Docker's bridges would reach nothing outside and publish no ports: turn it on")
    if merged.get("bridge") == "none" or on_command_line.get("bridge", "").endswith("none"):
        found.append("bridge is none: there is no default bridge: remove it")
    data_root, wanted = existing.get("data-root", _DEFAULT_DATA_ROOT), merged.get("data-root", _DEFAULT_DATA_ROOT)
    if data_root != wanted:
        found.append(f"data-root would change from {data_root} to {wanted}: all containers and images would be gone")
    return found


def version_faults(merged: dict[str, Any], version: str) -> list[str]:
    """The cluster store's keys are refused where Docker has none."""
    keys = [key for key in CLUSTER_STORE_KEYS if key in merged]
    if not keys or parse_version(version) < DOCKER_WITHOUT_STORE:
        return []
    return [
        f"{', '.join(keys)}: Docker {version} has no cluster store, 20.10 was the last: use the engine swarm or vxlan"
    ]


def _shown(value: Any) -> str:
    return json.dumps(value)
