# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What this machine has left for more simulated hosts: with too little, they would boot and fail one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# A host with dbus, containerd and dockerd has 7 inotify instances, and with etcd and dockerd about 350 MB.
_INSTANCES, _MEGABYTES = 7, 350


def faults(hosts: int, proc: Path = Path("/proc")) -> list[str]:
    """Why so many hosts cannot boot here in addition to what runs, a line each."""
    if not hosts:
        return []
    more = f"{hosts} more simulated host{'' if hosts == 1 else 's'}"
    found = []
    limit = int((proc / "sys/fs/inotify/max_user_instances").read_text(encoding="ascii"))
    free = limit - sum(_instances(process) for process in _processes(proc))
    if free < hosts * _INSTANCES:
        found.append(
            f"{more} need about {hosts * _INSTANCES} inotify instances, and {max(0, free)} of {limit} are free:"
            f" sysctl fs.inotify.max_user_instances={limit + hosts * _INSTANCES} on this machine, or fewer hosts in the"
            " lab file"
        )
    memory = dict(line.split(":", 1) for line in (proc / "meminfo").read_text(encoding="ascii").splitlines())
    available = int(memory["MemAvailable"].split()[0]) // 1000
    if available < hosts * _MEGABYTES:
        found.append(
            f"{more} need about {hosts * _MEGABYTES} MB of memory, and {available} MB are available: stop other"
            " programs, or take hosts out of the lab file"
        )
    return found


def _processes(proc: Path) -> Iterator[Path]:
    """Those of this user, in whatever namespace: the limit is one for all of them."""
    for process in proc.iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid == os.getuid():
                yield process
        except OSError:
            continue


def _instances(process: Path) -> int:
    try:
        return sum(str(fd.readlink()) == "anon_inode:inotify" for fd in (process / "fd").iterdir())
    except OSError:
        return 0
