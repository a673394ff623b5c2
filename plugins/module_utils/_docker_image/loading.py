# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Images of an archive on a host: what is there by the hash of its content is given a name, all else is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported

from .archive import Described

# What a processor runs beside its own.
_ALSO = {"amd64": ("386",), "arm64": ("arm",)}


@dataclass(frozen=True)
class Plan:
    """``tagged``: images that are there and lack the name; ``lacking``: those for which the archive is needed."""

    differences: Differences
    wanted: tuple[Described, ...]
    tagged: tuple[Described, ...]
    lacking: tuple[Described, ...]

    @property
    def states(self) -> dict[str, str]:
        """Name -> present, named or loaded: what it is, or becomes."""
        changed = {one.name: "named" for one in self.tagged} | {one.name: "loaded" for one in self.lacking}
        return {one.name: changed.get(one.name, "present") for one in self.wanted}


def plan(client, images: Iterable[Described], replace: bool) -> Plan:
    """Compare by content. LabError, with every fault: an image of another processor, a name that another image has."""
    wanted = tuple(images)
    found = Differences()
    faults: list[str] = []
    with reported("version of dockerd"):
        own = client.version().get("Arch", "")
    tagged: list[Described] = []
    lacking: list[Described] = []
    for one in wanted:
        before = find(client.inspect_image, one.name)
        if before and before["Id"] == one.id:
            continue
        if own and one.architecture not in (own, *_ALSO.get(own, ())):
            faults.append(f"image {one.name}: is for {one.architecture}, and this host is {own}: build it for {own}")
        if before and not replace:
            faults.append(
                f"image {one.name}: this host has another one of that name ({short(before['Id'])}), which may be"
                f" somebody's: take its name (docker rmi {one.name}), or run with -e replace=true"
            )
        found.add(f"image {one.name}", short(before["Id"]) if before else None, short(one.id))
        (tagged if find(client.inspect_image, one.id) else lacking).append(one)
    if faults:
        raise LabError(faults)
    return Plan(found, wanted, tuple(tagged), tuple(lacking))


def apply(client, made: Plan, path: str) -> None:
    """Carry the plan out with the archive at ``path``, and check what is there then. LabError: dockerd refuses it."""
    for one in made.tagged:
        repository, _separator, tag = one.name.rpartition(":")
        with reported(f"image {one.name}"):
            client.tag(one.id, repository, tag)
    if made.lacking:
        try:
            with Path(path).open("rb") as archive:
                load(client, archive, path)
        except OSError as error:
            raise LabError(f"{path}: {reason(error)}") from error
    for one in made.wanted:
        has(client, one.name, one.id)


def short(identity: str) -> str:
    return identity.removeprefix("sha256:")[:12]


def load(client, archive: bytes | BinaryIO, title: str) -> None:
    """Give dockerd an archive. LabError: what it says against it, with ``title``. HTTP's status may be fine."""
    with reported(title):
        for line in client.load_image(archive) or ():
            if "error" in line:
                raise LabError(f"{title}: dockerd does not load the archive: {line['error']}")


def has(client, name: str, identity: str = "") -> str:
    """The id of an image that was loaded or pulled. LabError where it is not there, or is not ``identity``."""
    there = find(client.inspect_image, name)
    if there is None or identity not in ("", there["Id"]):
        raise LabError(f"image {name}: dockerd told no error, but does not have it: see its log")
    return str(there["Id"])
