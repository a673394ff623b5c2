# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path

import tomllib

_ROOT = Path(__file__).resolve().parents[2]


def _is_python(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first


def test_python_without_the_name_is_linted() -> None:
    listed = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["extend-include"]
    listing = ["git", "ls-files", "tests", "tools", "molecule", ".ci"]
    tracked = subprocess.run(listing, cwd=_ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    files = [name for name in tracked if name and not name.endswith(".py") and not (_ROOT / name).is_symlink()]
    assert sorted(listed) == [name for name in files if _is_python(_ROOT / name)]
