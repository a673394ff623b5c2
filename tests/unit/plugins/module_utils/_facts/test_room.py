# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import room


def test_each_file_system_once(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    found = room.read([str(tmp_path), f"{tmp_path}/var/lib/etcd/not/there", f"{tmp_path}/var"])
    told = os.statvfs(tmp_path)
    assert [one["path"] for one in found] == [str(tmp_path)]
    assert found[0]["free"] == pytest.approx(told.f_bavail * told.f_frsize / 1e6, abs=200)
    assert not found[0]["read_only"]


def test_a_path_that_is_not_there_is_its_parents(tmp_path: Path) -> None:
    assert [one["path"] for one in room.read([f"{tmp_path}/a/b"])] == [str(tmp_path)]


def test_a_read_only_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    told = os.statvfs("/")
    read_only = os.statvfs_result((*told[:8], told.f_flag | os.ST_RDONLY, told.f_namemax))
    monkeypatch.setattr(room.os, "statvfs", lambda path: read_only)
    assert room.read(["/"])[0]["read_only"]


def test_a_file_system_that_is_mounted_in_two_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a bind mount, a part of it is read-only."""
    data = tmp_path / "var/lib/etcd/default.etcd"
    data.mkdir(parents=True)
    real = os.statvfs

    def told(path: Path) -> os.statvfs_result:
        found = real(path)
        flags = found.f_flag | os.ST_RDONLY if "etcd" in str(path) else found.f_flag
        return os.statvfs_result((*found[:8], flags, found.f_namemax))

    monkeypatch.setattr(room.os, "statvfs", told)
    found = room.read([str(tmp_path), str(data)])
    assert [(one["path"], one["read_only"]) for one in found] == [(str(tmp_path), False), (str(data), True)]
    assert found[1]["mount"] == f"{tmp_path}/var/lib/etcd"
