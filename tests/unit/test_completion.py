# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Completion of make's targets and variables in a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ASK = """
_make() { COMPREPLY=(usual); }
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_overlay_lab_make make
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(line: str, folder: Path = ROOT) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", _ASK, "bash", ROOT / "tools/completion/make.bash", line],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("make ov", ["overlay"]),
        ("make verify SIT", ["SITE="]),
        ("make overlay LAB=f", ["four"]),
        ("make overlay SITE=", ["home", "company"]),
        ("make overlay LAB=tutorial SITE=", ["company"]),
        ("make shell LAB=four HOST=e", ["e1", "e2", "e3", "e4"]),
        ("make trace FROM=", ["test1", "test2"]),
        ("make trace LAB=services FROM=web TO=s", ["store"]),
        ("make trace LAB=services FROM=c", ["client-s1", "client-s2"]),
        ("make trace LAB=tiers FROM=w", ["web-1", "web-2", "web-3", "worker-1", "worker-2", "worker-3"]),
        ("make trace LAB=tiers FROM=c", ["client-t1", "client-t2", "client-t3"]),
        ("make break FAULT=vxlan-", ["vxlan-down"]),
        ("make overlay RELEASE=t", ["trixie"]),
        ("make new ENGINE=s", ["swarm"]),
        ("make overlay LAB=nowhere SITE=", []),
        ("make overlay ARGS=", []),
    ],
)
def test_what_a_shell_offers(line: str, found: list[str]) -> None:
    assert completed(line) == found


def test_every_target_and_every_variable_is_offered() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    variables = set(re.findall(r"^([A-Z]+) \?=", makefile, re.MULTILINE)) - {"PYTHON"}
    assert variables <= {word.rstrip("=") for word in completed("make ")}
    assert set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) <= set(completed("make "))


def test_elsewhere_make_is_completed_as_before(tmp_path: Path) -> None:
    assert completed("make ov", tmp_path) == ["usual"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not here")
def test_zsh_reads_its_own() -> None:
    subprocess.run(["zsh", "-n", ROOT / "tools/completion/make.zsh"], check=True)
