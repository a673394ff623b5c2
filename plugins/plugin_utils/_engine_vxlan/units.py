# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which of the lab's units have to be started, once their files are written. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

PORTS, RESOLVER = "overlay-lab-vxlan.service", "overlay-lab-resolver.service"
# Files that a unit reads at its start, and files that it reads again on a reload.
_READ_ONCE = {PORTS: {"ports", PORTS}, RESOLVER: {"dnsmasq.conf", RESOLVER}}
_READ_AGAIN = {PORTS: set[str](), RESOLVER: {"hosts", "servers"}}


def starts(info: dict[str, Any], changed_paths: list[str]) -> list[dict[str, str]]:
    """Units that are not as wanted: {"name", "state": as of the module systemd_service}.

    ``info``: what the module host_info returned; ``changed_paths``: files that were written since.
    """
    changed = {PurePath(path).name for path in changed_paths}
    found = []
    for name, unit in ((PORTS, info["vxlan"]), (RESOLVER, info["resolver"])):
        if changed & _READ_ONCE[name]:
            found.append({"name": name, "state": "restarted"})
        elif changed & _READ_AGAIN[name]:
            found.append({"name": name, "state": "reloaded"})
        elif not (unit["active"] and unit["enabled"]):
            found.append({"name": name, "state": "started"})
    return found
