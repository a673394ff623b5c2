# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Before dockerd starts for the first time after a boot: what it would stumble over by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from . import endpoints, managers, settings

# In a directory that a boot empties.
_MARK = Path("/run/overlay-lab/dockerd-has-started")


def prepare(say: Callable[[str], None]) -> None:
    """Raises LabError where it cannot; dockerd starts all the same."""
    if _MARK.exists():
        return
    # A dockerd that was killed has containers that run, and they keep their places.
    note_start()
    if "cluster-store" in settings.read():
        endpoints.forget(say)
    else:
        managers.wait(say, managers.of_worker())


def note_start() -> None:
    """dockerd has started since the boot: its next start is none after a boot."""
    _MARK.parent.mkdir(parents=True, exist_ok=True)
    _MARK.touch()


def leave() -> None:
    """Remove what it keeps on the host until the next boot."""
    for mark in (_MARK, managers.MARK):
        mark.unlink(missing_ok=True)
    with suppress(OSError):  # not there, or not empty
        _MARK.parent.rmdir()
