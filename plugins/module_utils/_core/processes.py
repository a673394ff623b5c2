# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Processes by identity. A process id alone is none: after a reboot, or soon after an exit, it is a stranger's."""

from __future__ import annotations

import os
import select
import signal
from dataclasses import asdict, dataclass
from pathlib import Path


def boot_id() -> str:
    """The kernel's id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class Process:
    """A process as it can be written down and found again. ``start``: clock ticks since boot (proc(5), stat 22)."""

    pid: int
    start: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now; None if there is none, or only a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command's name stands in parentheses and may hold spaces and parentheses itself.
        fields = stat[stat.rindex(b")") + 2 :].split()
        if fields[0] in (b"Z", b"X"):
            return None
        return cls(pid=pid, start=int(fields[19]), boot=boot_id())

    @classmethod
    def from_record(cls, record: dict) -> Process:
        return cls(pid=int(record["pid"]), start=int(record["start"]), boot=str(record["boot"]))

    def to_record(self) -> dict:
        return asdict(self)

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def executable(self) -> str:
        """The name of the program that it runs; '' if it has ended."""
        try:
            return Path(f"/proc/{self.pid}/exe").readlink().name
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def children(self) -> list[Process]:
        """Its direct children. Reads every process's parent: not all kernels have /proc/PID/task/TID/children."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(entry) == self.pid:
                child = Process.of(int(entry.name))
                if child:
                    found.append(child)
        return found

    def end(self, number: signal.Signals | int, seconds: float) -> bool:
        """Send a signal and wait for the end. True if it has ended (or never ran), False if it still runs."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            # Looked up after the descriptor was opened: from here on the id cannot become a stranger's unnoticed.
            if not self.alive():
                return True
            signal.pidfd_send_signal(fd, number)
            return bool(select.select([fd], [], [], seconds)[0])
        except ProcessLookupError:
            return True
        finally:
            os.close(fd)


def _parent(proc: Path) -> int:
    try:
        stat = (proc / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(stat[stat.rindex(b")") + 2 :].split()[1])
