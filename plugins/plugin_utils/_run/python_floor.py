# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A host whose Python is too old for modules: they fail there before they can say so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_OLDEST = (3, 9)
_ASK = "-c 'import sys; print(\"%d.%d.%d\" % sys.version_info[:3])'"


def fault(execute: Callable[[str], dict[str, Any]], interpreter: str) -> str:
    """What to say of that interpreter, ``execute`` being a shell on the host; '' where it is new enough, or silent."""
    if not interpreter:
        return ""
    found = re.fullmatch(r"(\d+)\.(\d+)\.\d+", execute(f"{interpreter} {_ASK}").get("stdout", "").strip())
    if found is None or (int(found[1]), int(found[2])) >= _OLDEST:
        return ""
    oldest = ".".join(map(str, _OLDEST))
    return (
        f"the Python of this host, {interpreter}, is {found[0]}: modules need {oldest} or later; install one beside it,"
        " and name it as ansible_python_interpreter in the lab file (hosts.NAME.ansible)"
    )
