# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.filter.containers import container_options

ROLE = {"image": "busybox:latest", "command": ["sleep"], "restart_policy": "unless-stopped", "lab": "emon"}


def test_what_the_lab_file_leaves_open_is_as_the_role_says() -> None:
    network = {"name": "demo", "aliases": []}
    found = [
        {"name": "test1", "host": "emon", "image": "", "command": [], "networks": [network]},
        {"name": "web", "host": "emon", "image": "web:1", "command": ["serve"], "networks": [], "dns": ["10.200.0.1"]},
        {"name": "test2", "host": "emon2", "image": "", "command": [], "networks": []},
    ]
    given = {"restart_policy": "unless-stopped", "labels": {"emon.overlay_lab.lab": "emon"}}
    assert container_options(found, "emon", ROLE) == [
        {"name": "test1", "image": "busybox:latest", "command": ["sleep"], "networks": [network], "dns": [], **given},
        {"name": "web", "image": "web:1", "command": ["serve"], "networks": [], "dns": ["10.200.0.1"], **given},
    ]
