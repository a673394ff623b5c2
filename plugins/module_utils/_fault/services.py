# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of programs: services that are killed, stopped or frozen, containers, name servers, the clock. Pure."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .planned import Kind, Planned
from .scene import Scene
from .step import Argv, Step

# TEST-NET-1 (RFC 5737): nobody answers there.
NO_SERVER = "192.0.2.1"
_CLOCK_SECONDS = 3600
# It would start dockerd again.
_DOCKERS_SOCKET = "docker.socket"
# Of what the kernel counts since boot and of the wall clock, the parts of a second are cut off.
_SLACK_SECONDS = 60


def stopped(unit: str) -> Kind:
    return lambda scene: Planned((_not_running(scene, unit),))


def dockerd_stopped(scene: Scene) -> Planned:
    """Containers stop with it; it does not start all of them again."""
    back = _back(scene, "stopped with it")
    return Planned((*back, _not_running(scene, "docker.service", sockets=(_DOCKERS_SOCKET,))))


def dockerd_killed(scene: Scene) -> Planned:
    """Containers run on; when it starts it stops what the former one left, and does not start all of it again."""
    back = _back(scene, "runs without it, and stops when it is back")
    return Planned((*back, _not_running(scene, "docker.service", (_DOCKERS_SOCKET,), (_kill("docker.service"),))))


def _back(scene: Scene, after: str) -> tuple[Step, ...]:
    """What starts the containers again that dockerd does not."""
    if lost := [one.name for one in scene.running if one.passing]:
        raise LabError(f"Docker would remove what was started with --rm: stop it yourself first: {', '.join(lost)}")
    return tuple(
        Step(
            what=one.name,
            before="runs",
            after=after,
            undo=(("docker", "start", one.id),),
            **_has_status(one.id, "exited"),
        )
        for one in scene.running
        if not one.returns
    )


def killed(unit: str) -> Kind:
    """As after a crash; systemd would start it again, so it is told that it was stopped."""
    return lambda scene: Planned((_not_running(scene, unit, first=(_kill(unit),)),))


def _kill(unit: str) -> Argv:
    return ("systemctl", "kill", "--signal=KILL", "--kill-who=main", unit)


def frozen(unit: str) -> Kind:
    """It holds its sockets, and answers nothing."""

    def plan(scene: Scene) -> Planned:
        _check_runs(scene, unit)
        signal = ("systemctl", "kill", "--kill-who=main")
        state = f'grep -s ^State: "/proc/$(systemctl show --property=MainPID --value {unit})/status"'
        step = Step(
            what=unit,
            before="runs",
            after="frozen",
            do=((*signal, "--signal=STOP", unit),),
            undo=((*signal, "--signal=CONT", unit),),
            ask=("sh", "-c", state),
            shows=r"^State:\s+T",
        )
        return Planned((step,))

    return plan


def paused(scene: Scene) -> Planned:
    return Planned((_container(scene, "paused", ("docker", "pause"), ("docker", "unpause"), "paused"),))


def container_stopped(scene: Scene) -> Planned:
    stop = ("docker", "stop", "--time", "1")
    return Planned((_container(scene, "stopped", stop, ("docker", "start"), "exited"),))


def name_server_wrong(scene: Scene) -> Planned:
    container = scene.needed_container()
    path, text = container.resolv_conf
    if not path:
        raise LabError(f"{container.name} has no file for its name servers")
    write = ("sh", "-c", 'printf "%s" "$1" >"$2"', "sh")
    step = Step(
        what=f"{container.name}: resolv.conf",
        before=" ".join(text.split()),
        after=f"nameserver {NO_SERVER}",
        do=((*write, f"nameserver {NO_SERVER}\n", path),),
        undo=((*write, text, path),),
        ask=("cat", path),
        shows=rf"\Anameserver {re.escape(NO_SERVER)}\n\Z",
    )
    return Planned((step,), {"server": NO_SERVER})


def clock_wrong(scene: Scene) -> Planned:
    """An hour ahead. It is still so where it is as far ahead of the time since boot."""
    if not scene.may_set_clock:
        raise LabError("this host may not set the clock: simulated hosts have one, the machine's")
    ahead = scene.boot_seconds + _CLOCK_SECONDS
    between = rf"$(( $(date +%s) - $(cut -d. -f1 /proc/uptime) - {ahead} ))"

    def shift(sign: str) -> Argv:
        return ("sh", "-c", f'date --set="@$(( $(date +%s) {sign} {_CLOCK_SECONDS} ))"')

    near = rf'd={between}; [ "$d" -gt -{_SLACK_SECONDS} ] && [ "$d" -lt {_SLACK_SECONDS} ]'
    step = Step("clock", "right", "an hour ahead", (shift("+"),), (shift("-"),), ("sh", "-c", near))
    return Planned((step,))


def _check_runs(scene: Scene, unit: str) -> None:
    if unit not in scene.units:
        raise LabError(f"{unit} does not run here")


def _not_running(scene: Scene, unit: str, sockets: tuple[str, ...] = (), first: tuple[Argv, ...] = ()) -> Step:
    """``sockets``: units that would start it again; they are stopped with it."""
    _check_runs(scene, unit)
    return Step(
        what=unit,
        before="runs",
        after="killed" if first else "stopped",
        do=(*first, ("systemctl", "stop", *sockets, unit)),
        undo=(("systemctl", "start", *sockets, unit),),
        ask=("systemctl", "show", "--property=ActiveState", "--value", unit),
        shows=r"^(inactive|failed)$",
    )


def _container(scene: Scene, after: str, do: Argv, undo: Argv, status: str) -> Step:
    container = scene.needed_container()
    if container.status != "running":
        raise LabError(f"{container.name} does not run (it is {container.status})")
    return Step(
        what=container.name,
        before="runs",
        after=after,
        do=((*do, container.id),),
        undo=((*undo, container.id),),
        **_has_status(container.id, status),
    )


def _has_status(container: str, status: str) -> dict[str, Any]:
    """As of a Step."""
    return {
        "ask": ("docker", "ps", "--all", "--no-trunc", "--filter", f"status={status}", "--format", "{{.ID}}"),
        "shows": rf"(?m)^{container}$",
        "must_answer": True,
    }
