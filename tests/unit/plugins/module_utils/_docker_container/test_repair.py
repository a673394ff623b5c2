# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import repair

STRAY = (
    "failed to update store for object type *libnetwork.endpointCnt: client: etcd cluster is unavailable or"
    " misconfigured; error #0: dial tcp 10.0.0.117:2379: connect: network is unreachable"
)
AWAY = "client: etcd cluster is unavailable or misconfigured; error #0: dial tcp 10.0.0.117:2379: i/o timeout"


class Dockerd:
    """Starts a container after it has failed so many times."""

    def __init__(self, fails: int, error: str) -> None:
        self.fails = fails
        self.error = error
        self.asked = 0

    def start(self, _container_id: str) -> None:
        self.asked += 1
        if self.asked <= self.fails:
            raise LabError(self.error)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("fails", [0, 1, 4])
def test_a_thread_that_cannot_reach_the_store_is_not_the_last_word(fails: int) -> None:
    dockerd = Dockerd(fails, STRAY)
    assert repair.start(dockerd, "test2", "1" * 64) == []
    assert dockerd.asked == fails + 1


@pytest.mark.parametrize(("error", "asked"), [(STRAY, 5), (AWAY, 1)], ids=["every thread", "a store that is away"])
def test_a_store_that_cannot_be_reached_is_told(error: str, asked: int) -> None:
    dockerd = Dockerd(9, error)
    with pytest.raises(LabError, match="etcd cluster is unavailable"):
        repair.start(dockerd, "test2", "1" * 64)
    assert dockerd.asked == asked
