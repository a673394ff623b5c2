# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A fault computed for one host: its steps, and the words by which its verdict is completed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .scene import Scene
from .step import Step


@dataclass(frozen=True)
class Planned:
    """``steps`` in the order in which they are done; they are undone in the reverse one."""

    steps: tuple[Step, ...]
    facts: dict[str, str] = field(default_factory=dict)


# Raises LabError where the host has nothing of which the fault could be made.
Kind = Callable[[Scene], Planned]
