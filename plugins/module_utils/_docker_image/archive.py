# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""An archive of images, as `docker save` writes it: its images by name and by the hash of their content."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import NotThere, reported

from .names import familiar

_MANIFEST = "manifest.json"
# Of a manifest or a configuration; they have some kilobytes.
_MOST_BYTES = 8 << 20
_REMEDY = "write it with docker save NAME:TAG -o FILE"


@dataclass(frozen=True)
class Described:
    """``id``: the hash of its configuration, which has those of its layers; ``architecture`` as Docker has it."""

    name: str
    id: str
    architecture: str


def read(path: str) -> list[Described]:
    """The images of an archive, each by each of its names. LabError: it is none, is cut off, or has no names."""
    try:
        with tarfile.open(path) as archive:
            found = list(_described(path, archive))
    except OSError as error:
        raise LabError(f"{path}: {reason(error)}") from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        # tarfile tells in further lines why it is not compressed, either.
        why = str(error).partition("\n")[0].partition(":")[0] if isinstance(error, tarfile.ReadError) else error
        raise LabError(f"{path}: is no whole archive of images ({why}): {_REMEDY}") from error
    if not found:
        raise LabError(f"{path}: its images have no name: {_REMEDY}")
    return found


def look(client, name: str) -> Described:
    """An image of a dockerd. LabError: it is not there, or ``name`` is no name but an id."""
    try:
        with reported(f"image {name}"):
            found = client.inspect_image(name)
    except NotThere:
        raise LabError(
            f"image {name} is not in this machine's Docker: make it with docker build --tag {name}, or get it with"
            f" docker pull {name}"
        ) from None
    wanted = familiar(name)
    if wanted not in found["RepoTags"]:
        known = " or ".join(found["RepoTags"]) or f"what docker tag {name} NAME:TAG gives it"
        raise LabError(f"image {name}: is an id, by which the lab file cannot name it: use {known}")
    return Described(wanted, found["Id"], found["Architecture"])


def save(client, name: str, path: str) -> list[Described]:
    """Write an image of a dockerd to a file that nobody else reads. Returns what is in it. LabError: see look."""
    look(client, name)
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)
        with reported(f"image {name}"), open(path, "xb", opener=_private) as file:
            for chunk in client.get_image(name):
                file.write(chunk)
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        raise LabError(f"image {name}: {path} cannot be written: {reason(error)}") from error
    return read(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _described(path: str, archive: tarfile.TarFile) -> Iterator[Described]:
    names = set(archive.getnames())
    if _MANIFEST not in names:
        raise ValueError(f"there is no {_MANIFEST} in it")
    for one in json.loads(_content(archive, _MANIFEST)):
        if missing := [layer for layer in one["Layers"] if layer not in names]:
            raise ValueError(f"its layer {missing[0]} is missing")
        config = _content(archive, one["Config"])
        for name in one["RepoTags"] or ():
            yield Described(familiar(name), _digest(config), _architecture(json.loads(config)))


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.getmember(name)
    stream = archive.extractfile(member)
    if stream is None or member.size > _MOST_BYTES:
        raise ValueError(f"its {name} is no plain file of a usual size")
    return stream.read()


def _digest(config: bytes) -> str:
    return f"sha256:{hashlib.sha256(config).hexdigest()}"


def _architecture(config: dict[str, Any]) -> str:
    return str(config["architecture"])
