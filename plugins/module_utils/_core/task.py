# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a module does, apart from Ansible: its options, and a function from their values to its result.

A module of its own runs one of them; the module plan predicts several in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .differences import Differences
from .errors import LabError
from .libraries import missing, validate


@dataclass(frozen=True)
class Task:
    """``arguments``: the module's argument_spec; ``rules``: AnsibleModule's others, such as required_together.

    ``run``: (values of the options, check mode) -> what the module returns; ``differences`` in it, a Differences, are
    returned as changed and diff, ``warnings`` is a list of lines. Raises LabError, in check mode also for what would
    fail. ``libraries``: those of Python that it needs.
    """

    arguments: dict[str, Any]
    run: Callable[[dict[str, Any], bool], dict[str, Any]]
    libraries: tuple[str, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)


def main(task: Task, kind: type[AnsibleModule] = AnsibleModule) -> None:
    """A module's whole main. Ends the process."""
    module = kind(task.arguments, supports_check_mode=True, **task.rules)
    validate(module, *task.libraries)
    try:
        result = task.run(module.params, module.check_mode)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults, **error.done)
    for line in result.pop("warnings", ()):
        module.warn(line)
    differences = result.pop("differences", None)
    module.exit_json(**_told(differences), **result)


def _told(differences: Differences | None) -> dict[str, Any]:
    return {"changed": differences.changed, "diff": differences.diff} if differences is not None else {"changed": False}


def predict(task: Task, options: dict[str, Any]) -> dict[str, Any]:
    """What the module would do with these options: {"faults": [line], "lines": [what would change], "result": what it
    returns in check mode}. With faults nothing else is known.
    """
    checked = _validated(task, options)
    faults = checked.error_messages + (missing(*task.libraries) if task.libraries else [])
    if faults:
        return {"faults": faults, "lines": [], "result": {}}
    try:
        result = task.run(checked.validated_parameters, True)
    except LabError as error:
        return {"faults": error.faults, "lines": [], "result": {}}
    except OSError as error:
        return {"faults": [f"{error.filename or 'this host'}: {error.strerror}"], "lines": [], "result": {}}
    differences = result.pop("differences", None)
    # A topology tells its steps.
    lines = result.get("plan", []) if differences is None else differences.lines
    return {"faults": [], "lines": lines, "result": result}


def secrets(task: Task, options: dict[str, Any]) -> set[str]:
    """The values of the options that no output may show."""
    return {str(value) for value in _validated(task, options)._no_log_values}


def _validated(task: Task, options: dict[str, Any]) -> Any:
    return ArgumentSpecValidator(task.arguments, **task.rules).validate(options)
