# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose etcd data is removed or moved, and whose never is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import data as etcd_data
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned as host_owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._etcd.test_files import frame, varint

STAMP = "20261122T110000Z"
OURS, THEIRS = "c1/a1", "c9/a9"


def put(path: Path, identity: str) -> Path:
    """A data directory of a member; '' for one whose log cannot be read."""
    cluster, _, member = (identity or "0/0").partition("/")
    ids = b"\x08" + varint(int(member, 16)) + b"\x10" + varint(int(cluster, 16))
    (path / "wal").mkdir(parents=True)
    (path / "member").mkdir()
    log = frame(4) + frame(1, ids) + bytes(512) if identity else b"\xff" * 512
    (path / "wal/0000000000000000-0000000000000000.wal").write_bytes(log)
    (path / "member/db").write_bytes(os.urandom(99))
    return path


def tree(path: Path) -> dict[str, Any]:
    """All that is below a path."""
    return {str(one.relative_to(path)): one.read_bytes() if one.is_file() else None for one in sorted(path.rglob("*"))}


class Host:
    """A host's record, configuration and directories."""

    def __init__(self, root: Path) -> None:
        self.record, self.config, self.data = root / "lib/state.json", root / "etcd", root / "etcd-data/default.etcd"
        self.data.parent.mkdir()

    def configured(self, lab: str = "emon", data_dir: Path | None = None) -> None:
        told = f'# Managed by emon.overlay_lab for the lab {lab}: x\nETCD_DATA_DIR="{data_dir or self.data}"\n'
        self.config.write_text(told, encoding="utf-8")

    def joined(self, lab: str = "emon") -> None:
        host_record.update_identity({"lab": lab}, self.record)

    def owns(self, identity: str, path: Path | None = None, lab: str = "emon") -> None:
        host_owned.claim("etcd", {identity: {"lab": lab, "path": str(path or self.data)}}, self.record)

    def run(
        self, state: str, path: Path | None = None, member: str = "", enabled: bool = False
    ) -> tuple[list[str], etcd_data.Plan]:
        request = etcd_data.Request(path or self.data, "emon", state, member, enabled)
        known = etcd_files.founded(self.config, self.record)
        found = [etcd_data.look(one) for one in etcd_data.places(request, known)]
        decided = etcd_data.plan(request, known, found)
        return etcd_data.apply(request, decided, STAMP, self.record), decided

    def owned(self) -> dict | None:
        return host_owned.of_kind("etcd", self.record)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("state", ["absent", "set_aside", "copied"])
@pytest.mark.parametrize(
    ("held", "recorded", "said"),
    [
        pytest.param(THEIRS, OURS, "member a9 of cluster c9, which is not the lab emon's", id="somebody else's"),
        pytest.param(OURS, "", "no member is recorded", id="no record"),
        pytest.param("c9/a1", OURS, "member a1 of cluster c9", id="of another cluster"),
        pytest.param("", OURS, "log cannot be read", id="a log that cannot be read"),
    ],
)
def test_what_is_not_the_labs_stays(host: Host, state: str, held: str, recorded: str, said: str) -> None:
    host.configured()
    if recorded:
        host.joined()
        host.owns(recorded)
    before = (tree(put(host.data, held)), host.owned())
    with pytest.raises(LabError) as error:
        host.run(state)
    assert len(error.value.faults) == 1
    assert said in error.value.faults[0]
    assert str(host.data) in error.value.faults[0]
    assert (tree(host.data), host.owned()) == before


@pytest.mark.parametrize("state", ["absent", "set_aside"])
def test_files_that_are_no_data_of_etcd_stay(host: Host, state: str) -> None:
    host.configured()
    host.owns(OURS)
    host.data.mkdir()
    (host.data / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(LabError, match="files that are not etcd's data"):
        host.run(state)
    assert (host.data / "thesis.tex").exists()


@pytest.mark.parametrize(
    ("configured", "recorded", "entries", "taken"),
    [
        pytest.param("emon", OURS, ("member/snap/db",), True, id="a failed start's"),
        pytest.param("emon", OURS, ("member/snap/db", "member/wal.tmp/0.wal"), True, id="killed at its first log"),
        pytest.param("emon", OURS, ("member/snap/db", "member/thesis.tex"), False, id="with a file that is not etcd's"),
        pytest.param("emon", OURS, ("member/snap/db", "thesis.tex"), False, id="with a file beside it"),
        pytest.param("emon", OURS, ("member",), False, id="a file of that name"),
        pytest.param("emon", "", ("member/snap/db",), False, id="no member was recorded"),
        pytest.param("other", OURS, ("member/snap/db",), False, id="configured by another lab"),
    ],
)
def test_what_a_start_without_data_leaves_is_set_aside(
    host: Host, configured: str, recorded: str, entries: tuple[str, ...], taken: bool
) -> None:
    """The unit restarts an etcd whose data is gone, again and again."""
    host.configured(configured)
    host.joined()
    host.owns(recorded or "c1/a2", None if recorded else host.data.with_name("elsewhere"), configured)
    for entry in entries:
        (host.data / entry).parent.mkdir(parents=True, exist_ok=True)
        (host.data / entry).write_text("x", encoding="utf-8")
    before = tree(host.data)
    if not taken:
        with pytest.raises(LabError, match="files that are not etcd's data"):
            host.run("claimed")
        assert tree(host.data) == before
        return
    named, _ = host.run("claimed")
    assert [tree(Path(one)) for one in named] == [before]
    assert host.owned() == {str(host.data): {"lab": "emon", "path": str(host.data)}}
    assert host.run("claimed") == ([], etcd_data.Plan())


def test_the_labs_data_goes(host: Host) -> None:
    put(host.data, OURS)
    host.owns(OURS)
    (host.data / "link").symlink_to(host.record)
    _, decided = host.run("absent")
    assert decided.act == (host.data,)
    assert not host.data.exists()
    assert host.owned() is None
    assert not host.record.exists()
    assert host.run("absent")[1] == etcd_data.Plan()


def test_the_labs_data_is_set_aside_and_no_longer_the_members(host: Host) -> None:
    before = tree(put(host.data, OURS))
    host.owns(OURS)
    for expected in ("default.etcd.20261122T110000Z", "default.etcd.20261122T110000Z-1"):
        named, _ = host.run("set_aside")
        assert named == [str(host.data.with_name(expected))]
        assert tree(Path(named[0])) == before
        assert not host.data.exists()
        assert host.owned() == {}
        Path(named[0]).rename(host.data)
        (host.data.parent / expected).mkdir()
        host.owns(OURS)


def test_a_copy(host: Host) -> None:
    before = tree(put(host.data, OURS))
    host.owns(OURS)
    named, _ = host.run("copied")
    assert tree(Path(named[0])) == before == tree(host.data)
    assert host.owned() is not None


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo half > $5/half; echo no room >&2; exit 1", "cannot be made: no room"), ("sleep 9", "not done after")],
)
def test_a_copy_that_fails_leaves_nothing(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/cp").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (tmp_path / "bin/cp").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(etcd_data, "_COPY_SECONDS", 0.5)
    put(host.data, OURS)
    host.owns(OURS)
    with pytest.raises(LabError, match=said):
        host.run("copied")
    assert list(host.data.parent.iterdir()) == [host.data]


def test_the_labs_data_elsewhere_goes_and_somebody_elses_stays(host: Host, tmp_path: Path) -> None:
    host.owns(OURS, put(tmp_path / "x", OURS))
    before = tree(put(host.data, THEIRS))
    _, decided = host.run("absent")
    assert not (tmp_path / "x").exists()
    assert tree(host.data) == before
    assert len(decided.left) == 1
    assert str(host.data) in decided.left[0]


def test_somebody_elses_data_where_the_labs_was_stays(host: Host, tmp_path: Path) -> None:
    before = tree(put(tmp_path / "x", THEIRS))
    host.owns(OURS, tmp_path / "x")
    _, decided = host.run("absent")
    assert tree(tmp_path / "x") == before
    assert len(decided.left) == 1


@pytest.mark.parametrize("state", ["absent", "set_aside", "copied", "claimed"])
def test_a_link_is_not_followed(host: Host, tmp_path: Path, state: str) -> None:
    before = tree(put(tmp_path / "elsewhere", OURS))
    host.owns(OURS)
    host.data.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LabError, match="is no directory"):
        host.run(state, member=OURS)
    assert tree(tmp_path / "elsewhere") == before
    assert host.data.is_symlink()


@pytest.mark.parametrize("make", [os.mkfifo, lambda log: log.symlink_to("/dev/zero")])
def test_a_log_that_is_no_file_is_not_read(host: Host, make: Any) -> None:
    (host.data / "wal").mkdir(parents=True)
    make(host.data / "wal/0.wal")
    found = etcd_data.look(host.data)
    assert (found.present, found.identity) == (True, "")


def test_a_member_from_nothing(host: Host) -> None:
    host.joined()
    assert host.run("claimed")[1].claim
    assert not host.run("claimed")[1].claim
    host.configured()
    put(host.data, OURS)
    assert etcd_files.read(host.config, host.data, 0, host.record)["data"]["lab"] == "emon"
    with pytest.raises(LabError, match="the member that runs here is not known"):
        host.run("claimed")
    host.run("claimed", member=OURS)
    assert host.owned() == {OURS: {"lab": "emon", "path": str(host.data)}}
    assert host.run("claimed", member=OURS)[1] == etcd_data.Plan()


def test_whether_etcd_started_at_boot_before_is_remembered(host: Host) -> None:
    """Until the lab's data goes. A member that joins again does not take the lab's unit for that from before."""

    def before() -> bool:
        return etcd_files.read(host.config, host.data, 0, host.record)["enabled_before"]

    assert not before()
    host.run("claimed", enabled=True)
    assert before()
    host.configured()
    put(host.data, OURS)
    host.run("claimed", member=OURS, enabled=False)
    host.run("set_aside")
    host.run("claimed", enabled=False)
    assert before()
    put(host.data, OURS)
    host.run("claimed", member=OURS)
    host.run("absent")
    assert not before() and not host.record.exists()
    host.config.unlink()
    # Founded anew, on a host where the unit was disabled meanwhile.
    host.run("claimed", enabled=False)
    assert not before()


def test_one_that_was_killed_while_it_was_founded(host: Host) -> None:
    host.run("claimed")
    host.configured()
    (host.data / "member").mkdir(parents=True)
    host.run("absent")
    assert not host.data.exists()


@pytest.mark.parametrize("configured", [True, False])
def test_nothing_is_awaited_where_something_is(host: Host, configured: bool) -> None:
    host.joined()
    host.owns("c2/a2", Path("/nowhere"))
    put(host.data, THEIRS)
    if configured:
        host.configured()
    with pytest.raises(LabError, match="member a9 of cluster c9"):
        host.run("claimed", member=THEIRS)
    assert THEIRS not in (host.owned() or {})


def test_what_is_awaited_is_not_another_labs(host: Host) -> None:
    host.run("claimed")
    host.configured(lab="school")
    put(host.data, OURS)
    with pytest.raises(LabError):
        host.run("absent")
    assert host.data.exists()


def test_a_lab_from_before_is_taken_over_once(host: Host) -> None:
    host.joined()
    host.configured()
    put(host.data, OURS)
    with pytest.raises(LabError, match=r"run playbooks/overlay\.yml once"):
        host.run("absent")
    with pytest.raises(LabError, match="the member that runs here is c9/a9"):
        host.run("claimed", member=THEIRS)
    host.run("claimed", member=OURS)
    host.run("absent")
    assert not host.data.exists()


@pytest.mark.parametrize("wrong", ["lab", "directory", "record", "ids"])
def test_a_lab_from_before_where_something_does_not_fit(host: Host, tmp_path: Path, wrong: str) -> None:
    host.joined("school" if wrong == "record" else "emon")
    host.configured("school" if wrong == "lab" else "emon", tmp_path if wrong == "directory" else None)
    if wrong == "ids":
        host.owns("c2/a2")
    put(host.data, OURS)
    with pytest.raises(LabError):
        host.run("claimed", member=OURS)
    assert etcd_files.read(host.config, host.data, 0, host.record)["data"]["lab"] == ""


def test_the_lab_has_one_directory(host: Host, tmp_path: Path) -> None:
    host.owns(OURS, put(tmp_path / "x", OURS))
    with pytest.raises(LabError, match=f"-e etcd_data_dir={tmp_path}/x"):
        host.run("claimed")


def test_another_labs_ids_are_not_ours(host: Host) -> None:
    put(host.data, OURS)
    host.owns(OURS, lab="school")
    with pytest.raises(LabError):
        host.run("absent")
    assert host.data.exists()
