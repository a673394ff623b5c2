# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import managed_files, selinux
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile


@pytest.mark.parametrize(
    ("enforce", "config", "mode", "policy"),
    [
        (None, None, "disabled", ""),
        (None, "SELINUX=disabled\nSELINUXTYPE=targeted\n", "disabled", ""),
        ("1", "# SELINUXTYPE= is one of these\nSELINUX=permissive\nSELINUXTYPE=mls\n", "enforcing", "mls"),
        ("0", "SELINUX=enforcing\nSELINUXTYPE=targeted\n", "permissive", "targeted"),
    ],
)
def test_the_state_is_the_kernels(
    tmp_path: Path, enforce: str | None, config: str | None, mode: str, policy: str
) -> None:
    for name, text in (("enforce", enforce), ("config", config)):
        if text is not None:
            (tmp_path / name).write_text(text)
    found = selinux.read(tmp_path / "enforce", tmp_path / "config")
    assert (found["mode"], found["policy"]) == (mode, policy)


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What restorecon was called with, a line each."""
    program, log = tmp_path / "restorecon", tmp_path / "log"
    program.write_text(f'#!/bin/sh\necho "$@" >>{log}\n')
    program.chmod(0o755)
    log.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    return log


def test_what_is_written_is_labelled_where_there_are_labels(
    tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed_files.os, "fchown", lambda *_arguments: None)
    enforce, there, gone = tmp_path / "enforce", tmp_path / "there", tmp_path / "gone"
    gone.write_text("x")
    monkeypatch.setattr(selinux.label, "__defaults__", (enforce,))
    managed_files.Plan([ManagedFile(tmp_path / "off", "x")]).apply()
    assert labelled.read_text() == ""
    enforce.write_text("0")
    managed_files.Plan([ManagedFile(there, "x"), ManagedFile(gone, None)]).apply()
    assert labelled.read_text() == f"-R {there}\n"
    assert selinux.read(enforce)["restorecon"]


def test_without_the_program_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux.programs, "_FURTHER", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "enforce").write_text("1")
    selinux.label(["/x"], tmp_path / "enforce")
    assert not selinux.read(tmp_path / "enforce")["restorecon"]
