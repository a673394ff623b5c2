# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A backup of etcd's two stores in one file, and what is made of it again.

A v3 snapshot holds no v2 keys, so the v2 tree is read beside it. Each has a sentinel, a key written for this backup
alone: a file without it was taken of something else. The file is a tar.gz of manifest.json, v3.db and v2.json.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import secrets
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import Access, Client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd_store import Condition, Entry, V2Store, V3Store

FORMAT = 1
SENTINEL = "/overlay-lab/backup"
_MANIFEST, _V3, _V2 = "manifest.json", "v3.db", "v2.json"
# etcdctl appends a checksum of the database to a snapshot.
_SUM_BYTES = hashlib.sha256().digest_size
_COMMAND_SECONDS = 600
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Backup:
    """A file that was found to be whole, and of the lab."""

    path: Path
    manifest: dict[str, Any]
    keys: tuple[tuple[str, str], ...]


def create(client: Client, lab: str, directory: Path, now: datetime) -> tuple[Path, dict[str, Any]]:
    """Make a file of a live cluster; its path and its manifest. Raises LabError."""
    sentinel = f"{lab} {now:%Y-%m-%dT%H:%M:%SZ} {secrets.token_hex(16)}"
    for store in (V3Store(client), V2Store(client)):
        store.put(SENTINEL, sentinel.encode(), Condition())
    path = directory / f"{lab}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            v3 = Path(scratch) / _V3
            _save_snapshot(client.access, v3)
            v2 = Path(scratch) / _V2
            keys = worth_keeping(V2Store(client).list("/", True))
            v2.write_text(json.dumps(keys), encoding="utf-8")
            manifest = {
                "format": FORMAT,
                "lab": lab,
                "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "sentinel": sentinel,
                "v2_keys": len(keys),
                "sha256": {one.name: _sum(one) for one in (v3, v2)},
            }
            _pack(path, manifest, (v3, v2))
    except OSError as error:
        raise LabError(f"{directory}: a backup cannot be written: {reason(error)}") from error
    return path, manifest


def worth_keeping(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Keys and values of a v2 tree. What has a time to live belongs to somebody who lives, and writes it again."""
    entries = list(entries)
    passing = tuple(entry.key.decode() + "/" for entry in entries if entry.ttl is not None and entry.value is None)
    return [
        (entry.key.decode(), entry.value.decode())
        for entry in entries
        if entry.value is not None and entry.ttl is None
        if not entry.key.decode().startswith(("/docker/nodes/", *passing))
    ]


def read(path: Path, lab: str) -> Backup:
    """Check a file in full. Raises LabError with the one reason why it must not be restored."""
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream) as archive:
            manifest = json.loads(_member(archive, _MANIFEST))
            contents = {name: _member(archive, name) for name in (_V3, _V2)}
            # The archive's own checksum is at its end.
            while stream.read(1 << 20):
                pass
        keys = [(str(key), str(value)) for key, value in json.loads(contents[_V2])]
        sentinel = manifest["sentinel"]
        checks = {
            f"it has format {manifest['format']}, and only {FORMAT} is known": manifest["format"] == FORMAT,
            f"it is of the lab {manifest['lab']}, not of {lab}": manifest["lab"] == lab,
            "a checksum does not fit, so it is damaged": manifest["sha256"]
            == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
            "its v3 snapshot is cut off": _is_snapshot(contents[_V3]),
            "its v3 snapshot has no sentinel": sentinel.encode() in contents[_V3],
            "its v2 keys have no sentinel": (SENTINEL, sentinel) in keys,
        }
    except FileNotFoundError as error:
        raise LabError(f"{path}: there is no such backup") from error
    except OSError as error:
        raise LabError(f"{path}: it cannot be read: {reason(error)}") from error
    except (tarfile.TarError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise LabError(f"{path}: it is no backup of etcd, or damaged: {error or type(error).__name__}") from error
    for fault, fits in checks.items():
        if not fits:
            raise LabError(f"{path}: {fault}: take another file")
    return Backup(path, manifest, tuple(keys))


def restore_data(backup: Backup, member: dict[str, str], data_dir: Path, owner: tuple[int, int]) -> None:
    """Make a new member's data directory of the v3 snapshot. Raises LabError.

    ``member``: {"name", "initial_cluster", "token", "peer_urls"}, as etcd's own options of these names.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir.parent) as scratch:
        made = Path(scratch) / "data"
        with tarfile.open(backup.path, "r:gz") as archive:
            (Path(scratch) / _V3).write_bytes(_member(archive, _V3))
        options = {
            "--name": member["name"],
            "--initial-cluster": member["initial_cluster"],
            "--initial-cluster-token": member["token"],
            "--initial-advertise-peer-urls": member["peer_urls"],
            "--data-dir": str(made),
            "--wal-dir": str(made / "wal"),
        }
        words = [word for option in options.items() for word in option]
        _etcdctl(["snapshot", "restore", str(Path(scratch) / _V3), *words])
        for place in (made, *made.rglob("*")):
            os.chown(place, *owner)
            place.chmod(0o700 if place.is_dir() else 0o600)
        # In one step, so that a member has all of it or nothing.
        made.rename(data_dir)


def restore_keys(backup: Backup, client: Client) -> None:
    """Write the v2 keys to the new cluster, and find both sentinels there. Raises LabError."""
    v2, wanted = V2Store(client), backup.manifest["sentinel"].encode()
    for key, value in backup.keys:
        v2.put(key, value.encode(), Condition())
    for api, store in (("v3", V3Store(client)), ("v2", v2)):
        found = store.get(SENTINEL)
        if found is None or found.value != wanted:
            raise LabError(f"after the restore, {SENTINEL} of the {api} API is not the backup's: restore again")


def _save_snapshot(access: Access, target: Path) -> None:
    faults = []
    files = {"--cacert": access.ca_cert, "--cert": access.client_cert, "--key": access.client_key}
    options = [word for option, path in files.items() if path for word in (option, path)]
    for url in access.endpoints:
        try:
            _etcdctl(["--endpoints", url, *options, "snapshot", "save", str(target)])
        except LabError as error:
            faults += error.faults
            with suppress(FileNotFoundError):
                target.unlink()
        else:
            return
    raise LabError(faults)


def _etcdctl(arguments: list[str]) -> None:
    command = ["etcdctl", f"--command-timeout={_COMMAND_SECONDS}s", *arguments]
    try:
        done = _programs.run(command, 2 * _COMMAND_SECONDS, more={"ETCDCTL_API": "3"})
    except _programs.Missing as error:
        raise LabError("etcdctl is missing on this host: install etcd-client (Debian) or etcd (Red Hat)") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise LabError(f"etcdctl {' '.join(arguments[:2])}: {said}")


def _pack(path: Path, manifest: dict[str, Any], files: Iterable[Path]) -> None:
    """Written beside and moved, and readable by its owner only: what is in etcd may be secret."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
        text = json.dumps(manifest, indent=2).encode()
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
        for file in files:
            archive.add(file, arcname=file.name)
    temporary.rename(path)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} is no file")
    return stream.read()


def _is_snapshot(content: bytes) -> bool:
    return hashlib.sha256(content[:-_SUM_BYTES]).digest() == content[-_SUM_BYTES:]


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
    return digest.hexdigest()
