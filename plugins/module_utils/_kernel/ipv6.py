# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Where IPv6 is off: links of the network namespace in which the thread is, and namespaces that are to be made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

# What links get that are still to be made.
DEFAULT = "default"
_SETTINGS = Path("/proc/sys/net/ipv6/conf")
_PARAMETER = Path("/sys/module/ipv6/parameters/disable_ipv6")
_INHERIT = Path("/proc/sys/net/core/devconf_inherit_init_net")
# All of IPv4's and IPv6's settings are inherited, or all of the caller's.
_INHERITED = ("1", "3")


def off(names: Iterable[str], settings: Path = _SETTINGS) -> frozenset[str]:
    """Those of the links, and of DEFAULT, that take no IPv6 address. All of them with a kernel that has no IPv6."""
    return frozenset(name for name in (*names, DEFAULT) if _read(settings / name / "disable_ipv6", "1") != "0")


def off_in_new(settings: Path = _SETTINGS, parameter: Path = _PARAMETER, inherit: Path = _INHERIT) -> bool:
    """Whether a namespace that is made now has no IPv6."""
    if not settings.exists() or _read(parameter, "0") != "0":
        return True
    return _read(inherit, "0") in _INHERITED and DEFAULT in off((), settings)


def _read(path: Path, missing: str) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return missing
