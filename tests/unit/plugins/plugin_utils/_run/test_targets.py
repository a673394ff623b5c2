# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a command runs."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.targets import chosen

HOSTS = ("emon", "emon2")
CONTAINERS = [{"name": "test1", "host": "emon"}, {"name": "test2", "host": "emon2"}, {"name": "web", "host": "emon2"}]


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
    found = chosen(HOSTS, CONTAINERS, where, "hostname")
    assert {host: [one["name"] for one in targets] for host, targets in found["targets"].items()} == expected
    assert found["faults"] == []


def test_a_shell_interprets_the_command() -> None:
    found = chosen(HOSTS, CONTAINERS, "emon,test1", "echo $HOME | wc")["targets"]["emon"]
    assert [one["argv"] for one in found] == [
        ["sh", "-c", "echo $HOME | wc"],
        ["docker", "exec", "test1", "sh", "-c", "echo $HOME | wc"],
    ]


def test_all_that_is_wrong_is_told() -> None:
    assert chosen(HOSTS, CONTAINERS, "emon3,test*,nope", " ") == {
        "targets": {},
        "faults": [
            "there is no command: CMD='ip route' says which one",
            "ON=emon3,test*,nope: emon3 is no host or container of the lab; there are emon, emon2, test1, test2, web",
            "ON=emon3,test*,nope: nope is no host or container of the lab; there are emon, emon2, test1, test2, web",
        ],
    }
