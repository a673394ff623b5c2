# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups are refused, and what of a v2 tree is worth keeping."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _etcd_backup
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd_store import Entry

TOKEN = "emon 2026-11-22T11:00:00Z 0123456789abcdef"
KEYS = [["/hello", "world"], [_etcd_backup.SENTINEL, TOKEN]]


def snapshot(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def packed(tmp_path: Path, v3: bytes, keys: Any, **manifest: Any) -> Path:
    """A file as `create` packs it, of the contents given."""
    files = {"v3.db": v3, "v2.json": json.dumps(keys).encode()}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    told = {"format": 1, "lab": "emon", "sentinel": TOKEN, "sha256": sums, **manifest}
    path = tmp_path / "emon-20261122T110000Z.tar.gz"
    _etcd_backup._pack(path, told, [tmp_path / name for name in files])
    return path


GOOD = snapshot(b"bolt" + TOKEN.encode() + b"bolt" * 999)


def test_a_whole_file(tmp_path: Path) -> None:
    path = packed(tmp_path, GOOD, KEYS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _etcd_backup.read(path, "emon").keys == (("/hello", "world"), (_etcd_backup.SENTINEL, TOKEN))


@pytest.mark.parametrize(
    ("v3", "keys", "manifest", "said"),
    [
        pytest.param(GOOD, KEYS, {"lab": "school"}, "it is of the lab school, not of emon", id="another lab"),
        pytest.param(GOOD, KEYS, {"format": 2}, "it has format 2, and only 1 is known", id="another format"),
        pytest.param(GOOD, KEYS, {"sha256": {}}, "a checksum does not fit", id="other contents"),
        pytest.param(GOOD[:-9], KEYS, {}, "its v3 snapshot is cut off", id="a snapshot that was cut off"),
        pytest.param(snapshot(b"bolt"), KEYS, {}, "its v3 snapshot has no sentinel", id="no v3 sentinel"),
        pytest.param(GOOD, KEYS[:1], {}, "its v2 keys have no sentinel", id="no v2 sentinel"),
        pytest.param(GOOD, 1, {}, "it is no backup of etcd, or damaged", id="no list of keys"),
    ],
)
def test_a_file_that_is_refused(tmp_path: Path, v3: bytes, keys: Any, manifest: Any, said: str) -> None:
    with pytest.raises(LabError) as error:
        _etcd_backup.read(packed(tmp_path, v3, keys, **manifest), "emon")
    assert len(error.value.faults) == 1
    assert said in error.value.faults[0]


def test_damage_wherever_it_is(tmp_path: Path) -> None:
    path = packed(tmp_path, GOOD, KEYS)
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 8, 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(LabError):
            _etcd_backup.read(path, "emon")
    for place in range(20, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(LabError) as error:
            _etcd_backup.read(path, "emon")
        assert len(error.value.faults) == 1


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_no_backup_at_all(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file.tar.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabError):
        _etcd_backup.read(path, "emon")


def test_what_is_worth_keeping() -> None:
    entries = [
        Entry(b"/docker", None),
        Entry(b"/docker/nodes", None),
        Entry(b"/docker/nodes/10.0.0.116:2375", b"10.0.0.116:2375"),
        Entry(b"/docker/network/v1.0/overlay/1", b"{}"),
        Entry(b"/lock", b"somebody", ttl=60),
        Entry(b"/session", None, ttl=60),
        Entry(b"/session/key", b"of the session"),
        Entry(b"/empty", b""),
    ]
    assert _etcd_backup.worth_keeping(entries) == [("/docker/network/v1.0/overlay/1", "{}"), ("/empty", "")]
