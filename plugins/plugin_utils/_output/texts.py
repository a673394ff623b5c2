# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a result of a task has to say to a person: lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The reason of a failure is usually at the end of a program's output.
_LAST_LINES = 5
# Ansible's own words before the reason, which the line is read without.
_PREFIXES = ("Task failed: ", "Action failed: ", "Module failed: ")


def faults(result: Mapping[str, Any]) -> list[str]:
    """The faults of a result that failed, one a text; only a program's output makes one have several lines.

    ``result``: as Ansible gives it to callbacks, censored where no_log is set. Modules of this collection return their
    faults apart, as ``faults``.
    """
    if "censored" in result:
        return ["its output is hidden, because no_log is set"]
    said = result.get("faults")
    if not _is_lines(said) or not said:
        said = result.get("msg") or result.get("reason") or "it failed, and does not say why"
    found = [_plain(line) for line in lines(said)]
    output = _output(result) if "faults" not in result else []
    if found and output:
        found[-1] = "\n".join([found[-1], *output])
    return found


def message(result: Mapping[str, Any]) -> list[str] | None:
    """What the debug module shows, a line each; None where it is data, or a variable, and no text."""
    said = result.get("msg")
    return lines(said, empty=True) if isinstance(said, str) or _is_lines(said) else None


def lines(said: Any, empty: bool = False) -> list[str]:
    """The lines of a text or of a list of texts; ``empty``: those without a word as well."""
    parts = said if isinstance(said, list) else [said]
    return [line.rstrip() for part in parts for line in str(part).splitlines() or [""] if empty or line.strip()]


def _is_lines(said: Any) -> bool:
    return isinstance(said, list) and all(isinstance(line, (str, int, float)) for line in said)


def _plain(line: str) -> str:
    for prefix in _PREFIXES:
        line = line.removeprefix(prefix)
    return line.strip()


def _output(result: Mapping[str, Any]) -> list[str]:
    """The end of what a program, or a module that crashed, printed."""
    for key in ("stderr", "module_stderr", "stdout", "module_stdout"):
        if found := lines(result.get(key, "")):
            return found[-_LAST_LINES:]
    return []
