# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Why dockerd would not start with the settings of a lab, or the lab not work on it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .configuration import DATA_ROOT, Flag

_EXEC_ROOTS = ("/run/docker", "/var/run/docker")


def clashes(
    merged: dict[str, Any], existing: dict[str, Any], on_command_line: Mapping[str, Flag], *, swarm: bool, path: str
) -> list[str]:
    """A line each. ``merged``: daemon.json as it will be; ``existing``: as it is."""
    found = [
        f"{path}: {key} is on dockerd's command line as well ({on_command_line[key].shown}), and dockerd refuses both:"
        " give it in one place"
        for key in merged
        if key in on_command_line
    ]
    read = on_command_line.get("config-file")
    if read and Path(read.value) != Path(path):
        found.append(
            f"dockerd reads {read.value} and not {path}, by its command line ({read.shown}): take that flag out of its"
            f" unit or its environment file, and move what it holds to {path}"
        )
    exclusive = "Swarm mode" if swarm else "the cluster store" if "cluster-store" in merged else ""
    if exclusive and (merged.get("live-restore") or _is_on("live-restore", on_command_line)):
        found.append(f"live-restore is on, and {exclusive} excludes it: turn it off")
    if merged.get("userns-remap") or _is_on("userns-remap", on_command_line):
        found.append("userns-remap is on: containers could not use the host's network namespace: turn it off")
    if merged.get("iptables") is False or _is_off("iptables", on_command_line):
        found.append("iptables is false: Docker's bridges would reach nothing outside and publish no ports: turn it on")
    if "none" in (merged.get("bridge"), _value("bridge", on_command_line)):
        found.append("bridge is none: there is no default bridge: remove it")
    if swarm and "nftables" in (merged.get("firewall-backend"), _value("firewall-backend", on_command_line)):
        found.append("firewall-backend is nftables, with which Docker has no Swarm mode: remove it, or choose vxlan")
    exec_root = _value("exec-root", on_command_line) or merged.get("exec-root") or _EXEC_ROOTS[0]
    if os.path.normpath(str(exec_root)) not in _EXEC_ROOTS:
        found.append(
            f"exec-root is {exec_root}, and the lab looks for Docker's namespaces in {_EXEC_ROOTS[0]}: remove it"
        )
    if merged.get("graph") and merged.get("data-root"):
        found.append(f"{path}: graph and data-root are one setting, and dockerd refuses both: keep data-root")
    data_root, wanted = (
        _value("data-root", on_command_line) or one.get("data-root") or one.get("graph") or DATA_ROOT
        for one in (existing, merged)
    )
    if data_root != wanted:
        found.append(f"data-root would change from {data_root} to {wanted}: all containers and images would be gone")
    return found


def _value(key: str, flags: Mapping[str, Flag]) -> str:
    return flags[key].value if key in flags else ""


def _is_on(key: str, flags: Mapping[str, Flag]) -> bool:
    return key in flags and not flags[key].off


def _is_off(key: str, flags: Mapping[str, Flag]) -> bool:
    return key in flags and flags[key].off
