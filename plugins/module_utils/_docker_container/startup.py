# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Waiting for a container that has just been started until its command runs, or has failed to.

With an init, dockerd reports the container as started before the init has executed the command, which takes up to a
second on a busy machine. So the processes are checked.
"""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import is_local

# What a command gets that runs and fails at once.
_SETTLING_SECONDS = 0.1
_MOST_SECONDS = 10
_POLL_SECONDS = 0.05
# dockerd's own, whatever the distribution calls it.
_INIT = "docker-init"
_PROC = Path("/proc")


def settle(client, container_id: str) -> None:
    """Return when the container's command has begun or its container has ended; at the latest after ten seconds."""
    time.sleep(_SETTLING_SECONDS)
    deadline = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < deadline:
        state = client.inspect_container(container_id)["State"]
        if not state["Running"] or not is_local(client) or _has_begun(state["Pid"]):
            return
        time.sleep(_POLL_SECONDS)


def _has_begun(pid: int) -> bool:
    """Whether something else than the init runs. An init that is gone has failed, and dockerd has yet to notice."""
    program = _program(pid)
    if program != _INIT:
        return program is not None
    try:
        children = (_PROC / f"{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:  # it ended meanwhile
        return False
    return any(_program(int(child)) not in (None, _INIT) for child in children)


def _program(pid: int) -> str | None:
    try:
        return (_PROC / str(pid) / "exe").readlink().name
    except FileNotFoundError:
        return None
