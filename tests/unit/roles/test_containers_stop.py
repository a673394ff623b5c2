# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name is anybody's: the lab's containers alone are stopped."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

CONTAINERS = [
    {"name": name, "host": "emon", "networks": [], "image": "", "command": []} for name in ("test1", "test2", "test3")
]
FOUND = [{"name": "test1", "lab": "emon"}, {"name": "test2", "lab": ""}, {"name": "test3", "lab": "school"}]


def test_containers_of_others_run_on(tmp_path: Path) -> None:
    given = {"lab_containers": CONTAINERS, "lab_host_info": {"containers": FOUND}}
    code, said, calls = answering.run(tmp_path, "containers/stop", {}, given)
    assert code == 0, said
    assert [(name, options["name"], options["state"]) for name, options in calls] == [
        ("docker_container", "test1", "stopped")
    ]
