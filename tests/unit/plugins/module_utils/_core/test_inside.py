# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ctypes
import errno
import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A container's root beside a secret of the machine's."""
    (tmp_path / "secret").write_text("the machine's")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/hosts").write_text("inside")
    return root


def read(root: Path, path: str = "etc/file", most: int = inside.MOST_BYTES) -> bytes:
    with inside.opened(root) as descriptor:
        return inside.read(descriptor, path, most)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param("hosts", b"inside", id="beside it"),
        pytest.param("/etc/hosts", b"inside", id="absolute, meant inside"),
        pytest.param("../../../etc/hosts", b"inside", id="cannot climb out"),
        pytest.param("../../secret", None, id="out of it"),
        pytest.param("file", None, id="a loop"),
        pytest.param("/proc/self/root/etc/hosts", None, id="by way of a process"),
    ],
)
def test_a_link_stays_inside(root: Path, link: str, expected: bytes | None) -> None:
    (root / "etc/file").symlink_to(link)
    if expected is None:
        with pytest.raises(OSError, match=r"No such file|levels of symbolic links"):
            read(root)
    else:
        assert read(root) == expected


@pytest.mark.parametrize(("races", "found"), [(5, True), (10**6, False)])
def test_a_rename_meanwhile_is_waited_for_with_an_end(
    root: Path, monkeypatch: pytest.MonkeyPatch, races: int, found: bool
) -> None:
    """The kernel does not climb while anything is renamed on the machine, by a guest on purpose for example."""
    really, left = inside.libc.syscall, [races]

    def syscall(*arguments: object) -> int:
        left[0] -= 1
        if left[0] < 0:
            return int(really(*arguments))
        ctypes.set_errno(errno.EAGAIN)
        return -1

    monkeypatch.setattr(inside, "libc", SimpleNamespace(syscall=syscall))
    if found:
        assert read(root, "etc/../etc/hosts") == b"inside"
    else:
        with pytest.raises(BlockingIOError):
            read(root, "etc/../etc/hosts")


def test_a_linked_directory_stays_inside(root: Path) -> None:
    (root / "var").symlink_to("/etc")
    assert read(root, "var/hosts") == b"inside"
    (root / "out").symlink_to("../..")
    with pytest.raises(FileNotFoundError):
        read(root, "out/secret")


@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "socket"])
def test_only_a_regular_file_is_opened(root: Path, kind: str) -> None:
    path = root / "etc/file"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif os.geteuid() != 0:
        pytest.skip("making a device needs root")
    else:
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero: its reading never ends
    with pytest.raises(OSError, match="is not a regular file"):
        read(root)


def test_only_so_much_is_read(root: Path) -> None:
    (root / "etc/file").write_bytes(b"12345678")
    assert read(root, most=8) == b"12345678"
    with pytest.raises(OSError, match="has more than 7 bytes"):
        read(root, most=7)
    os.truncate(root / "etc/file", 1 << 40)  # sparse: as long as a disk
    with pytest.raises(OSError, match="has more than 1048576 bytes"):
        read(root)


def test_names_of_a_directory(root: Path) -> None:
    (root / "etc/a").write_text("")
    with inside.opened(root) as descriptor:
        assert inside.names(descriptor, "/etc") == ["a", "hosts"]
        with pytest.raises(NotADirectoryError):
            inside.names(descriptor, "etc/hosts")
