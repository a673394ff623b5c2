# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin through Ansible's own programs: what a person sees, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PLUGIN = "plugin: emon.overlay_lab.lab\n"
LAB = (ROOT / "labs" / "emon.yml").read_text(encoding="utf-8")
PLAY = """\
- name: The lab file is right
  hosts: localhost
  gather_facts: false
  tasks:
    - name: The lab file has no faults
      ansible.builtin.fail:
        msg: "{{ lab_errors }}"
      when: lab_errors | length > 0
- name: Hosts are met
  hosts: lab
  gather_facts: false
  connection: local
  tasks:
    - name: A host is met
      ansible.builtin.debug:
        msg: "met {{ lab_address }}"
"""


def run(program: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs as in a checkout, with the inherited settings of no other."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "OVERLAY_LAB_"))}
    settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", f"ansible.cli.{program}", *map(str, arguments)],
        cwd=ROOT,
        env=clean | settings | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def listed(inventory: Path, *arguments: str, **environment: str) -> dict:
    """What ansible-inventory lists, without the marks by which Ansible tells text that is no template."""
    result = run("inventory", "-i", inventory, "--list", *arguments, **environment)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    return json.loads(result.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found))


def faults(inventory: Path, **environment: str) -> list[str]:
    """What a play finds in ``lab_errors``."""
    data = listed(inventory, "--export", **environment)
    assert not data["_meta"]["hostvars"]
    return data["all"]["vars"]["lab_errors"]


@pytest.fixture
def lab(tmp_path):
    """Write an inventory beside a lab file, and give its path."""

    def write(text: str = LAB, options: str = "site: company\n", name: str = "here.yml") -> Path:
        (tmp_path / "labs").mkdir(exist_ok=True)
        (tmp_path / "labs" / "my.yml").write_text(text, encoding="utf-8")
        inventory = tmp_path / "inventories" / name
        inventory.parent.mkdir(exist_ok=True)
        inventory.write_text(PLUGIN + "lab: ../labs/my.yml\n" + options, encoding="utf-8")
        return inventory

    return write


def test_real_hosts(lab):
    data = listed(lab())
    assert data["lab"]["hosts"] == data["lab_etcd"]["hosts"] == data["lab_docker"]["hosts"] == ["emon", "emon2"]
    assert "lab_simulated" not in data
    variables = data["_meta"]["hostvars"]["emon2"]
    assert (variables["ansible_host"], variables["lab_site"]) == ("10.0.0.117", "company")
    assert "ansible_connection" not in variables
    assert variables["lab_errors"] == []


def test_simulated_hosts(lab):
    data = listed(lab(options="site: home\nsimulated: true\n"))
    assert data["lab_simulated"]["hosts"] == ["emon", "emon2"]
    variables = data["_meta"]["hostvars"]["emon2"]
    assert variables["ansible_connection"] == "emon.overlay_lab.simulated_host"
    assert (variables["lab_address"], variables["lab_release"]) == ("192.168.1.117", "bookworm")
    assert "ansible_host" not in variables


@pytest.mark.parametrize(
    ("option", "environment", "release"),
    [
        ("", {}, "bookworm"),
        ("", {"OVERLAY_LAB_RELEASE": ""}, "bookworm"),
        ("", {"OVERLAY_LAB_RELEASE": "trixie"}, "trixie"),
        ("release: bookworm\n", {"OVERLAY_LAB_RELEASE": "trixie"}, "bookworm"),
    ],
)
def test_release(lab, option, environment, release):
    data = listed(lab(options=f"site: home\nsimulated: true\n{option}"), **environment)
    assert data["_meta"]["hostvars"]["emon"]["lab_release"] == release


@pytest.mark.parametrize("inventory", sorted((ROOT / "inventories").rglob("*.yml")), ids=lambda path: str(path.stem))
def test_shipped_inventories(inventory):
    data = listed(inventory)
    assert len(data["lab"]["hosts"]) >= 2
    assert ("lab_simulated" in data) == (inventory.parent.name == "simulated")


@pytest.mark.parametrize(
    ("text", "options", "environment", "expected"),
    [
        (
            LAB.replace("10.0.0.117", "10.0.0.300"),
            "site: company\n",
            {},
            ["../labs/my.yml: hosts.emon2.addresses.company: 10.0.0.300 is not an IPv4 address"],
        ),
        (
            "a: b: c\n",
            "site: home\n",
            {},
            ["../labs/my.yml: line 1, column 5: not YAML: mapping values are not allowed here"],
        ),
        (LAB, "site: hom\n", {}, ["here.yml: site: hom is not a site of this lab; did you mean home?"]),
        (
            LAB,
            "sitee: home\nsimulated: 1\nrelease: sid\n",
            {},
            [
                "here.yml: sitee: unknown key; did you mean site?",
                "here.yml: site: missing; for example company",
                "here.yml: simulated: must be true or false, not 1",
                "here.yml: release: sid is not one of bullseye, bookworm, trixie, forky",
            ],
        ),
        (
            LAB,
            "site: [home\n",
            {},
            [
                "here.yml: line 4, column 1: not YAML: expected ',' or ']', but got '<stream end>' "
                "(while parsing a flow sequence, from line 3)"
            ],
        ),
        (
            LAB,
            "site: home\n",
            {"OVERLAY_LAB_RELEASE": "sid"},
            ["here.yml: OVERLAY_LAB_RELEASE: sid is not one of bullseye, bookworm, trixie, forky"],
        ),
    ],
)
def test_faults_become_a_variable(lab, text, options, environment, expected):
    assert faults(lab(text, options), **environment) == expected


def test_a_lab_file_that_cannot_be_read(lab, tmp_path):
    inventory = lab()
    (tmp_path / "labs" / "my.yml").unlink()
    assert faults(inventory) == ["here.yml: lab: ../labs/my.yml: cannot be read: No such file or directory"]
    (tmp_path / "labs" / "my.yml").write_bytes(b"name: emon\nsites: \xff\n")
    assert faults(inventory) == ["here.yml: lab: ../labs/my.yml: line 2, column 8: not text in UTF-8"]


def test_two_labs_in_one_run_are_refused(lab):
    first, second = lab(name="a.yml"), lab(name="b.yml", options="site: home\n")
    data = listed(first, "--export", "-i", str(second))
    assert data["all"]["vars"]["lab_errors"] == [
        "b.yml: another inventory of a lab was read before: a run is for one lab"
    ]


def test_a_playbook_ends_with_the_faults_before_any_host_is_met(lab, tmp_path):
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    inventory = lab(LAB.replace("10.0.0.117", "10.0.0.300").replace("engine: auto", "engine: none"))
    result = run("playbook", "-i", inventory, tmp_path / "play.yml")
    assert result.returncode == 2
    assert "../labs/my.yml: hosts.emon2.addresses.company: 10.0.0.300 is not an IPv4 address" in result.stdout
    assert "engine: none is not one of auto, cluster_store, swarm, vxlan" in result.stdout
    assert "A host is met" not in result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    assert "WARNING" not in result.stderr


def test_a_limit_does_not_make_a_broken_lab_end_well(lab, tmp_path):
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    inventory = lab(LAB.replace("10.0.0.117", "10.0.0.300"))
    result = run("playbook", "-i", inventory, "--limit", "emon", tmp_path / "play.yml")
    assert result.returncode != 0
    assert "hosts.emon2.addresses.company: 10.0.0.300 is not an IPv4 address" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_good_lab_is_played(lab, tmp_path):
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    result = run("playbook", "-i", lab(), tmp_path / "play.yml")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "met 10.0.0.117" in result.stdout
    assert "WARNING" not in result.stderr


def test_an_inventory_of_another_kind_is_left_to_its_plugin(tmp_path):
    (tmp_path / "static.yml").write_text("all: {hosts: {somebody: {}}}\n", encoding="utf-8")
    result = run("inventory", "-i", tmp_path / "static.yml", "--list")
    assert "somebody" in result.stdout
    assert result.stderr == ""


def test_a_lab_file_without_end_is_refused(lab, tmp_path):
    inventory = lab()
    (tmp_path / "labs" / "my.yml").unlink()
    (tmp_path / "labs" / "my.yml").symlink_to("/dev/zero")
    assert faults(inventory) == ["../labs/my.yml: the file is larger than 256 KiB: it is not a lab file, or split it"]


def test_host_vars_beside_the_inventory_win(lab):
    inventory = lab()
    (inventory.parent / "host_vars").mkdir()
    (inventory.parent / "host_vars" / "emon2.yml").write_text(
        "ansible_host: gate.example\nansible_ssh_executable: /x\n"
    )
    variables = listed(inventory)["_meta"]["hostvars"]["emon2"]
    assert (variables["ansible_host"], variables["ansible_ssh_executable"]) == ("gate.example", "/x")


VALUE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact: {whole: "{{ lab | combine({}) }}"}
    - ansible.builtin.copy: {content: "{{ whole | to_json }}", dest: "{{ path }}"}
"""


@pytest.mark.parametrize(
    ("extra", "key", "expected"),
    [
        ({}, "engine", "auto"),
        ({"lab_engine": "vxlan"}, "engine", "vxlan"),
        ({"lab_etcd_tls": False}, "etcd", {"tls": False, "token": "emon-etcd"}),
        ({"lab_underlay": {"emon": []}}, "links", {"emon": []}),
        ({"etcd_pki_dir": "/elsewhere"}, "pki", "/elsewhere"),
    ],
)
def test_the_lab_as_one_value_agrees_with_its_variables(lab, tmp_path, extra, key, expected):
    """Also where they are overridden; and what the lab file says is no template."""
    text = LAB.replace("host: emon,", "host: emon, command: 'echo {{ lab_name }}',", 1)
    assert text != LAB
    play = tmp_path / "play.yml"
    play.write_text(VALUE, encoding="utf-8")
    given = {**extra, "path": str(tmp_path / "value.json")}
    result = run("playbook", "-i", lab(text), play, "-e", json.dumps(given))
    assert result.returncode == 0, result.stdout + result.stderr
    value = json.loads((tmp_path / "value.json").read_text(encoding="utf-8"))
    assert value[key] == expected
    assert value["containers"][0]["command"] == ["echo", "{{", "lab_name", "}}"]
    assert value["hosts"]["emon2"]["addresses"] == {"company": "10.0.0.117", "home": "192.168.1.117"}
