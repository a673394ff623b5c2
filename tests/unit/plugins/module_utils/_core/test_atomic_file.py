# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a killed writer leaves goes with the next one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file


def test_what_a_killed_writer_left_goes(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    (tmp_path / f".key.{ended.pid}").write_bytes(b"half")
    atomic_file.replace(tmp_path / "key", b"whole")
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_what_somebody_writes_at_the_same_time_stays(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        others = [tmp_path / name for name in (f".key.{other.pid}", ".other.1", ".key.1.bak", ".key.old")]
        for one in others:
            one.write_bytes(b"half")
        atomic_file.replace(tmp_path / "key", b"whole")
        other.kill()
    assert all(one.exists() for one in others)
