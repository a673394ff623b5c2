# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A container image made of one static busybox: pure functions from bytes to bytes, the same on every host."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

LABEL = "emon.overlay_lab.busybox"
# What the lab's containers run.
NEEDED = ("sh", "sleep", "ping", "nc", "httpd", "ip")

# ELF's e_machine -> the architecture's name in an image.
_ARCHITECTURES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}
_PT_INTERP = 3
_DIRECTORIES = {"tmp": 0o1777, "root": 0o700} | dict.fromkeys(
    ("bin", "dev", "etc", "home", "proc", "sbin", "sys", "usr", "usr/bin", "usr/sbin", "var", "var/www"), 0o755
)
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
_COMMAND = ["sh"]
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
# Images have to be the same wherever and whenever they are made.
_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Image:
    """``archive``: what ``docker load`` takes. ``content``: the hash by which two such images are compared."""

    archive: bytes
    content: str


def architecture(path: str, binary: bytes) -> str:
    """The image's architecture; LabError unless ``binary`` is a static ELF executable of a known machine."""
    if binary[:4] != b"\x7fELF":
        raise LabError(f"{path}: is no ELF executable: give the path of a static busybox")
    order = "<" if binary[5] == 1 else ">"
    machine = struct.unpack_from(order + "H", binary, 18)[0]
    if machine not in _ARCHITECTURES:
        raise LabError(f"{path}: is for an unknown machine (ELF number {machine})")
    if _PT_INTERP in _segments(binary, order):
        raise LabError(f"{path}: is linked dynamically and cannot run alone in an image: install busybox-static")
    return _ARCHITECTURES[machine]


def build(path: str, binary: bytes, machine: str, applets: list[str], tag: str) -> Image:
    """The image ``tag`` of a busybox for ``machine`` and links to it. ``applets``: paths such as "usr/bin/nc"."""
    missing = sorted(set(NEEDED) - {applet.rpartition("/")[2] for applet in applets})
    if missing:
        raise LabError(f"{path}: lacks the applets {', '.join(missing)}: use another busybox")
    layer = _layer(binary, applets)
    content = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": machine,
            "os": "linux",
            "created": _EPOCH,
            "config": {"Cmd": _COMMAND, "Env": [_PATH], "Labels": {LABEL: content}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{content}"]},
            "history": [{"created": _EPOCH, "created_by": "the host's own busybox"}],
        },
        sort_keys=True,
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [tag], "Layers": ["layer.tar"]}]).encode()
    with _Tar() as archive:
        archive.file("layer.tar", layer)
        archive.file(config_name, config)
        archive.file("manifest.json", manifest)
    return Image(archive.bytes, content)


def content_of(inspected: dict[str, Any]) -> str | None:
    """The content of an image that build() made; None for any other. What is made of such an image inherits its label,
    and has further layers, another command, or the time at which it was made.
    """
    config = inspected.get("Config") or {}
    labels = config.get("Labels") or {}
    content = labels.get(LABEL)
    made = {
        "layers": (inspected.get("RootFS") or {}).get("Layers"),
        "created": inspected.get("Created"),
        "command": config.get("Cmd"),
        "labels": labels,
    }
    built = {"layers": [f"sha256:{content}"], "created": _EPOCH, "command": _COMMAND, "labels": {LABEL: content}}
    return content if made == built else None


def _layer(binary: bytes, applets: list[str]) -> bytes:
    with _Tar() as layer:
        for path, mode in sorted(_DIRECTORIES.items()):
            layer.directory(path, mode)
        for path, text in sorted(_FILES.items()):
            layer.file(path, text.encode())
        layer.file("bin/busybox", binary, 0o755)
        for applet in sorted(set(applets) - {"bin/busybox"}):
            layer.link(applet, "/bin/busybox")
    return layer.bytes


def _segments(binary: bytes, order: str) -> set[int]:
    """The types of the program headers."""
    if binary[4] == 2:
        offset = struct.unpack_from(order + "Q", binary, 32)[0]
        size, count = struct.unpack_from(order + "HH", binary, 54)
    else:
        offset = struct.unpack_from(order + "I", binary, 28)[0]
        size, count = struct.unpack_from(order + "HH", binary, 42)
    return {struct.unpack_from(order + "I", binary, offset + index * size)[0] for index in range(count)}


class _Tar:
    """A tar in memory without times, owners or anything else that differs from host to host."""

    def __enter__(self) -> _Tar:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.USTAR_FORMAT)
        return self

    def __exit__(self, *_error: object) -> None:
        self._tar.close()
        self.bytes = self._buffer.getvalue()

    def directory(self, path: str, mode: int) -> None:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(entry)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(content), mode
        self._tar.addfile(entry, io.BytesIO(content))

    def link(self, path: str, target: str) -> None:
        entry = tarfile.TarInfo(path)
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
        self._tar.addfile(entry)
