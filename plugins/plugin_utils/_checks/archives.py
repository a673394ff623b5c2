# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether what the lab file wants from archives can be installed on a host, beside nothing that is there."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.places import PREFIX
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

_NOTHING = {
    "lab": "",
    "version": "",
    "sha256": "",
    "whole": False,
    "wanted": "",
    "obstacles": [],
    "missing": [],
    "free": 0,
}
_OFF = "destroy.yml, or host_remove.yml for this host"
_KEPT = "to keep what is here, put that archive back into the lab file; to change it, take the lab off"


def needed(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    """The archives that a host has still to get, as options of the module program_archive.

    ``lab``: that of chosen.considered().
    """
    return [
        {"name": kind, "archive": archive["archive"], "sha256": archive["sha256"]}
        for kind, archive in lab["archives"].items()
        if any(
            _is_used(kind, lab["engine"], lab["hosts"][host]["etcd"]) and not is_there(state(info, kind))
            for host, info in infos.items()
        )
    ]


def state(info: dict[str, Any], kind: str) -> dict[str, Any]:
    """What host_info says of it; of a host that was read by an older one, nothing."""
    return info[kind].get("archive") or _NOTHING


def is_there(found: dict[str, Any]) -> bool:
    """``found``: as state() returns it."""
    return bool(found["sha256"] == found["wanted"] and found["whole"])


def faults(lab: dict[str, Any], member: bool, info: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """A line each. ``lab`` and ``run``: as in preflight.py."""
    kinds = [kind for kind in KINDS if _is_used(kind, lab["engine"], member)]
    return [line for kind in kinds for line in _faults(lab, kind, info, run["archive_files"].get(kind))]


def changes(kind: str, info: dict[str, Any]) -> list[str]:
    """What a run changes of what is wanted from an archive, a line."""
    found, title = state(info, kind), KINDS[kind].title
    if not found["wanted"] or is_there(found):
        return []
    was = f"{found['version']}, not whole" if found["sha256"] else "absent"
    return [f"{title}: {was} -> {info[kind]['available'] or found['version']} from an archive"]


def _is_used(kind: str, engine: str, member: bool) -> bool:
    return kind == "docker" or (member and ENGINES[engine].uses_etcd)


def _faults(lab: dict[str, Any], kind: str, info: dict[str, Any], file: dict[str, Any] | None) -> list[str]:
    title, here = KINDS[kind].title, state(info, kind)
    wanted = lab.get("archives", {}).get(kind)
    if here["sha256"] and here["sha256"] != (wanted or {}).get("sha256"):
        says = f"wants another (sha256 {wanted['sha256'][:12]})" if wanted else f"has no {kind}.archive"
        return [
            f"{title} {here['version']} here is of an archive with the sha256 {here['sha256'][:12]}, which the lab"
            f" {here['lab']} has installed, and the lab file {says}: {_KEPT} ({_OFF}) and run again"
        ]
    if not wanted or is_there(here):
        return []
    if info[kind]["version"] and not here["sha256"]:
        # Data of a later version is nothing that an earlier one reads.
        first = f"take the lab off ({_OFF}), " if info["record"]["lab"] else ""
        return [
            f"{title} {info[kind]['version']} is installed here ({here['path']}), and the lab file wants"
            f" {kind}.archive, which is put beside none: {first}remove the packages that have it, or remove"
            f" {kind}.archive from the lab file"
        ]
    found = list(here["obstacles"])
    found += [
        f"{name} is missing here, which {title} from an archive starts and does not bring: install the package {name}"
        for name in here["missing"]
    ]
    return found + _unfit_files(file, kind, info)


def _unfit_files(file: dict[str, Any] | None, kind: str, info: dict[str, Any]) -> list[str]:
    if not file:
        return []
    title, found = KINDS[kind].title, []
    if file["machine"] and not _fits(file["machine"], info["machine"]):
        found.append(
            f"this host is of the kind {info['machine']}, and the programs of {kind}.archive are for"
            f" {file['machine']}: one lab file serves hosts of one kind; take upstream's archive for {info['machine']}"
        )
    if info["archive_room"] < 2 * file["megabytes"]:
        found.append(
            f"{PREFIX} has {info['archive_room']} MB free here, and {title} from an archive needs"
            f" {2 * file['megabytes']} MB: make room there"
        )
    return found


def _fits(programs: str, machine: str) -> bool:
    """ARM's 32-bit machines have many names."""
    return programs == machine or (programs == "arm" and machine.startswith("armv"))
