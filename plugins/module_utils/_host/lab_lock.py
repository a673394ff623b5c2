# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The lock of a lab: one run at a time changes its hosts. It lives on each of them: controllers share nothing else.

It is a file and not a held descriptor: no process of a run outlives a task. So a run that is killed leaves it behind,
and the next run of the same controller, which can see that the process has gone, takes it over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import boot_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import misfit
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import (
    STATE_DIR,
    locked,
    read_json,
    remove_lock,
    write_json,
)

LOCK_PATH = STATE_DIR / "lock.json"
# No run takes so long, the installation of packages over a slow line included.
_STALE_SECONDS = 30 * 60
# The year 5138.
_MOST_SECONDS = 1e11
_CONTROLLER = {**dict.fromkeys(("machine", "name", "namespace", "boot"), str), "pid": int, "start": int}
_SHAPE = {
    **dict.fromkeys(("run", "lab", "owner", "boot"), str),
    "since": float,
    "controller": _CONTROLLER,
}

FREE, HELD, REFUSED = "free", "held", "refused"

# Hidden options of every module that takes the lock; its action plugin fills them in.
RUN_OPTIONS: dict[str, dict[str, Any]] = {
    "_run": {"type": "dict", "required": True},
    "_ended": {"type": "str", "default": ""},
}


@dataclass(frozen=True)
class Lock:
    """What stands in the file. ``since``: seconds of the epoch by this host's clock; ``boot``: this host's."""

    run: str
    lab: str
    owner: str
    controller: dict[str, Any]
    since: float
    boot: str

    def view(self) -> dict[str, Any]:
        """As modules return it: without boot, and with its age in seconds."""
        shown = {key: value for key, value in asdict(self).items() if key != "boot"}
        return {**shown, "age": max(0.0, time.time() - self.since)}


def result(state: str = FREE, holder: Lock | None = None, reason: str = "") -> dict[str, Any]:
    """What a module returns of the lock.

    ``state``: free, held (by this run) or refused (another run has it); ``holder``: the other run, that has it
    or had it before; ``reason``: why it was taken over, ended, rebooted or broken.
    """
    return {"state": state, "holder": holder.view() if holder else {}, "reason": reason}


def take_for(module: Any, lab: str) -> dict[str, Any]:
    """take() as a module's options say."""
    given = module.params
    return take(lab, given["_run"], given["_ended"], given["break_lock"], write=not module.check_mode)


def take(
    lab: str,
    run: dict[str, Any],
    ended: str = "",
    force: bool = False,
    write: bool = True,
    path: Path = LOCK_PATH,
) -> dict[str, Any]:
    """Take the lock for a run (_run.identity.this_run), unless another one has it.

    ``ended``: a run that is known to have ended; ``force``: whoever has it; ``write``: False only looks.
    Raises LabError where the file is damaged or cannot be written.
    """
    if not write:
        found, reason = _judge(run["id"], ended, force, path)
        return result(REFUSED, found) if found and not reason else result(FREE, found, reason)
    with locked(_guard(path)):
        found, reason = _judge(run["id"], ended, force, path)
        if found and not reason:
            return result(REFUSED, found)
        mine = Lock(run["id"], lab, run["owner"], run["controller"], time.time(), boot_id())
        write_json(path, asdict(mine))
        return result(HELD, found, reason)


@contextmanager
def between_runs(path: Path = LOCK_PATH) -> Iterator[None]:
    """For the host itself, which changes something while no run does: one that comes for the lock waits for the block.

    Raises LabError where a run has it.
    """
    with locked(_guard(path)):
        found, reason = _judge("", "", False, path)
        if found and not reason:
            raise LabError(f"a run has the lock of the lab: {found.owner}")
        try:
            yield
        finally:
            if not path.exists():
                remove_lock(_guard(path))


def release(run: str, write: bool = True, path: Path = LOCK_PATH) -> dict[str, Any]:
    """Give the lock back; one that another run has stays. Raises LabError where the file is damaged or cannot go."""
    if not write or not path.exists():
        return result()
    with locked(_guard(path)):
        found = _read(path)
        if found and found.run != run:
            return result(REFUSED, found)
        path.unlink(missing_ok=True)
        remove_lock(_guard(path))
    return result()


def faults(locks: dict[str, dict[str, Any]]) -> list[str]:
    """Why this run may not change the lab, a line for each run that is in its way.

    ``locks``: host -> what a module returned of the lock there.
    """
    hosts: dict[str, list[str]] = {}
    holders: dict[str, dict[str, Any]] = {}
    for host, lock in locks.items():
        if lock["state"] == REFUSED:
            hosts.setdefault(lock["holder"]["run"], []).append(host)
            holders[lock["holder"]["run"]] = lock["holder"]
    return [f"{', '.join(hosts[run])}: {refusal(holder)}" for run, holder in holders.items()]


def refusal(holder: dict[str, Any]) -> str:
    """Who has the lock, for how long, and how it is broken."""
    since = datetime.fromtimestamp(holder["since"], timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    stale = holder["age"] > _STALE_SECONDS
    doubt = "; no run takes that long, so it looks stale" if stale else ""
    remedy = "make sure that it has ended, then" if stale else "let it end; if it is dead,"
    return (
        f"another run has the lock of the lab {holder['lab']}: {holder['owner']}, since {since}"
        f" ({duration(holder['age'])}){doubt}: {remedy} run again with -e break_lock=true"
    )


def duration(seconds: float) -> str:
    """Seconds for a person: 40 s, 3 min, 2 h 5 min, 3 d."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def _judge(run: str, ended: str, force: bool, path: Path) -> tuple[Lock | None, str]:
    """Another run's lock, and why it may be taken over; '' if it may not."""
    try:
        found = _read(path)
    except LabError:
        if not force:
            raise
        found = None
    if found is None or found.run == run:
        return None, ""
    if found.run == ended:
        return found, "ended"
    # A host that goes down under a run ends that run here.
    if found.boot != boot_id():
        return found, "rebooted"
    return found, "broken" if force else ""


def _read(path: Path) -> Lock | None:
    found = read_json(path)
    if found is None:
        return None
    names = {field.name for field in fields(Lock)}
    # Seconds of the epoch that are a date, to be told by it.
    if set(found) != names or misfit(found, _SHAPE) or not 0 <= found["since"] < _MOST_SECONDS:
        raise LabError(f"{path} is not a lock: run again with -e break_lock=true")
    return Lock(**found)


def _guard(path: Path) -> Path:
    return path.with_suffix(".lock")
