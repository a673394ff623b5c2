# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The controller's part of modules that take the lab's lock."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.lab_lock import REFUSED

from . import python_floor
from .identity import has_ended, this_run

# What Ansible says of a module that wrote no result.
_NO_ANSWER = "deserialization failed"


class LockingAction(ActionBase):
    """Tells the module which run this is. Only the controller can see whether a run that it started has ended."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        own = this_run()
        arguments = {**self._task.args, "_run": own}
        try:
            result = self._asked(arguments, task_vars)
        except AnsibleError as error:
            # A Python that is older still cannot even answer. Who did not let anybody in is not asked once more: it may
            # be a stranger.
            result = self._too_old() if _NO_ANSWER in str(error) else {}
            if not result:
                raise
        if result.get("failed"):
            result = self._too_old() or result
        lock = result.get("lock", {})
        if lock.get("state") == REFUSED and has_ended(lock["holder"]["controller"], own["controller"]):
            # By its ID: if a third run took the lock meanwhile, this run is refused all the same.
            arguments["_ended"] = lock["holder"]["run"]
            result = self._asked(arguments, task_vars)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _asked(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """The module's result, with how far the host's clock is ahead, which it read between two moments here."""
        begun = time.time()
        result = self._execute_module(module_args=arguments, task_vars=task_vars)
        if "time" not in result:
            return result
        return {**result, "clock": {"least": result["time"] - time.time(), "most": result["time"] - begun}}

    def _too_old(self) -> dict[str, Any]:
        """A result that says so, where that is why the module failed; {} otherwise."""
        interpreter = (self._used_interpreter or "").lstrip("#!").strip()
        said = python_floor.fault(self._low_level_execute_command, interpreter)
        return {"failed": True, "changed": False, "msg": said} if said else {}
