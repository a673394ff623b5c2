"""The matrix of docs/faults.md: what happens, with which engine, what brings the lab back, and after how long.

A cell is `by itself, 12 s`, `no outage`, or `-` where it was not tried.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parent.parent / "docs/faults.md"
# From the best to the worst.
NONE, ITSELF, RUN, LINE, NEVER = RANKS = ("no outage", "by itself", "by a run", "by its line", "never")
_TABLE = re.compile(r"^\| what happens \|.*\n\|[-| ]+\n((?:\|.*\n)*)", re.MULTILINE)
_NOT_TRIED = "-"


class Outcome(NamedTuple):
    """``seconds``: how long a pair did not reach each other."""

    healed: str
    seconds: float

    def __str__(self) -> str:
        return self.healed if self.healed in (NONE, NEVER) else f"{self.healed}, {self.seconds:.0f} s"

    def worse_than(self, other: Outcome) -> bool:
        """That there was an outage at all may be chance: what heals by itself may do so before anybody asks."""
        return max(RANKS.index(self.healed), 1) > max(RANKS.index(other.healed), 1)


Matrix = dict[str, dict[str, Outcome]]


def read(text: str, engines: tuple[str, ...]) -> Matrix:
    """What happens -> engine -> outcome, of a page's text."""
    found = _TABLE.search(text)
    matrix: Matrix = {}
    for line in found[1].splitlines() if found else ():
        what, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        matrix[what] = {
            engine: _outcome(cell) for engine, cell in zip(engines, cells, strict=True) if cell != _NOT_TRIED
        }
    return matrix


def _outcome(cell: str) -> Outcome:
    healed, _comma, rest = cell.partition(", ")
    if healed not in RANKS:
        raise ValueError(f"docs/faults.md: {cell!r} is no outcome")
    return Outcome(healed, float(rest.removesuffix(" s") or 0))


def lines(matrix: Matrix, engines: tuple[str, ...]) -> list[str]:
    head = [f"| what happens | {' | '.join(engines)} |", f"|---{'|---' * len(engines)}|"]
    return head + [
        f"| {what} | {' | '.join(str(cells.get(engine, _NOT_TRIED)) for engine in engines)} |"
        for what, cells in matrix.items()
    ]


def written(text: str, matrix: Matrix, engines: tuple[str, ...]) -> str:
    """The page's text with another matrix."""
    table = "".join(f"{line}\n" for line in lines(matrix, engines))
    return _TABLE.sub(lambda _found: table, text, count=1)
