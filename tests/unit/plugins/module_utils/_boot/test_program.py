# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import main, program

NAME = "ansible_collections.emon.overlay_lab.plugins.module_utils._x.y"
CORE = "ansible_collections.emon.overlay_lab.plugins.module_utils._core"


def test_every_way_to_import_is_followed() -> None:
    text = f"""
from {CORE} import (
    errors,
    shape as form,
)
from {CORE}.versions import parse_version
from pathlib import Path

def late():
    from {CORE}.quorum import majority
"""
    assert list(program.imported(NAME, text)) == [
        f"{CORE}.errors",
        f"{CORE}.shape",
        f"{CORE}.versions",
        f"{CORE}.quorum",
    ]
    within = f"{CORE}.programs"
    assert list(program.imported(within, "from .errors import LabError\nfrom . import shape\n")) == [
        f"{CORE}.errors",
        f"{CORE}.shape",
    ]


def test_the_same_sources_make_the_same_file() -> None:
    assert program.built(main.__name__) == program.built(main.__name__)


def test_it_needs_nothing_of_ansible() -> None:
    found = program.sources(main.__name__)
    assert [name for name, text in found.items() if "from ansible.module_utils" in text] == []
    assert len(found) > 20


def test_it_runs_where_nothing_of_the_collection_is(tmp_path: Path) -> None:
    built = tmp_path / "boot.pyz"
    built.write_bytes(program.built(main.__name__))
    assert all(one.date_time == (1980, 1, 1, 0, 0, 0) for one in zipfile.ZipFile(built).infolist())
    # -I: neither the working directory nor the environment gives it anything.
    done = subprocess.run([sys.executable, "-I", built, "both"], cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "usage: boot.pyz containers|links|before-dockerd\n"), done.stderr
