# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Where a command runs that a person wants to run in a lab: which hosts, which containers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def chosen(hosts: Iterable[str], containers: Iterable[Mapping[str, Any]], where: str, command: str) -> dict[str, Any]:
    """{"targets": {host: [{"name", "argv"}]}, "faults": [line]}.

    ``where``: patterns of the shell, with commas between them, of hosts and containers; '' for all hosts. In both, the
    command is run by their shell.
    """
    hosts, containers = list(hosts), list(containers)
    patterns = [pattern for part in where.split(",") if (pattern := part.strip())]
    names = [*hosts, *(one["name"] for one in containers)]
    faults = [] if command.strip() else ["there is no command: CMD='ip route' says which one"]
    faults += [
        f"ON={where}: {pattern} is no host or container of the lab; there are {', '.join(names)}"
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    run = ["sh", "-c", command]

    def wanted(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    targets: dict[str, list[dict[str, Any]]] = {host: [] for host in hosts}
    for host in hosts:
        if not patterns or wanted(host):
            targets[host].append({"name": host, "argv": run})
    for one in containers:
        if wanted(one["name"]):
            argv = ["docker", "exec", one["name"], *run]
            targets[one["host"]].append({"name": one["name"], "argv": argv})
    return {"targets": {} if faults else {host: found for host, found in targets.items() if found}, "faults": faults}
