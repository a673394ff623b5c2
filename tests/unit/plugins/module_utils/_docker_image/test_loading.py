# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.archive import Described
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.loading import apply, plan
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker

WEB = Described("web:1", "sha256:web", "amd64")


class Loading(FakeDocker):
    """A host's dockerd, which loads ``coming``, or says ``refusal``."""

    def __init__(self, **images: str) -> None:
        super().__init__()
        self.images = {f"{name}:1": {"Id": f"sha256:{identity}"} for name, identity in images.items()}
        self.coming = {"web:1": {"Id": "sha256:web"}}
        self.refusal = ""

    def version(self) -> dict[str, str]:
        return {"Version": "20.10.24", "Arch": "amd64"}

    def tag(self, image: str, repository: str, tag: str) -> None:
        self._changing("tag", f"{repository}:{tag}")
        self.images[f"{repository}:{tag}"] = {"Id": image}

    def load_image(self, archive: BinaryIO) -> list[dict[str, str]]:
        self._changing("load_image", archive.read().decode())
        if self.refusal:
            return [{"error": self.refusal}]
        self.images |= self.coming
        return [{"stream": "Loaded image: web:1"}]


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "web.tar").write_text("an archive", encoding="ascii")
    return str(tmp_path / "web.tar")


@pytest.mark.parametrize(
    ("docker", "state", "calls"),
    [
        (Loading(), "loaded", [("load_image", "an archive")]),
        (Loading(web="former"), "loaded", [("load_image", "an archive")]),
        (Loading(other="web"), "named", [("tag", "web:1")]),
        (Loading(web="web"), "present", []),
    ],
)
def test_only_content_that_is_not_there_is_loaded(docker: Loading, file: str, state: str, calls: list) -> None:
    made = plan(docker, [WEB], replace=True)
    assert made.states == {"web:1": state}
    assert made.differences.changed is bool(calls)
    assert docker.calls == []
    apply(docker, made, file)
    assert docker.calls == calls
    assert not plan(docker, [WEB], replace=False).differences.changed


def test_every_reason_not_to_load_is_told() -> None:
    arm = Described("own/arm:1", "sha256:arm", "arm64")
    with pytest.raises(LabError) as caught:
        plan(Loading(web="theirs"), [WEB, arm], replace=False)
    assert caught.value.faults == [
        "image web:1: this host has another one of that name (theirs), which may be somebody's: take its name"
        " (docker rmi web:1), or run with -e replace=true",
        "image own/arm:1: is for arm64, and this host is amd64: build it for amd64",
    ]


def test_a_processor_runs_what_is_for_its_forerunner() -> None:
    assert plan(Loading(), [Described("old:1", "sha256:old", "386")], replace=False).states == {"old:1": "loaded"}


def test_what_dockerd_says_of_the_archive_is_told(file: str) -> None:
    docker = Loading()
    docker.refusal = "no space left on device"
    with pytest.raises(LabError, match=f"^{file}: dockerd does not load the archive: no space left on device$"):
        apply(docker, plan(docker, [WEB], replace=False), file)
    docker.refusal, docker.coming = "", {}
    with pytest.raises(LabError, match=r"^image web:1: dockerd told no error, but does not have it: see its log$"):
        apply(docker, plan(docker, [WEB], replace=False), file)
    with pytest.raises(LabError, match=r"^/nowhere.tar: No such file or directory$"):
        apply(docker, plan(docker, [WEB], replace=False), "/nowhere.tar")
