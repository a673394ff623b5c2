# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import healing
from healing import ITSELF, LINE, NEVER, NONE, RUN, Outcome

ENGINES = ("cluster_store", "swarm", "vxlan")
PAGE = healing.PAGE.read_text(encoding="utf-8")


def test_the_page_has_a_matrix_without_never() -> None:
    matrix = healing.read(PAGE, ENGINES)
    assert matrix
    assert [what for what, cells in matrix.items() if NEVER in {one.healed for one in cells.values()}] == []


def test_what_is_written_is_read_again() -> None:
    matrix = {"power cut of e1": {"swarm": Outcome(ITSELF, 12.0), "vxlan": Outcome(NONE, 0.0)}}
    text = healing.written(PAGE, matrix, ENGINES)
    assert healing.read(text, ENGINES) == matrix
    assert "| power cut of e1 | - | by itself, 12 s | no outage |\n" in text


@pytest.mark.parametrize(
    ("healed", "former", "worse"),
    [
        (RUN, ITSELF, True),
        (LINE, RUN, True),
        (NEVER, LINE, True),
        (RUN, RUN, False),
        (ITSELF, RUN, False),
        (ITSELF, NONE, False),
    ],
)
def test_worse_is_what_takes_more_help(healed: str, former: str, worse: bool) -> None:
    assert Outcome(healed, 1.0).worse_than(Outcome(former, 900.0)) is worse


def test_a_cell_that_is_no_outcome_is_named() -> None:
    page = "| what happens | a | b | c |\n|---|---|---|---|\n| x | soon | - | - |\n"
    with pytest.raises(ValueError, match="'soon' is no outcome"):
        healing.read(page, ENGINES)
