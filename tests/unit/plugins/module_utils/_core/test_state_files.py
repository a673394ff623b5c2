# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def test_write_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/state.json"
    state_files.write_json(path, {"b": [1, None], "a": "ü"})
    assert state_files.read_json(path) == {"a": "ü", "b": [1, None]}
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(path.parent) == ["state.json"]


@pytest.mark.parametrize("name", ["none.json", "none/state.json", "file/state.json"])
def test_read_where_there_is_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    assert state_files.read_json(tmp_path / name) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", ""),
        (b'{"lab": "em', ""),
        (b"[]", " (it: [] is not a mapping)"),
        (b"null", " (it: None is not a mapping)"),
        (b"\xff\xfe{}", ""),
        pytest.param(b"[" * 100_000, "", id="nested without end"),
        (b'{"format": "1"}', " (format: '1' is none)"),
        (b'{"format": true}', " (format: True is none)"),
        (b'{"format": 0}', " (format: 0 is none)"),
    ],
)
def test_damaged_file_is_never_to_be_removed(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(LabError) as error:
        state_files.read_json(path)
    assert error.value.faults == [
        f"{path} is damaged{why}: put a copy of it back, or set it aside (mv {path} {path}.damaged):"
        " then what it remembers is not known to be the lab's, and stays"
    ]
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("kind", "said"), [("fifo", "it is not a regular file"), ("link to a device", "it is not a regular file")]
)
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / "state.json"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(LabError) as error:
        state_files.read_json(path)
    assert error.value.faults == [f"{path} cannot be read: {said}"]


def test_a_record_says_its_format(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state_files.write_json(path, {"lab": "emon"})
    assert json.loads(path.read_text()) == {"lab": "emon", "format": 1}
    # As all records were before they said it.
    path.write_text('{"lab": "emon"}')
    assert state_files.read_json(path) == {"lab": "emon"}
    path.write_text('{"lab": "emon", "format": 2}')
    with pytest.raises(LabError) as error:
        state_files.read_json(path)
    assert error.value.faults == [
        f"{path} has the format 2, and this version of the collection knows 1:"
        " use the version of emon.overlay_lab that wrote it, or a later one"
    ]


def test_the_directory_is_on_the_disk_after_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os,
        "fsync",
        lambda one: (done.append("directory" if stat.S_ISDIR(os.fstat(one).st_mode) else "file"), fsync(one)),
    )
    monkeypatch.setattr(os, "replace", lambda *given, **named: (done.append("renamed"), replace(*given, **named)))
    state_files.write_json(tmp_path / "state.json", {})
    assert done == ["file", "renamed", "directory"]


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / f".state.json.{os.getpid()}").symlink_to("secret")
    state_files.write_json(tmp_path / "state.json", {})
    assert (tmp_path / "secret").read_text() == "secret"
    assert sorted(names(tmp_path)) == ["secret", "state.json"]


def test_directory_in_the_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be read: Is a directory"):
        state_files.read_json(tmp_path)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left on device"), (errno.EACCES, "Permission denied; use become")],
)
def test_failed_write_leaves_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    path = tmp_path / "state.json"
    state_files.write_json(path, {"lab": "emon"})

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(state_files.os, "fsync", fail)
    with pytest.raises(LabError) as error:
        state_files.write_json(path, {"lab": "other"})
    assert error.value.faults == [f"{path} cannot be written: {said}"]
    assert state_files.read_json(path) == {"lab": "emon"}
    assert names(tmp_path) == ["state.json"]


def count_up(path: Path, lock: Path, times: int, remove: bool) -> None:
    for _time in range(times):
        with state_files.locked(lock):
            found = state_files.read_json(path) or {"count": 0}
            state_files.write_json(path, {"count": found["count"] + 1})
            if remove:
                state_files.remove_lock(lock)


@pytest.mark.parametrize("remove", [False, True])
def test_lock_excludes_others_even_where_its_holder_removes_it_and_its_directory(tmp_path: Path, remove: bool) -> None:
    path = tmp_path / "state.json"
    context = multiprocessing.get_context("fork")
    given = (path, tmp_path / "locks/state.lock", 25, remove)
    workers = [context.Process(target=count_up, args=given) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert state_files.read_json(path) == {"count": 100}
    assert (tmp_path / "locks").exists() != remove


def test_a_lock_that_is_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.lock").symlink_to("none/state.lock")
    with pytest.raises(LabError, match="cannot be locked: No such file"), state_files.locked(tmp_path / "state.lock"):
        pass


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
        (None, {"daemon": {"backup": True}}, {"sections": {"daemon": {"backup": True}}}),
        (IDENTITY, {"file_set": {"a": True}, "x": {}}, {**IDENTITY, "sections": {"file_set": {"a": True}, "x": {}}}),
    ],
)
def test_record(
    record: Path, identity: dict[str, str] | None, sections: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    host_record.update_identity(identity, record)
    for name, content in sections.items():
        host_record.update(name, content, record)
    assert host_record.read(record) == (expected or {})
    for name, content in sections.items():
        assert host_record.section(name, record) == content
    assert host_record.section("none", record) == {}


def test_identity_and_sections_do_not_meet(record: Path) -> None:
    host_record.update_identity(IDENTITY, record)
    host_record.update("one", {"a": 1}, record)
    host_record.update_identity({**IDENTITY, "site": "company"}, record)
    host_record.update("two", {"b": 2}, record)
    host_record.update("one", None, record)
    assert host_record.read(record) == {**IDENTITY, "site": "company", "sections": {"two": {"b": 2}}}
    host_record.update_identity(None, record)
    assert host_record.read(record) == {"sections": {"two": {"b": 2}}}


def test_nothing_is_left_of_an_empty_record(record: Path) -> None:
    host_record.update_identity(IDENTITY, record)
    host_record.update("one", {"a": 1}, record)
    host_record.update("one", None, record)
    host_record.update_identity(None, record)
    assert names(record.parent) == []
    # What is not there changes nothing.
    host_record.merge("one", lambda section: section, record)
    assert names(record.parent) == []


def test_damaged_record_is_not_taken_for_none(record: Path) -> None:
    record.write_text("{")
    with pytest.raises(LabError):
        host_record.update("one", {"a": 1}, record)
    assert record.read_text() == "{"


# As docker_daemon wrote it first.
DAEMON = {
    "path": "/etc/docker/daemon.json",
    "settings": {"debug": {"existed": False, "before": None}},
    "files": [{"path": "/etc/overlay-lab/docker/ca.crt", "secret": False, "backup": False}],
    "directories": ["/etc/overlay-lab/docker"],
    "had_file": True,
    "backup": True,
    "units": {"docker.service": {"active": True, "enabled": True}},
    "pending": False,
    "to_start": [],
}


def of_daemon(**given: Any) -> dict[str, Any]:
    return {"sections": {"docker_daemon": {**DAEMON, **given}}}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"lab": 5}, "lab: 5 is not a text"),
        ({"lab": "emon", "index": "1"}, "index: '1' is not a whole number"),
        ({"lab": "emon", "index": True}, "index: True is not a whole number"),
        ({"sections": []}, "sections: [] is not a mapping"),
        ({"sections": {"x": None}}, "sections.x: None is not a mapping"),
        ({"sections": {"owned": {"container": ["a"]}}}, "sections.owned.container: ['a'] is not a mapping"),
        ({"sections": {"file_set": {"/etc/a": 1}}}, "sections.file_set./etc/a: 1 is not a mapping"),
        (of_daemon(files=[1]), "sections.docker_daemon.files.0: 1 is not a mapping"),
        (of_daemon(to_start="a"), "sections.docker_daemon.to_start: 'a' is not a list"),
        (
            {"sections": {"docker_daemon": {"files": []}}},
            "sections.docker_daemon.path, settings, units, directories, to_start, had_file, pending: missing",
        ),
    ],
)
def test_a_record_of_wrong_types_is_damaged(record: Path, written: dict[str, Any], why: str) -> None:
    state_files.write_json(record, written)
    before = record.read_text()
    for use in (
        lambda: host_record.read(record),
        lambda: host_record.section("x", record),
        lambda: host_record.update("x", {"a": 1}, record),
        lambda: host_record.update_identity(None, record),
    ):
        with pytest.raises(LabError) as error:
            use()
        assert error.value.faults[0].startswith(f"{record} is damaged ({why}): put a copy of it back")
    assert record.read_text() == before


@pytest.mark.parametrize("said", [{}, {"file_set": {"/etc/a": True}}, {"docker_daemon": DAEMON}])
def test_a_record_of_before_is_read(record: Path, said: dict[str, Any]) -> None:
    record.write_text(json.dumps({**IDENTITY, "index": 3, "sections": said}))
    assert host_record.read(record)["sections"] == said
