# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a host remembers: which lab it belongs to, and what was there before (/var/lib/overlay-lab/state.json).

Shape: ``{"lab": str, "machine_id": str, "site": str, "engine": str, "sections": {name: {...}}}``, with ``"index": int``
and ``"uuid": str`` where they were given, and with ``"moving_to": str`` while the lab moves to another site. A section
belongs to the module of that name, which keeps there what it needs for its way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import Needed
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import (
    RECORD_PATH,
    locked,
    read_json,
    write_json,
)

# Keys that every collection so far has written are needed. What stood at a path before the lab (kept_files.Former);
# an older record says only whether anything did.
_FORMER = {
    **dict.fromkeys(("path", "sha256", "wrote"), str),
    **dict.fromkeys(("mode", "uid", "gid"), int),
    "bak": bool,
}
_LINK = ("rate", "delay", "jitter", "loss", "duplicate", "corrupt", "reorder")
_SECTIONS = {
    ...: dict,
    "file_set": {...: (_FORMER, bool)},
    "firewall": {Needed("manager"): str, Needed("rules"): [str], "lab": str},
    "docker_swarm": {
        Needed("node_id"): str,
        "lab": str,
        "gateway_bridge": bool,
        "no_services": {Needed("cluster_id"): str, Needed("time"): int},
    },
    "etcd_data": {Needed("enabled"): bool},
    "links": {
        Needed("device"): str,
        Needed("address"): str,
        Needed("links"): [{Needed("host"): str, Needed("address"): str, **dict.fromkeys(_LINK, str)}],
        Needed("queues"): str,
        Needed("loss"): str,
        "lab": str,
    },
    "owned": {
        ...: {...: dict},
        "container": {...: {"name": str, "labels": {...: str}, "digest": str}},
        "network": {...: {"name": str, "lab": str}},
        "swarm": {...: {"node": str}},
        "etcd": {...: {Needed("path"): str, "lab": str}},
    },
    "programs": {
        ...: {
            **{Needed(key): str for key in ("lab", "version", "sha256")},
            # An older collection wrote the size alone.
            Needed("files"): {...: ([int], int)},
            Needed("made"): [str],
        },
    },
    "docker_daemon": {
        Needed("path"): str,
        Needed("settings"): {...: {Needed("existed"): bool}},
        Needed("files"): [{Needed("path"): str, Needed("secret"): bool, Needed("backup"): bool}],
        Needed("units"): {...: {Needed("active"): bool, Needed("enabled"): bool}},
        Needed("directories"): [str],
        Needed("to_start"): [str],
        Needed("had_file"): bool,
        Needed("pending"): bool,
        "kept": {...: _FORMER},
        "backup": bool,
        "forgotten": bool,
        "lab": str,
        "wrote": dict,
    },
}
_SHAPE = {
    **dict.fromkeys(("lab", "machine_id", "site", "engine", "moving_to", "uuid"), str),
    "index": int,
    "sections": _SECTIONS,
}


@cache
def machine_id() -> str:
    """The host's own id (machine-id(5)); '' where it has none."""
    path = Path("/etc/machine-id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def read(path: Path = RECORD_PATH) -> dict[str, Any]:
    """The whole record; {} for a host that never belonged to a lab."""
    return read_json(path, _SHAPE) or {}


def section(name: str, path: Path = RECORD_PATH) -> dict[str, Any]:
    """One module's part of the record; {} if it has written none."""
    return dict(read(path).get("sections", {}).get(name, {}))


def update(name: str, content: dict[str, Any] | None, path: Path = RECORD_PATH) -> None:
    """Replace one module's section; None removes it."""
    with _locked(path):
        record = read(path)
        sections = {key: value for key, value in record.get("sections", {}).items() if key != name}
        if content is not None:
            sections[name] = content
        _write(path, {**record, "sections": sections})


def merge(name: str, change: Callable[[dict[str, Any]], dict[str, Any]], path: Path = RECORD_PATH) -> None:
    """Replace one module's section by what ``change`` makes of it, in one step; {} removes it."""
    with _locked(path):
        record = read(path)
        sections = dict(record.get("sections", {}))
        before = sections.pop(name, {})
        after = change(dict(before))
        if after == before:
            return
        if after:
            sections[name] = after
        _write(path, {**record, "sections": sections})


def update_identity(identity: dict[str, Any] | None, path: Path = RECORD_PATH) -> None:
    """Replace everything but the sections; None gives up the host's membership."""
    with _locked(path):
        _write(path, {**(identity or {}), "sections": read(path).get("sections", {})})


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Where there is no record, nothing of its lock stays."""
    lock = path.with_suffix(".lock")
    with locked(lock):
        yield
        if not path.exists():
            lock.unlink(missing_ok=True)


def _write(path: Path, record: dict[str, Any]) -> None:
    if record == {"sections": {}}:
        path.unlink(missing_ok=True)
    else:
        write_json(path, record)
