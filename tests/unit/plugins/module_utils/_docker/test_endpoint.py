# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint, connect


class Client:
    """The SDK's client, with what it takes in 4.1, which Debian 11 has."""

    def __init__(self) -> None:
        self.connected: list[Any] = []

    def connect_container_to_network(
        self, container, net_id, ipv4_address=None, ipv6_address=None, aliases=None, links=None, link_local_ips=None
    ) -> None:
        self.connected.append((container, net_id, ipv4_address, ipv6_address, aliases, links))


class NewClient(Client):
    def connect_container_to_network(self, container, net_id, *arguments, driver_opt=None, **more) -> None:
        super().connect_container_to_network(container, net_id, *arguments, **more)
        self.connected.append(driver_opt)


@pytest.mark.parametrize("client", [Client(), NewClient()])
def test_a_container_joins_by_an_sdk_of_any_age(client: Client) -> None:
    connect(client, "test1", "0123", Endpoint("demo", ipv4_address="10.200.0.2", aliases=("one",), links=("a:b",)))
    assert client.connected[0] == ("test1", "0123", "10.200.0.2", None, ["one"], [("a", "b")])


def test_driver_options_want_an_sdk_that_knows_them() -> None:
    endpoint = Endpoint("demo", driver_opts={"com.docker.network.endpoint.ifname": "lan0"})
    new = NewClient()
    connect(new, "test1", "0123", endpoint)
    assert new.connected[1] == {"com.docker.network.endpoint.ifname": "lan0"}
    with pytest.raises(LabError) as fault:
        connect(Client(), "test1", "0123", endpoint)
    assert str(fault.value) == (
        "test1 is on demo with driver options (com.docker.network.endpoint.ifname), which this host's Python library"
        " docker does not know: connect it yourself (docker network connect --driver-opt), or install a later one"
    )
