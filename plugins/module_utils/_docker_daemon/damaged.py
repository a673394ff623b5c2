# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A daemon.json that the lab wrote, and that something damaged since: what it is put back from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile

from . import daemon_json
from .daemon_json import SECTION, Owned


def found_in(section: dict[str, Any], text: str | None, path: Path, restore: bool, version: str) -> str:
    """What is wrong with a daemon.json that the lab wrote; LabError where it is not to be put back."""
    damage = daemon_json.damage(text, version) if section.get("settings") and "wrote" in section else ""
    if damage and not restore:
        raise LabError(_told(path, damage))
    return damage


def fault(version: str) -> str:
    """The line that an ordinary run ends with, by the host's record; '' for none. ``version``: of dockerd."""
    section = host_record.section(SECTION)
    if not section or section.get("pending"):
        return ""
    path = Path(section["path"])
    try:
        found_in(section, read(path), path, restore=False, version=version)
    except LabError as error:
        return error.faults[0]
    return ""


def read(path: Path) -> str | None:
    """daemon.json as it is, None for none. LabError where it cannot be read."""
    try:
        found = kept_files.read(path)
        return daemon_json.text_of(found.content) if found else None
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{path}: cannot be read: {error}") from error


def _told(path: Path, damage: str) -> str:
    return (
        f"{path}: {damage}, and the lab wrote that file: run with -e docker_engine_restore=true, which puts it back"
        " as the lab recorded it (with --check, it shows the difference alone)"
    )


def is_read(text: str | None, version: str) -> bool:
    try:
        daemon_json.read(text or "", "", version)
    except LabError:
        return False
    return True


def settings_of(
    section: dict[str, Any], text: str | None, path: Path, damage: str, version: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What daemon.json holds, and what it is to be made of: what is recorded, where it holds nothing."""
    found = {} if damage and not is_read(text, version) else daemon_json.read(text or "", str(path), version)
    return found, found if found or not damage else section["wrote"]


def kept(path: Path, text: str | None, damage: str, version: str) -> list[ManagedFile]:
    """A file that cannot be read may hold keys that somebody else wrote since."""
    if not damage or is_read(text, version):
        return []
    aside = path.with_name(f"{path.name}.{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}.damaged")
    return [ManagedFile(aside, text, 0o600, secret=True)]


def without_secrets(
    settings: dict[str, Any], found: dict[str, Any], existing: dict[str, Any], owned: dict[str, Owned]
) -> dict[str, Any]:
    """As differences show it: a proxy of others may have a password."""
    return {
        key: "as recorded" if key in existing and key not in found and key not in owned else value
        for key, value in settings.items()
    }
