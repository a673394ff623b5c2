# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import busybox_image, names
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.busybox_rootfs import (
    LABEL,
    NEEDED,
    architecture,
    build,
)
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker
from docker.errors import APIError

APPLETS = [f"usr/bin/{name}" for name in NEEDED] + ["bin/busybox"]


def elf(machine: int = 62, segments: tuple[int, ...] = (1,), wide: bool = True) -> bytes:
    """The head of an executable: e_machine, and program headers of these types."""
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1]) + bytes(10)
    size = 56 if wide else 32
    if wide:
        rest = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, size, len(segments), 0, 0, 0)
    else:
        rest = struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0, 52, 0, 0, 52, size, len(segments), 0, 0, 0)
    return identity + rest + b"".join(struct.pack("<I", segment) + bytes(size - 4) for segment in segments)


@pytest.mark.parametrize(
    ("binary", "name"),
    [(elf(62), "amd64"), (elf(183), "arm64"), (elf(40, wide=False), "arm"), (elf(3, wide=False), "386")],
)
def test_the_architecture_is_read_from_the_executable(binary: bytes, name: str) -> None:
    assert architecture("/bin/busybox", binary) == name


@pytest.mark.parametrize(
    ("binary", "line"),
    [
        (b"#!/bin/sh\n", "/bin/busybox: is no ELF executable"),
        (elf(9999), "/bin/busybox: is for an unknown machine"),
        (elf(segments=(6, 3, 1)), "/bin/busybox: is linked dynamically and cannot run alone in an image"),
        (elf(40, (3,), wide=False), "/bin/busybox: is linked dynamically"),
    ],
)
def test_what_cannot_run_alone_is_refused(binary: bytes, line: str) -> None:
    with pytest.raises(LabError) as caught:
        architecture("/bin/busybox", binary)
    assert str(caught.value).startswith(line)


def test_a_busybox_that_lacks_what_a_lab_runs_is_refused() -> None:
    with pytest.raises(LabError, match="/bin/busybox: lacks the applets httpd, ping: use another busybox"):
        build(
            "/bin/busybox", elf(), "amd64", [one for one in APPLETS if one[8:] not in ("ping", "httpd")], "busybox:lab"
        )


def content(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    assert stream is not None
    return stream.read()


def test_the_image_is_the_same_every_time_and_holds_what_runs() -> None:
    image = build("/bin/busybox", elf(), "amd64", APPLETS, "busybox:lab")
    assert image == build("/bin/busybox", elf(), "amd64", list(reversed(APPLETS)), "busybox:lab")
    with tarfile.open(fileobj=io.BytesIO(image.archive)) as archive:
        (manifest,) = json.loads(content(archive, "manifest.json"))
        config = json.loads(content(archive, manifest["Config"]))
        layer_tar = content(archive, "layer.tar")
    assert manifest["RepoTags"] == ["busybox:lab"]
    assert config["config"]["Labels"] == {LABEL: image.content}
    assert config["rootfs"]["diff_ids"] == [f"sha256:{image.content}"]
    with tarfile.open(fileobj=io.BytesIO(layer_tar)) as layer:
        members = {member.name: member for member in layer.getmembers()}
    assert members["usr/bin/ping"].linkname == "/bin/busybox"
    assert (members["bin/busybox"].mode, members["tmp"].mode) == (0o755, 0o1777)
    assert {member.mtime for member in members.values()} == {0}
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def made_image(content: str, identity: str = "sha256:made", **given: Any) -> dict[str, Any]:
    """What an inspection shows of an image that the module made."""
    return {
        "Id": identity,
        "Created": "1970-01-01T00:00:00Z",
        "Config": {"Cmd": ["sh"], "Labels": {LABEL: content}},
        "RootFS": {"Type": "layers", "Layers": [f"sha256:{content}"]},
        **given,
    }


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A dockerd without images, on a host without a way out and with a busybox."""
    made = FakeDocker()
    made.images.clear()

    def load(archive: bytes) -> None:
        made.calls.append(("load_image", ""))
        made.images["busybox:lab"] = made_image("content")

    def remove(name: str) -> None:
        made.calls.append(("remove_image", name))
        del made.images[name]

    made.load_image, made.remove_image = load, remove  # type: ignore[attr-defined]
    monkeypatch.setattr(busybox_image, "has_default_route", lambda: False)
    monkeypatch.setattr(busybox_image, "make", lambda request: busybox_image.Image(b"archive", "content"))
    return made


def run(docker: FakeDocker, **given: Any) -> tuple[bool, str]:
    request = busybox_image.request({"name": "busybox:lab", "state": "present", **given})
    plan = busybox_image.plan(docker, request)
    result = busybox_image.apply(docker, plan, lambda: docker)
    return plan.differences.changed, result.source


def test_the_image_is_made_once(docker: FakeDocker) -> None:
    assert run(docker) == (True, "busybox")
    assert run(docker) == (False, "present")


def test_an_image_of_another_busybox_is_replaced_and_a_foreign_one_is_not(docker: FakeDocker) -> None:
    docker.images["busybox:lab"] = made_image("older", "sha256:old")
    assert run(docker) == (True, "busybox")
    docker.images["busybox:lab"] = {"Id": "sha256:foreign", "Config": {"Labels": None}}
    assert run(docker) == (False, "present")


LATER = {"Created": "2026-01-02T03:04:05.678Z"}


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(
            made_image("content", RootFS={"Layers": ["sha256:content", "sha256:more"]}, **LATER), id="built from it"
        ),
        pytest.param(made_image("older", **LATER), id="committed from a container that changed no file"),
        pytest.param(
            made_image("older", Config={"Cmd": ["httpd"], "Labels": {LABEL: "older"}}), id="with another command"
        ),
        pytest.param({"Id": "sha256:pulled", "Config": {"Labels": None}}, id="pulled"),
    ],
)
def test_an_image_that_inherits_the_label_is_somebody_elses(docker: FakeDocker, image: dict[str, Any]) -> None:
    docker.images["busybox:lab"] = image
    assert run(docker) == (False, "present")
    assert run(docker, state="absent") == (False, "present")
    assert docker.calls == []
    plan = busybox_image.plan(docker, busybox_image.request({"name": "busybox:lab", "state": "absent"}))
    assert plan.left == (
        f"image busybox:lab ({image['Id'][7:19]}) was not made by this module from a busybox: it stays; remove it"
        " yourself, if it is to go (docker rmi busybox:lab)",
    )


def test_an_image_that_was_made_is_removed(docker: FakeDocker) -> None:
    run(docker)
    assert run(docker, state="absent") == (True, "absent")
    assert run(docker, state="absent") == (False, "absent")
    assert docker.calls == [("load_image", ""), ("remove_image", "busybox:lab")]


def test_an_image_that_is_there_serves_where_the_busybox_went_away(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(docker)
    monkeypatch.undo()
    assert run(docker, path="/nonexistent/busybox") == (False, "present")


def refuse(repository: str, tag: str) -> None:
    raise APIError("500", explanation="no registry answers")


def test_it_is_pulled_only_where_there_is_a_way_out_and_a_registry(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.pull = refuse  # type: ignore[attr-defined]
    assert run(docker, pull="busybox:1.36") == (True, "busybox")
    docker.images.clear()
    monkeypatch.setattr(busybox_image, "has_default_route", lambda: True)
    request = busybox_image.request({"name": "busybox:lab", "state": "present", "pull": "busybox"})
    plan = busybox_image.plan(docker, request)
    assert plan.pull
    result = busybox_image.apply(docker, plan, lambda: docker)
    assert (result.source, result.note) == ("busybox", "busybox:latest was not pulled: no registry answers")


@pytest.mark.parametrize("name", ["Busybox:lab", "busy box", "busybox:", ""])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="is no image name such as busybox:lab"):
        busybox_image.request({"name": name or "-", "state": "present"})


def test_a_host_without_busybox_is_told_what_to_install(tmp_path: Path) -> None:
    request = busybox_image.request({"name": "busybox:lab", "state": "present", "path": str(tmp_path / "none")})
    with pytest.raises(LabError, match=r"no busybox at .*none: install busybox-static, or give path"):
        busybox_image.make(request)


DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("name", "known", "there"),
    [
        ("busybox", ["busybox:latest"], True),
        ("docker.io/library/busybox:1.36", ["busybox:1.36"], True),
        ("busybox:1.36", ["busybox:latest"], False),
        (f"busybox:1.36{DIGEST}", ["busybox:1.36"], False),
        (f"busybox:1.36{DIGEST}", [f"busybox{DIGEST}"], True),
        ("registry.example:5000/team/app", ["registry.example:5000/team/app:latest"], True),
        ("docker.io/team/app:1", ["team/app:1"], True),
    ],
)
def test_a_name_means_what_docker_takes_it_for(name: str, known: list[str], there: bool) -> None:
    assert names.is_among(name, known) is there


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("busybox", True),
        ("docker.io/library/busybox:1.36", True),
        ("team/busybox:1", False),
        ("busyboxes", False),
        (f"busybox{DIGEST}", False),
    ],
)
def test_only_busybox_is_made_here(name: str, made: bool) -> None:
    assert names.is_made_here(name) is made


@pytest.mark.parametrize(
    ("name", "asked"),
    [("web", ("web", "latest")), (f"r.example:5000/a/web:1{DIGEST}", ("r.example:5000/a/web", DIGEST[1:]))],
)
def test_any_image_is_pulled(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, name: str, asked: tuple[str, str]
) -> None:
    monkeypatch.setattr(busybox_image, "has_default_route", lambda: True)
    request = busybox_image.request({"name": name, "pull": name, "build": False, "state": "present"})
    pulled = []

    def pull(repository: str, tag: str) -> None:
        pulled.append((repository, tag))
        docker.images[request.name] = {"Id": "sha256:web"}

    docker.pull = pull  # type: ignore[attr-defined]
    made = busybox_image.plan(docker, request)
    assert busybox_image.apply(docker, made, lambda: docker).source == "pulled"
    assert pulled == [asked]
    assert not busybox_image.plan(docker, request).differences.changed


def test_an_image_that_cannot_be_pulled_nor_made_has_one_line(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = busybox_image.request({"name": "web:1", "pull": "web:1", "build": False, "state": "present"})
    monkeypatch.setattr(busybox_image, "has_default_route", lambda: False)
    with pytest.raises(LabError, match="image web:1 is not on this host: this host has no default route"):
        busybox_image.plan(docker, request)
    monkeypatch.setattr(busybox_image, "has_default_route", lambda: True)
    docker.pull = refuse  # type: ignore[attr-defined]
    with pytest.raises(LabError, match=r"on this host: web:1 was not pulled: no registry answers: put it there"):
        busybox_image.apply(docker, busybox_image.plan(docker, request), lambda: docker)


def test_what_dockerd_says_of_the_archive_is_told(docker: FakeDocker) -> None:
    said = [{"stream": "x"}, {"error": "no space left"}]
    docker.load_image = lambda archive: said  # type: ignore[attr-defined]
    with pytest.raises(LabError, match=r"^image busybox:lab: dockerd does not load the archive: no space left$"):
        run(docker)
    said.clear()
    with pytest.raises(LabError, match=r"^image busybox:lab: dockerd told no error, but does not have it: see"):
        run(docker)


@pytest.mark.parametrize(
    ("binary", "fault"),
    [
        (elf(62) + bytes(1 << 20), ""),
        (elf(62, (1, 3)), "is linked dynamically and cannot run alone in an image: install busybox-static"),
        (b"#!/bin/sh\n", "is no ELF executable: give the path of a static busybox"),
        (None, "install busybox-static, or give path"),
    ],
)
def test_what_keeps_it_from_being_made_is_known_before(tmp_path: Path, binary: bytes | None, fault: str) -> None:
    path = tmp_path / "busybox"
    if binary is not None:
        path.write_bytes(binary)
    found = busybox_image.fault([str(tmp_path / "none"), str(path)])
    assert found.endswith(fault) and bool(found) == bool(fault)
