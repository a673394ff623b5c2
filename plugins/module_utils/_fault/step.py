# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One thing that a fault does to a host: commands, the way back, and the question whether it is still there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import Needed
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns as namespaces

Argv = tuple[str, ...]
# Stopping dockerd or a container takes some seconds, and starting etcd without a quorum some more.
_SECONDS = 120
_ASK_SECONDS = 20
_COMMANDS = [[str]]
SHAPE = {
    **dict.fromkeys((Needed("what"), Needed("before"), Needed("after"), Needed("netns"), Needed("shows")), str),
    Needed("do"): _COMMANDS,
    Needed("undo"): _COMMANDS,
    Needed("ask"): [str],
    Needed("identity"): [int],
    Needed("must_answer"): bool,
    Needed("site"): str,
}


@dataclass(frozen=True)
class Step:
    """``what``, ``before``, ``after``: as a diff shows it. ``ask`` is a command that changes nothing; the step is still
    in force where it exits with 0 and its output has the pattern ``shows``. A step without it goes with the others.

    ``netns``: where all commands run; ``identity``: which namespace that was, () for the host's own; ``site``: where
    the host stood, if that matters. ``must_answer``: a question that fails says nothing, because what it asks,
    dockerd, may be ill itself.
    """

    what: str
    before: str
    after: str
    do: tuple[Argv, ...] = ()
    undo: tuple[Argv, ...] = ()
    ask: Argv = ()
    shows: str = ""
    netns: str = namespaces.OWN
    identity: tuple[int, ...] = ()
    must_answer: bool = False
    site: str = ""

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Step:
        """The reverse of to_record."""
        lists = {name: tuple(map(tuple, record[name])) for name in ("do", "undo")}
        flat = {name: tuple(record[name]) for name in ("ask", "identity")}
        return cls(**{**record, **lists, **flat})

    def to_record(self) -> dict[str, Any]:
        """As JSON knows it, in the shape SHAPE."""
        return {name: _lists(value) for name, value in asdict(self).items()}


def _lists(value: Any) -> Any:
    return [_lists(one) for one in value] if isinstance(value, tuple) else value


def gone(text: str) -> str:
    """The pattern of an output that does not have the pattern ``text``: what a fault took away is still away."""
    return rf"(?ms)\A(?!.*{text})"


def check_programs(steps: Iterable[Step]) -> None:
    """Raises LabError where one is missing: what it is to do could be neither made nor mended."""
    commands = (command for one in steps for command in (*one.do, *one.undo, one.ask) if command)
    programs.check(dict.fromkeys(command[0] for command in commands))


def in_force(step: Step) -> bool:
    """Ask whether what the step made is still there. Raises LabError where that cannot be known."""
    if not step.ask or not same_place(step):
        return False
    done = _run(step, step.ask, _ASK_SECONDS)
    if done.returncode and step.must_answer:
        raise LabError(
            f"{step.what}: whether it is still {step.after} cannot be asked: {programs.words(done)}:"
            " start dockerd (systemctl start docker.service) and run this again"
        )
    return done.returncode == 0 and re.search(step.shows, done.stdout) is not None


def inject(step: Step) -> None:
    _all(step, step.do)


def undo(step: Step) -> None:
    _all(step, step.undo)


def same_place(step: Step) -> bool:
    """Whether the namespace is the one in which the step was done, and the site as well.

    A container that started again has another namespace, and a host that was moved has other addresses.
    """
    if step.site not in ("", host_record.read().get("site")):
        return False
    return step.netns == namespaces.OWN or namespaces.identity(step.netns) == step.identity


def _all(step: Step, commands: tuple[Argv, ...]) -> None:
    for command in commands:
        done = _run(step, command, _SECONDS)
        if done.returncode:
            raise LabError(f"{step.what}: {' '.join(command)}: {programs.words(done)}")


def _run(step: Step, command: Argv, seconds: float) -> programs.Done:
    inside = [] if step.netns == namespaces.OWN else ["nsenter", f"--net={namespaces.path_of(step.netns)}"]
    try:
        return programs.run([*inside, *command], seconds, cwd="/")
    except programs.Missing as error:
        again = "it was there when the fault was made; install it and run this again"
        raise LabError(f"{error}: {again}") from error
