# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Dockers that cannot serve a lab: a snap, podman under Docker's name, and a dockerd that runs as a user."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import DOCKER_SOCKET

_CLIENT = "/usr/bin/docker"
_SNAPS = ("snap/docker/current", "var/lib/snapd/snap/docker/current")
# A client is a program of some megabytes, and podman's a script of some lines.
_SCRIPT_BYTES = 4096
# update-alternatives(1) leads to the program by one link more.
_LINKS = 8


def read(root: Path = Path("/")) -> dict[str, Any]:
    """``snap``: whether Docker is here as a snap; ``podman``: which of Docker's client and socket are podman's;
    ``rootless``: the users that run a dockerd of their own.
    """
    return {
        "snap": any((root / path).is_symlink() for path in _SNAPS),
        "podman": [path for path in (_CLIENT, DOCKER_SOCKET) if _is_podmans(root, path)],
        "rootless": sorted(_user(path.parent.name) for path in root.glob("run/user/*/docker.sock")),
    }


def _is_podmans(root: Path, place: str) -> bool:
    path = root / place[1:]
    for _step in range(_LINKS):
        if not path.is_symlink():
            break
        target = str(path.readlink())
        if "podman" in target:
            return True
        path = root / target[1:] if target.startswith("/") else path.parent / target
    if not path.is_file() or path.stat().st_size > _SCRIPT_BYTES:
        return False
    return b"podman" in path.read_bytes()


def _user(uid: str) -> str:
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except (ValueError, KeyError):
        return uid
