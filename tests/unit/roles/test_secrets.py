# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and join tokens reach hosts through a pipe, and not in a file that holds a module and its options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.plugins.loader import connection_loader

ROLES = Path(__file__).resolve().parents[3] / "roles"
WITH_SECRETS = sorted(
    role.name
    for role in ROLES.iterdir()
    if any(
        re.search(r"\b(secret_content|join_tokens?):", path.read_text(encoding="utf-8")) for path in role.rglob("*.yml")
    )
)


def test_the_roles_with_secrets_are_known() -> None:
    assert WITH_SECRETS == ["docker_engine", "etcd", "overlay_network"]


@pytest.mark.parametrize("role", WITH_SECRETS)
def test_a_role_with_secrets_pipes_its_modules(role: str) -> None:
    # Ansible reads a file vars/main.yml, or every file of a folder vars/main.
    (path,) = [path for name in ("main.yml", "main/main.yml") if (path := ROLES / role / "vars" / name).exists()]
    variables = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert variables["ansible_pipelining"] is True


@pytest.mark.parametrize(
    ("of_a_host", "expected"),
    [({}, True), ({"ansible_ssh_pipelining": False}, False)],
    ids=["by default", "sudo with a tty"],
)
def test_a_host_can_say_that_it_takes_no_pipe(of_a_host: dict[str, Any], expected: bool) -> None:
    connection_loader.get("ssh", class_only=True)  # its options are known from then on
    given = {"ansible_pipelining": True, **of_a_host}
    value = constants.config.get_config_value(
        "pipelining", plugin_type="connection", plugin_name="ssh", variables=given
    )
    assert value is expected
