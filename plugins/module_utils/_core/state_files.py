# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the collection keeps on a machine, below /var/lib/overlay-lab."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from . import atomic_file, regular_file
from .errors import LabError, reason
from .shape import misfit

STATE_DIR = Path("/var/lib/overlay-lab")
# Of a host (_host/record.py).
RECORD_PATH = STATE_DIR / "state.json"
# What was broken on purpose, by make break.
FAULTS = STATE_DIR / "faults.json"


# What a record of this collection says of itself; one that says nothing is of format 1.
FORMAT = 1
# Far more than the record of a lab of any size.
_MOST_BYTES = 1 << 26
# How often a directory may vanish before it was not a former holder's doing.
_TRIES = 100


def read_json(path: Path, shape: Any = dict) -> dict[str, Any] | None:
    """The object in a JSON file, without its format; None where there is no file. ``shape``: as of shape.misfit.

    Raises LabError where there is anything else, and where a newer collection wrote it.
    """
    try:
        value = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LabError(f"{path} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError):  # neither JSON nor UTF-8, or nested without end
        raise damaged(path) from None
    if not isinstance(value, dict):
        raise damaged(path, misfit(value, dict))
    found = value.pop("format", FORMAT)
    if misfit(found, int) or found < 1:
        raise damaged(path, f"format: {found!r} is none")
    if found > FORMAT:
        raise LabError(
            f"{path} has the format {found}, and this version of the collection knows {FORMAT}:"
            " use the version of emon.overlay_lab that wrote it, or a later one"
        )
    if why := misfit(value, shape):
        raise damaged(path, why)
    return value


def damaged(path: Path, why: str = "") -> LabError:
    """The fault of a record that write_json did not write: a disk error, or somebody's change. It is never removed."""
    because = f" ({why})" if why else ""
    return LabError(
        f"{path} is damaged{because}: put a copy of it back, or set it aside (mv {path} {path}.damaged):"
        " then what it remembers is not known to be the lab's, and stays"
    )


def _read(path: Path) -> str:
    with regular_file.opened(path) as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {_MOST_BYTES} bytes", str(path))
    return content.decode("utf-8")


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file in one step, with its format, readable by its owner only.

    Raises LabError where it cannot be written: no root, no space.
    """
    text = json.dumps({**value, "format": FORMAT}, indent=2, sort_keys=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_file.replace(path, f"{text}\n".encode())
    except OSError as error:
        raise LabError(f"{path} cannot be written: {reason(error)}") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; it falls with its holder, so none is ever stale. The holder may remove_lock() it.

    Raises LabError where the file cannot be made: no root.
    """
    with _locked_file(path):
        yield


def remove_lock(path: Path) -> None:
    """Remove the file of a lock that the caller holds, and its directory where nothing else is in it."""
    path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or a mount point
        path.parent.rmdir()


def _locked_file(path: Path) -> IO[str]:
    while True:
        try:
            stream = _opened(path)
        except OSError as error:
            raise LabError(f"{path} cannot be locked: {reason(error)}") from error
        fcntl.flock(stream, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                return stream
        # Its former holder removed the file while this waited: a third one would lock another.
        stream.close()


def _opened(path: Path) -> IO[str]:
    """Again where a former holder removed the directory in between."""
    tries = 0
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w", encoding="ascii")
        except (FileExistsError, FileNotFoundError):
            tries += 1
            if tries == _TRIES:
                raise
