# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any point of an apply: a second run completes, and absent leaves nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns, rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run

from .judge import differing, whole_state
from .random_topology import options

KILLS = int(os.environ.get("OVERLAY_LAB_KILLS", "30"))
ABSENT = {"name": "tp-property", "state": "absent"}
# Where an apply does something that lasts.
_POINTS = ((rtnetlink.Socket, "send"), (netns, "bind"), (netns, "remove"), (state_files, "write_json"))


def in_a_process(work: Callable[[], None], kill_after: float | None = None) -> int:
    """The number of the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def dies_at(point: int) -> None:
    """Let this process be killed at its n-th lasting act, before or after it as the number is even or odd."""
    left = point

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and point % 2 == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **more)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted

    for owner, name in _POINTS:
        setattr(owner, name, deadly(getattr(owner, name)))


def acts(wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[int, float]:
    """How many lasting acts an apply has, and how long it takes."""
    count = 0

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            return function(*arguments, **more)

        return counted

    with monkeypatch.context() as patch:
        for owner, name in _POINTS:
            patch.setattr(owner, name, counting(getattr(owner, name)))
        start = time.monotonic()
        run(wanted, check_mode=False)
    return count, time.monotonic() - start


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_second_run_completes_and_absent_leaves_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    before = whole_state()
    first, second = options(random), options(random)
    # The apply that is killed makes everything, or changes one topology to another.
    standing = first if seed % 3 == 0 else None
    wanted = second
    if standing:
        run(standing, check_mode=False)
    points, seconds = acts(wanted, monkeypatch)
    run(ABSENT, check_mode=False)
    if standing:
        run(standing, check_mode=False)
    if seed % 2:
        in_a_process(lambda: run(wanted, check_mode=False), kill_after=random.uniform(0, seconds))
    else:
        point = random.randint(1, points)
        assert in_a_process(lambda: (dies_at(point), run(wanted, check_mode=False))) == signal.SIGKILL
    if seed % 5 == 4:  # absent at once, without the second run
        run(ABSENT, check_mode=False)
    else:
        run(wanted, check_mode=False)
        assert differing(wanted) == []
        assert run(wanted, check_mode=False)["changed"] is False
        run(ABSENT, check_mode=False)
    assert whole_state() == before
