# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What stands of etcd on a host, read from its files: they tell it when etcd does not run, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._systemd import environment_of

# Record types of etcd's write-ahead log (walpb.Record).
_METADATA = 1
_KUBERNETES = Path("/etc/kubernetes/manifests/etcd.yaml")
# etcd rereads its certificates, but never what is here: a change after its start wants a restart.
_READ_AT_START = (
    Path("/etc/systemd/system/etcd.service.d/overlay-lab.conf"),
    Path("/etc/overlay-lab/etcd/ca.crt"),
)


def read(config: Path, data_dir: Path, started: float) -> dict[str, Any]:
    """Config, data and whether etcd runs with what its files say now.

    ``started``: when etcd was started, in seconds of the epoch; 0 where it does not run.
    """
    return {
        "config": {key: value for key, value in environment_of(str(config)).items() if key.startswith("ETCD_")},
        "data": data(data_dir),
        "outdated": bool(started) and newer((config, *_READ_AT_START), started),
        "kubernetes": _KUBERNETES.exists(),
    }


def newer(paths: Iterable[Path], moment: float) -> bool:
    """Whether one of the files was written after a moment, in seconds of the epoch."""
    return any(path.stat().st_mtime > moment for path in paths if path.exists())


def data(data_dir: Path) -> dict[str, Any]:
    """Whether a data directory holds a member's data, and of which member of which cluster.

    The ids are hexadecimal as etcdctl prints them, and '' for a log that cannot be read.
    """
    logs = sorted([*data_dir.glob("wal/*.wal"), *data_dir.glob("member/wal/*.wal")])
    found = {"path": str(data_dir), "present": bool(logs), "member_id": "", "cluster_id": ""}
    if logs:
        with logs[-1].open("rb") as stream:
            # Each log begins with a checksum and the metadata; a few hundred bytes have both.
            head = stream.read(4096)
        for kind, content in _records(head):
            if kind == _METADATA:
                ids = dict(_fields(content))
                found |= {"member_id": format(ids.get(1, 0), "x"), "cluster_id": format(ids.get(2, 0), "x")}
                break
    return found


def _records(log: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, data) of a log's first records. A frame is its length in 56 bits, padding in the byte above, a record."""
    position = 0
    while position + 8 <= len(log):
        frame = int.from_bytes(log[position : position + 8], "little")
        length = frame & (1 << 56) - 1
        padding = frame >> 56 & 7 if frame >> 63 else 0
        position += 8
        if not length or position + length > len(log):
            return
        fields = dict(_fields(log[position : position + length]))
        yield fields.get(1, 0), fields.get(3, b"")
        position += length + padding


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of a protobuf message of integers and bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        value, position = _varint(message, position)
        if key & 7 == 2:
            yield key >> 3, message[position : position + value]
            position += value
        else:
            yield key >> 3, value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, position
