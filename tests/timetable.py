#!/usr/bin/env python3
"""What of the tests took how long, as a table: tests/timetable.py FILE SECONDS

FILE: what tests/took noted; SECONDS: how long all of it took. Kinds overlap, as two parts run at a time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

_WHOLE = "-"
_SKIPPED = "skipped"


class Part(NamedTuple):
    kind: str
    name: str
    result: str
    seconds: int


def read(text: str) -> list[Part]:
    found = (line.split("\t") for line in text.splitlines())
    return [Part(kind, name, result, int(seconds)) for kind, name, result, seconds in found]


def table(parts: list[Part], seconds: int) -> list[str]:
    """The kinds, the longest first, and below each its parts likewise; at the end what was skipped."""
    rows = [("part", "result", "seconds")]
    wholes = {part.kind: part for part in parts if part.name == _WHOLE}
    # Of a kind that was killed there are parts, and no whole.
    kinds = {part.kind: wholes.get(part.kind, Part(part.kind, _WHOLE, "unfinished", 0)) for part in parts}
    for whole in sorted(kinds.values(), key=_longest):
        rows.append((whole.kind, whole.result, str(whole.seconds)))
        inner = [part for part in parts if part.kind == whole.kind and part.name != _WHOLE and part.result != _SKIPPED]
        rows += [(f"  {part.name}", part.result, str(part.seconds)) for part in sorted(inner, key=_longest)]
    rows.append(("all of it", "", str(seconds)))
    width = max(len(name) for name, _result, _seconds in rows)
    lines = [f"{name:<{width}}  {result:<10}  {took:>7}" for name, result, took in rows]
    skipped = [f"{part.kind} {part.name}" for part in parts if part.result == _SKIPPED]
    return lines + ([f"Skipped, because no time was left: {', '.join(skipped)}"] if skipped else [])


def _longest(part: Part) -> tuple[int, str, str]:
    return -part.seconds, part.kind, part.name


if __name__ == "__main__":
    print("\n".join(table(read(Path(sys.argv[1]).read_text(encoding="utf-8")), int(sys.argv[2]))))
