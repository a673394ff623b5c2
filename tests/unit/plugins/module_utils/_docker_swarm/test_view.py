# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import health as swarm_health
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network, swarm_of

OWN, OTHER = "10.0.0.117", "10.0.0.116"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A worker with a container on the network demo, which has heard of nobody else there."""
    monkeypatch.setattr(host_record, "section", lambda _name: {})
    found = FakeDocker()
    found.swarm = swarm_of(OWN, manager=False)
    found.all_networks.append(network("demo", "overlay", Scope="swarm", Peers=[{"Name": "a", "IP": OWN}]))
    return found


def test_peers_are_waited_for(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    peers = docker.inspect_network("demo-id-0123456789")["Peers"]
    monkeypatch.setattr(swarm_view.time, "sleep", lambda _seconds: peers.append({"Name": "b", "IP": OTHER}))
    found = swarm_view.details(docker, peers={"demo": [OTHER]}, wait_seconds=60)
    assert [(one["name"], one["peers"]) for one in found["networks"]] == [("demo", [OTHER, OWN])]


def test_peers_that_do_not_come_are_told(docker: FakeDocker) -> None:
    assert swarm_view.details(docker, peers={"demo": [OTHER]})["networks"][0]["peers"] == [OWN]


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        pytest.param({}, {}, id="nobody asked for"),
        pytest.param({"demo": [OWN]}, {}, id="heard of"),
        pytest.param({"demo": [OTHER, OWN]}, {"demo": [OTHER]}, id="one of two"),
        pytest.param({"back": [OWN]}, {"back": [OWN]}, id="a network that the host does not have"),
    ],
)
def test_unheard(peers: dict[str, Any], expected: dict[str, Any]) -> None:
    networks = [{"name": "demo", "id": "left-of-old", "peers": []}, {"name": "demo", "id": "new", "peers": [OWN]}]
    assert swarm_health.unheard(networks, peers) == expected


def test_peers_that_are_no_lists_are_named_together() -> None:
    with pytest.raises(LabError) as caught:
        swarm_view.check_peers({"demo": OWN, "back": None, "front": [OWN]})
    assert caught.value.faults == [
        "peers.demo: '10.0.0.117' is not a list of addresses: give for example [10.0.0.116]",
        "peers.back: None is not a list of addresses: give for example [10.0.0.116]",
    ]
