# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.


"""Lines on standard output, of which on a terminal the last one may change."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

_CLEAR = "\033[K"


class Console:
    """``display``: Ansible's, which colours, logs, and keeps threads and forks from writing at the same time."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self.is_live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._has_live_line = False

    def say(self, lines: Iterable[str], color: str | None = None) -> None:
        self.erase()
        self._write(lines, color=color)

    def complain(self, lines: Iterable[str], color: str | None = None) -> None:
        """On standard error, so that standard output has what was asked for, and nothing else."""
        self.erase()
        self._write(lines, color=color, stderr=True)

    def say_running(self, line: str) -> None:
        """A line that the next one is printed over, where the terminal can."""
        if not self.is_live:
            self.say([line])
            return
        # The cursor returns at once, so that output of Ansible itself overwrites the line as well.
        shown = line[: shutil.get_terminal_size().columns - 1]
        self._write([f"{shown}{_CLEAR}\r"], newline=False, screen_only=True)
        self._has_live_line = True

    def erase(self) -> None:
        if self._has_live_line:
            self._has_live_line = False
            self._write([_CLEAR], newline=False, screen_only=True)

    def _write(self, lines: Iterable[str], **how: Any) -> None:
        # If the reader has ended, as with `head`, the run goes on: an interrupted run would be worse.
        with suppress(BrokenPipeError):
            for line in lines:
                self._display.display(line, **how)
            # Ansible flushes at its end only, too late for who watches a pipe.
            sys.stdout.flush()
