# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Work in directories in which a service's user may write: by descriptors, without following a link, or as that user.

Who may write in a directory may put a link where a file was. Root that opens, owns or removes by path follows it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import programs

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor of a directory. Its links are resolved once; one that comes meanwhile is not followed.

    Raises OSError.
    """
    descriptor = os.open("/", _DIRECTORY)
    try:
        for part in path.resolve().parts[1:]:
            inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def inside(parent: int, name: str) -> Iterator[int]:
    """A descriptor of a directory in another, which is no link. Raises OSError."""
    descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make(parent: int, name: str, owner: tuple[int, int]) -> None:
    """Make a directory of a user's, which nobody else reads. Raises OSError."""
    os.mkdir(name, 0o700, dir_fd=parent)
    with inside(parent, name) as descriptor:
        if os.fstat(descriptor).st_uid != owner[0]:
            os.fchown(descriptor, *owner)


def exists(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def remove(parent: int, name: str) -> None:
    """Remove a directory with all that is in it. Links in it are removed, not followed. Raises OSError."""
    # Python before 3.11 has no dir_fd here.
    shutil.rmtree(f"/proc/self/fd/{parent}/{name}")


def run_as(owner: tuple[int, int], directory: int, command: list[str], **options: Any) -> programs.Done:
    """Run a command in a directory as a user. ``options``: of programs.run, which raises LabError."""
    return programs.run(command, cwd=f"/proc/self/fd/{directory}", owner=owner, **options)
