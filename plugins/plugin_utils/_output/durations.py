# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How long the slow steps of a lab took on this machine: a cache, on which nothing depends.

Only slow steps are kept, because only where a step is slow again it is asked how long it usually takes: one that had
nothing to do says nothing of that.
"""

from __future__ import annotations

import statistics
from contextlib import suppress
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

# Only the last durations of a step are kept: older ones say little about the present.
_KEPT = 5
_SHAPE = {"labs": {...: {...: [float]}}}
_Steps = dict[str, list[float]]


class Durations:
    """Seconds by lab and step. A file that is damaged, or cannot be read or written, is one that is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: list[tuple[str, str, float]] = []

    def usual(self, lab: str, step: str) -> str:
        """How long the step took, as a person reads it; '' where it was never measured."""
        seconds = self._read().get(lab, {}).get(step, [])
        if not seconds:
            return ""
        return f"{'usually about' if len(seconds) > 1 else 'last time'} {statistics.median(seconds):.0f} s"

    def add(self, lab: str, step: str, seconds: float) -> None:
        self._new.append((lab, step, round(seconds, 1)))

    def save(self) -> None:
        """Add what is new to what is there by now."""
        if not self._new:
            return
        labs = self._read()
        for lab, step, seconds in self._new:
            steps = labs.setdefault(lab, {})
            steps[step] = [*steps.get(step, []), seconds][-_KEPT:]
        self._new = []
        with suppress(LabError):
            state_files.write_json(self._path, {"labs": labs})

    def _read(self) -> dict[str, _Steps]:
        with suppress(LabError):
            return (state_files.read_json(self._path, _SHAPE) or {}).get("labs", {})
        return {}
