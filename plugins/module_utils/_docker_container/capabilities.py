# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Capabilities of the kernel, as capabilities(7) has them, and all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

ALL = "ALL"
_NAMES = (
    "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE"
    " DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE"
    " MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG"
    " SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE"
    " SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
)
KNOWN = frozenset(_NAMES.split()) | {ALL}


def fault(name: str) -> str:
    """What is wrong with a name, with or without CAP_, in whatever case; empty if nothing is."""
    short = name.upper().removeprefix("CAP_")
    if short in KNOWN and (short != ALL or name.upper() == ALL):
        return ""
    near = difflib.get_close_matches(short, sorted(KNOWN), n=1)
    return f"{name} is no capability: " + (f"did you mean {near[0]}?" if near else "capabilities(7) lists them")


def parse(names: Iterable[str] | None, option: str, faults: list[str]) -> list[str]:
    """In Docker's words, sorted; faults are added, one line each."""
    given = list(names or ())
    faults.extend(f"{option}: {line}" for line in map(fault, given) if line)
    return sorted(ALL if one.upper() == ALL else f"CAP_{one.upper().removeprefix('CAP_')}" for one in given)
