# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import predict
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import docker_network
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker


@pytest.mark.parametrize(
    ("given", "waits"),
    [
        ({"wait_seconds": 0.1}, True),
        ({"wait_seconds": 0.1, "id": ""}, False),
        ({"wait_seconds": 0.1, "state": "absent"}, False),
        ({}, False),
    ],
)
def test_only_a_network_that_is_to_come_is_waited_for(
    given: dict[str, Any], waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check mode tells what the run would: that the other host's network does not come."""
    monkeypatch.setattr(docker_network, "connect", lambda *_given: FakeDocker())
    asked: list[float] = []

    def read(_client: Any, _names: list[str], seconds: float) -> None:
        asked.append(seconds)
        raise LabError("is not on this host")

    monkeypatch.setattr(docker_network.network_view, "read", read)
    options = {"name": "demo", "driver": "overlay", "lab": "emon", "id": "a" * 64, **given}
    checked = predict(docker_network.TASK, options)
    assert (checked["faults"] == ["is not on this host"]) == waits
    assert len(asked) == waits
