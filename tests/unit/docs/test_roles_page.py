# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example of docs/roles.md, as it stands on the page. The scenario `roles` runs it on simulated hosts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# Each block of the page begins with the name of its file.
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / "docs/roles.md").read_text(encoding="utf-8"), re.DOTALL))
PLAYBOOKS = ("site.yml", "remove.yml")


def tasks(playbook: str) -> list[dict[str, Any]]:
    (play,) = yaml.safe_load(FILES[playbook])
    return play["tasks"]


def entries(playbook: str) -> list[tuple[str, str]]:
    """Every role that a playbook includes, with its entry point, in order."""
    found = []
    for task in tasks(playbook):
        include = task.get("ansible.builtin.include_role")
        for name in task.get("loop", [""]) if include else []:
            role = include["name"].replace("{{ role }}", name).removeprefix("emon.overlay_lab.")
            found.append((role, include.get("tasks_from", "main")))
    return found


def test_the_page_has_its_files() -> None:
    assert sorted(FILES) == ["inventory.yml", *sorted(PLAYBOOKS)]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_ansible_understands_it(playbook: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", tmp_path / "inventory.yml", "--syntax-check"]
    done = subprocess.run([*command, tmp_path / playbook], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_its_roles_have_what_they_are_asked_for(playbook: str) -> None:
    given = yaml.safe_load(FILES["inventory.yml"])["all"]["vars"].keys() | {
        task["register"] for task in tasks(playbook) if "register" in task
    }
    for role, entry in entries(playbook):
        assert (ROOT / "roles" / role / "tasks" / f"{entry}.yml").is_file()
        specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
        assert entry in specs["argument_specs"]
        defaults = (ROOT / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8")
        assert set(re.findall(r"\b(lab_[a-z_]+)\b(?!(?:\.[a-z]+)? \| default)", defaults)) <= given


def test_verification_is_told_what_the_engine_says() -> None:
    order = entries("site.yml")
    assert order.index(("overlay_network", "observe")) < order.index(("verification", "main"))


def test_what_is_made_is_removed_the_last_one_first() -> None:
    made = [role for role, entry in entries("site.yml") if entry == "main" and role != "verification"]
    assert [role for role, entry in entries("remove.yml") if entry == "absent"] == made[::-1]
