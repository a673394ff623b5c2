# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the tutorial's chapters: each has a picture or a trace, and those have the form that traces have today.

tests/chapters runs its commands and writes what they print.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import table
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.verdict import judge
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace import a_lab

PAGE = (Path(__file__).resolve().parents[3] / "docs/chapters.md").read_text(encoding="utf-8")
CHAPTERS = ["1.2", "1.4", "2.2", "3.2", "3.3", "3.5", "4.1", "4.5"]
SECTIONS = dict(re.findall(r"^## (\d\.\d) (.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
TRACES = re.findall(r"\$ make trace FROM=(\S+) TO=(\S+)[^\n]*\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_chapters_with_images_are_there_in_order() -> None:
    assert list(SECTIONS) == CHAPTERS
    assert [one for one, text in SECTIONS.items() if not re.search(r"```text\n.+\n```", text, re.DOTALL)] == []


@pytest.mark.parametrize(("source", "target", "text"), TRACES, ids=[f"{one}-{other}" for one, other, _text in TRACES])
def test_a_trace_has_the_form_of_today(source: str, target: str, text: str) -> None:
    states = a_lab.states()
    made = a_lab.plan(states)
    results = a_lab.traced(made)
    today = table.lines(made, results, judge(made, results))
    lines = text.splitlines()
    # A namespace is called by its host as well.
    names = [rf"(?:emon:)?{one.rpartition(':')[2]}" for one in (source, target)]
    ends = rf"{names[0]} \(\S+\) to {names[1]} \(\S+\)"
    assert re.fullmatch(rf"{ends}(?: over \w+)?: (?:ICMP echo|TCP SYN to port \d+)", lines[0])
    assert lines[2].split() == today[2].split(), "run tests/chapters"
    rows = lines[3 : lines.index("", 3)]
    seen, bridge = r" *\d+  \S+ +\S+ +\S+ +\d+ +\d+ µs +\d+ µs +\d+", today[5].partition("1450")[2].strip()
    assert [row for row in rows if not re.match(seen, row) and not row.endswith(bridge)] == []
    assert re.match(rf"arrived: {names[0]} reaches {names[1]} at ", lines[-1])
