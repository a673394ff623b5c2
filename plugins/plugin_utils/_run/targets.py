# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Where a command runs that a person wants to run in a lab: which hosts, which containers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL

# Whose it is, and then the command. A name alone would also be that of somebody else's container, or begin its id.
_IN_CONTAINER = """\
found=$(docker ps --all --quiet --filter "label=$1" --filter "name=$2") || exit
if [ -z "$found" ]; then echo "$3" >&2; exit 125; fi
exec docker exec "$4" sh -c "$5"
"""


def chosen(lab: Mapping[str, Any], where: str, command: str) -> dict[str, Any]:
    """{"targets": {host: [{"name", "argv"}]}, "faults": [line]}.

    ``lab``: its value (_lab_file/value.py); ``where``: patterns of the shell, with commas between them, of hosts
    and containers; '' for all hosts. In both, the command is run by their shell.
    """
    hosts, containers = list(lab["hosts"]), lab["containers"]
    patterns = [pattern for part in where.split(",") if (pattern := part.strip())]
    names = [*hosts, *(one["name"] for one in containers)]
    faults = [] if command.strip() else ["there is no command: CMD='ip route' says which one"]
    faults += [
        f"ON={where}: {pattern} is no host or container of the lab; there are {', '.join(names)}"
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in names)
    ]

    def wanted(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    targets: dict[str, list[dict[str, Any]]] = {host: [] for host in hosts}
    for host in hosts:
        if not patterns or wanted(host):
            targets[host].append({"name": host, "argv": ["sh", "-c", command]})
    for one in containers:
        if wanted(one["name"]):
            targets[one["host"]].append({"name": one["name"], "argv": _in_container(lab["name"], one["name"], command)})
    return {"targets": {} if faults else {host: found for host, found in targets.items() if found}, "faults": faults}


def _in_container(lab: str, name: str, command: str) -> list[str]:
    missing = (
        f"no container {name} of the lab {lab} is on this host: run playbooks/overlay.yml; docker ps --all shows"
        " whether somebody else has one of that name"
    )
    # Docker takes the name for a regular expression.
    pattern = "^/{}$".format(name.replace(".", r"\."))
    return ["sh", "-c", _IN_CONTAINER, "sh", f"{LAB_LABEL}={lab}", pattern, missing, name, command]
