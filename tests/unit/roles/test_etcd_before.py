# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Etcd's unit starts at boot after the lab where it did before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

# As the lab has it: started, and enabled.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {called}
case "$*" in
*show*) printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\nId=etcd.service\\n' ;;
*is-enabled*) echo enabled ;;
esac
"""
DATA = {"path": "/d", "present": True, "recorded": True, "lab": "emon", "member_id": "a", "cluster_id": "c"}


def leave(directory: Path, entry: str, **etcd: Any) -> list[str]:
    """What systemctl was told, but for questions."""
    (directory / "bin").mkdir()
    called = directory / "called"
    (directory / "bin/systemctl").write_text(SYSTEMCTL.format(called=called), encoding="utf-8")
    (directory / "bin/systemctl").chmod(0o700)
    stands = {"lab": "emon", "kubernetes": False, "active": True, "ready": True, "enabled": True, "data": DATA}
    info = {"os_family": "Debian", "etcd": {**stands, **etcd}}
    code, said, _calls = answering.run(directory, entry, {"etcd_data": {"left": []}}, {"lab_host_info": info})
    assert code == 0, said
    told = called.read_text(encoding="utf-8").splitlines()
    return [line for line in told if line.split()[0] in ("enable", "disable", "start", "stop", "restart")]


@pytest.mark.parametrize("entry", ["etcd/absent", "etcd/remove_host"])
@pytest.mark.parametrize(
    ("etcd", "expected"),
    [
        pytest.param({"enabled_before": True}, ["stop etcd.service"], id="enabled"),
        pytest.param({"enabled_before": False}, ["disable etcd.service", "stop etcd.service"], id="disabled"),
    ],
)
def test_its_unit_is_as_before(tmp_path: Path, entry: str, etcd: dict[str, Any], expected: list[str]) -> None:
    assert leave(tmp_path, entry, **etcd) == expected
