# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The file of a backup: a tar.gz of manifest.json, v3.db and v2.json. It is read as one that was made to do harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file, regular_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason, shortened

FORMAT = 1
SENTINEL = "/overlay-lab/backup"
MANIFEST, V3, V2 = "manifest.json", "v3.db", "v2.json"
# etcdctl appends a checksum of the database to a snapshot.
_SUM_BYTES = hashlib.sha256().digest_size
_CHUNK = 1 << 20
# Of the manifest, and of the v2 tree, which etcd itself holds in memory. etcd's database has at most 8 GiB.
_MANIFEST_BYTES, _V2_BYTES, _ARCHIVE_BYTES = 1 << 20, 256 << 20, 9 << 30
# What reading a file that is none, or was made to do harm, raises.
_DAMAGE = (
    gzip.BadGzipFile,
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


@dataclass(frozen=True)
class Backup:
    """A file that was found to be whole, and of the lab."""

    path: Path
    manifest: dict[str, Any]
    keys: tuple[tuple[str, str], ...]


def read(path: Path, lab: str, lab_uuid: str = "") -> Backup:
    """Check a file in full. Raises LabError with the one reason why it must not be restored.

    ``lab_uuid``: the lab's; '' where it is not known. A file that has one has to have the same.
    """
    found: dict[str, Any] = {}
    try:
        with contents(path) as parts:
            manifest = _manifest(_whole(parts.open(MANIFEST), _MANIFEST_BYTES))
            v3 = _digest(parts.open(V3), manifest["sentinel"].encode())
            v2 = _whole(parts.open(V2), _V2_BYTES)
            parts.finish()
        keys = _keys(v2)
        sums = {V3: v3.sha256, V2: hashlib.sha256(v2).hexdigest()}
        found = {"manifest": manifest, "keys": keys, "v3": v3, "sums": sums}
    except FileNotFoundError as error:
        raise LabError(f"{path}: there is no such backup") from error
    # Before the errors of the system, to which gzip counts its own.
    except _DAMAGE as error:
        raise LabError(
            f"{path}: it is not a backup of etcd, or damaged: {shortened(error) or type(error).__name__}"
        ) from error
    except OSError as error:
        raise LabError(f"{path}: it cannot be read: {reason(error)}") from error
    for fault, fits in _checks(found, lab, lab_uuid).items():
        if not fits:
            raise LabError(f"{path}: {fault}")
    return Backup(path, found["manifest"], found["keys"])


def of_lab(paths: Iterable[str], lab: str, lab_uuid: str) -> dict[str, list[str]]:
    """Files by whose they are, as their manifests say: {"lab": its own, "other": of others, "unknown": the rest}.

    ``lab_uuid``: '' where the lab has none; then files without one are its own.
    """
    found: dict[str, list[str]] = {"lab": [], "other": [], "unknown": []}
    for path in paths:
        try:
            with contents(Path(path)) as parts:
                manifest = _manifest(_whole(parts.open(MANIFEST), _MANIFEST_BYTES))
        except (OSError, *_DAMAGE):
            found["unknown"].append(path)
            continue
        uuid = str(manifest.get("uuid", ""))
        if manifest["lab"] != lab or ("" not in (uuid, lab_uuid) and uuid != lab_uuid):
            found["other"].append(path)
        else:
            found["lab" if uuid == lab_uuid else "unknown"].append(path)
    return found


def pack(path: Path, manifest: dict[str, Any], files: Iterable[Path]) -> None:
    """Readable by its owner only: what is in etcd may be secret."""
    with atomic_file.written(path) as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
        text = json.dumps(manifest, indent=2).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
        for file in files:
            archive.add(file, arcname=file.name)


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
    """The members of an archive, in the order in which `pack` writes them."""

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
def contents(path: Path) -> Iterator[_Contents]:
    with regular_file.opened(path) as file, gzip.open(file) as unpacked:
        stream = cast("IO[bytes]", _Bounded(cast("IO[bytes]", unpacked)))
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            yield _Contents(stream, archive)


@dataclass(frozen=True)
class _Digest:
    """What was found in a snapshot while it was read as a stream."""

    sha256: str
    complete: bool
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
        raise ValueError("its manifest is not valid")
    return manifest


def _keys(text: bytes) -> tuple[tuple[str, str], ...]:
    keys = json.loads(text)
    if not isinstance(keys, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair) for pair in keys
    ):
        raise ValueError("its v2 keys are not valid")
    for pair in keys:
        "".join(pair).encode()
    return tuple((key, value) for key, value in keys)


def _checks(found: dict[str, Any], lab: str, lab_uuid: str) -> dict[str, bool]:
    """Each fault, and whether it does not apply."""
    manifest, v3, another = found["manifest"], found["v3"], "take another file"
    uuid = str(manifest.get("uuid", ""))
    return {
        f"it has format {manifest['format']}, and only {FORMAT} is known: {another}": manifest["format"] == FORMAT,
        f"it is of the lab {shortened(manifest['lab'])}, not of {lab}: {another}": manifest["lab"] == lab,
        f"it is of another lab named {lab}, {shortened(uuid)}, and this one is {lab_uuid}: {another}, or restore that"
        f" lab's with -e etcd_lab_uuid={shortened(uuid)}": not uuid or not lab_uuid or uuid == lab_uuid,
        f"a checksum does not match, so it is damaged: {another}": manifest["sha256"] == found["sums"],
        f"its v3 snapshot is cut off: {another}": v3.complete,
        f"its v3 snapshot has no sentinel: {another}": v3.sentinel,
        f"its v2 keys have no sentinel: {another}": (SENTINEL, manifest["sentinel"]) in found["keys"],
    }


def checksum(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()
