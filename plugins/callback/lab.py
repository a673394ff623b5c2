# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lab
type: stdout
short_description: One line per step
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Prints a play as a heading, and a task as one line where it changed something, failed or took long, with its seconds
    and its hosts. What was skipped, or was as wanted, is not printed.
  - Messages of the module C(debug) are printed as text, differences of C(--diff) below their step.
  - A step that takes longer than O(slow) is named while it runs, on a terminal with its seconds, with the time that it
    took in earlier runs of the same lab on this machine.
  - Faults are printed at the end, each once, with the hosts that have it. A failure that the play rescues or ignores is
    no fault; it is printed at its step.
  - With C(-v) every step is printed, with the results that Ansible's own output has.
  - C(make) uses it for the lab's playbooks, except with C(V=1).
requirements:
  - set as stdout in the configuration, or with C(ANSIBLE_STDOUT_CALLBACK)
options:
  slow:
    description: After how many seconds a step that still runs is named, and how long one takes at least to get a line.
    type: float
    default: 5.0
    env:
      - name: OVERLAY_LAB_SLOW
    ini:
      - section: callback_lab
        key: slow
  durations:
    description:
      - The file where it keeps how long steps took that were slow. It may be removed at any time. One that is damaged,
        or cannot be written, is no error.
    type: path
    default: ~/.cache/overlay-lab/durations.json
    env:
      - name: OVERLAY_LAB_DURATIONS
    ini:
      - section: callback_lab
        key: durations
  messages_only:
    description:
      - Print the messages of the module C(debug), and nothing else, so that another program can read them. Faults are
        printed on standard error.
    type: bool
    default: false
    env:
      - name: OVERLAY_LAB_MESSAGES_ONLY
extends_documentation_fragment:
  - ansible.builtin.result_format_callback
"""

import atexit
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import step as steps
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import texts
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.console import Console
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.durations import Durations
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.faults import Faults, by_text
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.hosts import CONTROLLER
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.recap import conclusion, recap
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.step import Step

_COLORS = {
    steps.CHANGED: C.COLOR_CHANGED,
    steps.OK: C.COLOR_OK,
    steps.IGNORED: C.COLOR_WARN,
    steps.RESCUED: C.COLOR_WARN,
    steps.UNREACHABLE: C.COLOR_ERROR,
    steps.FAILED: C.COLOR_ERROR,
}


class CallbackModule(CallbackBase):
    """Events come from two threads of Ansible's, and the third looks after slow steps: each holds the lock."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "emon.overlay_lab.lab"

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._began = time.monotonic()
        self._console = Console(self._display)
        self._step: Step | None = None
        self._title = ""
        # Hosts of the play, and of the run.
        self._everyone: dict[str, None] = {}
        self._all_hosts: dict[str, None] = {}
        self._faults = Faults()
        self._lab: dict[str, Any] = {}
        self._check = False

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self._slow: float = self.get_option("slow")
        self._messages_only: bool = self.get_option("messages_only")
        self._durations = Durations(Path(self.get_option("durations")))

    # Plays and tasks begin.

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._over.clear()
        threading.Thread(target=self._watch, daemon=True).start()
        atexit.register(self._end_early)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        with self._lock:
            self._close()
            self._everyone = {}
            self._check = bool(play.check_mode)
            self._title = play.get_name().strip()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        with self._lock:
            self._close()
            # Not for a play that matches no hosts.
            if self._title and not self._messages_only:
                self._console.say([self._title])
                self._title = ""
            self._step = _step_of(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        with self._lock:
            self._everyone[host.name] = None
            self._all_hosts[host.name] = None
            self._lab = self._lab or _lab_of(host)
            if self._step and self._step.key == task._uuid:
                self._step.running.append(host.name)

    # A host is done.

    def v2_runner_on_ok(self, result: Any) -> None:
        with self._lock:
            self._warn(result)
            if isinstance(result.task, TaskInclude):
                return
            changed = bool(result.result.get("changed", False))
            step = self._done(result, steps.CHANGED if changed else steps.OK)
            if _is_debug(result.task):
                self._take_message(step, result)
            elif self._run_is_verbose(result):
                details = f"{self.host_label(result)}: {self._dump_results(result.result).lstrip()}"
                step.details.setdefault(result.host.name, []).append(details)

    def v2_runner_on_skipped(self, result: Any) -> None:
        with self._lock:
            self._warn(result)
            self._done(result, None)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        with self._lock:
            self._warn(result, with_exception=self._display.verbosity > 0)
            outcome = steps.IGNORED if ignore_errors else steps.RESCUED if _is_rescued(result.task) else steps.FAILED
            step = self._done(result, outcome)
            found = step.item_faults.pop(result.host.name, None) or texts.faults(result.result)
            if outcome == steps.FAILED:
                self._faults.add(step.name, found, "" if step.once else _name(result))
            else:
                step.mild_faults[result.host.name] = found

    def v2_runner_on_unreachable(self, result: Any) -> None:
        with self._lock:
            self._warn(result)
            if result.task.ignore_unreachable:
                self._done(result, None)
                return
            step = self._done(result, steps.UNREACHABLE)
            self._faults.add(step.name, [f"unreachable: {text}" for text in texts.faults(result.result)], _name(result))

    # An item of a loop is done.

    def v2_runner_item_on_ok(self, result: Any) -> None:
        with self._lock:
            self._warn(result)
            if self._step and result.result.get("changed", False):
                self._step.changed_items[result.host.name] += 1
            if self._step and _is_debug(result.task):
                self._take_message(self._step, result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        with self._lock:
            self._warn(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        with self._lock:
            self._warn(result, with_exception=self._display.verbosity > 0)
            if self._step:
                label = result.result.get("_ansible_item_label", result.result.get("item"))
                hidden = result.result.get("_ansible_no_log", False)
                prefix = f"{label}: " if isinstance(label, (str, int)) and not hidden else ""
                found = self._step.item_faults.setdefault(result.host.name, [])
                found += [f"{prefix}{text}" for text in texts.faults(result.result)]

    def v2_runner_retry(self, result: Any) -> None:
        with self._lock:
            if self._display.verbosity > 0 and not self._messages_only:
                left = result.result["retries"] - result.result["attempts"]
                self._console.say([f"  not yet, {left} more attempts: {result.task.name} ({result.host.name})"])

    def v2_on_file_diff(self, result: Any) -> None:
        """For a loop, Ansible calls it once for each item."""
        with self._lock:
            if not self._step or not result.result.get("changed") or not result.result.get("diff"):
                return
            if diff := self._get_diff(result.result["diff"]).strip("\n"):
                self._step.diffs.setdefault(result.host.name, []).append(diff)

    # The end.

    def v2_playbook_on_stats(self, stats: Any) -> None:
        with self._lock:
            self._close()
            self._over.set()
            atexit.unregister(self._end_early)
            of_hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
            # The table of a plan is all of such a run, whose tasks change nothing.
            planned = Counter(stats.custom.get("_run", {}).get("lab_would_change", []))
            for host, counts in of_hosts.items():
                counts["changed"] += planned[host]
            failed = any(counts["failures"] or counts["unreachable"] for counts in of_hosts.values())
            if not self._messages_only:
                self._console.say(["", *recap(of_hosts, self._check)])
            if failed:
                self._say_faults()
            line = conclusion(self._lab, of_hosts, len(self._faults) if failed else 0, self._seconds(), self._check)
            if not self._messages_only:
                self._console.say([line], C.COLOR_ERROR if failed else C.COLOR_OK)
            self._durations.save()
            self._faults = Faults()
            self._began = time.monotonic()

    def _end_early(self) -> None:
        """Ansible gave up, or was interrupted: without a recap, earlier faults would not be printed."""
        with self._lock:
            self._over.set()
            self._say_faults()
            line = conclusion(self._lab, None, len(self._faults), self._seconds(), self._check)
            self._say_or_complain([line])

    def _say_faults(self) -> None:
        self._say_or_complain(self._faults.shown(list(self._all_hosts)))

    def _say_or_complain(self, lines: list[str]) -> None:
        (self._console.complain if self._messages_only else self._console.say)(lines, C.COLOR_ERROR)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    # The step that runs.

    def _done(self, result: Any, outcome: str | None) -> Step:
        """The result's step, which that host is done with."""
        checks = _checked(result)
        if self._step and self._step.key == result.task._uuid:
            self._step.check = checks
            self._step.add(result.host.name, outcome)
            return self._step
        # With another strategy than linear, hosts are not at the same task: each result is a step of its own.
        self._close()
        self._step = _step_of(result.task)
        self._step.check = checks
        self._step.add(result.host.name, outcome)
        return self._step

    def _close(self) -> None:
        """Print what there is to say of the last step; nothing comes any more."""
        step, self._step = self._step, None
        if step is None:
            return
        everyone = list(self._everyone)
        if not self._messages_only:
            for outcome, line in step.lines(everyone, self._slow, self._display.verbosity > 0):
                self._console.say([line], _COLORS[outcome])
            self._console.say([*by_text(step.details, everyone), *step.diff_lines(everyone)])
        for message in step.shown_messages(everyone):
            # What has several lines, as a table, stands by itself.
            self._console.say(["", message] if "\n" in message and not self._messages_only else [message])
        if step.seconds >= self._slow and step.succeeded and not step.check:
            self._durations.add(self._lab_key(), step.name, step.seconds)
        for host in (*step.outcomes.get(steps.FAILED, ()), *step.outcomes.get(steps.UNREACHABLE, ())):
            self._everyone.pop(host, None)  # the play goes on without it

    def _take_message(self, step: Step, result: Any) -> None:
        if "results" in result.result:
            return  # its items were taken one by one
        lines = texts.message(result.result)
        if lines is None:
            self._clean_results(result.result, result.task.action)
            lines = [self._dump_results(result.result).strip("\n")] if result.result else []
        if "censored" not in result.result:
            step.messages.setdefault(result.host.name, []).append("\n".join(lines))

    def _warn(self, result: Any, with_exception: bool = False) -> None:
        self._console.erase()
        # Ansible writes it to standard output; the faults, which come last, have it as well.
        if with_exception and not self._messages_only:
            self._handle_warnings_and_exception(result)
        else:
            self._handle_warnings(result.result)

    def _lab_key(self) -> str:
        # The same lab on real hosts is another one.
        return f"{self._lab.get('name', '')}{' simulated' if self._lab.get('simulated') else ''}"

    def _watch(self) -> None:
        """Name a step while it takes long. A worker is a fork, and has neither this thread nor a need of the lock."""
        while not self._over.wait(min(1.0, max(0.1, self._slow / 4))):
            with self._lock:
                step = self._step
                if (
                    self._messages_only
                    or not step
                    or not step.running
                    or step.seconds < self._slow
                    or self._over.is_set()
                ):
                    continue
                if self._console.is_live or not step.announced:
                    step.announced = True
                    usual = self._durations.usual(self._lab_key(), step.name)
                    self._console.say_running(step.running_line(list(self._everyone), usual))


def _checked(result: Any) -> bool:
    """Whether the task ran in check mode. Before ansible-core 2.21, a result's task has but the template of it."""
    wanted = result.task.check_mode
    return bool(result.task_fields.get("check_mode") if isinstance(wanted, str) else wanted)


def _step_of(task: Any) -> Step:
    place = task.delegate_to if isinstance(task.delegate_to, str) and "{{" not in task.delegate_to else ""
    name = (task.name or task.get_name()).strip()
    return Step(name, task._uuid, bool(task.run_once), place, task.check_mode is True)


def _name(result: Any) -> str:
    return "" if result.host.name == CONTROLLER else result.host.name


def _is_debug(task: Any) -> bool:
    return task.action in ("debug", "ansible.builtin.debug", "ansible.legacy.debug")


def _is_rescued(task: Any) -> bool:
    """Whether a block around the task rescues it, which Ansible tells callbacks at the end only, as a number."""
    below, above = task, getattr(task, "_parent", None)
    while above is not None:
        if getattr(above, "rescue", None) and any(one._uuid == below._uuid for one in above.block):
            return True
        below, above = above, getattr(above, "_parent", None)
    return False


def _lab_of(host: Any) -> dict[str, Any]:
    """What the inventory plugin says of the lab; {} where the host is not a lab's."""
    for group in host.get_groups():
        variables = group.get_vars() if group.name == "all" else {}
        if "lab_name" in variables:
            return {key: variables.get(f"lab_{key}", "") for key in ("name", "site", "simulated")}
    return {}
