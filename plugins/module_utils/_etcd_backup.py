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
import shutil
import stat
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from ansible_collections.emon.overlay_lab.plugins.module_utils import _dir_fd, _etcd_host, _programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import Access, Client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd_store import Condition, Entry, V2Store, V3Store

FORMAT = 1
SENTINEL = "/overlay-lab/backup"
_MANIFEST, _V3, _V2 = "manifest.json", "v3.db", "v2.json"
# etcdctl appends a checksum of the database to a snapshot.
_SUM_BYTES = hashlib.sha256().digest_size
_COMMAND_SECONDS = 600
_CHUNK = 1 << 20
# Of the manifest, and of the v2 tree, which etcd itself holds in memory. etcd's database has at most 8 GiB.
_MANIFEST_BYTES, _V2_BYTES, _ARCHIVE_BYTES = 1 << 20, 256 << 20, 9 << 30
# What reading a file that is none, or was made to do harm, raises.
_DAMAGE = (
    tarfile.TarError,
    EOFError,
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
Claim = Callable[[str], None]


@dataclass(frozen=True)
class Backup:
    """A file that was found to be whole, and of the lab."""

    path: Path
    manifest: dict[str, Any]
    keys: tuple[tuple[str, str], ...]


def create(client: Client, lab: str, directory: Path, now: datetime, lab_uuid: str = "") -> tuple[Path, dict[str, Any]]:
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
                "uuid": lab_uuid,
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


def read(path: Path, lab: str, lab_uuid: str = "") -> Backup:
    """Check a file in full. Raises LabError with the one reason why it must not be restored.

    ``lab_uuid``: the lab's; '' where it is not known. A file that has one has to have the same.
    """
    found: dict[str, Any] = {}
    try:
        with _contents(path) as contents:
            manifest = _manifest(_whole(contents.open(_MANIFEST), _MANIFEST_BYTES))
            v3 = _digest(contents.open(_V3), manifest["sentinel"].encode())
            v2 = _whole(contents.open(_V2), _V2_BYTES)
            contents.finish()
        keys = _keys(v2)
        sums = {_V3: v3.sha256, _V2: hashlib.sha256(v2).hexdigest()}
        found = {"manifest": manifest, "keys": keys, "v3": v3, "sums": sums}
    except FileNotFoundError as error:
        raise LabError(f"{path}: there is no such backup") from error
    except OSError as error:
        raise LabError(f"{path}: it cannot be read: {reason(error)}") from error
    except _DAMAGE as error:
        raise LabError(
            f"{path}: it is no backup of etcd, or damaged: {_line(error) or type(error).__name__}"
        ) from error
    for fault, fits in _checks(found, lab, lab_uuid).items():
        if not fits:
            raise LabError(f"{path}: {fault}")
    return Backup(path, found["manifest"], found["keys"])


def restore_data(backup: Backup, member: dict[str, str], data_dir: Path, owner: tuple[int, int], claim: Claim) -> None:
    """Make a new member's data directory of the v3 snapshot, as its owner. Raises LabError.

    ``member``: {"name", "initial_cluster", "token", "peer_urls"}, as etcd's own options of these names;
    ``claim``: told the new member's CLUSTER_ID/MEMBER_ID before its data is there.
    """
    scratch = f".{data_dir.name}.{secrets.token_hex(8)}"
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        with _dir_fd.opened(data_dir.parent) as parent, _snapshot(backup, owner) as snapshot:
            _dir_fd.make(parent, scratch, owner)
            try:
                with _dir_fd.inside(parent, scratch) as inside:
                    _restore_snapshot(snapshot, member, owner, inside)
                    made = _etcd_host.data(Path(f"/proc/self/fd/{inside}/data"))
                    claim(_etcd_host.identity(made))
                    # In one step, so that a member has all of it or nothing.
                    os.rename("data", data_dir.name, src_dir_fd=inside, dst_dir_fd=parent)
            finally:
                _dir_fd.remove(parent, scratch)
    except OSError as error:
        raise LabError(f"{data_dir}: it cannot be made of the backup: {reason(error)}") from error


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


@contextmanager
def _snapshot(backup: Backup, owner: tuple[int, int]) -> Iterator[int]:
    """A file without a name that holds the v3 snapshot, for its owner to read."""
    # Beside the backup, in a directory of root's.
    with tempfile.TemporaryFile(dir=backup.path.parent) as target, _contents(backup.path) as contents:
        contents.open(_MANIFEST)
        shutil.copyfileobj(contents.open(_V3), target, _CHUNK)
        target.flush()
        if os.fstat(target.fileno()).st_uid != owner[0]:
            os.fchown(target.fileno(), *owner)
        yield target.fileno()


def _restore_snapshot(snapshot: int, member: dict[str, str], owner: tuple[int, int], directory: int) -> None:
    options = {
        "--name": member["name"],
        "--initial-cluster": member["initial_cluster"],
        "--initial-cluster-token": member["token"],
        "--initial-advertise-peer-urls": member["peer_urls"],
        "--data-dir": "data",
        "--wal-dir": "data/wal",
    }
    words = [word for option in options.items() for word in option]

    def run(command: list[str], **given: Any) -> _programs.Done:
        return _dir_fd.run_as(owner, directory, command, pass_fds=(snapshot,), **given)

    _etcdctl(["snapshot", "restore", f"/proc/self/fd/{snapshot}", *words], run)


def _run(command: list[str], env: dict[str, str], timeout: float) -> _programs.Done:
    return _programs.run(command, timeout, more=env)


def _etcdctl(arguments: list[str], run: Callable[..., _programs.Done] = _run) -> None:
    command = ["etcdctl", f"--command-timeout={_COMMAND_SECONDS}s", *arguments]
    try:
        done = run(command, env={"ETCDCTL_API": "3"}, timeout=2 * _COMMAND_SECONDS)
    except (FileNotFoundError, _programs.Missing) as error:
        raise LabError("etcdctl is missing on this host: install etcd-client (Debian) or etcd (Red Hat)") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise LabError(f"etcdctl {' '.join(arguments[:2])}: {said}")


def _pack(path: Path, manifest: dict[str, Any], files: Iterable[Path]) -> None:
    """Written beside and moved, and readable by its owner only: what is in etcd may be secret."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz") as archive:
                text = json.dumps(manifest, indent=2).encode()
                entry = tarfile.TarInfo(_MANIFEST)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
                for file in files:
                    archive.add(file, arcname=file.name)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


class _Bounded(io.RawIOBase):
    """A stream of an archive whose headers may lie: no read is larger than asked for on purpose, and it ends."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _CHUNK:
            raise ValueError(f"a header of {size} bytes")
        if self._stream.tell() + size > _ARCHIVE_BYTES:
            raise ValueError(f"it is larger than {_ARCHIVE_BYTES >> 30} GiB")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset > _ARCHIVE_BYTES:
            raise ValueError(f"it is larger than {_ARCHIVE_BYTES >> 30} GiB")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


class _Contents:
    """The members of an archive, in the order in which `_pack` writes them."""

    def __init__(self, stream: IO[bytes], archive: tarfile.TarFile) -> None:
        self._stream, self._archive = stream, archive

    def open(self, name: str) -> IO[bytes]:
        entry = self._archive.next()
        if entry is None or entry.name != name:
            raise ValueError(f"{name} is not where it belongs")
        stream = self._archive.extractfile(entry) if entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE) else None
        if stream is None:
            raise ValueError(f"{name} is no file")
        return stream

    def finish(self) -> None:
        """The archive's own checksum is at its end."""
        if self._archive.next() is not None:
            raise ValueError("it holds more than a backup")
        while self._stream.read(_CHUNK):
            pass


@contextmanager
def _contents(path: Path) -> Iterator[_Contents]:
    # Opening a pipe would wait for somebody who writes.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        with gzip.open(file) as unpacked:
            stream = cast("IO[bytes]", _Bounded(cast("IO[bytes]", unpacked)))
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                yield _Contents(stream, archive)


@dataclass(frozen=True)
class _Digest:
    """What was seen of a snapshot while it went by."""

    sha256: str
    whole: bool
    sentinel: bool


def _digest(stream: IO[bytes], sentinel: bytes) -> _Digest:
    """A snapshot ends with a checksum of all that is before."""
    everything, database = hashlib.sha256(), hashlib.sha256()
    tail, seen = b"", False
    while chunk := stream.read(_CHUNK):
        everything.update(chunk)
        # What is kept back is long enough for the checksum, and for a sentinel across two chunks.
        window = tail + chunk
        seen = seen or sentinel in window
        keep = max(_SUM_BYTES, len(sentinel))
        database.update(window[:-keep])
        tail = window[-keep:]
    database.update(tail[:-_SUM_BYTES])
    return _Digest(everything.hexdigest(), database.digest() == tail[-_SUM_BYTES:], seen)


def _whole(stream: IO[bytes], limit: int) -> bytes:
    content = b"".join(iter(lambda: stream.read(_CHUNK) if stream.tell() <= limit else b"", b""))
    if len(content) > limit:
        raise ValueError(f"a part is larger than {limit >> 20} MiB")
    return content


def _manifest(text: bytes) -> dict[str, Any]:
    manifest = json.loads(text)
    wanted = {"format": int, "lab": str, "sentinel": str, "sha256": dict}
    if not isinstance(manifest, dict) or any(not isinstance(manifest.get(key), one) for key, one in wanted.items()):
        raise ValueError("its manifest is none")
    return manifest


def _keys(text: bytes) -> tuple[tuple[str, str], ...]:
    keys = json.loads(text)
    if not isinstance(keys, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair) for pair in keys
    ):
        raise ValueError("its v2 keys are none")
    for pair in keys:
        "".join(pair).encode()
    return tuple((key, value) for key, value in keys)


def _checks(found: dict[str, Any], lab: str, lab_uuid: str) -> dict[str, bool]:
    """Each fault, and whether it does not apply."""
    manifest, v3, another = found["manifest"], found["v3"], "take another file"
    uuid = str(manifest.get("uuid", ""))
    return {
        f"it has format {manifest['format']}, and only {FORMAT} is known: {another}": manifest["format"] == FORMAT,
        f"it is of the lab {_line(manifest['lab'])}, not of {lab}: {another}": manifest["lab"] == lab,
        f"it is of another lab named {lab}, {_line(uuid)}, and this one is {lab_uuid}: {another}, or restore that"
        f" lab's with -e etcd_lab_uuid={_line(uuid)}": not uuid or not lab_uuid or uuid == lab_uuid,
        f"a checksum does not fit, so it is damaged: {another}": manifest["sha256"] == found["sums"],
        f"its v3 snapshot is cut off: {another}": v3.whole,
        f"its v3 snapshot has no sentinel: {another}": v3.sentinel,
        f"its v2 keys have no sentinel: {another}": (SENTINEL, manifest["sentinel"]) in found["keys"],
    }


def _line(said: Any) -> str:
    """Somebody else's words, in a part of a line."""
    return "".join(one if one.isprintable() else "?" for one in str(said)[:120])


def _sum(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()
