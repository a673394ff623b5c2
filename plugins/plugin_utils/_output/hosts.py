# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Names of hosts in a line of output."""

from __future__ import annotations

from collections.abc import Collection

# A play on it alone is nobody else's, so that it need not be named.
CONTROLLER = "localhost"
# Below this number all names are as short as the exception.
_FEWEST_TO_EXCEPT = 4


def fold(names: Collection[str], everyone: Collection[str]) -> str:
    """``names`` in one phrase; ``everyone``: the hosts that could be named, in the order in which they are."""
    named = [name for name in everyone if name in names]
    others = [name for name in everyone if name not in names]
    if len(named) < len(names):
        return ", ".join(names)
    if not others and len(named) > 1:
        return "all hosts"
    if len(named) >= _FEWEST_TO_EXCEPT and len(others) == 1:
        return f"all hosts but {others[0]}"
    return ", ".join(named)
