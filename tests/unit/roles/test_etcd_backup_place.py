# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup comes to a directory that others use as well: nothing there but the backup is changed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

NAME = "emon-20261122T110000Z.tar.gz"
DATA = {"path": "/d", "present": True, "recorded": True, "lab": "emon", "member_id": "a", "cluster_id": "c"}
INFO = {
    "os_family": "Debian",
    "etcd": {"lab": "emon", "kubernetes": False, "active": True, "ready": True, "data": DATA},
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def back_up(tmp_path: Path, directory: Path, checked: dict[str, Any], *options: str) -> int:
    """The role's entry point, whose etcd modules only answer: its code."""
    member = tmp_path / "member" / NAME
    member.parent.mkdir(exist_ok=True)
    member.write_text("of the lab")
    made = {"changed": True, "path": str(member), "manifest": {"v2_keys": 1}}
    answers = {"etcd_backup": made, "etcd_backup_info": checked}
    given = {"lab_host_info": INFO, "etcd_backup_dir": str(directory)}
    code, said, _calls = answering.run(tmp_path, "etcd/backup", answers, given, *options)
    print(said)
    return code


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A directory of others, which have a name in it that is as good as any."""
    directory = tmp_path / "srv"
    (directory / ".incoming").mkdir(parents=True)
    (directory / ".incoming/theirs").write_text("theirs")
    directory.chmod(0o775)
    (directory / ".incoming").chmod(0o777)
    return directory


@pytest.mark.parametrize("checked", [{"changed": False}, {"failed": True, "msg": "damaged"}], ids=["good", "damaged"])
def test_others_things_stay_as_they_are(tmp_path: Path, shared: Path, checked: dict[str, Any]) -> None:
    code = back_up(tmp_path, shared, checked)
    good = "failed" not in checked
    assert (code == 0) == good
    assert sorted(one.name for one in shared.iterdir()) == [".incoming", *([NAME] if good else [])]
    assert (mode(shared), mode(shared / ".incoming")) == (0o775, 0o777)
    assert (shared / ".incoming/theirs").read_text() == "theirs"
    assert not (tmp_path / "member" / NAME).exists()
    if good:
        assert mode(shared / NAME) == 0o600


def test_a_new_directory_is_its_owners_alone(tmp_path: Path) -> None:
    assert back_up(tmp_path, tmp_path / "new", {"changed": False}) == 0
    assert mode(tmp_path / "new") == 0o700 and [one.name for one in (tmp_path / "new").iterdir()] == [NAME]


def test_check_mode_makes_nothing(tmp_path: Path) -> None:
    assert back_up(tmp_path, tmp_path / "new", {"changed": False}, "--check") == 0
    assert not (tmp_path / "new").exists()
