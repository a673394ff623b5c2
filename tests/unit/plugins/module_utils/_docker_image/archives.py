# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of images as `docker save` writes them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any


def archive(names: list[str] | None, layers: tuple[str, ...] = ("one",), without: str = "", **config: Any) -> bytes:
    """An image with these layers, by names. ``without``: a file that is missing."""
    told = json.dumps({"architecture": "amd64", "rootfs": {"diff_ids": list(layers)}, **config}).encode()
    identity = hashlib.sha256(told).hexdigest()
    files = {f"{layer}/layer.tar": layer.encode() for layer in layers} | {f"{identity}.json": told}
    manifest = [{"Config": f"{identity}.json", "RepoTags": names, "Layers": [f"{layer}/layer.tar" for layer in layers]}]
    files["manifest.json"] = json.dumps(manifest).encode()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as opened:
        for name, content in files.items():
            if name != without:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                opened.addfile(member, io.BytesIO(content))
    return written.getvalue()
