# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long steps take: what is kept, and what becomes of a file that is no such file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.durations import Durations


def after(path: Path, *seconds: float) -> Durations:
    """The cache after as many runs."""
    for one in seconds:
        run = Durations(path)
        run.add("emon", "It boots", one)
        run.save()
    return Durations(path)


@pytest.mark.parametrize(
    ("seconds", "usual"),
    [
        ([], ""),
        ([33.6], "last time 34 s"),
        ([10.0, 12.0], "usually about 11 s"),
        ([10.0, 12.0, 300.0], "usually about 12 s"),
        ([500.0, 500.0, 10.0, 11.0, 12.0, 13.0, 14.0], "usually about 12 s"),
    ],
)
def test_what_is_usual(tmp_path: Path, seconds: list[float], usual: str) -> None:
    found = after(tmp_path / "of/a/cache/durations.json", *seconds)
    assert found.usual("emon", "It boots") == usual
    assert found.usual("emon", "It starts") == ""
    assert found.usual("emon simulated", "It boots") == ""


def test_what_another_run_added_meanwhile_stays(tmp_path: Path) -> None:
    one, other = Durations(tmp_path / "durations.json"), Durations(tmp_path / "durations.json")
    one.add("emon", "It boots", 10.0)
    other.add("four", "It boots", 20.0)
    one.save()
    other.save()
    assert one.usual("emon", "It boots") == "last time 10 s"
    assert one.usual("four", "It boots") == "last time 20 s"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text("", encoding="utf-8"),
        lambda path: path.write_text("{", encoding="utf-8"),
        lambda path: path.write_text("[1]", encoding="utf-8"),
        lambda path: path.write_text("[" * 100000, encoding="utf-8"),
        lambda path: path.write_text('{"format": 2, "labs": {}}', encoding="utf-8"),
        lambda path: path.write_text('{"labs": {"emon": {"It boots": ["long"]}}}', encoding="utf-8"),
        lambda path: path.write_text('{"labs": {"emon": [1]}}', encoding="utf-8"),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.symlink_to("/dev/zero"),
        os.mkfifo,
        os.mkdir,
    ],
)
def test_what_is_no_such_file_is_none(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "durations.json"
    damage(path)
    assert after(path, 10.0).usual("emon", "It boots") == ("" if path.is_dir() else "last time 10 s")


def test_what_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert after(tmp_path / "file/durations.json", 10.0).usual("emon", "It boots") == ""


def test_nothing_is_written_where_nothing_was_slow(tmp_path: Path) -> None:
    Durations(tmp_path / "cache/durations.json").save()
    assert list(tmp_path.iterdir()) == []
