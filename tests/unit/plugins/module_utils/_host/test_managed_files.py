# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files, managed_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.kept_files import Former
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile, Plan, parse

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


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "KEPT", tmp_path.with_name(f"{tmp_path.name}-kept"))


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
        "files[1].path: /etc/default/etcd is listed in files[0] already: remove one of them",
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
    names = [
        "overlay-lab/etcd/ca.crt",
        "etcd.service.d/overlay-lab.conf",
        "b.service.d/b.conf",
        "system/overlay-lab.service",
    ]
    Plan([wanted(tmp_path / name) for name in names]).apply()
    Plan([wanted(tmp_path / name, content=None) for name in names]).apply()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.service.d", "system"]


def test_directories_with_something_in_them_stay(tmp_path: Path) -> None:
    files = [tmp_path / "overlay-lab/etcd/ca.crt", tmp_path / "overlay-lab/other"]
    Plan([wanted(file) for file in files]).apply()
    Plan([wanted(files[0], content=None)]).apply()
    assert [path.name for path in (tmp_path / "overlay-lab").iterdir()] == ["other"]


def test_a_failure_names_the_file_and_leaves_nothing_half_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan([wanted(path)])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(managed_files.os, "fsync", full)
    with pytest.raises(LabError) as error:
        plan.apply()
    assert error.value.faults == [f"{path} cannot be written: No space left on device"]
    assert tree(path.parent) == {"file": ("theirs\n", "0640")}


# -- what stood there before -------------------------------------------------------------------------------------------


def recorded(plan: Plan) -> dict[str, Former]:
    """The record after a plan, by way of the JSON that it is written in."""
    return kept_files.from_record(json.loads(json.dumps(kept_files.to_record(plan.formers))))


def run(files: list[ManagedFile], formers: dict[str, Former]) -> dict[str, Former]:
    """Apply a set as the module does; returns the record."""
    plan = Plan(files, formers)
    plan.apply()
    kept_files.discard(formers, plan.formers)
    return recorded(plan)


def kept_names() -> list[str]:
    return sorted(path.name.rpartition(".")[0].rpartition("-")[2] for path in kept_files.KEPT.glob("*"))


@pytest.mark.parametrize("existed", [True, False])
def test_absent_twice_leaves_what_was_there_before(path: Path, existed: bool) -> None:
    if not existed:
        path.unlink()
    before = tree(path.parent)
    gone = [wanted(path, content=None, backup=True)]
    written = run([wanted(path, backup=True)], {})
    assert run([wanted(path, "more\n", backup=True)], written)[str(path)].sha256 == written[str(path)].sha256
    # The record outlives a run that was killed between the last file and the record.
    written = recorded(Plan([wanted(path, "more\n", backup=True)], written))
    for _again in range(2):
        Plan(gone, written).apply()
        assert tree(path.parent) == before
    assert run(gone, written) == {}
    assert kept_names() == []


def test_a_file_that_was_never_written_stays(path: Path) -> None:
    plan = Plan([wanted(path, content=None, backup=True)], {})
    assert not plan.differences.changed and plan.formers == {}


def test_a_file_without_backup_goes_whoever_wrote_it(path: Path) -> None:
    assert run([wanted(path, content=None)], {}) == {}
    assert tree(path.parent) == {}


@pytest.mark.parametrize("kind", ["file", "the same", "link", "directory"])
def test_a_bak_of_somebody_is_neither_taken_nor_lost(path: Path, kind: str) -> None:
    # cp file file.bak, and then the file was edited: as the tutorial does, before there is a lab.
    bak = path.with_name("file.bak")
    if kind == "link":
        (path.parent / "old").write_text("old\n")
        bak.symlink_to("old")
    elif kind == "directory":
        bak.mkdir()
    else:
        bak.write_text("theirs\n" if kind == "the same" else "old\n")
    before = tree(path.parent)
    written = run([wanted(path, backup=True)], {})
    assert {**tree(path.parent), "file": before["file"]} == before
    written = run([wanted(path, "more\n", backup=True)], written)
    run([wanted(path, content=None, backup=True)], written)
    assert tree(path.parent) == before
    assert os.path.lexists(bak) and bak.is_symlink() == (kind == "link")


@pytest.mark.parametrize("change", ["edited", "removed", "replaced by a link"])
def test_a_bak_of_ours_that_somebody_took_is_theirs(path: Path, change: str) -> None:
    written = run([wanted(path, backup=True)], {})
    bak = path.with_name("file.bak")
    bak.unlink()
    if change == "edited":
        bak.write_text("a note of mine\n")
    elif change == "replaced by a link":
        bak.symlink_to("elsewhere")
    run([wanted(path, content=None, backup=True)], written)
    assert path.read_text() == "theirs\n"
    assert os.path.lexists(bak) == (change != "removed")


def test_what_is_kept_is_nobody_elses_to_read(path: Path) -> None:
    run([wanted(path, backup=True)], {})
    (kept,) = kept_files.KEPT.iterdir()
    assert (kept.stat().st_mode & 0o777, kept_files.KEPT.stat().st_mode & 0o777) == (0o600, 0o700)
    assert kept.name.endswith(f"-file.{hashlib.sha256(b'theirs' + bytes([10])).hexdigest()}")


@pytest.mark.parametrize("lost", ["kept", "damaged", "bak", "both"])
def test_it_comes_back_from_where_it_has_its_hash_or_a_line_says_so(path: Path, lost: str) -> None:
    written = run([wanted(path, backup=True)], {})
    (kept,) = kept_files.KEPT.iterdir()
    if lost in ("kept", "both"):
        kept.unlink()
    if lost == "damaged":
        kept.write_text("something else")
    if lost in ("bak", "both"):
        path.with_name("file.bak").write_text("something else")
    gone = [wanted(path, content=None, backup=True)]
    if lost == "both":
        before = tree(path.parent)
        with pytest.raises(LabError) as error:
            Plan(gone, written)
        assert error.value.faults == [
            f"{path}: the file from before the lab is neither in {kept} nor in {path}.bak:"
            f" put a copy of it in one of them (SHA-256 {written[str(path)].sha256})"
        ]
        assert tree(path.parent) == before
    else:
        run(gone, written)
        assert path.read_text() == "theirs\n"


@pytest.mark.parametrize("existed", [True, False])
def test_what_somebody_edited_meanwhile_is_not_lost(path: Path, existed: bool) -> None:
    if not existed:
        path.unlink()
    before = tree(path.parent)
    written = run([wanted(path, backup=True)], {})
    path.write_text("ours, and a line of mine\n")
    plan = Plan([wanted(path, content=None, backup=True)], written)
    plan.apply()
    (edited,) = path.parent.glob("file.*.edited")
    assert edited.read_text() == "ours, and a line of mine\n"
    assert plan.notes == [f"{path} was edited since the lab wrote it: that is kept as {edited}"]
    edited.unlink()
    assert tree(path.parent) == before


def test_what_somebody_put_back_by_hand_is_not_set_aside(path: Path) -> None:
    written = run([wanted(path, backup=True)], {})
    path.with_name("file.bak").rename(path)
    plan = Plan([wanted(path, content=None, backup=True)], written)
    plan.apply()
    assert (tree(path.parent), plan.notes) == ({"file": ("theirs\n", "0640")}, [])


# -- links -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"backup": True}, {"shared": True}])
@pytest.mark.parametrize("link", ["dotfiles/file", "absolute", "a link to a link", "dangling"])
def test_a_link_stays_one(tmp_path: Path, link: str, given: dict[str, bool]) -> None:
    target, path = tmp_path / "dotfiles/file", tmp_path / "file"
    target.parent.mkdir()
    if link != "dangling":
        target.write_text("theirs\n")
        target.chmod(0o640)
    if link == "a link to a link":
        (tmp_path / "dotfiles/link").symlink_to("file")
    leads = {"absolute": str(target), "a link to a link": "dotfiles/link"}.get(link, "dotfiles/file")
    path.symlink_to(leads)
    before = tree(tmp_path)
    written = run([wanted(path, **given)], {})
    assert (str(path.readlink()), target.read_text()) == (leads, "ours\n")
    if "backup" not in given:
        return
    assert not Plan([wanted(path, backup=True)], written).differences.changed
    run([wanted(path, content=None, backup=True)], written)
    assert (str(path.readlink()), tree(tmp_path)) == (leads, before)


def test_what_a_link_in_the_place_of_ours_leads_to_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs\n")
    (tmp_path / "ours").symlink_to("theirs")
    run([wanted(tmp_path / "ours", content=None)], {})
    assert tree(tmp_path) == {"theirs": ("theirs\n", "0644")}
    (tmp_path / "ours").symlink_to("theirs")
    run([wanted(tmp_path / "ours")], {})
    assert tree(tmp_path) == {"theirs": ("theirs\n", "0644"), "ours": ("ours\n", "0644")}
    assert not (tmp_path / "ours").is_symlink()


def test_a_failure_leaves_the_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("theirs\n")
    (tmp_path / "file").symlink_to("target")
    plan = Plan([wanted(tmp_path / "file", backup=True)], {})
    plan.apply()
    plan.undo()
    assert (tmp_path / "file").is_symlink() and (tmp_path / "target").read_text() == "theirs\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "target"]


# -- what stands in the way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_what_is_no_file_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null" if kind == "device" else "file")
    with pytest.raises(LabError) as error:
        Plan([wanted(path)])
    words = "Too many levels of symbolic links" if kind == "loop" else "it is not a regular file"
    assert error.value.faults == [f"{path} cannot be read: {words}"]


@pytest.mark.parametrize(
    ("attribute", "of", "why"),
    [
        (0x10, "file", "{file} is immutable: remove that attribute (chattr -i {file})"),
        (0x20, "file", "{file} is append-only: remove that attribute (chattr -a {file})"),
        (0x10, "directory", "{directory} is immutable: remove that attribute (chattr -i {directory})"),
        (None, "mount", "it is a mount of its own: unmount it (umount {file}), or edit what is mounted there"),
    ],
)
def test_the_cause_is_told_before_anything_is_touched(
    path: Path, monkeypatch: pytest.MonkeyPatch, attribute: int | None, of: str, why: str
) -> None:
    places = {"file": path, "directory": path.parent}
    monkeypatch.setattr(managed_files, "_attributes", lambda one: attribute if one == places.get(of) else 0)
    monkeypatch.setattr(managed_files, "_mount_points", lambda: {str(path)} if of == "mount" else set())
    before = tree(path.parent)
    with pytest.raises(LabError) as error:
        Plan([wanted(path.parent / "new") if of == "directory" else wanted(path)])
    faulty = path.parent / "new" if of == "directory" else path
    assert error.value.faults == [f"{faulty} cannot be written: {why.format(file=path, directory=path.parent)}"]
    assert tree(path.parent) == before
    # One that is as wanted already is in nobody's way.
    if of != "directory":
        assert not Plan([wanted(path, "theirs\n", mode=0o640)]).differences.changed


def test_root_is_not_told_to_use_become(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    for user, said in ((0, "Operation not permitted"), (1000, "Operation not permitted; use become")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        plan = Plan([wanted(path, secret=True)])
        with monkeypatch.context() as patched, pytest.raises(LabError) as error:
            patched.setattr(os, "fsync", refuse)
            plan.apply()
        assert error.value.faults == [f"{path} cannot be written: {said}"]


def test_attributes_of_a_real_file(path: Path) -> None:
    assert managed_files._attributes(path) & 0x30 == 0
    assert "/proc" in managed_files._mount_points()


# -- labs that stand already -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("had", "bak", "sha256"),
    [
        pytest.param(True, True, hashlib.sha256(b"theirs").hexdigest(), id="kept as bak"),
        pytest.param(True, False, None, id="it is back already"),
        pytest.param(False, False, "", id="nothing was there"),
    ],
)
def test_what_an_older_lab_recorded_is_taken_over(tmp_path: Path, had: bool, bak: bool, sha256: str | None) -> None:
    path = tmp_path / "file"
    path.write_text("ours\n")
    if bak:
        path.with_name("file.bak").write_text("theirs")
    formers = kept_files.from_record({str(path): had})
    assert (formers[str(path)].sha256 if formers else None) == sha256
    if not formers:
        return
    # Taken over by a run that finds everything as wanted.
    written = run([wanted(path, backup=True)], formers)
    assert written[str(path)].wrote == hashlib.sha256(b"ours" + bytes([10])).hexdigest()
    assert kept_names() == (["file"] if bak else [])
    run([wanted(path, content=None, backup=True)], written)
    assert {name: text for name, (text, _mode) in tree(tmp_path).items()} == ({"file": "theirs"} if bak else {})
