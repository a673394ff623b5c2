# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated.machine_limits import faults


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine with 128 inotify instances, 20 of which a process has, and 10 GB of memory available."""
    (tmp_path / "sys/fs/inotify").mkdir(parents=True)
    (tmp_path / "sys/fs/inotify/max_user_instances").write_text("128\n", encoding="ascii")
    (tmp_path / "meminfo").write_text(
        "MemTotal:       24000000 kB\nMemAvailable:   10000000 kB\nHugePages_Total:       0\n", encoding="ascii"
    )
    (tmp_path / "17/fd").mkdir(parents=True)
    for number in range(20):
        (tmp_path / f"17/fd/{number}").symlink_to("anon_inode:inotify")
    (tmp_path / "17/fd/20").symlink_to("anon_inode:[eventpoll]")
    return tmp_path


def test_there_is_room(proc: Path) -> None:
    assert faults(0, proc) == []
    assert faults(15, proc) == []


def test_too_few_inotify_instances(proc: Path) -> None:
    assert faults(16, proc) == [
        "16 more simulated hosts need about 112 inotify instances, and 108 of 128 are free: sysctl"
        " fs.inotify.max_user_instances=240 on this machine, or fewer hosts in the lab file"
    ]


def test_everything_that_is_too_little_is_told(proc: Path) -> None:
    assert [line.split(",")[0] for line in faults(40, proc)] == [
        "40 more simulated hosts need about 280 inotify instances",
        "40 more simulated hosts need about 14000 MB of memory",
    ]


def test_this_machine_is_read() -> None:
    assert len(faults(1_000_000)) == 2
