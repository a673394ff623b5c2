# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The lab's container image on this host: pulled where a registry answers, else made from the host's busybox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.routes import has_default_route

from . import loading, names
from .busybox_rootfs import Image, architecture, build, content_of

SEARCHED = ("/bin/busybox", "/usr/bin/busybox")
# The headers of an ELF program are at its beginning.
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Request:
    """``pull``: the image to try first, empty for none. ``build``: whether a busybox serves where it is not pulled."""

    name: str
    path: str = ""
    pull: str = ""
    build: bool = True
    present: bool = True


@dataclass(frozen=True)
class Plan:
    """``image``: what to load, None where nothing is loaded (or first a pull is tried). ``left``: what has the name and
    stays, because the module did not make it.
    """

    request: Request
    before: dict[str, Any] | None
    differences: Differences
    image: Image | None = None
    pull: bool = False
    note: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """``source``: present, pulled, busybox, or absent. ``note``: why it was not pulled."""

    image: dict[str, str]
    source: str
    note: str = ""


def request(params: dict[str, Any]) -> Request:
    """The module's parameters; LabError with every fault. A name without tag means ``latest``, as in Docker."""
    faults = [
        f"{key}: {params[key]!r} is no image name such as busybox:lab"
        for key in ("name", "pull")
        if params.get(key) and not names.FORM.fullmatch(params[key])
    ]
    build = params.get("build", True)
    if "@" in params["name"] and build:
        faults.append(f"name: {params['name']} has a digest, which what is built here has not: set build to false")
    if faults:
        raise LabError(faults)
    return Request(
        name=names.whole(params["name"]),
        path=params.get("path") or "",
        pull=names.whole(params["pull"]) if params.get("pull") else "",
        build=build,
        present=params["state"] == "present",
    )


def plan(client, request: Request) -> Plan:
    """Look what is there. An image of that name that we did not make is taken as it is, and stays."""
    found = Differences()
    before = find(client.inspect_image, request.name)
    ours = content_of(before) if before else None
    if not request.present:
        if before and not ours:
            return Plan(request, before, found, left=(_left(request.name, before),))
        if before:
            found.add(f"image {request.name}", before["Id"], None)
        return Plan(request, before, found)
    if before and not (ours and request.build):
        return Plan(request, before, found)
    if before is None and request.pull and has_default_route():
        found.add(f"image {request.name}", None, f"pulled as {request.pull}")
        return Plan(request, before, found, pull=True)
    note = f"{request.pull} was not pulled: this host has no default route" if request.pull and not before else ""
    if not request.build:
        raise LabError(_missing(request, "this host has no default route to a registry"))
    try:
        image = make(request)
    except LabError:
        # What was made once still serves where the busybox went away.
        if ours:
            return Plan(request, before, found)
        raise
    found.compare(f"image {request.name}", ours, image.content)
    return Plan(request, before, found, image=image, note=note)


def apply(client, made: Plan, pulling: Callable[[], Any]) -> Result:
    """Carry the plan out. ``pulling``: gives the client for a pull, with the timeout that is meant for it."""
    name = made.request.name
    if not made.differences.changed:
        return expected(made)
    if not made.request.present:
        with reported(f"image {name}: removal"):
            client.remove_image(name)
        return expected(made)
    image, note, source = made.image, made.note, "busybox"
    if made.pull:
        note = _pull(pulling(), made.request)
        if note and not made.request.build:
            raise LabError(_missing(made.request, note))
        source = "busybox" if note else "pulled"
    if source == "busybox":
        image = image or make(made.request)
        loading.load(client, image.archive, f"image {name}")
    return Result({"name": name, "id": loading.has(client, name)}, source, note)


def expected(made: Plan) -> Result:
    """What apply will return, as far as it can be predicted."""
    image = {"name": made.request.name, "id": made.before["Id"] if made.before and not made.differences.changed else ""}
    if not made.request.present and not made.left:
        return Result(image | {"id": ""}, "absent")
    if not made.differences.changed:
        return Result(image, "present")
    return Result(image, "pulled" if made.pull else "busybox", made.note)


def fault(searched: Iterable[str] = SEARCHED) -> str:
    """Why no image can be made of this host's busybox, '' where one can. Of the program only its head is read."""
    try:
        path = _there(list(searched))
        with Path(path).open("rb") as stream:
            architecture(path, stream.read(_HEAD_BYTES))
    except LabError as error:
        return str(error)
    return ""


def _there(paths: list[str]) -> str:
    path = next((path for path in paths if Path(path).is_file()), None)
    if path is None:
        raise LabError(f"no busybox at {' or '.join(paths)}: install busybox-static, or give path")
    return path


def make(request: Request) -> Image:
    """The image of this host's static busybox. LabError names what was looked for."""
    path = _there([request.path] if request.path else list(SEARCHED))
    binary = Path(path).read_bytes()
    machine = architecture(path, binary)
    try:
        listed = programs.output([path, "--list-full"], 10)
    except LabError as error:
        raise LabError(f"{error}: is {path} a busybox that runs on this host?") from error
    return build(path, binary, machine, listed.split(), request.name)


def _pull(client, request: Request) -> str:
    """Pull and name it; returns why that failed, or nothing."""
    repository, reference = names.parts(request.pull)
    try:
        with reported(f"{request.pull} was not pulled"):
            client.pull(repository, tag=reference)
            if request.name != request.pull:
                client.tag(request.pull, *names.parts(request.name))
    except LabError as error:
        return str(error)
    return ""


def _left(name: str, image: dict[str, Any]) -> str:
    return (
        f"image {name} ({loading.short(image['Id'])}) was not made by this module from a busybox: it stays; remove it"
        f" yourself, if it is to go (docker rmi {name})"
    )


def _missing(request: Request, why: str) -> str:
    return (
        f"image {request.name} is not on this host: {why}: put it there (make load, or docker load), or choose another;"
        " busybox needs no registry"
    )
