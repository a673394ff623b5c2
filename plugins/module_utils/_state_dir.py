# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the collection keeps on a machine, below /var/lib/overlay-lab."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError, reason

STATE_DIR = Path("/var/lib/overlay-lab")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no file. Raises LabError where there is anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LabError(f"{path} cannot be read: {reason(error)}") from error
    except ValueError:  # neither JSON nor UTF-8
        value = None
    if not isinstance(value, dict):
        # write_json never leaves one that is cut off, so this is the disk's doing, or a person's.
        raise LabError(f"{path} is damaged: put a copy of it back, or remove it and what it remembers is lost")
    return value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file in one step, readable by its owner only: readers see the old text or the new, never half.

    Raises LabError where it cannot be written: no root, no space.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=2, sort_keys=True)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise LabError(f"{path} cannot be written: {reason(error)}") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; it falls with its holder, so none is ever stale. The holder may remove the file.

    Raises LabError where the file cannot be made: no root.
    """
    with _locked_file(path):
        yield


def _locked_file(path: Path) -> IO[str]:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("w", encoding="ascii")
        except OSError as error:
            raise LabError(f"{path} cannot be locked: {reason(error)}") from error
        fcntl.flock(stream, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                return stream
        # Its former holder removed the file while this waited: a third one would lock another.
        stream.close()
