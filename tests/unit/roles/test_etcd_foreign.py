# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each entry point of the role etcd that changes something asks whose etcd it is before its first change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = {"path": "/var/lib/etcd/default.etcd", "present": True, "recorded": False, "awaited": False, "lab": ""}
ETCD = {"version": "3.4.23", "kubernetes": False, "config": {}, "active": True, "ready": True, "enabled": True}
# Nothing says that the lab made it; or the lab configured it, and its data is another's.
ANOTHERS = {**ETCD, "lab": "", "data": {**DATA, "member_id": "a", "cluster_id": "c"}}
ANOTHERS_DATA = {**ANOTHERS, "lab": "emon"}
RUNS = "emon: an etcd of somebody else runs here: it is left alone; stop it, or give this host etcd: false"
HOLDS = (
    "emon: /var/lib/etcd/default.etcd holds the data of an etcd of somebody else (member a of cluster c): it is left"
    " alone; move it away, put this host's record back (/var/lib/overlay-lab/state.json), or give this host etcd: false"
)
CASES = [
    ("prepare", ANOTHERS, RUNS),
    ("pause", ANOTHERS, RUNS),
    ("resume", ANOTHERS, RUNS),
    ("pause", ANOTHERS_DATA, HOLDS),
    ("resume", ANOTHERS_DATA, HOLDS),
    ("backup", ANOTHERS_DATA, HOLDS),
    ("main", ANOTHERS, RUNS),
    ("restore", ANOTHERS, RUNS),
    ("restore", ANOTHERS_DATA, HOLDS),
    ("recover", ANOTHERS, RUNS),
    ("recover", ANOTHERS_DATA, HOLDS),
    ("remove", ANOTHERS, RUNS),
    ("remove", ANOTHERS_DATA, HOLDS),
    ("remove_host", ANOTHERS_DATA, HOLDS),
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The entry points have run, each with what host_info told; systemctl and the controller's files are here."""
    directory = tmp_path_factory.mktemp("foreign")
    (directory / "bin").mkdir()
    (directory / "bin/systemctl").write_text(f'#!/bin/sh\necho "$*" >> {directory}/called\n', encoding="utf-8")
    (directory / "bin/systemctl").chmod(0o700)
    lab = {
        "ansible_connection": "local",
        "lab_name": "emon",
        "lab_site": "home",
        "lab_engine": "cluster_store",
        "lab_etcd_token": "emon",
        "lab_etcd_tls": True,
        "lab_hosts": {"emon": {"etcd": True, "addresses": {"home": "127.0.0.1"}}},
        "lab_controller_dir": str(directory / "controller"),
        "etcd_wait_seconds": 1,
        # What `prepare` leaves to `pause`.
        "etcd__cluster": {"members": [], "quorum": False, "leader": None},
    }
    play = {"hosts": "emon", "gather_facts": False, "tasks": [_case(directory, number) for number in range(len(CASES))]}
    (directory / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"emon": lab}}}), encoding="utf-8")
    (directory / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", directory / "hosts.yml", directory / "play.yml"]
    environment = {**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}"}
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    return directory


def _case(directory: Path, number: int) -> dict[str, Any]:
    entry, etcd, _ = CASES[number]
    info = {"os_family": "Debian", "docker": {"active": False}, "etcd": etcd}
    include = {"name": "emon.overlay_lab.etcd", "tasks_from": entry}
    note = {"content": "{{ ansible_failed_result.msg | to_json }}", "dest": f"{directory}/{number}", "mode": "0600"}
    return {
        "block": [{"ansible.builtin.set_fact": {"lab_host_info": info}}, {"ansible.builtin.include_role": include}],
        "rescue": [{"ansible.builtin.copy": note}],
    }


@pytest.mark.parametrize("number", range(len(CASES)), ids=[entry for entry, _, _ in CASES])
def test_it_refuses_in_one_line(directory: Path, number: int) -> None:
    assert json.loads((directory / str(number)).read_text(encoding="utf-8")) == [CASES[number][2]]


def test_nothing_was_changed(directory: Path) -> None:
    assert not (directory / "called").exists()
    assert not (directory / "controller").exists()
