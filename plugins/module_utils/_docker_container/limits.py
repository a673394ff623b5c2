# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""How much of the host a container may use: sizes and shares in Compose's words, as numbers of the API."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

MEMORY = re.compile(r"([1-9][0-9]{0,14})([bBkKmMgG]?)[bB]?")
MEMORY_RULE = "write a number and a unit, such as 64m or 1g"
# Docker counts in thousand millionths.
CPUS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,9})?")
CPUS_RULE = "write how many processors, such as 0.5 or 2, with nine decimals at most"
# Docker's own bounds.
MOST_MEMORY = 2**63 - 1
LEAST_MEMORY = 6 * 1024 * 1024
LEAST_CPUS = Decimal("0.01")
# Option -> its key in the API, and what `docker info` says of it.
SUPPORT = {"memory": ("Memory", "MemoryLimit"), "cpus": ("NanoCpus", "CpuCfsQuota")}
_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_NANO = 1_000_000_000


def memory(text: str | None, faults: list[str]) -> int:
    """Bytes; 0 where nothing is asked."""
    if not text:
        return 0
    match = MEMORY.fullmatch(str(text))
    if match is None:
        faults.append(f"memory: {text} is no size: {MEMORY_RULE}")
        return 0
    size = int(match[1]) * _UNITS[match[2].lower()]
    if size < LEAST_MEMORY:
        faults.append(f"memory: {text} is too little: Docker wants 6m at least")
    if size > MOST_MEMORY:
        faults.append(f"memory: {text} is more than Docker can count ({MOST_MEMORY} bytes): write less")
    return size


def nano_cpus(value: object, faults: list[str]) -> int:
    """Thousand millionths of a processor; 0 where nothing is asked."""
    if value is None or value == "":
        return 0
    try:
        cpus = Decimal(str(value)) if CPUS.fullmatch(str(value)) else Decimal(0)
    except InvalidOperation:
        cpus = Decimal(0)
    if cpus < LEAST_CPUS:
        faults.append(f"cpus: {value} is no number of processors, {LEAST_CPUS} at least: {CPUS_RULE}")
    return int(cpus * _NANO)
