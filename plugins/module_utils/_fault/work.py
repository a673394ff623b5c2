# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Makes a fault and mends it: planned, written down, done; asked for, undone, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import record, step
from .catalogue import BY_NAME, Fault
from .planned import Planned
from .record import Made
from .scene import Scene


@dataclass
class Outcome:
    """``name``: of the fault that is there; ``mended``: each {"name", "summary", "since", "was_there"}."""

    name: str = ""
    summary: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    mended: list[dict[str, Any]] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)


def chosen(names: Sequence[str]) -> list[Fault]:
    """The faults of these names. Raises LabError with all that are none."""
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise LabError(f"fault {name}: there is none of that name: make break lists them" for name in unknown)
    return [BY_NAME[name] for name in names]


def make(path: Path, lab: str, faults: Sequence[Fault], look: Callable[[], Scene], dry: bool) -> Outcome:
    """One fault, the first that fits. One that is there already stays as it is; one that is half there is made anew.

    Raises LabError where the host can have none, with the reason of each, and where the one cannot be made; what was
    done of it is undone then.
    """
    made = record.read(path, lab)
    scene, refused = look(), []
    for fault in faults:
        former = next((one for one in made if one.name == fault.name), None)
        if former and _whole(former):
            return Outcome(fault.name, former.summary, scene.facts())
        if former and not dry:
            # Its way back leads to the host as it was without it, and so has that of the new one to.
            _undo(former)
            made.remove(former)
            record.write(path, lab, made)
            scene = look()
        try:
            planned = fault.kind(scene)
            step.check_programs(planned.steps)
        except LabError as error:
            refused.append(f"fault {fault.name} cannot be made on this host: {error}")
        else:
            return _make(path, lab, made, fault, planned, scene, dry)
    raise LabError(refused)


def _make(path: Path, lab: str, others: list[Made], fault: Fault, planned: Planned, scene: Scene, dry: bool) -> Outcome:
    outcome = Outcome(fault.name, fault.summary, {**scene.facts(), **planned.facts})
    for one in planned.steps:
        if one.do or one.ask:
            outcome.differences.add(one.what, one.before, one.after)
    if dry:
        return outcome
    # First, so that one who is killed in between leaves what can be mended.
    now = Made(fault.name, fault.summary, record.now(), planned.steps)
    record.write(path, lab, [*others, now])
    try:
        for one in planned.steps:
            step.inject(one)
        if not _in_force(now):
            raise LabError(f"fault {fault.name}: it was made, and is not there: something else put it right")
    except LabError as error:
        _undo_half(now, error)
        record.write(path, lab, others)
        raise
    return outcome


def mend(path: Path, lab: str, names: Sequence[str], dry: bool) -> Outcome:
    """Those faults, or all without names, the last one first. What is not there any more is forgotten.

    Raises LabError with each that cannot be mended; it stays in the record, and the others are mended, and told.
    """
    made = record.read(path, lab)
    outcome, left, faults = Outcome(), [one for one in made if names and one.name not in names], []
    for one in reversed([one for one in made if one not in left]):
        try:
            was_there = _in_force(one)
            if was_there and not dry:
                _undo(one)
        except LabError as error:
            faults += [f"fault {one.name} cannot be mended: {line}" for line in error.faults]
            left.append(one)
            continue
        told = {"name": one.name, "summary": one.summary, "since": one.since, "was_there": was_there}
        outcome.mended.append(told)
        for part in one.steps:
            if was_there and part.ask:
                outcome.differences.add(part.what, part.after, part.before)
        if not was_there:
            outcome.differences.add(f"record of {one.name}", "there", None)
    if not dry and made:
        record.write(path, lab, sorted(left, key=lambda one: one.since))
    if faults:
        raise LabError(faults, changed=outcome.differences.changed, mended=outcome.mended)
    return outcome


def _whole(made: Made) -> bool:
    """Whether all that it did is still there. What went with it may have come back."""
    return all(step.in_force(one) for one in made.steps if one.do and one.ask)


def _in_force(made: Made) -> bool:
    return any(step.in_force(one) for one in reversed(made.steps))


def _undo_half(made: Made, error: LabError) -> None:
    """Undo what was done. Raises LabError where that fails as well: then it stays in the record."""
    try:
        _undo(made)
    except LabError as further:
        raise LabError([*error.faults, *further.faults]) from error


def _undo(made: Made) -> None:
    """Each step that is still as it was made; those that cannot be asked go with the others."""
    for one in reversed(made.steps):
        if step.in_force(one) or (not one.ask and one.undo and step.same_place(one)):
            step.undo(one)
