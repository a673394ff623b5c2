# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The lab's containers on this host run again after a boot: by what overlay.yml does with them, until it is done.

What is in the way is told once, and tried again: another host, of which the majority of a store or a swarm depends, may
boot much later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import container_set
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import ContainerSpec
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.gratuitous_arp import announce

from . import gossip, managers, settings, turn
from .desired import Desired, read

_PATIENCE_SECONDS = 3600
_POLL_SECONDS = 1
# An answer takes milliseconds; a swarm's worker waits 20 s for a manager.
_ANSWER_SECONDS = 60


def bring_up(say: Callable[[str], None], patience: float = _PATIENCE_SECONDS) -> bool:
    """Return once all of them run; False where that does not come true in time."""
    began = time.monotonic()
    told = ""
    while True:
        try:
            desired = read()
            lines = once(desired)
            for line in lines:
                say(line)
            with lab_lock.between_runs():
                managers.ask_again(say, managers.of_worker())
            say(f"{_count(desired.specs())} of the lab {desired.lab} on this host: running")
            return True
        except (LabError, OSError) as error:
            reason = "; ".join(str(error).splitlines())
        if time.monotonic() - began > patience:
            say(f"given up after {lab_lock.duration(patience)}: {reason}: run playbooks/overlay.yml")
            return False
        if reason != told:
            say(f"waiting: {reason}")
            told = reason
        time.sleep(_POLL_SECONDS)


def once(desired: Desired) -> list[str]:
    """Start what does not run; returns what was done, a line each. Raises LabError with what is in the way."""
    with lab_lock.between_runs():
        client = connect(timeout=_ANSWER_SECONDS)
        try:
            dockerd = settings.read()
            gossip.check(dockerd)
            wanted = desired.specs()
            if not _may_start(client, desired.lab, wanted):
                return []
            with turn.of_this_host(dockerd) as go_on:
                return _start(client, desired.lab, wanted, go_on)
        finally:
            client.close()


def _may_start(client: Any, lab: str, wanted: list[ContainerSpec]) -> bool:
    """Whether there is one to start. Raises LabError with every fault where nothing else is left of them."""
    changes, faults = False, []
    for spec in wanted:
        try:
            # One for each, so that what keeps one of them keeps no other.
            changes |= container_set.plan(client, [spec], lab=lab).differences.changed
        except LabError as error:
            faults.extend(error.faults)
    if faults and not changes:
        raise LabError(faults)
    return changes


def _start(client: Any, lab: str, wanted: list[ContainerSpec], go_on: Callable[[], None]) -> list[str]:
    """``go_on``: keeps this host's turn, or raises LabError where it has gone."""
    lines: list[str] = []
    faults: list[str] = []
    for spec in wanted:
        try:
            go_on()
        except LabError as error:
            faults.extend(error.faults)
            break
        try:
            plan = container_set.plan(client, [spec], lab=lab)
            shown, healed = container_set.apply(client, plan)
        except LabError as error:
            faults.extend(error.faults)
            continue
        if plan.differences.changed:
            announce(shown)
            lines += [*healed, f"container {spec.name}: started"]
    if faults:
        raise LabError([*lines, *faults])
    return lines


def _count(wanted: list[ContainerSpec]) -> str:
    return "1 container" if len(wanted) == 1 else f"{len(wanted)} containers"
