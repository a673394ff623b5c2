# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What will be written and removed in a PKI directory, and what the module returns about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences

DIRECTORY_MODE, KEY_MODE, CERTIFICATE_MODE = 0o700, 0o600, 0o644


@dataclass(frozen=True)
class File:
    """A file to be written. The content is kept out of repr(): it may be a private key."""

    path: Path
    mode: int
    content: bytes = field(repr=False)


@dataclass
class Plan:
    """What apply() will do, in this order, and what the module returns about it."""

    path: Path
    make_directory: bool = False
    writes: list[File] = field(default_factory=list)
    modes: list[tuple[Path, int]] = field(default_factory=list)
    removals: list[Path] = field(default_factory=list)
    remove_directory: bool = False
    differences: Differences = field(default_factory=Differences)
    # Stem -> the CA's certificate, PEM.
    authorities: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def makes_authority(self, stem: str) -> bool:
        return any(file.path.name == f"{stem}.crt" for file in self.writes)

    def add(self, file: File, what: str) -> None:
        self.writes.append(file)
        self.differences.add(file.path.name, None, what)

    def fix_mode(self, path: Path, mode: int) -> None:
        current = path.stat().st_mode & 0o777
        if self.differences.compare(f"{path.name}: mode", f"{current:04o}", f"{mode:04o}"):
            self.modes.append((path, mode))


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def or_none(load, text: bytes | None):
    """What is no key or certificate counts as missing: it is made anew."""
    if text is None:
        return None
    try:
        return load(text)
    except ValueError:
        return None
