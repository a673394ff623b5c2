# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the time of a run goes: each task's seconds by the clock, to the file that OVERLAY_LAB_TASK_TIMES names."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Seconds by the clock that each task took
description: A task ends where the next one starts, so what Ansible itself does between two counts with the first.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"

    def __init__(self) -> None:
        super().__init__()
        self._starts = [("start of Ansible", time.time())]

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._starts.append((f"begin of the play {play.get_name()}", time.time()))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._starts.append((task.get_name(), time.time()))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        ends = [start for _, start in self._starts[1:]] + [time.time()]
        lines = [f"{end - start:7.2f} s  {name}\n" for (name, start), end in zip(self._starts, ends, strict=True)]
        Path(os.environ["OVERLAY_LAB_TASK_TIMES"]).write_text("".join(lines), encoding="utf-8")
