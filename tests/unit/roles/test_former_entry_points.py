# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entry points that got other names work under the former ones for one release."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FORMER = [
    ("docker_engine", "fit", "check"),
    ("etcd", "retire", "remove_host"),
    ("overlay_network", "arrive", "post_move"),
    ("overlay_network", "leave", "pre_move"),
    ("overlay_network", "retire", "remove_host"),
    ("overlay_network", "fit", "check"),
    ("overlay_network", "settle", "wait_converged"),
    ("overlay_network", "evidence", "observe"),
]


def read(path: str) -> object:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("role", "former", "name"), FORMER)
def test_it_does_what_the_new_one_does(role: str, former: str, name: str) -> None:
    (task,) = read(f"roles/{role}/tasks/{former}.yml")
    assert task["ansible.builtin.import_tasks"] == f"{name}.yml"
    specs = read(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
    assert specs[former]["options"] == specs[name]["options"]


@pytest.mark.parametrize(("role", "former", "name"), FORMER)
def test_it_is_announced_and_used_no_more(role: str, former: str, name: str) -> None:
    texts = [str(read(str(path.relative_to(ROOT)))) for path in (ROOT / "changelogs").rglob("*.y*ml")]
    assert any(f"C({former})" in text and f"C({name})" in text for text in texts)
    used = [
        path
        for folder in ("playbooks", "molecule", "docs")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".yml", ".md") and f"tasks_from: {former}\n" in path.read_text(encoding="utf-8")
    ]
    assert used == []
