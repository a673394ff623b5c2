# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The controller's part: an archive from a path or a URL, found to be the one that the lab file means."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import ConnectionError as RefusedByUrls
from ansible.module_utils.urls import open_url
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

from . import content
from .kinds import KINDS

_CHUNK = 1 << 20
_MOST_BYTES = 1 << 30
_SECONDS = 60
SCHEMES = ("https", "http")


@dataclass(frozen=True)
class Found:
    """``path``: the file on this machine; ``fetched``: it was fetched now."""

    path: Path
    machine: str
    megabytes: int
    fetched: bool


def get(kind: str, source: str, sha256: str, cache: Path) -> Found:
    """Fetch it, unless it is in the cache, and look at it. Raises LabError, with the key of the lab file in front."""
    where = f"{kind}.archive: {source}"
    try:
        path, fetched = _file(source, sha256, cache)
        found = content.read(path, KINDS[kind])
    except LabError as error:
        raise LabError(f"{where}: {fault}" for fault in error.faults) from error
    return Found(path, found.machine, found.bytes // 1_000_000 + 1, fetched)


def _file(source: str, sha256: str, cache: Path) -> tuple[Path, bool]:
    if urlsplit(source).scheme not in SCHEMES:
        path = Path(source)
        if (is_now := content.checksum(path)) != sha256:
            raise LabError(_another(is_now, sha256))
        return path, False
    path = cache / sha256 / Path(urlsplit(source).path).name
    # One that somebody damaged is fetched again.
    if path.is_file() and content.checksum(path) == sha256:
        return path, False
    _fetch(source, sha256, path)
    return path, True


def _fetch(url: str, sha256: str, path: Path) -> None:
    """The file gets its name once its checksum was found to be right."""
    total, size = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_url(url, timeout=_SECONDS) as answer, atomic_file.written(path, 0o644) as written:
            while chunk := answer.read(_CHUNK):
                written.write(chunk)
                total.update(chunk)
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise LabError(f"it is larger than {_MOST_BYTES >> 30} GiB: it is none of upstream's archives")
            if total.hexdigest() != sha256:
                raise LabError(_another(total.hexdigest(), sha256))
    except HTTPError as error:
        raise LabError(f"it cannot be fetched: the server answers {error.code} {error.reason}") from error
    except (URLError, HTTPException, RefusedByUrls, socket.timeout, ConnectionError, ValueError) as error:
        raise LabError(f"it cannot be fetched: {_why(error)}") from error
    except OSError as error:
        raise LabError(f"it cannot be kept in {path.parent}: {reason(error)}") from error


def _another(is_now: str, wanted: str) -> str:
    return (
        f"its sha256 is {is_now}, and the lab file says {wanted}: compare both with a checksum that you trust, and"
        " take the file that has it"
    )


def _why(error: Any) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)
