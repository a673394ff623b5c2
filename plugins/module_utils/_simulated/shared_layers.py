# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Layers of images that several simulated hosts have, once on disk: their files are hard links of each other.

A layer of an image is named by the hash of its content, and never written to: a container writes into a copy. The
hosts' dockerd know nothing of it, and one that removes an image takes away its own link. Root of the machine works here
in directories in which root of the host may put links: every step is by descriptor and follows none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import inside
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

from .host import SimulatedHost

_IMAGES = "image/overlay2/imagedb/content/sha256"
_LAYERS = "image/overlay2/layerdb/sha256"
_DRAFT = ".overlay-lab-link"
# It names all layers of an image, and what has to be known to run it.
_MOST_BYTES = 8 << 20


def share(name: str, others: Iterable[str], images: Iterable[str]) -> int:
    """Let the host's files of the images' layers be those of the others, where one of them has the layer.

    ``images``: ids. A layer of which a container of the host is made stays as it is: below a mounted overlay nothing
    may change. Returns the bytes that were freed. Raises LabError.
    """
    host = SimulatedHost(name)
    try:
        with ExitStack() as opened:
            root = opened.enter_context(inside.opened(_data(host)))
            mounted = _mounted(host)
            peers = [
                opened.enter_context(inside.opened(_data(SimulatedHost(other))))
                for other in others
                if other != name and _data(SimulatedHost(other)).is_dir()
            ]
            return sum(_share_layer(root, peers, layer, mounted) for layer in dict.fromkeys(_layers(root, images)))
    except OSError as error:
        raise LabError(f"simulated host {name}: its layers cannot be shared: {reason(error)}") from error


def _data(host: SimulatedHost) -> Path:
    return host.directory / "docker"


def _layers(root: int, images: Iterable[str]) -> Iterator[str]:
    """The chain ids of the images' layers (image-spec, "Layer ChainID"); none of an image that is kept otherwise."""
    for image in images:
        config = _read(root, f"{_IMAGES}/{image.rpartition(':')[2]}", _MOST_BYTES)
        chain = ""
        for diff in json.loads(config)["rootfs"]["diff_ids"] if config else ():
            chain = f"sha256:{hashlib.sha256(f'{chain} {diff}'.encode()).hexdigest()}" if chain else diff
            yield chain.removeprefix("sha256:")


def _share_layer(root: int, peers: list[int], layer: str, mounted: set[str]) -> int:
    mine = _directory(root, layer)
    if not mine or _read(root, f"overlay2/{mine}/link") in mounted:
        return 0
    for peer in peers:
        if theirs := _directory(peer, layer):
            return _link_tree(root, f"overlay2/{mine}", peer, f"overlay2/{theirs}")
    return 0


def _directory(root: int, layer: str) -> str:
    """Where a dockerd keeps the layer, below overlay2; '' where it does not have it."""
    found = _read(root, f"{_LAYERS}/{layer}/cache-id")
    return found if found.isalnum() else ""


def _read(root: int, path: str, most: int = 4096) -> str:
    try:
        return inside.read(root, path, most).decode().strip()
    except FileNotFoundError:
        return ""


def _mounted(host: SimulatedHost) -> set[str]:
    """The layers that are mounted on the host, by the short names by which Docker mounts them."""
    leader = host.leader()
    text = Path(f"/proc/{leader.pid}/mountinfo").read_text(encoding="utf-8") if leader else ""
    options = (option for line in text.splitlines() for option in line.rpartition(" ")[2].split(","))
    lower = (value for key, _equals, value in (one.partition("=") for one in options) if key.startswith("lowerdir"))
    return {path.rpartition("/")[2] for one in lower for path in one.split(":")}


def _link_tree(root: int, mine: str, other_root: int, theirs: str) -> int:
    freed = 0
    with inside.directory(root, mine) as target, inside.directory(other_root, theirs) as source:
        for path, _directories, names, here in os.fwalk("diff", dir_fd=target):
            try:
                with inside.directory(source, path) as there:
                    freed += sum(_link(here, there, name) for name in names)
            except FileNotFoundError:
                # Removed meanwhile.
                continue
    return freed


def _link(here: int, there: int, name: str) -> int:
    """Replace a file by a link to its equal. Returns the bytes that were freed: 0 where it has none."""
    try:
        mine, theirs = (os.stat(name, dir_fd=one, follow_symlinks=False) for one in (here, there))
        if mine.st_ino == theirs.st_ino or not mine.st_size or _shown(mine) != _shown(theirs):
            return 0
        if _attributes(here, name) != _attributes(there, name):
            return 0
        os.link(name, _DRAFT, src_dir_fd=there, dst_dir_fd=here, follow_symlinks=False)
        os.rename(_DRAFT, name, src_dir_fd=here, dst_dir_fd=here)
    except FileNotFoundError:
        return 0
    return mine.st_blocks * 512


def _shown(file: os.stat_result) -> tuple[Any, ...]:
    return (file.st_mode, file.st_uid, file.st_gid, file.st_size, file.st_mtime_ns, file.st_dev)


def _attributes(directory: int, name: str) -> dict[str, bytes]:
    path = f"/proc/self/fd/{directory}/{name}"
    found = os.listxattr(path, follow_symlinks=False)
    return {key: os.getxattr(path, key, follow_symlinks=False) for key in found}
