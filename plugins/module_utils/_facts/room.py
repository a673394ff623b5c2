# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.


"""Whether there is room on a host for what a run writes, and the user that some of it is for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.present import existing

_MB = 1_000_000


def read(paths: Iterable[str]) -> list[dict[str, Any]]:
    """Each file system below these paths once: the ``path`` in it that is there, where it is mounted (``mount``),
    ``free`` MB for those that are not root, as etcd is; ``read_only``.
    """
    found: dict[tuple[int, bool], dict[str, Any]] = {}
    for path in map(existing, map(Path, paths)):
        told = os.statvfs(path)
        key = _identity(path)
        found.setdefault(
            key,
            {
                "path": str(path),
                "mount": str(_mount(path, key)),
                "free": told.f_bavail * told.f_frsize // _MB,
                "read_only": key[1],
            },
        )
    return list(found.values())


def _identity(path: Path) -> tuple[int, bool]:
    """Of a file system, and of the way in which it is mounted: there may be several."""
    return path.stat().st_dev, bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _mount(path: Path, key: tuple[int, bool]) -> Path:
    """The highest directory that has all of them above a path in the same file system."""
    return next((one for one in (path, *path.parents) if one == one.parent or _identity(one.parent) != key), path)
