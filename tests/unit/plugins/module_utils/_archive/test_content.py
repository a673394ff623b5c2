# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives as upstream lays them out, and what may be done to one."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import content
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS, version_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

DOCKER, ETCD = KINDS["docker"], KINDS["etcd"]
X86 = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00" + b"dockerd"
ARM = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00" + b"dockerd"
PPC = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x15\x00" + b"etcd"
BIG = b"\x7fELF\x02\x02\x01" + bytes(11) + b"\x00\x16" + b"dockerd"

Members = dict[str, object]


def archive(path: Path, members: Members) -> Path:
    """``members``: name -> its content, None for a directory, or a TarInfo."""
    with tarfile.open(path, "w:gz") as made:
        for name, given in members.items():
            entry = given if isinstance(given, tarfile.TarInfo) else tarfile.TarInfo(name)
            entry.name = name
            if given is None:
                entry.type = tarfile.DIRTYPE
            text = given if isinstance(given, bytes) else b""
            entry.size = len(text)
            made.addfile(entry, io.BytesIO(text))
    return path


def of_docker(**more: object) -> Members:
    return {"docker/": None, **{f"docker/{name}": X86 for name in DOCKER.programs}, **more}


def entry(kind: bytes, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo()
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("docker", "docker-20.10.24.tgz", "20.10.24"),
        ("docker", "docker-rootless-extras-20.10.24.tgz", ""),
        ("docker", "docker-20.10.tgz", ""),
        ("docker", "docker-20.10.24.tar.gz", ""),
        ("etcd", "etcd-v3.3.11-linux-amd64.tar.gz", "3.3.11"),
        ("etcd", "etcd-v3.5.9-linux-arm64.tar.gz", "3.5.9"),
        ("etcd", "etcd-v3.5.9-darwin-amd64.zip", ""),
    ],
)
def test_the_name_tells_the_version(kind: str, name: str, expected: str) -> None:
    assert version_of(kind, name) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_examples_have_upstreams_names(kind: str) -> None:
    assert version_of(kind, KINDS[kind].example)


@pytest.mark.parametrize(
    ("program", "machine"),
    [
        (X86, "x86_64"),
        (ARM, "aarch64"),
        (BIG, "s390x"),
        (PPC, "ppc64le"),
        (b"#!", ""),
        (b"\x7fELF", ""),
        (b"\x7fELF\x02", ""),
    ],
)
def test_the_programs_tell_for_which_machine_they_are(tmp_path: Path, program: bytes, machine: str) -> None:
    path = archive(tmp_path / "a.tgz", of_docker(**{"docker/dockerd": program}))
    assert content.read(path, DOCKER).machine == machine


def test_etcds_folder_has_a_name_of_each_version(tmp_path: Path) -> None:
    folder = "etcd-v3.5.9-linux-amd64"
    members: Members = {f"{folder}/Documentation/README.md": b"#", f"{folder}/etcd": X86, f"./{folder}/etcdctl": X86}
    assert content.read(archive(tmp_path / "a.tgz", members), ETCD) == content.Content("x86_64", 2 * len(X86))


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        pytest.param(
            {f"bin/{name}": X86 for name in DOCKER.programs},
            "it is not laid out as upstream's docker-20.10.24.tgz: dockerd, docker, containerd,"
            " containerd-shim-runc-v2, runc, docker-init, docker-proxy are not there",
            id="another folder",
        ),
        pytest.param(
            {name: one for name, one in of_docker().items() if name != "docker/runc"},
            "it is not laid out as upstream's docker-20.10.24.tgz: runc is not there",
            id="a program is missing",
        ),
        pytest.param(
            of_docker(**{"../etc/passwd": b"x"}),
            "its member ../etc/passwd is unsafe: it lies outside of the archive's folder",
            id="above",
        ),
        pytest.param(
            of_docker(**{"/etc/passwd": b"x"}),
            "its member /etc/passwd is unsafe: it lies outside of the archive's folder",
            id="from the root",
        ),
        pytest.param(
            of_docker(**{"docker/a": entry(tarfile.SYMTYPE, "/etc/shadow")}),
            "its member docker/a is unsafe: it is neither a file nor a directory",
            id="a link",
        ),
        pytest.param(
            of_docker(**{"docker/runc": entry(tarfile.LNKTYPE, "docker/docker")}),
            "its member docker/runc is unsafe: it is neither a file nor a directory",
            id="a hard link in place of a program",
        ),
        pytest.param(
            of_docker(**{"docker/a": entry(tarfile.CHRTYPE)}),
            "its member docker/a is unsafe: it is neither a file nor a directory",
            id="a device",
        ),
        pytest.param(
            of_docker(**{"./docker/runc": X86}),
            "it is no tar archive compressed by gzip, or damaged: docker/runc is in it twice",
            id="twice",
        ),
    ],
)
def test_what_is_not_upstreams_is_refused(tmp_path: Path, members: Members, fault: str) -> None:
    with pytest.raises(LabError) as raised:
        content.read(archive(tmp_path / "a.tgz", members), DOCKER)
    assert [line.replace("./docker", "docker") for line in raised.value.faults] == [fault]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def no_tar(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04")


def gone(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "it is no tar archive compressed by gzip, or damaged"),
        (no_tar, "it is no tar archive compressed by gzip, or damaged"),
        (gone, "there is no such file"),
        (directory, "it cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, spoil: Callable[[Path], None], words: str) -> None:
    path = archive(tmp_path / "a.tgz", of_docker())
    spoil(path)
    with pytest.raises(LabError) as raised:
        content.read(path, DOCKER)
    assert len(raised.value.faults) == 1
    assert raised.value.faults[0].startswith(words)


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "a.tgz", of_docker())
    monkeypatch.setattr(content, "_MOST_BYTES", 100)
    with pytest.raises(LabError, match="it is too large"):
        content.read(path, DOCKER)


def test_only_programs_are_unpacked_and_whoever_owned_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = atomic_file.written
    monkeypatch.setattr(atomic_file, "written", lambda path, mode, owner: written(path, mode))
    setuid = tarfile.TarInfo()
    setuid.mode = 0o6777
    members = of_docker(**{"docker/ctr": X86, "docker/README": b"#", "docker/sub/runc": ARM, "docker/notes": setuid})
    content.unpack(archive(tmp_path / "a.tgz", members), DOCKER, tmp_path)
    there = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.suffix != ".tgz"}
    assert there == dict.fromkeys([*DOCKER.programs, "ctr"], 0o755)
    assert (tmp_path / "runc").read_bytes() == X86
