# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One view of a container as Docker's list shows it. While one is being removed, names and labels may be missing."""

from __future__ import annotations

from typing import Any


def name_of(listed: dict[str, Any]) -> str:
    """Its own name, or the beginning of its id where it has none. A link gives it further ones, such as /web/db."""
    names = [name for name in listed.get("Names") or () if name]
    own = next((name for name in names if "/" not in name.lstrip("/")), "")
    return own.lstrip("/") or listed["Id"][:12]


def labels_of(listed: dict[str, Any]) -> dict[str, str]:
    return listed.get("Labels") or {}


def networks_of(listed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The networks that it is on, stopped or not: name -> Docker's settings."""
    networks = (listed.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: settings or {} for name, settings in networks.items()}
