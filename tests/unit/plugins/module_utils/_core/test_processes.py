# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process, boot_id

SLEEP = "import time; time.sleep(30)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@contextmanager
def child(program: str = "") -> Iterator[subprocess.Popen]:
    """A Python process of the test; it has said that it is ready."""
    command = [sys.executable, "-c", f"{program}\nprint('ready', flush=True)\n{SLEEP}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_record_and_back() -> None:
    this = Process.of(os.getpid())
    assert this
    assert this.boot == boot_id()
    assert this.alive()
    assert Process.from_record(this.to_record()) == this


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"start": 1}, id="the id was given to another process"),
        pytest.param({"boot": "another-boot"}, id="the machine booted again"),
        pytest.param({"pid": 2**22 + 1}, id="no such id"),
    ],
)
def test_a_stranger_is_neither_alive_nor_ended(change: dict[str, int | str]) -> None:
    with child() as process:
        now = Process.of(process.pid)
        assert now
        stranger = replace(now, **change)
        assert not stranger.alive()
        assert stranger.end(signal.SIGKILL, 0) is True
        assert process.poll() is None


def test_end_and_what_is_left() -> None:
    with child() as process:
        now = Process.of(process.pid)
        assert now
        assert now.executable().startswith("python")
        assert now.end(signal.SIGTERM, 5) is True
        # Nobody has waited for it yet: a zombie has ended.
        assert not now.alive()
        assert Process.of(process.pid) is None
        assert now.end(signal.SIGKILL, 0) is True
        process.wait()
        assert now.executable() == ""


def test_end_of_a_process_that_does_not_obey() -> None:
    with child(DEAF) as process:
        now = Process.of(process.pid)
        assert now
        start = time.monotonic()
        assert now.end(signal.SIGTERM, 0.1) is False
        assert now.end(0, 0) is False, "signal 0 only waits"
        assert time.monotonic() - start < 5
        assert now.alive()
        assert now.end(signal.SIGKILL, 5) is True


def test_name_with_spaces_and_parentheses() -> None:
    rename = "open('/proc/self/comm', 'w').write('a) Z (b')"
    with child(rename) as process:
        now = Process.of(process.pid)
        assert now
        assert now.alive()
        assert process.pid in [one.pid for one in Process.of(os.getpid()).children()]  # type: ignore[union-attr]


def test_children_are_the_direct_ones() -> None:
    grandchild = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}])"
    with child(grandchild) as process:
        now = Process.of(process.pid)
        assert now
        (below,) = now.children()
        assert below.pid != process.pid
        assert below.children() == []
        assert below.end(signal.SIGKILL, 5)
        assert now.children() == [], "a zombie is none"
