# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Containers that somebody else runs here: named before a dockerd stops, and started again when it is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

from . import owner


@dataclass(frozen=True)
class Foreign:
    """A running container that no lab made. ``passing``: Docker removes it when it stops (--rm)."""

    id: str
    name: str
    passing: bool = False


def running(client) -> list[Foreign]:
    """The foreign containers that a restart of dockerd stops; none where live-restore keeps them running."""
    with reported("list of running containers"):
        known = owned.known(owned.CONTAINER)
        listed = [one for one in client.containers() if not owner.lab_of(client, known, owner.of_listed(one))]
        if not listed or client.info().get("LiveRestoreEnabled"):
            return []
        return [
            Foreign(one["Id"], name_of(one), client.inspect_container(one["Id"])["HostConfig"].get("AutoRemove", False))
            for one in listed
        ]


def faults(found: list[Foreign], *, allowed: bool) -> list[str]:
    """Why dockerd may not be restarted; a line each."""
    lines = [
        f"container {one.name} was started with --rm, and a restart of dockerd would remove it: stop it yourself first"
        for one in found
        if one.passing
    ]
    stopped = [one.name for one in found if not one.passing]
    if stopped and not allowed:
        lines.append(
            f"dockerd has to be restarted, which stops containers that are not the lab's: {', '.join(stopped)}:"
            " set restart_allowed (the role docker_engine: docker_engine_restart_allowed) to true; they are started"
            " again afterwards"
        )
    return lines


def start_again(client, ids: list[str]) -> list[str]:
    """Start those of the containers that did not come back by their restart policy; returns their names.

    One may need another (its links, its namespace), so they are tried until none of the rest can be started.
    """
    with reported("list of containers"):
        listed = {one["Id"]: one for one in client.containers(all=True)}
    waiting = [listed[one] for one in ids if one in listed and listed[one]["State"] not in ("running", "paused")]
    started: list[str] = []
    while waiting:
        refused: list[tuple[dict[str, Any], LabError]] = []
        for container in waiting:
            try:
                with reported(f"container {name_of(container)}: starting it again"):
                    client.start(container["Id"])
                started.append(name_of(container))
            except LabError as error:
                refused.append((container, error))
        if len(refused) == len(waiting):
            raise LabError(line for _container, error in refused for line in error.faults)
        waiting = [container for container, _error in refused]
    return started
