# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import write_json
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import host as simulated_host
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import image as simulated_image
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.image import Image
from ansible_collections.emon.overlay_lab.plugins.test import (
    simulated_host_started,
    simulated_hosts_elsewhere,
    simulated_image_built,
)


def test_an_image_is_built_once_it_has_its_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(simulated_image, "IMAGES", tmp_path)
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
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path)
    monkeypatch.setattr(simulated_host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(simulated_host.shutil, "which", lambda program: f"/usr/bin/{program}")
    running = Process.of(os.getpid())
    assert running
    record = {"lab": "emon", "release": "bookworm", "image": "bookworm-0", "ready": True}
    record |= {"supervisor": running.to_record(), "leader": running.to_record(), **changes}
    write_json(tmp_path / "emon/host.json", record)
    assert simulated_host_started.TestModule().tests()["simulated_host_started"]("emon", lab, release) is started


@pytest.fixture
def guest(tmp_path, monkeypatch) -> Path:
    """Where a guest keeps its record, beside a record of the machine's own that says otherwise."""
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path / "hosts")
    (tmp_path / "state.json").write_text('{"site": "home"}')
    path = tmp_path / "hosts/emon/upper/var/lib/overlay-lab/state.json"
    path.parent.mkdir(parents=True)
    return path


def elsewhere(*names: str) -> bool:
    return simulated_hosts_elsewhere.TestModule().tests()["simulated_hosts_elsewhere"](names, "company")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, False),
        ({"lab": "emon", "site": "company"}, False),
        ({"lab": "emon"}, False),
        ({"lab": "emon", "site": "home"}, True),
        ({"lab": "emon", "site": "company", "moving_to": "home"}, True),
    ],
)
def test_where_a_host_was_proven_last(guest: Path, record: dict[str, Any] | None, expected: bool) -> None:
    if record is not None:
        guest.write_text(json.dumps({**record, "sections": {}, "format": 1}))
    assert elsewhere("emon", "never-made") is expected


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("fifo", "is not a regular file"),
        ("device", "is not a regular file"),
        ("too large", "has more than 1048576 bytes"),
        ("no record", "is damaged"),
        ("wrong types", "is damaged"),
        ("nested", "is damaged"),
    ],
)
def test_what_a_guest_put_there_is_told(guest: Path, kind: str, said: str) -> None:
    if kind == "fifo":
        os.mkfifo(guest)
    elif kind == "device":
        if os.geteuid() != 0:
            pytest.skip("making a device needs root")
        os.mknod(guest, 0o20666, os.makedev(1, 5))
    else:
        texts = {"too large": " " * (1 << 21), "no record": "[]", "wrong types": '{"site": 5}', "nested": "[" * 100_000}
        guest.write_text(texts[kind])
    with pytest.raises(AnsibleError, match=f"simulated host emon: its /var/lib/overlay-lab/state.json {said}"):
        elsewhere("emon")


@pytest.mark.parametrize("target", ["../../../../../../state.json", "/dev/zero", "/proc/self/root/state.json"])
def test_a_link_of_a_guest_leads_to_nothing_of_the_machine(guest: Path, target: str) -> None:
    guest.symlink_to(target)
    assert elsewhere("emon") is False
    guest.unlink()
    guest.parent.rmdir()
    guest.parent.symlink_to("../../../../..")
    assert elsewhere("emon") is False
