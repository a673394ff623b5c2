# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a new lab, and the program that writes and checks lab files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import AUTO, ENGINES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file import new
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load

ROOT = Path(__file__).parents[5]


@pytest.mark.parametrize("engine", [AUTO, *ENGINES])
@pytest.mark.parametrize("hosts", [1, 2, 16, 17, 200])
def test_a_new_lab_is_right_and_meets_no_other(engine: str, hosts: int) -> None:
    others = [load(file.read_text(encoding="utf-8")) for file in (ROOT / "labs").glob("*.yml")]
    found = new.files("shop", hosts, engine, others)
    assert sorted(found) == [
        "inventories/simulated/shop-company.yml",
        "inventories/simulated/shop-home.yml",
        "labs/shop.yml",
    ]
    lab = load(found["labs/shop.yml"])
    assert (lab.engine, len(lab.hosts), len(lab.containers)) == (engine, hosts, hosts)
    mine = [one.subnet for one in (*lab.sites, *lab.networks)]
    theirs = [one.subnet for other in others for one in (*other.sites, *other.networks)]
    assert not [one for one in mine if any(one.overlaps(other) for other in theirs)]
    second = load(new.files("shop2", hosts, engine, [*others, lab])["labs/shop2.yml"])
    assert not set(mine) & {one.subnet for one in (*second.sites, *second.networks)}


@pytest.mark.parametrize(
    ("name", "hosts", "engine", "fault"),
    [
        ("shop", 0, "auto", "HOSTS=0: a new lab has 1 to 200 hosts"),
        ("shop", 201, "auto", "HOSTS=201: a new lab has 1 to 200 hosts"),
        ("shop", 2, "docker", "engine: docker is not one of auto, cluster_store, swarm, vxlan"),
        ("null", 2, "auto", "LAB=null: YAML does not take it for this text: choose another name"),
        ("a: b: c", 2, "auto", "LAB=a: b: c: YAML does not take it for this text: choose another name"),
        ("../shop", 2, "auto", "name: ../shop cannot be a lab's name"),
        ("Shop", 2, "auto", "name: Shop cannot be a lab's name"),
    ],
)
def test_what_cannot_be_made_is_one_line(name: str, hosts: int, engine: str, fault: str) -> None:
    with pytest.raises(LabError) as caught:
        new.files(name, hosts, engine, [])
    assert caught.value.faults[0].startswith(fault)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("labs", "inventories"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/lab-file", tmp_path / "tools")
    (tmp_path / ".ansible").symlink_to(ROOT / ".ansible")
    return tmp_path


def run(checkout: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, checkout / "tools/lab-file", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_lab_is_written_once(checkout: Path) -> None:
    assert run(checkout, "new", "shop", "3", "auto") == (
        0,
        "labs/shop.yml: written\ninventories/simulated/shop-company.yml: written\n"
        "inventories/simulated/shop-home.yml: written\nNext: make overlay LAB=shop\n",
    )
    before = (checkout / "labs/shop.yml").read_text(encoding="utf-8")
    (checkout / "inventories/simulated/shop-home.yml").unlink()
    code, told = run(checkout, "new", "shop", "4", "auto")
    assert (code, told.splitlines()) == (
        1,
        [
            "labs/shop.yml: is there already: choose another name with LAB=NAME",
            "inventories/simulated/shop-company.yml: is there already: choose another name with LAB=NAME",
        ],
    )
    assert (checkout / "labs/shop.yml").read_text(encoding="utf-8") == before
    assert not (checkout / "inventories/simulated/shop-home.yml").exists()
    assert run(checkout, "new", "four2", "four", "auto") == (1, "HOSTS=four: is no number: write for example HOSTS=4\n")


def test_every_fault_of_every_lab_file_comes_in_one_go(checkout: Path) -> None:
    assert run(checkout, "validate", "emon", "services") == (
        0,
        "labs/emon.yml: valid: 2 hosts, 1 network, 2 containers\n"
        "labs/services.yml: valid: 2 hosts, 1 network, 4 containers\n",
    )
    bad = checkout / "labs/bad.yml"
    bad.write_text("name: on\nengin: auto\nsites: {}\n", encoding="utf-8")
    code, told = run(checkout, "validate", "bad", "emon", "nowhere")
    assert code == 1
    assert told.splitlines() == [
        "labs/bad.yml: engin: unknown key; did you mean engine?",
        "labs/bad.yml: hosts: missing; for example {emon: {addresses: {home: 192.168.1.116}}}",
        'labs/bad.yml: name: on is true to YAML: write "on"',
        "labs/bad.yml: sites: the lab has no site; for example home: {subnet: 192.168.1.0/24}",
        "labs/emon.yml: valid: 2 hosts, 1 network, 2 containers",
        "nowhere: there is no such lab file; choose one of bad, compose, emon, emon3, four, lossy, practice,"
        " services, sixteen, three-sites, tiers, tutorial, vxlan, or give a path",
    ]
    code, told = run(checkout, "validate", "--json", str(bad))
    assert code == 1
    assert json.loads(told)[0]["faults"][0] == {
        "where": "engin",
        "fault": "unknown key; did you mean engine?",
        "line": "engin: unknown key; did you mean engine?",
    }
