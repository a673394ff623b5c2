# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect, is_local, wait_until_up
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._docker.stand_in import listening


@pytest.fixture
def docker_host(tmp_path: Path) -> Iterator[str]:
    """One that knows its version, and nothing else."""

    def answer(asked: str) -> tuple[int, Any]:
        return (200, {"ApiVersion": "1.41"}) if asked.endswith("/version") else (404, {"message": f"no {asked}"})

    with listening(tmp_path / "docker.sock", answer):
        yield f"unix://{tmp_path}/docker.sock"


def test_a_dockerd_at_a_socket_is_of_this_machine(docker_host: str) -> None:
    client = connect(docker_host)
    try:
        assert is_local(client)
        wait_until_up(client)
        assert find(client.inspect_container, "web") is None
    finally:
        client.close()


def test_a_dockerd_that_does_not_run_is_named_by_its_socket(tmp_path) -> None:
    with pytest.raises(LabError, match=r"nothing listens on unix:///.*docker.sock .systemctl status"):
        connect(f"unix://{tmp_path}/docker.sock")
