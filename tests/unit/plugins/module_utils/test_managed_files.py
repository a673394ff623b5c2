# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _managed_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._managed_files import (
    ManagedFile,
    Plan,
    parse,
    remember,
    to_remove,
)

USER = pwd.getpwuid(os.getuid()).pw_name
GROUP = grp.getgrgid(os.getgid()).gr_name


def wanted(path: Path, content: str | None = "ours\n", **given: Any) -> ManagedFile:
    return ManagedFile(path, content, **{"owner": USER, "group": GROUP, **given})


def option(**given: Any) -> dict[str, Any]:
    """One element of the option `files` as AnsibleModule passes it on."""
    defaults = {
        "path": "/etc/default/etcd",
        "content": "ours\n",
        "secret_content": None,
        "mode": "0644",
        "owner": USER,
        "group": GROUP,
        "backup": False,
    }
    return {**defaults, **given}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that somebody else wrote."""
    found = tmp_path / "file"
    found.write_text("theirs\n")
    found.chmod(0o640)
    return found


def tree(directory: Path) -> dict[str, tuple[str, str]]:
    """Name -> content and mode of every file."""
    return {
        str(file.relative_to(directory)): (file.read_text(), f"{file.stat().st_mode & 0o7777:04o}")
        for file in directory.rglob("*")
        if file.is_file()
    }


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "present", "expected"),
    [
        ({}, True, {"content": "ours\n", "mode": 0o644, "secret": False}),
        ({"content": None, "secret_content": "key", "mode": "0600"}, True, {"content": "key", "secret": True}),
        ({"content": ""}, True, {"content": ""}),
        ({"content": None}, False, {"content": None}),
        ({"owner": "no-such-user", "backup": True}, False, {"content": None, "backup": True}),
    ],
)
def test_parse(given: dict[str, Any], present: bool, expected: dict[str, Any]) -> None:
    (file,) = parse([option(**given)], present)
    assert {key: getattr(file, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"path": "etc/x"}, "files[0].path: etc/x is not an absolute path"),
        ({"content": None}, "files[0]: /etc/default/etcd needs one of content and secret_content"),
        ({"secret_content": "key"}, "files[0]: /etc/default/etcd needs one of content and secret_content"),
        ({"mode": "u=rw"}, 'files[0].mode: u=rw is not a mode such as "0644": write it in octal, in quotes'),
        # What an unquoted 0644 has become by the time a module sees it.
        ({"mode": "420"}, 'files[0].mode: 420 is not a mode such as "0644": write it in octal, in quotes'),
        ({"mode": "0648"}, 'files[0].mode: 0648 is not a mode such as "0644": write it in octal, in quotes'),
        ({"owner": "no-such"}, "files[0].owner: there is no user no-such"),
        ({"group": "no-such"}, "files[0].group: there is no group no-such"),
    ],
)
def test_parse_fault(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(LabError) as error:
        parse([option(**given)], present=True)
    assert error.value.faults == [expected]


def test_parse_finds_every_fault() -> None:
    with pytest.raises(LabError) as error:
        parse([option(), option(mode="x"), option(path="/b", owner="no-such", content=None)], present=True)
    assert error.value.faults == [
        "files[1].path: /etc/default/etcd stands in files[0] already: remove one of them",
        'files[1].mode: x is not a mode such as "0644": write it in octal, in quotes',
        "files[2]: /b needs one of content and secret_content",
        "files[2].owner: there is no user no-such",
    ]


# -- plan --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "differences"),
    [
        pytest.param({"content": "theirs\n", "mode": 0o640}, [], id="as wanted"),
        pytest.param({"content": "ours\n", "mode": 0o640}, [("", "\ntheirs\n", "\nours\n")], id="content"),
        pytest.param({"content": "theirs\n", "mode": 0o600}, [(": mode", "0640", "0600")], id="mode"),
        pytest.param(
            {"content": "a key", "mode": 0o600, "secret": True},
            [("", "secret", "another secret"), (": mode", "0640", "0600")],
            id="a secret does not show",
        ),
        pytest.param({"content": None}, [("", "present", None)], id="absent"),
        pytest.param({"content": None, "backup": True}, [("", "present", None)], id="absent, no backup was made"),
    ],
)
def test_differences(path: Path, given: dict[str, Any], differences: list[tuple[str, Any, Any]]) -> None:
    plan = Plan([wanted(path, **given)])
    assert [(one.what, one.before, one.after) for one in plan.differences.found] == [
        (f"{path}{what}", before, after) for what, before, after in differences
    ]
    assert plan.changed_paths == ([path] if differences else [])
    assert tree(path.parent) == {"file": ("theirs\n", "0640")}, "a plan touches nothing"


@pytest.mark.parametrize(("secret", "shown"), [(False, "\nours\n"), (True, "secret")])
def test_difference_of_a_new_file(tmp_path: Path, secret: bool, shown: str) -> None:
    (difference,) = Plan([wanted(tmp_path / "new", secret=secret)]).differences.found
    assert (difference.before, difference.after) == (None, shown)


def test_absent_and_not_there(tmp_path: Path) -> None:
    assert not Plan([wanted(tmp_path / "none", content=None, backup=True)]).differences.changed


def test_everything_that_cannot_be_read_is_told_at_once(path: Path) -> None:
    (path.parent / "directory").mkdir()
    with pytest.raises(LabError) as error:
        Plan([wanted(path.parent / "directory"), wanted(path), wanted(path / "below a file")])
    assert error.value.faults == [
        f"{path.parent}/directory is a directory, not a file: remove it, or choose another path",
        f"{path}/below a file cannot be read: Not a directory",
    ]


# -- apply and undo ----------------------------------------------------------------------------------------------------


def test_write_and_write_again(tmp_path: Path) -> None:
    files = [wanted(tmp_path / "etc/app.d/a", mode=0o600), wanted(tmp_path / "etc/b", content="ü\n")]
    Plan(files).apply()
    assert tree(tmp_path) == {"etc/app.d/a": ("ours\n", "0600"), "etc/b": ("ü\n", "0644")}
    assert not Plan(files).differences.changed


def test_backup_once_and_back(path: Path) -> None:
    for content in ("first\n", "second\n"):
        Plan([wanted(path, content, backup=True)]).apply()
        assert tree(path.parent) == {"file": (content, "0644"), "file.bak": ("theirs\n", "0640")}
    plan = Plan([wanted(path, content=None, backup=True)])
    assert plan.differences.found[0].after == "restored from its backup"
    plan.apply()
    assert tree(path.parent) == {"file": ("theirs\n", "0640")}


def test_backup_comes_back_where_ours_was_removed_by_hand(path: Path) -> None:
    Plan([wanted(path, backup=True)]).apply()
    path.unlink()
    Plan([wanted(path, content=None, backup=True)]).apply()
    assert tree(path.parent) == {"file": ("theirs\n", "0640")}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([("file", "ours\n", False)], id="replaced"),
        pytest.param([("file", "ours\n", True)], id="replaced, with a backup"),
        pytest.param([("file", None, False), ("new", "ours\n", True)], id="removed, and another made"),
        pytest.param([("kept", None, True)], id="a backup that came back"),
        pytest.param([("lost", None, True)], id="a backup that came back where nothing stood"),
    ],
)
def test_undo(path: Path, files: list[tuple[str, str | None, bool]]) -> None:
    for name in ("kept", "kept.bak", "lost.bak"):
        (path.parent / name).write_text(f"{name}\n")
    before = tree(path.parent)
    plan = Plan([wanted(path.parent / name, content, backup=backup) for name, content, backup in files])
    plan.apply()
    assert tree(path.parent) != before
    plan.undo()
    assert tree(path.parent) == before


def test_directories_of_ours_go_with_the_last_file(tmp_path: Path) -> None:
    ours, other = tmp_path / "overlay-lab/etcd/ca.crt", tmp_path / "etcd.service.d/lab.conf"
    Plan([wanted(ours), wanted(other)]).apply()
    Plan([wanted(ours, content=None), wanted(other, content=None)]).apply()
    assert [path.name for path in tmp_path.iterdir()] == ["etcd.service.d"]


def test_directories_with_something_in_them_stay(tmp_path: Path) -> None:
    files = [tmp_path / "overlay-lab/etcd/ca.crt", tmp_path / "overlay-lab/other"]
    Plan([wanted(file) for file in files]).apply()
    Plan([wanted(files[0], content=None)]).apply()
    assert [path.name for path in (tmp_path / "overlay-lab").iterdir()] == ["other"]


def test_a_failure_names_the_file_and_leaves_nothing_half_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan([wanted(path)])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_managed_files.os, "fsync", full)
    with pytest.raises(LabError) as error:
        plan.apply()
    assert error.value.faults == [f"{path} cannot be written: No space left on device"]
    assert tree(path.parent) == {"file": ("theirs\n", "0640")}


# -- what is remembered of files with a backup -------------------------------------------------------------------------


@pytest.mark.parametrize("existed", [True, False])
def test_absent_twice_leaves_what_was_there_before(path: Path, existed: bool) -> None:
    if not existed:
        path.unlink()
    before = tree(path.parent)
    ours, gone = [wanted(path, backup=True)], [wanted(path, content=None, backup=True)]
    written = remember(ours, {})
    assert written == {str(path): existed}
    Plan(ours).apply()
    assert remember(ours, written) == written, "what is remembered is what was before the first run"
    # The record outlives a run that was killed between the last file and the record.
    for _again in range(2):
        Plan(to_remove(gone, written)).apply()
        assert tree(path.parent) == before


def test_a_file_that_was_never_written_stays(path: Path) -> None:
    assert to_remove([wanted(path, content=None, backup=True)], {}) == []


def test_a_file_without_backup_goes_whoever_wrote_it(path: Path) -> None:
    file = wanted(path, content=None)
    assert to_remove([file], {}) == [file]
    assert remember([file], {}) == {}
