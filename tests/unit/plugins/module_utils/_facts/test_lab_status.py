# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says of itself, as far as it is worked out without one."""

from __future__ import annotations

from ipaddress import ip_interface
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import Access
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import lab_status
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.observed import LinkState


def params(**given: Any) -> dict[str, Any]:
    return {"address": "10.0.0.116", "networks": ["demo"], "containers": ["test1"], "etcd": None, **given}


def test_a_host_that_is_no_member() -> None:
    assert lab_status.parse(params()) == lab_status.Request("10.0.0.116", ["demo"], ["test1"])


def test_a_member() -> None:
    etcd = {"endpoints": ["http://10.0.0.116:2379"], "timeout": 2.0}
    assert lab_status.parse(params(etcd=etcd)).etcd == Access(("http://10.0.0.116:2379",), timeout=2.0)


def test_a_wrong_endpoint() -> None:
    with pytest.raises(LabError, match=r"endpoints: '10\.0\.0\.116' is not of the form"):
        lab_status.parse(params(etcd={"endpoints": ["10.0.0.116"], "timeout": 2.0}))


@pytest.mark.parametrize(
    ("status", "fault", "expected"),
    [
        pytest.param(None, "", {"version": "", "member_id": "", "leader": False, "fault": ""}, id="not asked"),
        pytest.param(
            None, "refused", {"version": "", "member_id": "", "leader": False, "fault": "refused"}, id="silent"
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "leader": "255", "version": "3.4.23"},
            "",
            {"version": "3.4.23", "member_id": "ff", "leader": True, "fault": ""},
            id="the leader",
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "leader": "16", "version": "3.4.23"},
            "",
            {"version": "3.4.23", "member_id": "ff", "leader": False, "fault": ""},
            id="a follower",
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "version": "3.4.23"},
            "it sees no leader",
            {"version": "3.4.23", "member_id": "ff", "leader": False, "fault": "it sees no leader"},
            id="without a leader",
        ),
    ],
)
def test_what_a_member_tells(status: dict[str, Any] | None, fault: str, expected: dict[str, Any]) -> None:
    assert lab_status.etcd_told(status, fault) == expected


def test_the_uplink_is_the_link_with_the_address() -> None:
    links = [
        cast(LinkState, SimpleNamespace(name=name, addresses={ip_interface(address)}))
        for name, address in (("lo", "127.0.0.1/8"), ("host0", "10.0.0.116/24"), ("host1", "10.0.0.11/24"))
    ]
    found = lab_status.uplink(links, "10.0.0.116")
    assert found and found.name == "host0"
    assert lab_status.uplink(links, "10.0.0.1") is None
