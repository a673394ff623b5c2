# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role containers: what runs on a host, and what nobody else may read."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import environment
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import names as image_names
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file import env_files

# Key of the lab file -> option of the module.
_OPTIONS = {
    "env": "env",
    "secret_env": "secret_env",
    "volumes": "volumes",
    "published_ports": "published_ports",
    "entrypoint": "entrypoint",
    "user": "user",
    "cap_add": "capabilities",
    "cap_drop": "drop_capabilities",
    "sysctls": "sysctls",
    "memory": "memory",
    "cpus": "cpus",
    "healthcheck": "healthcheck",
    "depends_on": "depends_on",
}


def container_options(containers: list[dict], host: str, role: dict) -> list[dict]:
    here = {one["name"]: one for one in containers if one["host"] == host}
    return [_options(one, role) for one in map(here.get, _in_order(here)) if one]


def container_images(options: list[dict], there: list[str]) -> list[dict]:
    wanted = dict.fromkeys(one["image"] for one in options)
    return [
        {"name": name, "pull": name, "build": image_names.is_made_here(name)}
        for name in wanted
        if not image_names.is_among(name, there)
    ]


def container_secrets(containers: list[dict], host: str) -> str:
    faults: list[str] = []
    found: dict[str, dict[str, str]] = {}
    for one in containers:
        if one["host"] == host and one.get("env_file"):
            try:
                found[one["name"]] = env_files.values(one["env_file"], one.get("env", {}))
            except LabError as error:
                faults.extend(f"container {one['name']}: {line}" for line in error.faults)
    if faults:
        raise AnsibleFilterError("\n".join(faults))
    return environment.packed(found)


def _options(one: dict, role: dict) -> dict[str, Any]:
    # The role's command is for the role's image, and no argument of an entrypoint.
    command = one["command"] or ([] if one.get("entrypoint") else role["command"])
    return {
        "name": one["name"],
        "image": one["image"] or role["image"],
        **({"command": command} if command else {}),
        "networks": one["networks"],
        "dns": one.get("dns", []),
        "restart_policy": one.get("restart_policy") or role["restart_policy"],
        "labels": {**one.get("labels", {}), LAB_LABEL: role["lab"]},
        **{option: one[key] for key, option in _OPTIONS.items() if one.get(key)},
    }


def _in_order(here: dict[str, dict]) -> list[str]:
    """The lab file's order, but each after those that it depends on."""
    waiting = {name: [other["name"] for other in one.get("depends_on", ())] for name, one in here.items()}
    ordered = TopologicalSorter(waiting)
    ordered.prepare()
    positions = {name: number for number, name in enumerate(here)}
    found: list[str] = []
    ready: list[str] = []
    while ordered.is_active():
        ready = sorted([*ready, *ordered.get_ready()], key=lambda name: positions.get(name, -1))
        found.append(ready.pop(0))
        ordered.done(found[-1])
    return found


class FilterModule:
    def filters(self) -> dict:
        return {
            "container_images": container_images,
            "container_options": container_options,
            "container_secrets": container_secrets,
        }
