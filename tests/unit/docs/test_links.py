# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links of the pages: each leads to a file of the repository, and to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")])


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to headings: lower case, words and hyphens, spaces become hyphens."""
    titles = re.findall(r"^#+ +(.*?) *$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(page: Path) -> list[str]:
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith(("https://", "http://")):
            continue
        name, _hash, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A, b!\n[x](none.md) [y](#a-b) [z](#c)\n", encoding="utf-8")
    assert broken(page) == ["none.md", "#c"]


@pytest.mark.parametrize(
    "kind",
    [
        "playbooks/*.yml",
        "roles/*",
        *(f"plugins/{kind}/*.py" for kind in ("modules", "callback", "connection", "inventory", "lookup")),
    ],
)
def test_the_reference_has_a_line_for_each(kind: str) -> None:
    page = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    names = [path.name.removesuffix(".py") for path in ROOT.glob(kind) if not path.name.startswith("_")]
    assert [name for name in sorted(names) if f"\n| `{name}` | " not in page] == []


def test_the_gallery_has_a_section_for_each_lab() -> None:
    page = (ROOT / "docs/labs.md").read_text(encoding="utf-8")
    assert [path.stem for path in ROOT.glob("labs/*.yml") if f"\n## {path.stem}\n" not in page] == []


def test_the_readme_fits_two_screens() -> None:
    words = prose(ROOT / "README.md").split()
    assert len(words) <= 600
