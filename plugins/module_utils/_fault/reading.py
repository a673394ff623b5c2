# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Reads of a host what a fault is computed from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import labels_of, name_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns as namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import queues
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import state as path_state

from .scene import Read, Running

UNITS = ("docker.service", "containerd.service", "etcd.service", "overlay-lab-resolver.service")
# linux/capability.h
_CAP_SYS_TIME = 25
# Who starts a container again after dockerd has stopped: dockerd, by its restart policy, or the swarm whose task it is.
_RETURNING = ("always", "unless-stopped")
_TASK = "com.docker.swarm.task.id"


def read(containers: list[str]) -> Read:
    """Of a host. Raises LabError where root is lacking."""
    state = path_state.read(containers, None)
    inside = [one["netns"] for one in state["containers"] if one["netns"]]
    return Read(
        state=state,
        routes={place: _routes(place) for place in (namespaces.OWN, *inside)},
        identities={one["netns"]: namespaces.identity(one["netns"]) or () for one in state["namespaces"]},
        resolv_conf=_resolv_confs([one["name"] for one in state["containers"] if one["netns"]]),
        units=tuple(unit for unit in UNITS if systemd.state(unit) == "active"),
        running=() if state["docker_error"] else _running(),
        queues=_queues(),
        site=host_record.read().get("site", ""),
        may_set_clock=_may_set_clock(),
        boot_seconds=int(time.time() - float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])),
    )


def read_underlay() -> Read:
    """Of the controller, which has the cables of simulated hosts."""
    state = path_state.read([], None)
    return Read(
        state, identities={one["netns"]: namespaces.identity(one["netns"]) or () for one in state["namespaces"]}
    )


def _routes(place: str) -> list[str]:
    inside = [] if place == namespaces.OWN else ["nsenter", f"--net={place}"]
    text = programs.output([*inside, "ip", "-4", "-o", "route", "show"])
    # What `ip route` adds for people, and does not read back; a backslash is where it would break the line.
    words = (line.split() for line in text.splitlines())
    return [" ".join(word for word in line if word not in ("linkdown", "dead", "\\")) for line in words]


def _queues() -> dict[str, str]:
    try:
        return queues.roots()
    except programs.Missing:
        return {}


def _resolv_confs(containers: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    with DockerSocket() as docker:
        for name in containers:
            try:
                inspected: dict[str, Any] = docker.inspect_container(name)
                path = Path(inspected["ResolvConfPath"])
                found[name] = (str(path), path.read_text(encoding="utf-8", errors="replace"))
            except (LabError, OSError):
                continue  # it has none, or ended meanwhile
    return found


def _running() -> tuple[Running, ...]:
    with DockerSocket() as docker:
        listed = [(one, docker.container(one["Id"])) for one in docker.containers()]
    return tuple(
        Running(
            name_of(one),
            one["Id"],
            returns=_TASK in labels_of(one) or _policy(inspected) in _RETURNING,
            passing=inspected["HostConfig"].get("AutoRemove", False),
        )
        for one, inspected in listed
        if inspected  # it ended meanwhile
    )


def _policy(inspected: dict[str, Any]) -> str:
    return (inspected["HostConfig"].get("RestartPolicy") or {}).get("Name", "")


def _may_set_clock() -> bool:
    """Simulated hosts have one clock, the machine's, and may not set it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_TIME & 1)
    return False
