# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups make room for a new one, and which is restored by default: a lab's name is anybody's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import archive as etcd_archive

ROOT = Path(__file__).resolve().parents[3]
OURS, OTHERS = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def chosen(directory: Path, uuid: str = OURS, **given: Any) -> dict[str, Any]:
    """The role's variables, with the lab's backups in a directory."""
    names = ("etcd__surplus", "etcd__restored")
    asked = {"etcd_lab": "emon", "etcd_lab_uuid": uuid, "etcd_backup_dir": str(directory), "etcd_backup_file": ""}
    told = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(ROOT / "roles/etcd/vars/main.yml")],
        "vars": {**asked, "etcd_backup_keep": 1, **given},
        "tasks": [{"ansible.builtin.copy": {"content": told, "dest": str(directory / "told"), "mode": "0600"}}],
    }
    (directory / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", "localhost,", "-c", "local", directory / "play.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((directory / "told").read_text(encoding="utf-8"))


def backup(directory: Path, day: int, uuid: str | None) -> str:
    path = directory / f"emon-202611{day:02}T110000Z.tar.gz"
    manifest = {"format": 1, "lab": "emon", "sentinel": "x", "sha256": {}}
    etcd_archive.pack(path, manifest if uuid is None else {**manifest, "uuid": uuid}, [])
    return str(path)


@pytest.fixture
def shared(tmp_path: Path) -> dict[int, str]:
    """Two labs of one name keep their backups in one directory; the oldest one is from before UUIDs."""
    whose = {1: None, 2: OTHERS, 3: OURS, 4: OURS, 5: OTHERS, 6: OURS, 7: OTHERS}
    # Of the lab emon-2, whose name begins alike.
    (tmp_path / "emon-2-20261101T110000Z.tar.gz").write_bytes(b"damaged")
    return {day: backup(tmp_path, day, uuid) for day, uuid in whose.items()}


def test_only_the_labs_own_make_room(tmp_path: Path, shared: dict[int, str]) -> None:
    assert chosen(tmp_path) == {"etcd__surplus": [shared[3], shared[4]], "etcd__restored": shared[6]}


def test_damaged_ones_stay_and_are_not_passed_over(tmp_path: Path, shared: dict[int, str]) -> None:
    for day in (3, 6):
        Path(shared[day]).write_bytes(b"damaged")
    assert chosen(tmp_path) == {"etcd__surplus": [], "etcd__restored": shared[6]}


def test_of_a_lab_without_a_uuid_those_without_one_count(tmp_path: Path, shared: dict[int, str]) -> None:
    newer = backup(tmp_path, 8, "")
    assert chosen(tmp_path, "") == {"etcd__surplus": [shared[1]], "etcd__restored": newer}


def test_where_the_lab_has_none_one_without_a_uuid_is_restored(tmp_path: Path, shared: dict[int, str]) -> None:
    for day in (3, 4, 6):
        Path(shared[day]).unlink()
    assert chosen(tmp_path) == {"etcd__surplus": [], "etcd__restored": shared[1]}
    Path(shared[1]).unlink()
    # Its refusal names that lab's UUID.
    assert chosen(tmp_path)["etcd__restored"] == shared[7]
    for day in (2, 5, 7):
        Path(shared[day]).unlink()
    assert chosen(tmp_path)["etcd__restored"] == f"{tmp_path}/emon-*.tar.gz"
    assert chosen(tmp_path, etcd_backup_file="/a/file")["etcd__restored"] == "/a/file"
