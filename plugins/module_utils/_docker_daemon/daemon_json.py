# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""daemon.json as values: read, merged, given back, and every clash named. Nothing is touched."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import DOCKER_WITHOUT_STORE, parse_version
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile

# Of the host's record; what is in it: plan.py.
SECTION = "docker_daemon"
CLUSTER_STORE_KEYS = ("cluster-store", "cluster-advertise", "cluster-store-opts")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Owned:
    """A key that we set: what stood there before, and whether anything did."""

    existed: bool
    before: Any = None


@dataclass(frozen=True)
class Merge:
    """``settings``: the whole file's new content. ``owned``: our keys, with what they replaced."""

    settings: dict[str, Any]
    owned: dict[str, Owned]
    faults: list[str]


def text_of(content: bytes, errors: str = "strict") -> str:
    """What a file holds; UnicodeDecodeError for what is no text, unless ``errors`` is "replace": so dockerd reads it.

    Its byte order mark stays, for read() to judge.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return _BOM + content.decode("utf-16", errors) if wide else content.decode("utf-8", errors)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number there")


# Python would take NaN and Infinity.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


def is_plain(text: str) -> bool:
    """Whether every dockerd reads the same in it."""
    try:
        return isinstance(_DECODER.decode(text.strip() or "{}"), dict)
    except (ValueError, RecursionError):
        return False


def read(text: str, path: str, version: str = "") -> dict[str, Any]:
    """The file's object, as dockerd of this version reads it; '' where nobody knows it.

    20.10 reads the first value of the file and leaves what follows; from 23.0 on a byte order mark is taken, and
    nothing may follow. LabError for what it does not read, because such a file is never overwritten.
    """
    known = parse_version(version) if version else None
    if text.startswith(_BOM):
        if known is None or known < DOCKER_WITHOUT_STORE:
            raise LabError(
                f"{path}: it begins with a byte order mark, which Docker {version or 'before 23'} does not read: fix it"
                " first (save it as UTF-8 without one); it is not changed"
            )
        text = text[len(_BOM) :]
    if not text.strip():
        return {}
    try:
        if known is not None and known < DOCKER_WITHOUT_STORE:
            value, _end = _DECODER.raw_decode(text, len(text) - len(text.lstrip()))
        else:
            value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise LabError(
            f"{path}: line {error.lineno} is not JSON ({error.msg}): fix it first; it is not changed"
        ) from error
    except (ValueError, RecursionError) as error:
        raise LabError(f"{path}: is not JSON ({error}): fix it first; it is not changed") from error
    if not isinstance(value, dict):
        raise LabError(f"{path}: holds no JSON object: fix it first; it is not changed")
    return value


def damage(text: str | None, version: str) -> str:
    """What is wrong with a file that was written once, '' for nothing. Changed keys are none: a plan shows them."""
    if text is None:
        return "it is gone"
    if not text.strip():
        return "it is empty"
    try:
        read(text, "", version)
    except LabError as error:
        return error.faults[0].removeprefix(": ").partition(":")[0]
    return ""


def write(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, indent=2) + "\n"


def managed(path: Path, settings: Mapping[str, Any]) -> ManagedFile:
    """The file with these settings, whose it was before. It may hold a proxy's password, so no content is shown."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ManagedFile(path, write(settings), secret=True, shared=True)
    # Numbers: an owner may have no name any more.
    return ManagedFile(
        path, write(settings), status.st_mode & 0o777, str(status.st_uid), str(status.st_gid), secret=True, shared=True
    )


def merge(
    existing: dict[str, Any], wanted: dict[str, Any], owned: dict[str, Owned], *, override: bool, path: str
) -> Merge:
    """Put ``wanted`` over ``existing``; keys of ours that are no longer wanted get back what they replaced."""
    released = {key: former for key, former in owned.items() if key not in wanted}
    settings = give_back(existing, released)
    kept = {key: former for key, former in owned.items() if key in wanted}
    faults = []
    for key, value in wanted.items():
        if key in kept:
            settings[key] = value
        elif key not in existing:
            kept[key] = Owned(existed=False)
            settings[key] = value
        elif existing[key] != value:
            if not override:
                faults.append(
                    f"{path}: {key} is {_shown(existing[key])} and not ours, wanted {_shown(value)}:"
                    " set override to true to replace it until the lab is removed"
                )
            kept[key] = Owned(existed=True, before=existing[key])
            settings[key] = value
    return Merge(settings, kept, faults)


def give_back(existing: dict[str, Any], owned: dict[str, Owned]) -> dict[str, Any]:
    """The content without the keys of ours: what they replaced is there again. All other keys stay."""
    settings = {key: value for key, value in existing.items() if key not in owned or owned[key].existed}
    return settings | {key: former.before for key, former in owned.items() if former.existed}


def version_faults(merged: dict[str, Any], version: str) -> list[str]:
    """The cluster store's keys are refused where Docker has none."""
    keys = [key for key in CLUSTER_STORE_KEYS if key in merged]
    if not keys or parse_version(version) < DOCKER_WITHOUT_STORE:
        return []
    return [
        f"{', '.join(keys)}: Docker {version} has no cluster store, 20.10 was the last: use the engine swarm or vxlan"
    ]


def _shown(value: Any) -> str:
    return json.dumps(value)
