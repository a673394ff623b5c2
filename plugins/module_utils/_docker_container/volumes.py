# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Volumes of a container, in Compose's short form: a volume's name or a path on the host, and where it is mounted."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Docker's own form of a volume's name. A path on the host is absolute: hosts have no folder of the lab file.
FORM = re.compile(
    r"(?P<source>/[^:\s]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+):(?P<target>/[^:\s]*)(?::(?P<options>(?:ro|rw)(?:,[zZ])?|[zZ](?:,(?:ro|rw))?))?"
)
RULE = "write NAME:/path/inside or /path/on/the/host:/path/inside, with :ro at the end for reading alone"


def parse(entries: Iterable[str] | None, faults: list[str]) -> list[str]:
    """HostConfig.Binds in the order of the option; faults are added, one line each."""
    binds: list[str] = []
    holders: dict[str, str] = {}
    for entry in entries or ():
        match = FORM.fullmatch(str(entry))
        if match is None:
            faults.append(f"volumes: {entry!r} is no volume: {RULE}")
            continue
        target = match["target"].rstrip("/") or "/"
        if ".." in match["source"].split("/") + target.split("/"):
            faults.append(f"volumes: {entry}: has '..' in a path: write the path itself")
        elif target == "/":
            faults.append(f"volumes: {entry}: cannot take the place of the container's root: choose a folder")
        elif target in holders:
            faults.append(f"volumes: {entry}: {holders[target]} is mounted at {target} already: remove one")
        else:
            holders[target] = match["source"]
            binds.append(str(entry))
    return binds
