# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Where a lab gets Docker or etcd from, if not from packages: an archive of upstream's, by path or URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import kinds

from .model import Archive
from .yaml_nodes import Item, Names, shown

KEYS = ("archive", "sha256")
_SCHEMES = ("https", "http")
_SHA256 = Names("a SHA-256 checksum", re.compile(r"[0-9a-fA-F]{64}"), 64, "write its 64 hexadecimal digits", {})


def read_archive(section: Item | None, given: Mapping[str, Item], kind: str) -> Archive | None:
    """``section`` and ``given``: the lab file's section of this kind, and the keys in it."""
    if section is None or not any(key in given for key in KEYS):
        return None
    for key, other, example in (
        ("archive", "sha256", kinds.KINDS[kind].example),
        ("sha256", "archive", "the 64 digits that sha256sum prints of the file"),
    ):
        if key not in given and other in given:
            section.at(key).fault(f"missing, and {other} needs it; for example {example}")
    source = given["archive"].text() if "archive" in given else None
    sha256 = given["sha256"].name(_SHA256) if "sha256" in given else None
    version = _version(given["archive"], source, kind) if source is not None else ""
    return Archive(source or "", (sha256 or "").lower(), version)


def _version(item: Item, source: str, kind: str) -> str:
    """The version by the file's name; a fault where that is not upstream's."""
    try:
        url = urlsplit(source) if "://" in source else None
    except ValueError as error:
        item.fault(f"{shown(source)} is no URL: {error}")
        return ""
    if url and url.scheme not in _SCHEMES:
        item.fault(f"{shown(source)} is neither a path nor a URL with https:// or http://")
        return ""
    if url and (url.username or url.password):
        item.fault("holds a user's name or password, which a lab file must not: fetch the file, and write its path")
        return ""
    name = PurePosixPath(url.path if url else source).name
    version = kinds.version_of(kind, name)
    if not version:
        item.fault(
            f"{shown(name)} does not tell its version as upstream's names do: give the file upstream's name, for"
            f" example {kinds.KINDS[kind].example}"
        )
    return version
