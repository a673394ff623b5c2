# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What was broken on this machine and how it is mended, in a file that only root reads."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import Needed
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import (
    FAULTS,
    STATE_DIR,
    read_json,
    write_json,
)

from . import step as steps
from .step import Step

PATH = FAULTS
_FAULT = {Needed("name"): str, Needed("summary"): str, Needed("since"): float, Needed("steps"): [steps.SHAPE]}
_SHAPE = {Needed("lab"): str, Needed("faults"): [_FAULT]}


@dataclass(frozen=True)
class Made:
    """A fault that was made. ``since``: seconds of the epoch."""

    name: str
    summary: str
    since: float
    steps: tuple[Step, ...]


def of_host(name: str) -> Path:
    """The file of what was done to a simulated host from outside; it goes with the host's directory."""
    return STATE_DIR / "hosts" / name / FAULTS.name


def read(path: Path, lab: str) -> list[Made]:
    """In the order in which they were made. Raises LabError where the file is damaged, or another lab's."""
    found = read_json(path, _SHAPE) or {}
    if (owner := found.get("lab", lab)) != lab:
        raise LabError(
            f"{path}: this was broken by the lab {owner}, not by {lab}: run mend_broken.yml with its inventory"
        )
    return [_made(one) for one in found.get("faults", [])]


def write(path: Path, lab: str, faults: Iterable[Made]) -> None:
    """Without faults there is no file."""
    kept = [_record(one) for one in faults]
    if kept:
        write_json(path, {"lab": lab, "faults": kept})
        return
    with suppress(FileNotFoundError):
        path.unlink()


def now() -> float:
    return round(time.time(), 3)


def _made(one: dict[str, Any]) -> Made:
    return Made(one["name"], one["summary"], one["since"], tuple(map(Step.from_record, one["steps"])))


def _record(one: Made) -> dict[str, Any]:
    return {
        "name": one.name,
        "summary": one.summary,
        "since": one.since,
        "steps": [step.to_record() for step in one.steps],
    }
