# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _simulated_host, _simulated_image
from ansible_collections.emon.overlay_lab.plugins.module_utils._processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated_image import Image
from ansible_collections.emon.overlay_lab.plugins.module_utils._state_dir import write_json
from ansible_collections.emon.overlay_lab.plugins.test import simulated_host_started, simulated_image_built


def test_an_image_is_built_once_it_has_its_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(_simulated_image, "IMAGES", tmp_path)
    built = simulated_image_built.TestModule().tests()["simulated_image_built"]
    (tmp_path / f".partial-{Image('trixie').name}").mkdir()
    assert not built("trixie")
    Image("trixie").path.mkdir()
    assert built("trixie")


@pytest.mark.parametrize(
    ("lab", "release", "changes", "started"),
    [
        ("emon", "bookworm", {}, True),
        ("other", "bookworm", {}, False),
        ("emon", "trixie", {}, False),
        ("emon", "bookworm", {"ready": False}, False),
        ("emon", "bookworm", {"supervisor": None}, False),
    ],
)
def test_a_host_is_started_if_it_runs_as_wanted(tmp_path, monkeypatch, lab, release, changes, started) -> None:
    monkeypatch.setattr(_simulated_host, "HOSTS", tmp_path)
    monkeypatch.setattr(_simulated_host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(_simulated_host.shutil, "which", lambda program: f"/usr/bin/{program}")
    running = Process.of(os.getpid())
    assert running
    record = {"lab": "emon", "release": "bookworm", "image": "bookworm-0", "ready": True}
    record |= {"supervisor": running.to_record(), "leader": running.to_record(), **changes}
    write_json(tmp_path / "emon/host.json", record)
    assert simulated_host_started.TestModule().tests()["simulated_host_started"]("emon", lab, release) is started
