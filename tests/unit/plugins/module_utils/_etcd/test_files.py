# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose data a directory holds, from the first records of etcd's write-ahead log."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files

MEMBER, CLUSTER = 0x122B032F3D6B6B6, 0xF98BF5CC0F5C0FFE


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def frame(kind: int, content: bytes = b"") -> bytes:
    """A record in its frame, padded to eight bytes as etcd does it."""
    record = b"\x08" + varint(kind) + b"\x10" + varint(4711)
    if content:
        record += b"\x1a" + varint(len(content)) + content
    padding = -len(record) % 8
    length = len(record) | ((0x80 | padding) << 56 if padding else 0)
    return length.to_bytes(8, "little") + record + bytes(padding)


METADATA = frame(1, b"\x08" + varint(MEMBER) + b"\x10" + varint(CLUSTER))
LOG = frame(4) + METADATA + frame(2, b"an entry") + bytes(512)


@pytest.mark.parametrize("folder", ["wal", "member/wal"])
def test_data(tmp_path: Path, folder: str) -> None:
    logs = tmp_path / folder
    logs.mkdir(parents=True)
    (logs / "0.tmp").write_bytes(bytes(64))
    (logs / "0000000000000000-0000000000000000.wal").write_bytes(LOG)
    assert etcd_files.data(tmp_path) == {
        "path": str(tmp_path),
        "present": True,
        "member_id": "122b032f3d6b6b6",
        "cluster_id": "f98bf5cc0f5c0ffe",
    }


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(4096), id="only made room for"),
        pytest.param(LOG[:30], id="cut off"),
        pytest.param(b"\xff" * 4096, id="no log"),
    ],
)
def test_a_log_that_cannot_be_read_is_data_all_the_same(tmp_path: Path, log: bytes) -> None:
    (tmp_path / "wal").mkdir()
    (tmp_path / "wal/0-0.wal").write_bytes(log)
    found = etcd_files.data(tmp_path)
    assert (found["present"], found["member_id"], found["cluster_id"]) == (True, "", "")


def test_no_data(tmp_path: Path) -> None:
    assert not etcd_files.data(tmp_path)["present"]
    assert not etcd_files.data(tmp_path / "none")["present"]


@pytest.mark.parametrize(
    ("recorded", "present", "lost"),
    [
        pytest.param({"c/m": "/data"}, True, False, id="it is there"),
        pytest.param({"c/m": "/data"}, False, True, id="it is gone"),
        pytest.param({"/data": "/data"}, False, False, id="it is to come"),
        pytest.param({"c/m": "/elsewhere"}, False, False, id="it was elsewhere"),
        pytest.param(None, False, False, id="none was ever recorded"),
    ],
)
def test_data_is_lost_where_a_member_is_recorded(
    tmp_path: Path, recorded: dict[str, str] | None, present: bool, lost: bool
) -> None:
    place = {"/data": str(tmp_path / "data")}
    owned = {place.get(key, key): {"path": place.get(path, path)} for key, path in (recorded or {}).items()}
    record = tmp_path / "state.json"
    if recorded is not None:
        record.write_text(json.dumps({"sections": {"owned": {"etcd": owned}}}))
    if present:
        (tmp_path / "data/wal").mkdir(parents=True)
        (tmp_path / "data/wal/0-0.wal").write_bytes(LOG)
    found = etcd_files.read(tmp_path / "etcd", tmp_path / "data", 0, record)
    assert (found["data"]["lost"], found["data"]["damaged"]) == (lost, False)


def test_data_is_damaged_where_a_member_is_recorded_and_no_id_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "wal").mkdir()
    (tmp_path / "wal/0-0.wal").write_bytes(LOG[:20])
    record = tmp_path / "state.json"
    for path, damaged in ((tmp_path, True), (tmp_path / "elsewhere", False)):
        record.write_text(json.dumps({"sections": {"owned": {"etcd": {"c/m": {"path": str(path)}}}}}))
        found = etcd_files.read(tmp_path / "etcd", tmp_path, 0, record)["data"]
        assert (found["damaged"], found["lost"]) == (damaged, False)


def test_etcd_is_outdated_where_its_files_are_newer(tmp_path: Path) -> None:
    config = tmp_path / "etcd"
    config.write_text('# comment\nETCD_NAME="emon"\nDAEMON_ARGS=""\nETCD_DATA_DIR=/var/lib/etcd\n')
    os.utime(config, (1000, 1000))
    before, after, never = (etcd_files.read(config, tmp_path, started) for started in (999.5, 1000.5, 0))
    assert (before["outdated"], after["outdated"], never["outdated"]) == (True, False, False)
    assert not before["outdated_ca"]
    assert before["config"] == {"ETCD_NAME": "emon", "ETCD_DATA_DIR": "/var/lib/etcd"}


@pytest.mark.parametrize("stem", ["ca", "peer-ca"])
def test_etcd_is_outdated_where_a_ca_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stem: str) -> None:
    cas = tuple(tmp_path / one.name for one in etcd_files._CAS)
    monkeypatch.setattr(etcd_files, "_CAS", cas)
    (tmp_path / f"{stem}.crt").write_text("")
    found = etcd_files.read(tmp_path / "none", tmp_path, 1.0)
    assert (found["outdated"], found["outdated_ca"]) == (True, True)


def member(path: Path) -> Path:
    (path / "wal").mkdir(parents=True)
    (path / "wal/0.wal").write_bytes(LOG)
    return path


def test_data_that_is_configured_elsewhere(tmp_path: Path) -> None:
    """By the unit, or by the configuration, which may name one as well."""
    here, units, configs = (member(tmp_path / name) for name in ("here", "units", "configs"))
    config = tmp_path / "etcd"
    config.write_text(f'ETCD_DATA_DIR="{configs}"\n')
    record = tmp_path / "state.json"
    unit = [str(units), str(units), str(here), "/none"]
    assert etcd_files.read(config, here, 0, record, unit)["elsewhere"] == [str(units), str(configs)]
    assert etcd_files.read(tmp_path / "no", here, 0, record)["elsewhere"] == []


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, []),
        ({"Environment": "DAEMON_ARGS= ETCD_NAME=emon ETCD_DATA_DIR=/var/lib/etcd/default"}, ["/var/lib/etcd/default"]),
        ({"Environment": '"ETCD_DATA_DIR=/a b" X=\''}, []),
        ({"Environment": '"ETCD_DATA_DIR=/a b"'}, ["/a b"]),
        (
            {"ExecStart": "{ path=/e ; argv[]=/e --name x --data-dir=/data/etcd ; ignore_errors=no }"},
            ["/data/etcd"],
        ),
        ({"ExecStart": "{ path=/e ; argv[]=/e -data-dir /d -x ; ignore_errors=no ; start_time=[n/a] }"}, ["/d"]),
        # The Red Hat family's.
        ({"ExecStart": '{ path=/bin/bash ; argv[]=/bin/bash -c etcd --data-dir="${ETCD_DATA_DIR}" ; x=y }'}, []),
    ],
)
def test_where_a_unit_has_its_data(properties: dict[str, str], expected: list[str]) -> None:
    assert etcd_files.data_dirs(properties) == expected
