# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fourth engine is a package, a directory of tasks, and two lines on the list of engines.

It is none, in toy/: no network crosses hosts. It is laid over a copy of the collection.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LIST = "plugins/plugin_utils/_engines/choice.py"
IMPORT = "from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_none import engine as none"
ON_THE_LIST = [
    (" import engine as vxlan\n", f" import engine as vxlan\n{IMPORT}\n"),
    ('    "vxlan": vxlan.ENGINE,\n', '    "vxlan": vxlan.ENGINE,\n    "none": none.ENGINE,\n'),
]
LAB = """\
name: toy
sites: {here: {subnet: 10.0.0.0/24}}
hosts:
  emon: {addresses: {here: 10.0.0.116}}
  emon2: {addresses: {here: 10.0.0.117}}
engine: none
networks: [{name: demo, subnet: 10.200.0.0/24}]
containers: [{name: test1, host: emon, networks: [demo]}]
"""
# The entry points that every engine has, or may leave out as this one does.
PLAY = """\
- hosts: emon
  gather_facts: false
  connection: local
  vars: {lab_host_info: {docker: {active: false}, networks: [], os_family: Debian}}
  tasks:
    - ansible.builtin.assert:
        that:
          - lab_engine == 'none'
          - not (lab_engine | emon.overlay_lab.engine_traits).uses_etcd
          - ({} | emon.overlay_lab.lab_chosen(lab)).engine == 'none'
    - ansible.builtin.include_role: {name: emon.overlay_lab.overlay_network, tasks_from: "{{ item }}"}
      loop: [check, pre_move, post_move, observe, wait_converged, removable, remove_host, forget, absent]
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the collection and the toy, as Ansible and Python find collections."""
    top = tmp_path_factory.mktemp("toy")
    root = top / "ansible_collections/emon/overlay_lab"
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("meta", "playbooks", "plugins", "roles", "tests/unit/plugins"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unwanted)
    shutil.copy(ROOT / "galaxy.yml", root)
    shutil.copytree(HERE / "toy", root, dirs_exist_ok=True, ignore=unwanted)
    text = (root / LIST).read_text(encoding="utf-8")
    for former, new in ON_THE_LIST:
        assert former in text
        text = text.replace(former, new)
    (root / LIST).write_text(text, encoding="utf-8")
    (top / "lab.yml").write_text(LAB, encoding="utf-8")
    (top / "play.yml").write_text(PLAY, encoding="utf-8")
    (top / "inventory.yml").write_text("{plugin: emon.overlay_lab.lab, lab: lab.yml, site: here}", encoding="utf-8")
    return top


def run(copy: Path, *arguments: str | Path, given: str = "") -> str:
    settings = {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(copy), "ANSIBLE_COLLECTIONS_PATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=copy,
        env={"PATH": os.environ["PATH"], "HOME": str(copy), **settings},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(copy: Path) -> dict[str, Any]:
    return json.loads(run(copy, HERE / "ask_toy.py", given=LAB))


def test_the_toy_is_a_package_and_tasks() -> None:
    files = (path for path in (HERE / "toy").rglob("*") if path.suffix in (".py", ".yml"))
    assert sorted(str(path.relative_to(HERE / "toy")) for path in files) == [
        "plugins/plugin_utils/_engine_none/engine.py",
        "roles/overlay_network/tasks/none/absent.yml",
        "roles/overlay_network/tasks/none/present.yml",
    ]


def test_the_lab_file_takes_it(told: dict[str, Any]) -> None:
    assert told["lab_file"] == {
        "engine": "none",
        "encrypted": [
            "networks[0].encrypted: the engine none has no packets to encrypt: remove this, or choose the engine swarm"
        ],
        "unknown": ["engine: mesh is not one of auto, cluster_store, swarm, vxlan, none"],
    }


def test_preflight_takes_it(told: dict[str, Any]) -> None:
    chosen = {"engine": "none", "why": "the lab file says so", "faults": []}
    assert told["preflight"] == {"chosen": chosen, "faults": [], "ports": []}
    assert told["traits"]["move"] == "Containers keep running"


def test_verification_takes_it(told: dict[str, Any]) -> None:
    assert told["verification"]["pairs"] == [["test1", "test3"], ["test3", "test1"]]
    assert told["verification"]["works"] == []
    (fault,) = told["verification"]["lost"]
    assert "no route to host" in fault


def test_a_host_leaves_it(told: dict[str, Any]) -> None:
    assert told["departure"] == []


def test_playbooks_and_roles_take_it(copy: Path) -> None:
    playbooks = copy / "ansible_collections/emon/overlay_lab/playbooks"
    command = ("-m", "ansible.cli.playbook", "-i", copy / "inventory.yml")
    run(copy, *command, "--syntax-check", playbooks / "overlay.yml", playbooks / "host_remove.yml")
    said = run(copy, *command, "--limit", "emon", copy / "play.yml")
    assert "failed=0" in said
    assert "tasks/none/absent.yml" in said
