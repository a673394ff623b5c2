# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.archive import (
    Described,
    look,
    read,
    save,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.names import familiar
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker

from .archives import archive

ID = (
    "sha256:"
    + hashlib.sha256(json.dumps({"architecture": "amd64", "rootfs": {"diff_ids": ["one"]}}).encode()).hexdigest()
)


class Saving(FakeDocker):
    """``saved``: what `docker save` gives of its image web:1."""

    def __init__(self, saved: bytes = b"") -> None:
        super().__init__()
        self.images = {"web:1": {"Id": ID, "RepoTags": ["web:1"], "Architecture": "amd64"}}
        self.saved = saved

    def get_image(self, name: str) -> Iterator[bytes]:
        yield from (self.saved[:100], self.saved[100:])


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_an_image_has_the_hash_of_its_configuration(tmp_path: Path, packed: Any) -> None:
    file = tmp_path / "web.tar"
    file.write_bytes(packed(archive(["docker.io/library/web:1", "own:5000/web"])))
    assert read(str(file)) == [Described("web:1", ID, "amd64"), Described("own:5000/web:latest", ID, "amd64")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"#!/bin/sh\n", "is no whole archive of images (file could not be opened successfully): write it with"),
        (
            archive(["web:1"])[:2000],
            "is no whole archive of images (unexpected end of data): write it with docker save",
        ),
        (archive(["web:1"], without="one/layer.tar"), "(its layer one/layer.tar is missing)"),
        (archive(["web:1"], without="manifest.json"), "(there is no manifest.json in it)"),
        (archive(None), "its images have no name: write it with docker save NAME:TAG -o FILE"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes, line: str) -> None:
    file = tmp_path / "web.tar"
    file.write_bytes(content)
    with pytest.raises(LabError) as caught:
        read(str(file))
    assert str(caught.value).startswith(f"{file}: ")
    assert line in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(LabError, match=r"^/nowhere.tar: No such file or directory$"):
        read("/nowhere.tar")


@pytest.mark.parametrize("name", ["web:1", "docker.io/library/web:1", "library/web:1"])
def test_an_image_of_docker_is_known_by_any_spelling_of_its_name(name: str) -> None:
    docker = Saving()
    docker.images[name] = docker.images["web:1"]
    assert look(docker, name) == Described("web:1", ID, "amd64")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "nothere",
            "image nothere is not in this machine's Docker: make it with docker build --tag nothere, or get it",
        ),
        (ID, f"image {ID}: is an id, by which the lab file cannot name it: use web:1"),
    ],
)
def test_what_docker_has_not_by_that_name_is_refused(name: str, line: str) -> None:
    with pytest.raises(LabError) as caught:
        look(Saving(), name)
    assert str(caught.value).startswith(line)


def test_an_image_is_saved_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "cache/image.tar"
    for _again in range(2):
        assert save(Saving(archive(["web:1"])), "web:1", str(file)) == [Described("web:1", ID, "amd64")]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "expected"), [("web", "web:latest"), ("own:5000/web", "own:5000/web:latest"), ("a/b:c", "a/b:c")]
)
def test_a_name_has_a_tag(name: str, expected: str) -> None:
    assert familiar(name) == expected
