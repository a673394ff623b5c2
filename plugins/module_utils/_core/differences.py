# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One record of differences feeds ``changed``, ``diff`` and the reason why something is recreated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One attribute: a path a person can read ("bridge br0: mtu"), what is, what is wanted."""

    what: str
    before: Any
    after: Any
    recreate: bool = False


class Differences:
    """What a module found to differ, in the order in which it will be mended."""

    def __init__(self) -> None:
        self.found: list[Difference] = []

    def add(self, what: str, before: Any, after: Any, recreate: bool = False) -> None:
        """Record a difference. ``recreate``: the object has to be made anew for it."""
        self.found.append(Difference(what, before, after, recreate))

    def compare(self, what: str, before: Any, after: Any, recreate: bool = False) -> bool:
        """Record a difference if there is one; tell whether there was."""
        if before == after:
            return False
        self.add(what, before, after, recreate)
        return True

    @property
    def changed(self) -> bool:
        return bool(self.found)

    @property
    def reasons(self) -> list[str]:
        """Why the object has to be made anew; empty where it can be changed in place."""
        return [f"{one.what} is {one.before!r}, wanted {one.after!r}" for one in self.found if one.recreate]

    @property
    def lines(self) -> list[str]:
        """One line an attribute; what has several, such as the content of a file, is not shown."""
        return [f"{one.what}: {_short(one.before)} -> {_short(one.after)}" for one in self.found]

    @property
    def diff(self) -> dict[str, str]:
        """Ansible's diff: text before and after, one line an attribute."""
        return {
            "before": "".join(f"{one.what}: {_text(one.before)}\n" for one in self.found),
            "after": "".join(f"{one.what}: {_text(one.after)}\n" for one in self.found),
        }


def _text(value: Any) -> str:
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _short(value: Any) -> str:
    text = _text(value)
    return "(its text)" if "\n" in text else text
