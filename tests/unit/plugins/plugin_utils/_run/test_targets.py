# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a command runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.targets import chosen

CONTAINERS = [{"name": "test1", "host": "emon"}, {"name": "test2", "host": "emon2"}, {"name": "web", "host": "emon2"}]
LAB = {"name": "emon", "hosts": {"emon": {}, "emon2": {}}, "containers": CONTAINERS}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param("", {"emon": ["emon"], "emon2": ["emon2"]}, id="all hosts, no container"),
        pytest.param("emon", {"emon": ["emon"]}, id="a host"),
        pytest.param("test*", {"emon": ["test1"], "emon2": ["test2"]}, id="containers"),
        pytest.param("emon2, web", {"emon2": ["emon2", "web"]}, id="both"),
        pytest.param("*", {"emon": ["emon", "test1"], "emon2": ["emon2", "test2", "web"]}, id="everything"),
        pytest.param("[et]*2,web,", {"emon2": ["emon2", "test2", "web"]}, id="patterns of the shell"),
    ],
)
def test_places(where: str, expected: dict[str, list[str]]) -> None:
    found = chosen(LAB, where, "hostname")
    assert {host: [one["name"] for one in targets] for host, targets in found["targets"].items()} == expected
    assert found["faults"] == []


def test_a_shell_interprets_the_command() -> None:
    found = chosen(LAB, "emon,test1", "echo $HOME | wc")["targets"]["emon"]
    assert found[0]["argv"] == ["sh", "-c", "echo $HOME | wc"]
    assert found[1]["argv"][-1] == "echo $HOME | wc"


# What it lists: the lab's by label and name. It says how it was asked, on its own line of the log.
DOCKER = """\
#!/bin/sh
echo "$@" >> "$LOG"
case $1 in ps) echo "$LISTED" ;; esac
"""


def run_with(listed: str, name: str, tmp_path: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """What the command of a container does on its host, and how docker was called."""
    program, log = tmp_path / "docker", tmp_path / "log"
    program.write_text(DOCKER)
    program.chmod(0o755)
    lab = {**LAB, "containers": [{"name": name, "host": "emon"}]}
    argv = chosen(lab, name, "ip 'a b'")["targets"]["emon"][0]["argv"]
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {"PATH": path, "LOG": str(log), "LISTED": listed}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    return done, log.read_text().splitlines()


def test_a_command_runs_in_a_container_of_the_lab(tmp_path: Path) -> None:
    done, calls = run_with("4f1c", "web.1", tmp_path)
    assert done.returncode == 0
    assert calls == [
        r"ps --all --quiet --filter label=emon.overlay_lab.lab=emon --filter name=^/web\.1$",
        "exec web.1 sh -c ip 'a b'",
    ]


def test_a_command_runs_in_nobody_elses_container(tmp_path: Path) -> None:
    done, calls = run_with("", "web", tmp_path)
    assert done.returncode == 125
    assert done.stderr == (
        "no container web of the lab emon is on this host: run playbooks/overlay.yml; docker ps --all shows whether"
        " somebody else has one of that name\n"
    )
    assert len(calls) == 1


def test_all_that_is_wrong_is_told() -> None:
    assert chosen(LAB, "emon3,test*,nope", " ") == {
        "targets": {},
        "faults": [
            "there is no command: CMD='ip route' says which one",
            "ON=emon3,test*,nope: emon3 is no host or container of the lab; there are emon, emon2, test1, test2, web",
            "ON=emon3,test*,nope: nope is no host or container of the lab; there are emon, emon2, test1, test2, web",
        ],
    }
