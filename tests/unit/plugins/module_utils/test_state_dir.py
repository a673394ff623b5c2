# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _host_record, _state_dir
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def test_write_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/state.json"
    _state_dir.write_json(path, {"b": [1, None], "a": "ü"})
    assert _state_dir.read_json(path) == {"a": "ü", "b": [1, None]}
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(path.parent) == ["state.json"]


@pytest.mark.parametrize("name", ["none.json", "none/state.json", "file/state.json"])
def test_read_where_there_is_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    assert _state_dir.read_json(tmp_path / name) is None


@pytest.mark.parametrize("content", [b"", b'{"lab": "em', b"[]", b"null", b"\xff\xfe{}"])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(LabError) as error:
        _state_dir.read_json(path)
    assert error.value.faults == [
        f"{path} is damaged: put a copy of it back, or remove it and what it remembers is lost"
    ]


def test_directory_in_the_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be read: Is a directory"):
        _state_dir.read_json(tmp_path)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left on device"), (errno.EACCES, "Permission denied; use become")],
)
def test_failed_write_leaves_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    path = tmp_path / "state.json"
    _state_dir.write_json(path, {"lab": "emon"})

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(_state_dir.os, "fsync", fail)
    with pytest.raises(LabError) as error:
        _state_dir.write_json(path, {"lab": "other"})
    assert error.value.faults == [f"{path} cannot be written: {said}"]
    assert _state_dir.read_json(path) == {"lab": "emon"}
    assert names(tmp_path) == ["state.json"]


def count_up(path: Path, times: int, remove: bool) -> None:
    for _time in range(times):
        lock = path.with_suffix(".lock")
        with _state_dir.locked(lock):
            found = _state_dir.read_json(path) or {"count": 0}
            _state_dir.write_json(path, {"count": found["count"] + 1})
            if remove:
                lock.unlink()


@pytest.mark.parametrize("remove", [False, True])
def test_lock_excludes_others_even_where_its_holder_removes_it(tmp_path: Path, remove: bool) -> None:
    path = tmp_path / "state.json"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=count_up, args=(path, 25, remove)) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert _state_dir.read_json(path) == {"count": 100}


# -- the host's record -------------------------------------------------------------------------------------------------

IDENTITY = {"lab": "emon", "machine_id": "0a", "site": "home", "engine": "cluster_store"}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.mark.parametrize(
    ("identity", "sections", "expected"),
    [
        (None, {}, None),
        (IDENTITY, {}, {**IDENTITY, "sections": {}}),
        (None, {"docker_daemon": {"backup": True}}, {"sections": {"docker_daemon": {"backup": True}}}),
        (IDENTITY, {"file_set": {"a": 1}, "x": {}}, {**IDENTITY, "sections": {"file_set": {"a": 1}, "x": {}}}),
    ],
)
def test_record(
    record: Path, identity: dict[str, str] | None, sections: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    _host_record.update_identity(identity, record)
    for name, content in sections.items():
        _host_record.update(name, content, record)
    assert _host_record.read(record) == (expected or {})
    for name, content in sections.items():
        assert _host_record.section(name, record) == content
    assert _host_record.section("none", record) == {}


def test_identity_and_sections_do_not_meet(record: Path) -> None:
    _host_record.update_identity(IDENTITY, record)
    _host_record.update("one", {"a": 1}, record)
    _host_record.update_identity({**IDENTITY, "site": "company"}, record)
    _host_record.update("two", {"b": 2}, record)
    _host_record.update("one", None, record)
    assert _host_record.read(record) == {**IDENTITY, "site": "company", "sections": {"two": {"b": 2}}}
    _host_record.update_identity(None, record)
    assert _host_record.read(record) == {"sections": {"two": {"b": 2}}}


def test_nothing_is_left_of_an_empty_record(record: Path) -> None:
    _host_record.update_identity(IDENTITY, record)
    _host_record.update("one", {"a": 1}, record)
    _host_record.update("one", None, record)
    _host_record.update_identity(None, record)
    assert names(record.parent) == []


def test_damaged_record_is_not_taken_for_none(record: Path) -> None:
    record.write_text("{")
    with pytest.raises(LabError):
        _host_record.update("one", {"a": 1}, record)
    assert record.read_text() == "{"
