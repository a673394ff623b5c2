# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The state of etcd on a host, read from its files, so also when etcd does not run."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import regular_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned as host_owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.unit_command import environment_of

# The section of the host's record with what was there before the lab took etcd over.
BEFORE = "etcd_data"
_DATA_DIR = re.compile(r"\s--?data-dir[= ](\S+)")
# Record types of etcd's write-ahead log (walpb.Record).
_METADATA = 1
_KUBERNETES = Path("/etc/kubernetes/manifests/etcd.yaml")
# etcd rereads its certificates, but never what is here: a change after its start wants a restart, and one of a CA the
# restart of all members.
_DROP_IN = Path("/etc/systemd/system/etcd.service.d/overlay-lab.conf")
_CAS = (Path("/etc/overlay-lab/etcd/ca.crt"), Path("/etc/overlay-lab/etcd/peer-ca.crt"))


@dataclass(frozen=True)
class Founded:
    """What a host remembers of its etcd: by whom it was configured, and whose data it holds."""

    # The lab that wrote etcd's configuration, and the data directory in there; '' each where there is none.
    lab: str
    data_dir: str
    # The lab that the host belongs to; '' for none.
    record_lab: str
    # CLUSTER_ID/MEMBER_ID -> {"lab", "path"} of members that ran, and PATH -> the same of one that is still to come.
    # None on a host where no id was ever recorded.
    owned: dict[str, dict[str, Any]] | None


@dataclass(frozen=True)
class Owner:
    """The lab whose data a directory holds, and by what that is known; '' both where it is not known as a lab's."""

    lab: str = ""
    by: str = ""


def founded(config: Path, record: Path = host_record.RECORD_PATH) -> Founded:
    """Raises LabError where the record is damaged."""
    data_dir = environment_of(str(config)).get("ETCD_DATA_DIR", "")
    return Founded(
        lab=config_owner(config),
        data_dir=str(Path(data_dir)) if data_dir else "",
        record_lab=host_record.read(record).get("lab", ""),
        owned=host_owned.of_kind(host_owned.ETCD, record),
    )


def owner(path: Path, identity: str, known: Founded) -> Owner:
    """Whose data a directory holds. ``identity``: CLUSTER_ID/MEMBER_ID, '' for a log that cannot be read.

    By its "ids"; as "awaited", where the lab has found the place empty and has configured etcd to found or join there;
    from "before", on a host where no id was recorded yet and everything else says that it is the lab's.
    """
    owned = known.owned or {}
    if identity in owned:
        return Owner(owned[identity].get("lab", ""), "ids")
    if not known.lab or known.data_dir != str(path):
        return Owner()
    if owned.get(str(path), {}).get("lab") == known.lab:
        return Owner(known.lab, "awaited")
    if known.owned is None and known.record_lab == known.lab:
        return Owner(known.lab, "before")
    return Owner()


def read(
    config: Path,
    data_dir: Path,
    started: float,
    record: Path = host_record.RECORD_PATH,
    unit_dirs: Iterable[str] = (),
) -> dict[str, Any]:
    """Whose config, config, data with its owner, and whether etcd runs with what its files say now.

    ``started``: when etcd was started, in seconds of the epoch; 0 where it does not run; ``unit_dirs``: data_dirs().
    """
    known, held = founded(config, record), data(data_dir)
    whose = owner(data_dir, identity(held), known) if held["present"] else Owner()
    return {
        "lab": known.lab,
        "config": {key: value for key, value in environment_of(str(config)).items() if key.startswith("ETCD_")},
        "data": {
            **held,
            "lab": whose.lab,
            "claimed": whose.by == "ids",
            "awaited": str(data_dir) in (known.owned or {}),
            "lost": not held["present"] and held_a_member(data_dir, known),
            "damaged": held["present"] and not identity(held) and held_a_member(data_dir, known),
            "recorded": known.owned is not None,
        },
        "outdated": bool(started) and newer((config, _DROP_IN, *_CAS), started),
        "outdated_ca": bool(started) and newer(_CAS, started),
        "kubernetes": _KUBERNETES.exists(),
        "elsewhere": _elsewhere(data_dir, [*unit_dirs, *([known.data_dir] if known.data_dir else [])]),
        "enabled_before": bool(host_record.section(BEFORE, record).get("enabled")),
    }


def held_a_member(data_dir: Path, known: Founded) -> bool:
    """Whether a member of the lab's ran with this directory. One that is to come is recorded by the path alone."""
    return any(one.get("path") == str(data_dir) and key != str(data_dir) for key, one in (known.owned or {}).items())


def _elsewhere(data_dir: Path, others: Iterable[str]) -> list[str]:
    """Directories with a member's data, of those that etcd is told to use besides the one that is asked for."""
    return [one for one in dict.fromkeys(others) if Path(one) != data_dir and data(Path(one))["present"]]


def data_dirs(properties: dict[str, str]) -> list[str]:
    """Where a unit has etcd's data, from its Environment= and ExecStart= as systemctl shows them."""
    try:
        variables = shlex.split(properties.get("Environment", ""))
    except ValueError:
        variables = []
    found = [one.partition("=")[2] for one in variables if one.startswith("ETCD_DATA_DIR=")]
    found += [one.strip("\"'") for one in _DATA_DIR.findall(properties.get("ExecStart", ""))]
    # A variable is the configuration's, which is read as well.
    return [one for one in found if one and "$" not in one]


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
        for kind, content in _records(_head(logs[-1])):
            if kind == _METADATA:
                ids = dict(_fields(content))
                found |= {"member_id": format(ids.get(1, 0), "x"), "cluster_id": format(ids.get(2, 0), "x")}
                break
    return found


def identity(held: dict[str, Any]) -> str:
    """CLUSTER_ID/MEMBER_ID of what ``data`` found; '' where it found none."""
    ids = (held["cluster_id"], held["member_id"])
    return "/".join(ids) if all(ids) else ""


def config_owner(path: Path) -> str:
    """The lab that wrote a configuration file, from its first line; '' if none did, or there is none."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        found = re.match(r"# Managed by emon\.overlay_lab for the lab ([^\s:]+)", stream.readline(4096))
    return found.group(1) if found else ""


def _head(log: Path) -> bytes:
    """Each log begins with a checksum and the metadata; a few hundred bytes have both. b'' for what is no file.

    The directory is etcd's, so its user may have put anything there: a link, or a pipe whose reading never ends.
    """
    try:
        with regular_file.opened(log, os.O_NOFOLLOW) as stream:
            return stream.read(4096)
    except OSError:
        return b""


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
