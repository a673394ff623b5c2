# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as a whole, with input that is wrong or a dockerd that is not there: one line, and no traceback."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

NOWHERE = {"docker_host": "unix:///nowhere/docker.sock"}


def run(name: str, options: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    module = import_module(f"ansible_collections.emon.overlay_lab.plugins.modules.{name}")
    with patch_module_args(options), pytest.raises(SystemExit):
        module.main()
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("docker_network_info", NOWHERE, "/nowhere/docker.sock"),
        ("docker_swarm_node", {**NOWHERE, "node": "emon3", "state": "absent"}, "/nowhere/docker.sock"),
        ("docker_swarm_node", {**NOWHERE, "node": "emon3", "role": "king"}, "king"),
        ("topology_info", {"netns": {"emon": 1}}, "netns"),
        ("etcd_restore", {"path": "/nowhere.tar.gz", "lab": "emon", "part": "keys"}, "endpoints"),
        (
            "etcd_restore",
            {"path": "/nowhere.tar.gz", "lab": "emon", "part": "keys", "endpoints": ["http://127.0.0.1:1"]},
            "/nowhere.tar.gz",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(
    name: str, options: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(name, options, capsys)
    assert result["failed"]
    assert said in result["msg"]
    assert "Traceback" not in result["msg"]
    assert len(result["msg"].splitlines()) == 1
    assert not Path("/nowhere").exists()
