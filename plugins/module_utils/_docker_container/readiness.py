# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Containers on which another one depends: whether they are ready, and waiting until they are."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported

STARTED, HEALTHY = CONDITIONS = ("service_started", "service_healthy")
PATIENCE_SECONDS = 120
_POLL_SECONDS = 0.25
OPTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"name": {"type": "str", "required": True}, "condition": {"type": "str", "choices": list(CONDITIONS)}},
}


@dataclass(frozen=True)
class Dependency:
    """``condition``: one of CONDITIONS; empty: healthy where the container has a health check, else started."""

    name: str
    condition: str = ""


def await_ready(client, name: str, wanted: Iterable[Dependency], patience: float = PATIENCE_SECONDS) -> None:
    """Return when the container may start. LabError where one of the others ended, is unhealthy, or takes longer than
    ``patience`` seconds in all.
    """
    deadline = time.monotonic() + patience
    for one in wanted:
        while waits_for := _missing(client, name, one):
            if time.monotonic() >= deadline:
                raise LabError(
                    f"container {name}: waits for {one.name}, which {waits_for} after {patience:g} s:"
                    f" see docker logs {one.name}, and docker inspect {one.name} for its health check"
                )
            time.sleep(_POLL_SECONDS)


def _missing(client, name: str, wanted: Dependency) -> str:
    """What it has yet to become; empty once it is ready."""
    with reported(f"container {wanted.name}: its state"):
        container = find(client.inspect_container, wanted.name)
    if container is None:
        raise LabError(f"container {name}: depends on {wanted.name}, which is not there: make that first")
    state = container["State"]
    health = (state.get("Health") or {}).get("Status") or "none"
    if not state["Running"]:
        raise LabError(
            f"container {name}: depends on {wanted.name}, which is {state['Status']} with exit code"
            f" {state['ExitCode']}: see docker logs {wanted.name}"
        )
    if wanted.condition == STARTED or (not wanted.condition and health == "none"):
        return ""
    if health == "none":
        raise LabError(
            f"container {name}: depends on {wanted.name} with {HEALTHY}, and that has no health check: give it one"
        )
    if health == "unhealthy":
        raise LabError(
            f"container {name}: depends on {wanted.name}, which is unhealthy: see docker inspect {wanted.name}"
        )
    return "" if health == "healthy" else "is not healthy"
