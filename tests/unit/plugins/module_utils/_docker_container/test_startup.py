# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import LOCAL
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import startup as container_startup

RUNS = {"Running": True, "Pid": 10}
ENDED = {"Running": False, "Pid": 0}


class Dockerd:
    """Tells one state after the other; the last one again and again."""

    def __init__(self, *states: dict[str, Any], local: bool = True) -> None:
        self.base_url = LOCAL if local else "http://10.0.0.116:2375"
        self.states = list(states)
        self.asked = 0

    def inspect_container(self, _container: str) -> dict[str, Any]:
        self.asked += 1
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A /proc that can be given processes: proc(PID, PROGRAM, CHILD, ...). Time passes by sleeping only."""
    now = [0.0]
    monkeypatch.setattr(container_startup, "_PROC", tmp_path)
    monkeypatch.setattr(container_startup.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(container_startup.time, "monotonic", lambda: now[0])

    def process(pid: int, program: str, *children: int) -> None:
        (tmp_path / f"{pid}/task/{pid}").mkdir(parents=True)
        (tmp_path / f"{pid}/exe").symlink_to(program)
        (tmp_path / f"{pid}/task/{pid}/children").write_text(" ".join(map(str, children)), encoding="ascii")

    return process


def test_a_command_that_runs_below_the_init_has_begun(proc: Callable[..., None]) -> None:
    proc(10, "/sbin/docker-init", 11)
    proc(11, "/bin/busybox")
    dockerd = Dockerd(RUNS)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked == 1


def test_without_an_init_the_start_was_the_commands_own(proc: Callable[..., None]) -> None:
    proc(10, "/bin/busybox")
    dockerd = Dockerd(RUNS)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked == 1


@pytest.mark.parametrize("children", [(), (11,)], ids=["alone", "with its copy, which is about to become the command"])
def test_an_init_without_the_command_is_waited_for(proc: Callable[..., None], children: tuple[int, ...]) -> None:
    proc(10, "/sbin/docker-init", *children)
    proc(11, "/sbin/docker-init")
    dockerd = Dockerd(RUNS, RUNS, RUNS, ENDED)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked == 4


@pytest.mark.usefixtures("proc")
def test_an_init_that_is_gone_is_waited_for_until_dockerd_knows() -> None:
    dockerd = Dockerd(RUNS, RUNS, ENDED)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked == 3


@pytest.mark.usefixtures("proc")
def test_processes_of_another_machine_are_not_looked_for() -> None:
    dockerd = Dockerd(RUNS, local=False)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked == 1


def test_it_does_not_wait_for_ever(proc: Callable[..., None]) -> None:
    proc(10, "/sbin/docker-init")
    dockerd = Dockerd(RUNS)
    container_startup.settle(dockerd, "one")
    assert dockerd.asked < 300
