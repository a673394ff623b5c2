# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""Files of variables beside a lab file. What they hold is secret: no fault shows it, no variable of Ansible's has it.

An inventory knows the names alone. Values are read again when containers are compared or made.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import environment

from .model import Container, Lab

_LARGEST = 64 * 1024
_QUOTES = ("'", '"')


def resolved(lab: Lab, folder: Path, faults: list[str]) -> Lab:
    """The lab with the files' whole paths, and the names of the variables in them; faults are added, a line each."""
    found: list[str] = []
    containers = tuple(_resolved(one, Path(os.path.realpath(folder)), found) for one in lab.containers)
    # Containers of several hosts have one file.
    faults.extend(dict.fromkeys(found))
    return replace(lab, containers=containers)


def values(files: Iterable[str], env: Mapping[str, str]) -> dict[str, str]:
    """Variable -> value of whole paths; the later file wins, and ``env`` over all. Raises LabError with every fault."""
    found: dict[str, str] = {}
    faults: list[str] = []
    for file in files:
        found |= _read(Path(file), file, faults)
    if faults:
        raise LabError(faults)
    return {name: value for name, value in found.items() if name not in env}


def _resolved(container: Container, folder: Path, faults: list[str]) -> Container:
    service = container.service
    if not service.env_file:
        return container
    found: dict[str, str] = {}
    paths = []
    for written in service.env_file:
        # A link that leads to itself stays what it is, and cannot be read.
        path = Path(os.path.realpath(folder / written))
        paths.append(str(path))
        if not path.is_relative_to(folder):
            faults.append(f"env_file: {written}: leads out of the lab file's folder: copy it there")
        else:
            found |= _read(path, written, faults)
    names = sorted(set(found) - set(service.env))
    return replace(container, service=replace(service, env_file=tuple(paths), secret_env=tuple(names)))


def _read(path: Path, called: str, faults: list[str]) -> dict[str, str]:
    """NAME=VALUE a line, without what a shell or Compose would replace in it."""
    try:
        # Before it is opened: reading a device or a pipe may never end.
        if not stat.S_ISREG(path.stat().st_mode):
            faults.append(f"env_file: {called}: is no file: write NAME=VALUE lines into one")
            return {}
        with path.open(encoding="utf-8") as opened:
            text = opened.read(_LARGEST + 1)
    except OSError as error:
        faults.append(f"env_file: {called}: cannot be read: {error.strerror}")
        return {}
    except UnicodeDecodeError:
        faults.append(f"env_file: {called}: is not text in UTF-8")
        return {}
    if len(text) > _LARGEST:
        faults.append(f"env_file: {called}: is larger than {_LARGEST // 1024} KiB: split it")
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not equals or not environment.NAME.fullmatch(name) or "\0" in value:
            faults.append(f"env_file: {called}: line {number}: is not NAME=VALUE")
            continue
        found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0] else value
