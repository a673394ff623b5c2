# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module program_archive: what it makes of several archives."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import content
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import program_archive

TEXT = b"an archive"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(autouse=True)
def _whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "read", lambda _path, _kind: content.Content("x86_64", 250_400_000))


def run(cache: Path, *archives: dict[str, str]) -> dict[str, Any]:
    return program_archive.TASK.run({"archives": list(archives), "cache": str(cache)}, False)


def test_each_that_is_meant_is_told(tmp_path: Path) -> None:
    file = tmp_path / "docker-20.10.24.tgz"
    file.write_bytes(TEXT)
    found = run(tmp_path / "cache", {"name": "docker", "archive": str(file), "sha256": SHA256.upper()})
    docker = {"path": str(file), "machine": "x86_64", "megabytes": 251, "fetched": False}
    assert found == {"archives": {"docker": docker}, "faults": []}
    assert not (tmp_path / "cache").exists()


def test_all_that_is_wrong_is_told_in_one_go(tmp_path: Path) -> None:
    file = tmp_path / "docker-20.10.24.tgz"
    file.write_bytes(TEXT)
    found = run(
        tmp_path,
        {"name": "docker", "archive": str(file), "sha256": "0" * 64},
        {"name": "etcd", "archive": str(tmp_path / "etcd-v3.5.9-linux-amd64.tar.gz"), "sha256": SHA256},
    )
    assert found["archives"] == {}
    assert [line.partition(":")[0] for line in found["faults"]] == ["docker.archive", "etcd.archive"]
