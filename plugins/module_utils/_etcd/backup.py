# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A backup of etcd's two stores in one file, and what is made of it again.

A v3 snapshot holds no v2 keys, so the v2 tree is read beside it. Each has a sentinel, a key written for this backup
alone: a file without it was taken of something else. archive has the file.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import dir_fd, programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

from . import archive
from . import files as etcd_files
from .client import Access, Client
from .store import Condition, Entry, V2Store, V3Store

_COMMAND_SECONDS = 600
Claim = Callable[[str], None]


def create(client: Client, lab: str, directory: Path, now: datetime, lab_uuid: str = "") -> tuple[Path, dict[str, Any]]:
    """Make a file of a live cluster; its path and its manifest. Raises LabError."""
    sentinel = f"{lab} {now:%Y-%m-%dT%H:%M:%SZ} {secrets.token_hex(16)}"
    for store in (V3Store(client), V2Store(client)):
        store.put(archive.SENTINEL, sentinel.encode(), Condition())
    path = directory / f"{lab}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            v3 = Path(scratch) / archive.V3
            _save_snapshot(client.access, v3)
            v2 = Path(scratch) / archive.V2
            keys = worth_keeping(V2Store(client).list("/", True))
            v2.write_text(json.dumps(keys), encoding="utf-8")
            manifest = {
                "format": archive.FORMAT,
                "lab": lab,
                "uuid": lab_uuid,
                "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "sentinel": sentinel,
                "v2_keys": len(keys),
                "sha256": {one.name: archive.checksum(one) for one in (v3, v2)},
            }
            archive.pack(path, manifest, (v3, v2))
    except OSError as error:
        raise LabError(f"{directory}: a backup cannot be written: {reason(error)}") from error
    return path, manifest


def worth_keeping(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Keys and values of a v2 tree, without those that have a time to live: their owners write them again."""
    entries = list(entries)
    expiring = tuple(entry.key.decode() + "/" for entry in entries if entry.ttl is not None and entry.value is None)
    return [
        (entry.key.decode(), entry.value.decode())
        for entry in entries
        if entry.value is not None and entry.ttl is None
        if not entry.key.decode().startswith(("/docker/nodes/", *expiring))
    ]


def restore_data(
    backup: archive.Backup, member: dict[str, str], data_dir: Path, owner: tuple[int, int], claim: Claim
) -> None:
    """Make a new member's data directory of the v3 snapshot, as its owner. Raises LabError.

    ``member``: {"name", "initial_cluster", "token", "peer_urls"}, as etcd's own options of these names;
    ``claim``: told the new member's CLUSTER_ID/MEMBER_ID before its data is there.
    """
    scratch = f".{data_dir.name}.{secrets.token_hex(8)}"
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        with dir_fd.opened(data_dir.parent) as parent, _snapshot(backup, owner) as snapshot:
            dir_fd.make(parent, scratch, owner)
            try:
                with dir_fd.inside(parent, scratch) as inside:
                    _restore_snapshot(snapshot, member, owner, inside)
                    made = etcd_files.data(Path(f"/proc/self/fd/{inside}/data"))
                    claim(etcd_files.identity(made))
                    # In one step, so that a member has all of it or nothing.
                    os.rename("data", data_dir.name, src_dir_fd=inside, dst_dir_fd=parent)
                    os.fsync(parent)
            finally:
                dir_fd.remove(parent, scratch)
    except OSError as error:
        raise LabError(f"{data_dir}: it cannot be made of the backup: {reason(error)}") from error


def restore_keys(backup: archive.Backup, client: Client) -> None:
    """Write the v2 keys to the new cluster, and find both sentinels there. Raises LabError."""
    v2, wanted = V2Store(client), backup.manifest["sentinel"].encode()
    for key, value in backup.keys:
        v2.put(key, value.encode(), Condition())
    for api, store in (("v3", V3Store(client)), ("v2", v2)):
        found = store.get(archive.SENTINEL)
        if found is None or found.value != wanted:
            raise LabError(f"after the restore, {archive.SENTINEL} of the {api} API is not the backup's: restore again")


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
def _snapshot(backup: archive.Backup, owner: tuple[int, int]) -> Iterator[int]:
    """A file without a name that holds the v3 snapshot, for its owner to read."""
    # Beside the backup, in a directory of root's.
    with tempfile.TemporaryFile(dir=backup.path.parent) as target, archive.contents(backup.path) as parts:
        parts.open(archive.MANIFEST)
        shutil.copyfileobj(parts.open(archive.V3), target)
        target.flush()
        if os.fstat(target.fileno()).st_uid != owner[0]:
            os.fchown(target.fileno(), *owner)
        yield target.fileno()


def _restore_snapshot(snapshot: int, member: dict[str, str], owner: tuple[int, int], directory: int) -> None:
    # etcdctl 3.5 makes a relative path absolute, and its user may not enter each directory on the way.
    data = f"/proc/self/fd/{directory}/data"
    options = {
        "--name": member["name"],
        "--initial-cluster": member["initial_cluster"],
        "--initial-cluster-token": member["token"],
        "--initial-advertise-peer-urls": member["peer_urls"],
        "--data-dir": data,
        "--wal-dir": f"{data}/wal",
    }
    words = [word for option in options.items() for word in option]
    as_owner = partial(dir_fd.run_as, owner, directory, pass_fds=(snapshot, directory))
    _etcdctl(["snapshot", "restore", f"/proc/self/fd/{snapshot}", *words], as_owner)


def _etcdctl(arguments: list[str], run: Callable[..., programs.Done] = programs.run) -> None:
    command = ["etcdctl", f"--command-timeout={_COMMAND_SECONDS}s", *arguments]
    try:
        done = run(command, timeout=2 * _COMMAND_SECONDS, more={"ETCDCTL_API": "3", "NO_PROXY": "*"})
    except programs.Missing as error:
        raise LabError("etcdctl is missing on this host: install etcd-client (Debian) or etcd (Red Hat)") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise LabError(f"etcdctl {' '.join(arguments[:2])}: {said}")
