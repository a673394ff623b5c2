# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of docs/hosts.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]
_TABLE = (_ROOT / "docs/hosts.md").read_text(encoding="utf-8").partition("| kind | what shows it |\n|---|---|\n")[2]
_ROWS = [line.strip("|").split("|") for line in _TABLE.splitlines() if line.startswith("|")]


def test_the_table_is_found() -> None:
    assert len(_ROWS) > 35 and all(len(row) == 2 for row in _ROWS)


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0].strip())
def test_what_shows_a_kind_is_there_or_said_not_to_be(row: list[str]) -> None:
    said = row[1]
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", said)
    for file, test in named:
        (path,) = [path for path in (_ROOT / "tests").rglob(Path(file).name) if str(path).endswith(f"/{file}")]
        assert not test or re.search(rf"^(?:class|def) {test}\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    scenarios = re.findall(r"scenario `(\w+)`", said)
    targets = re.findall(r"target `(\w+)`", said)
    assert [one for one in scenarios if not (_ROOT / "molecule" / one / "molecule.yml").exists()] == []
    assert [one for one in targets if not (_ROOT / "tests/integration/targets" / one).is_dir()] == []
    assert named or scenarios or targets or "not shown" in said or "make vm-test" in said
