# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container as dockerd tells it, and the namespace in which its packets are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import state

_ON_BRIDGE = {"NetworkID": "b1", "IPAddress": "172.17.0.2", "MacAddress": "02:42:ac:11:00:02"}


def inspected(mode: str, key: str, running: bool = True, **networks: dict[str, str]) -> dict[str, Any]:
    return {
        "Id": "c1",
        "State": {"Running": running, "Status": "running" if running else "exited", "Pid": 0},
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"SandboxKey": key, "Networks": networks},
    }


class Docker:
    """It knows the container whose network another one uses."""

    def container(self, name: str) -> dict[str, Any] | None:
        owner = inspected("bridge", "/var/run/docker/netns/4950", bridge=_ON_BRIDGE)
        return {"owner": owner, "gone": None}[name]


@pytest.mark.parametrize(
    ("found", "netns", "addresses"),
    [
        (inspected("bridge", "/var/run/docker/netns/17", bridge=_ON_BRIDGE), "/run/docker/netns/17", ["172.17.0.2"]),
        (inspected("host", "/var/run/docker/netns/default", host={}), "", [None]),
        (inspected("container:owner", ""), "/run/docker/netns/4950", ["172.17.0.2"]),
        (inspected("container:gone", ""), None, []),
        (inspected("bridge", "", running=False, bridge=_ON_BRIDGE), None, ["172.17.0.2"]),
    ],
)
def test_where_a_container_is(found: dict[str, Any], netns: str | None, addresses: list[str | None]) -> None:
    found["State"]["Pid"] = 1 if found["State"]["Running"] else 0
    told = state._container("web", found, Docker())  # type: ignore[arg-type]
    assert (told["netns"], [one["address"] for one in told["networks"]]) == (netns, addresses)


def test_which_containers_ports_lead_to() -> None:
    listed = [
        {"Names": ["/web"], "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}},
        {"Names": ["/hosted"], "NetworkSettings": {"Networks": {"host": {"IPAddress": ""}}}},
        {"Names": ["/sharing"], "NetworkSettings": {"Networks": {}}},
        # It is being removed.
        {
            "Names": None,
            "Id": "0123456789abcdef",
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
        },
    ]
    published = [{"protocol": "tcp", "port": 8080, "address": "172.17.0.2", "to_port": 80}]
    assert state._published_for(published, listed) == ["web", "0123456789ab"]
