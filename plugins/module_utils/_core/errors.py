# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Errors that a person can correct."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any


class LabError(Exception):
    """One or more faults, each one line that names the thing, the value and the remedy.

    Raised by module_utils, translated into fail_json at one border: the module's main(). ``done``: what was done all
    the same, by the keys of the module's result.
    """

    def __init__(self, faults: str | Iterable[str], **done: Any) -> None:
        self.done = done
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


def reason(error: OSError) -> str:
    """The system's words for what it refused, with the remedy where that is known."""
    words = error.strerror or str(error)
    return f"{words}; use become" if isinstance(error, PermissionError) and os.geteuid() != 0 else words


def shortened(said: object) -> str:
    """Text from somebody's file, fit for a message."""
    return "".join(one if one.isprintable() else "?" for one in str(said)[:120])
