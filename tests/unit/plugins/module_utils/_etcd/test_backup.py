# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups are refused, and what of a v2 tree is worth keeping."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tarfile
import tracemalloc
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import archive as etcd_archive
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import backup as etcd_backup
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.store import Entry
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._etcd.test_files import LOG

TOKEN = "emon 2026-11-22T11:00:00Z 0123456789abcdef"
KEYS = [["/hello", "world"], [etcd_archive.SENTINEL, TOKEN]]


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
    etcd_archive.pack(path, told, [tmp_path / name for name in files])
    return path


GOOD = snapshot(b"bolt" + TOKEN.encode() + b"bolt" * 999)


def test_a_whole_file(tmp_path: Path) -> None:
    path = packed(tmp_path, GOOD, KEYS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert etcd_archive.read(path, "emon").keys == (("/hello", "world"), (etcd_archive.SENTINEL, TOKEN))


@pytest.mark.parametrize(
    ("v3", "keys", "manifest", "said"),
    [
        pytest.param(GOOD, KEYS, {"lab": "school"}, "it is of the lab school, not of emon", id="another lab"),
        pytest.param(GOOD, KEYS, {"format": 2}, "it has format 2, and only 1 is known", id="another format"),
        pytest.param(GOOD, KEYS, {"sha256": {}}, "a checksum does not match", id="other contents"),
        pytest.param(GOOD[:-9], KEYS, {}, "its v3 snapshot is cut off", id="a snapshot that was cut off"),
        pytest.param(snapshot(b"bolt"), KEYS, {}, "its v3 snapshot has no sentinel", id="no v3 sentinel"),
        pytest.param(GOOD, KEYS[:1], {}, "its v2 keys have no sentinel", id="no v2 sentinel"),
        pytest.param(GOOD, 1, {}, "it is not a backup of etcd, or damaged", id="no list of keys"),
    ],
)
def test_a_file_that_is_refused(tmp_path: Path, v3: bytes, keys: Any, manifest: Any, said: str) -> None:
    with pytest.raises(LabError) as error:
        etcd_archive.read(packed(tmp_path, v3, keys, **manifest), "emon")
    assert len(error.value.faults) == 1
    assert said in error.value.faults[0]


def test_damage_wherever_it_is(tmp_path: Path) -> None:
    path = packed(tmp_path, GOOD, KEYS)
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 8, 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(LabError):
            etcd_archive.read(path, "emon")
    for place in range(20, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(LabError) as error:
            etcd_archive.read(path, "emon")
        assert len(error.value.faults) == 1
        assert "cannot be read" not in error.value.faults[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "there is no such backup", id="nothing"),
        pytest.param(b"", "it is not a backup of etcd, or damaged: empty file", id="empty"),
        # To gzip, that is an error of the system.
        pytest.param(b"no archive", "it is not a backup of etcd, or damaged: Not a gzipped file", id="a text"),
    ],
)
def test_no_backup_at_all(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "file.tar.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabError, match=f"{path}: {said}"):
        etcd_archive.read(path, "emon")


UUID = "6f1c0b1e-0d53-4b5c-9d7a-5a6c1f0e2b33"


@pytest.mark.parametrize(
    ("manifest", "lab_uuid", "fits"),
    [
        pytest.param({}, UUID, True, id="a file from before"),
        pytest.param({"uuid": ""}, UUID, True, id="a lab from before"),
        pytest.param({"uuid": UUID}, "", True, id="not known"),
        pytest.param({"uuid": UUID}, UUID, True, id="the lab's"),
        pytest.param({"uuid": UUID}, UUID[::-1], False, id="another lab's of the name"),
        pytest.param({"uuid": [UUID]}, UUID, False, id="no text"),
    ],
)
def test_another_lab_of_the_same_name(tmp_path: Path, manifest: Any, lab_uuid: str, fits: bool) -> None:
    path = packed(tmp_path, GOOD, KEYS, **manifest)
    if fits:
        assert etcd_archive.read(path, "emon", lab_uuid)
        return
    with pytest.raises(LabError, match="-e etcd_lab_uuid=") as error:
        etcd_archive.read(path, "emon", lab_uuid)
    assert len(error.value.faults) == 1


def entry(name: str, kind: bytes = tarfile.REGTYPE, **given: Any) -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type = kind
    for key, value in given.items():
        setattr(one, key, value)
    return one


SUMS = {"v3.db": hashlib.sha256(GOOD).hexdigest(), "v2.json": hashlib.sha256(json.dumps(KEYS).encode()).hexdigest()}
TOLD = {"format": 1, "lab": "emon", "sentinel": TOKEN, "sha256": SUMS}


def told(**manifest: Any) -> tuple[tarfile.TarInfo, bytes]:
    return entry("manifest.json"), json.dumps({**TOLD, **manifest}).encode()


V3 = (entry("v3.db"), GOOD)
V2 = (entry("v2.json"), json.dumps(KEYS).encode())


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="empty"),
        pytest.param([told()], id="a manifest alone"),
        pytest.param([told(), V2, V3], id="another order"),
        pytest.param([told(), V3, V2, V2], id="more than a backup"),
        pytest.param([(entry("manifest.json"), b"[" * 100_000), V3, V2], id="a nested manifest"),
        pytest.param([(entry("manifest.json"), b"[]"), V3, V2], id="a manifest that is a list"),
        pytest.param([(entry("manifest.json"), b"{}"), V3, V2], id="an empty manifest"),
        pytest.param([(entry("manifest.json"), b"\xff{}"), V3, V2], id="a manifest that is no text"),
        pytest.param([(entry("manifest.json"), b" " * (2 << 20)), V3, V2], id="a large manifest"),
        pytest.param([told(sentinel=5), V3, V2], id="a sentinel that is a number"),
        pytest.param([told(sentinel="\ud800"), V3, V2], id="a sentinel that cannot be written"),
        pytest.param([told(format=[[]]), V3, V2], id="a format that is a list"),
        pytest.param([told(lab="a\nb\rc\x1b[31m"), V3, V2], id="a lab with line ends"),
        pytest.param([told(lab="x" * 10_000), V3, V2], id="a long lab"),
        pytest.param([told(sha256=[]), V3, V2], id="checksums that are a list"),
        pytest.param([told(sha256={"v2.json": 1}), V3, V2], id="one checksum"),
        pytest.param([told(), V3, (entry("v2.json"), b"[" * 100_000)], id="nested keys"),
        pytest.param([told(), V3, (entry("v2.json"), b'[["/a", 1]]')], id="a value that is a number"),
        pytest.param([told(), V3, (entry("v2.json"), b'["ab"]')], id="a pair that is a text"),
        pytest.param([told(), V3, (entry("v2.json"), b'[["/a", "\\ud800"]]')], id="a value that cannot be written"),
        pytest.param([told(), (entry("v3.db", tarfile.SYMTYPE, linkname="/etc/shadow"), b""), V2], id="a link"),
        pytest.param([told(), (entry("v3.db", tarfile.LNKTYPE, linkname="manifest.json"), b""), V2], id="a hard link"),
        pytest.param([told(), (entry("v3.db", tarfile.FIFOTYPE), b""), V2], id="a pipe"),
        pytest.param([told(), (entry("v3.db", tarfile.DIRTYPE), b""), V2], id="a directory"),
        pytest.param([(entry("x", tarfile.XHDTYPE, size=3 << 20), b"\0" * (3 << 20)), told()], id="a large header"),
        pytest.param([(entry("x", tarfile.XHDTYPE, size=7 << 30), b""), told()], id="a header that says it is large"),
        pytest.param([(entry("x", tarfile.GNUTYPE_LONGNAME, size=7 << 30), b""), told()], id="a long name"),
        pytest.param([told(), (entry("v3.db", size=1 << 32), b""), V2], id="a snapshot that says it is large"),
    ],
)
def test_a_file_that_was_made_to_do_harm(tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    path = tmp_path / "emon-20261122T110000Z.tar.gz"
    with tarfile.open(path, "w:gz") as packed_to:
        for given, content in entries:
            one = copy(given)
            size = one.size = one.size or (len(content) if one.isreg() else 0)
            packed_to.fileobj.write(one.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512))
            assert size == one.size
    tracemalloc.start()
    try:
        with pytest.raises(LabError) as error:
            etcd_archive.read(path, "emon")
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert len(error.value.faults) == 1
    assert error.value.faults[0].isprintable()
    assert len(error.value.faults[0]) < 500


def test_a_snapshot_is_not_held_in_memory(tmp_path: Path) -> None:
    path = packed(tmp_path, snapshot(TOKEN.encode() + bytes(40 << 20)), KEYS)
    tracemalloc.start()
    etcd_archive.read(path, "emon")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


def test_a_sentinel_and_a_checksum_across_chunks(tmp_path: Path) -> None:
    for before in range((1 << 20) - 60, (1 << 20) + 60, 7):
        assert etcd_archive.read(packed(tmp_path, snapshot(bytes(before) + TOKEN.encode()), KEYS), "emon")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_path_that_is_no_file(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "file.tar.gz")
    with pytest.raises(LabError) as error:
        etcd_archive.read(tmp_path / "file.tar.gz", "emon")
    assert len(error.value.faults) == 1


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "v3.db").write_bytes(GOOD)
    monkeypatch.setattr(tarfile.TarFile, "add", full)
    with pytest.raises(OSError, match="No space left"):
        etcd_archive.pack(tmp_path / "emon.tar.gz", {}, [tmp_path / "v3.db"])
    assert [one.name for one in tmp_path.iterdir()] == ["v3.db"]


ETCDCTL = """#!/bin/sh
# A restore as etcdctl makes it, which tells who it was, and where.
id -u > told; pwd >> told
for word; do
    case $before in
        restore) cat "$word" > copied;;
        --data-dir) data=$word;;
    esac
    before=$word
done
# etcdctl 3.5 asks for its directories by absolute paths.
case $data in /*) ;; *) data=$(pwd -P)/$data;; esac
mkdir -p "$data/wal" "$data/member/snap"
cp WAL "$data/wal/0.wal"
"""
OWNER = (os.geteuid(), os.getegid()) if os.geteuid() else (65534, 65534)
MEMBER = {"name": "emon", "initial_cluster": "emon=http://10.0.0.1:2380", "token": "t", "peer_urls": "http://10.0.0.1"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of etcd's user, and an etcdctl."""
    programs, place = tmp_path / "bin", tmp_path / "etcd"
    programs.mkdir()
    place.mkdir()
    os.chown(place, *OWNER)
    for one in (tmp_path, *tmp_path.parents):
        if one.stat().st_uid == os.geteuid() and one != Path("/") and one != Path("/tmp"):
            one.chmod(one.stat().st_mode | 0o055)
    (tmp_path / "wal").write_bytes(LOG)
    (programs / "etcdctl").write_text(ETCDCTL.replace("WAL", str(tmp_path / "wal")), encoding="utf-8")
    (programs / "etcdctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return place


def test_data_is_made_as_its_owner(tmp_path: Path, place: Path) -> None:
    backup = etcd_archive.read(packed(tmp_path, GOOD, KEYS), "emon")
    claimed: list[str] = []
    etcd_backup.restore_data(backup, MEMBER, place / "default.etcd", OWNER, claimed.append)
    assert claimed == ["f98bf5cc0f5c0ffe/122b032f3d6b6b6"]
    assert [one.name for one in place.iterdir()] == ["default.etcd"]
    for one in (place / "default.etcd", *place.rglob("*")):
        assert one.stat().st_uid == OWNER[0]
        assert not stat.S_IMODE(one.stat().st_mode) & 0o077


def test_a_directory_whose_parents_its_owner_may_not_enter(tmp_path: Path, place: Path) -> None:
    backup = etcd_archive.read(packed(tmp_path, GOOD, KEYS), "emon")
    closed = place / "closed"
    (closed / "etcd").mkdir(parents=True)
    closed.chmod(0o700)
    etcd_backup.restore_data(backup, MEMBER, closed / "etcd/default.etcd", OWNER, lambda _: None)
    assert (closed / "etcd/default.etcd/wal/0.wal").stat().st_uid == OWNER[0]


def test_data_that_cannot_be_made_leaves_nothing(tmp_path: Path, place: Path) -> None:
    backup = etcd_archive.read(packed(tmp_path, GOOD, KEYS), "emon")
    (tmp_path / "wal").unlink()
    (tmp_path / "bin/etcdctl").write_text("#!/bin/sh\necho Error: no >&2; exit 1\n", encoding="utf-8")
    with pytest.raises(LabError, match="etcdctl snapshot restore: Error: no"):
        etcd_backup.restore_data(backup, MEMBER, place / "default.etcd", OWNER, lambda _: None)
    assert list(place.iterdir()) == []


def test_etcdctl_has_nothing_from_the_environment(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses a variable beside the option, and asks members through a proxy."""
    for name in ("ETCDCTL_ENDPOINTS", "ETCDCTL_CACERT", "HTTPS_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "somebody's")
    (tmp_path / "bin/etcdctl").write_text(f"#!/bin/sh\nenv >{tmp_path}/told\n", encoding="utf-8")
    etcd_backup._etcdctl(["snapshot", "save"])
    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text(encoding="utf-8").splitlines())
    assert {name for name in told if name.startswith("ETCDCTL_")} == {"ETCDCTL_API"}
    assert told["NO_PROXY"] == "*"


def test_links_of_etcds_user_are_not_followed(tmp_path: Path, place: Path) -> None:
    """What it plants while the data is made keeps its owner and mode."""
    backup = etcd_archive.read(packed(tmp_path, GOOD, KEYS), "emon")
    precious = tmp_path / "precious"
    precious.write_text("x", encoding="utf-8")
    precious.chmod(0o644)
    program = tmp_path / "bin/etcdctl"
    planting = f"ln -s {precious} data/member/snap/link; ln -s {precious} data/link\n"
    program.write_text(program.read_text(encoding="utf-8") + planting, encoding="utf-8")
    etcd_backup.restore_data(backup, MEMBER, place / "default.etcd", OWNER, lambda _: None)
    found = precious.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.geteuid(), 0o644)


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
    assert etcd_backup.worth_keeping(entries) == [("/docker/network/v1.0/overlay/1", "{}"), ("/empty", "")]
