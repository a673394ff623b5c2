# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/development.md as a map: every package is on it, and every file that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/development.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """The cells of the table with this heading."""
    table = PAGE[PAGE.index(f"\n| {head} |") + 1 :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def missing(cell: str) -> list[str]:
    """Files of a cell that do not exist. One without a folder is in the last folder that was named.

    One with NAME or ENGINE in it is a pattern.
    """
    folder, found = Path(), []
    for name in re.findall(r"`([\w/]+(?:\.\w+)?)`", cell):
        if "NAME" in name or "ENGINE" in name:
            continue
        if "/" not in name and not name.endswith(".py"):
            continue
        path = ROOT / name if name.startswith(("docs/", "playbooks/", "roles/", "tests/")) else ROOT / "plugins" / name
        if "/" in name:
            folder = path if name.endswith("/") else path.parent
        else:
            path = folder / name
        if not path.exists():
            found.append(name)
    return found


def test_every_package_has_a_row() -> None:
    for tree in ("module_utils", "plugin_utils"):
        there = {path.parent.name for path in (ROOT / "plugins" / tree).glob("*/*.py")}
        assert {row[0].strip("`") for row in rows(f"package of `{tree}`")} == there


def test_files_to_open_exist() -> None:
    changes = rows("to change")
    assert len(changes) >= 12
    assert [name for row in changes for name in missing(row[1])] == []
    assert missing("`modules/netns.py`, `nothing.py`, `roles/none`") == ["nothing.py", "roles/none"]
