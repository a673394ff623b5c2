# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says of itself, as far as it is worked out without one."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_interface
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import Access
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import lab_status
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit
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
        pytest.param(
            None, "", {"version": "", "member_id": "", "leader": False, "fault": "", "remedy": ""}, id="not asked"
        ),
        pytest.param(
            None,
            "refused",
            {"version": "", "member_id": "", "leader": False, "fault": "refused", "remedy": ""},
            id="silent",
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "leader": "255", "version": "3.4.23"},
            "",
            {"version": "3.4.23", "member_id": "ff", "leader": True, "fault": "", "remedy": ""},
            id="the leader",
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "leader": "16", "version": "3.4.23"},
            "",
            {"version": "3.4.23", "member_id": "ff", "leader": False, "fault": "", "remedy": ""},
            id="a follower",
        ),
        pytest.param(
            {"header": {"member_id": "255"}, "version": "3.4.23"},
            "it sees no leader",
            {"version": "3.4.23", "member_id": "ff", "leader": False, "fault": "it sees no leader", "remedy": ""},
            id="without a leader",
        ),
    ],
)
def test_what_a_member_tells(status: dict[str, Any] | None, fault: str, expected: dict[str, Any]) -> None:
    assert lab_status.etcd_told(status, fault) == expected


class FakeDocker:
    def __enter__(self) -> FakeDocker:
        return self

    def __exit__(self, *_exception: object) -> None: ...

    def info(self) -> dict[str, Any]:
        return {"ServerVersion": "20.10.24"}


def host(monkeypatch: pytest.MonkeyPatch, failing: str = "") -> None:
    """A host where these parts, by their names with spaces between them, cannot be read."""
    unit = Unit("docker.service", exists=True, active=True, enabled=True, started=1.0)
    state = {"networks": [{"name": "demo"}], "containers": [], "forwarding": []}
    parts: dict[str, Any] = {"units": [unit], "record": {"lab": "emon"}, "links": [], "swarm": {}, "state": state}

    def part(name: str) -> Callable[..., Any]:
        def read(*_given: object) -> Any:
            if name in failing.split():
                raise LabError(f"no {name}")
            return dict(parts[name]) if isinstance(parts[name], dict) else parts[name]

        return read

    monkeypatch.setattr(lab_status, "DockerSocket", FakeDocker)
    monkeypatch.setattr(lab_status.systemd, "units", part("units"))
    monkeypatch.setattr(lab_status.host_record, "read", part("record"))
    monkeypatch.setattr(lab_status, "_links", part("links"))
    monkeypatch.setattr(lab_status.swarm_view, "details", part("swarm"))
    monkeypatch.setattr(lab_status.overlay_state, "read", part("state"))
    if "docker" in failing:
        monkeypatch.setattr(FakeDocker, "info", part("docker"))


REQUEST = lab_status.parse(params())


def test_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    host(monkeypatch)
    found = lab_status.read(REQUEST)
    assert (found["faults"], found["docker"]) == ([], {"version": "20.10.24", "fault": ""})
    assert (found["record"]["lab"], found["networks"]) == ("emon", [{"name": "demo"}])
    assert found["units"]["docker.service"]["active"] is True


@pytest.mark.parametrize("part", ["units", "record", "links"])
def test_one_part_that_cannot_be_read_leaves_the_others(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host(monkeypatch, part)
    found = lab_status.read(REQUEST)
    assert found["faults"] == [f"no {part}"]
    assert found["networks"] == [{"name": "demo"}]
    assert found["record"]["lab"] == ("" if part == "record" else "emon")
    assert set(found["units"]) >= ({"docker.service", "etcd.service"} if part == "units" else {"docker.service"})


def test_a_dockerd_that_refuses_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    host(monkeypatch, "swarm")
    found = lab_status.read(REQUEST)
    assert (found["docker"]["fault"], found["swarm"]["error"], found["networks"]) == (
        "",
        "no swarm",
        [{"name": "demo"}],
    )
    host(monkeypatch, "state")
    found = lab_status.read(REQUEST)
    assert (found["docker"], found["networks"]) == ({"version": "20.10.24", "fault": "no state"}, [])


def test_a_host_of_which_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    host(monkeypatch, "units record links docker")
    with pytest.raises(LabError) as caught:
        lab_status.read(REQUEST)
    assert caught.value.faults == ["no units", "no record", "no links", "no docker"]


def test_the_uplink_is_the_link_with_the_address() -> None:
    links = [
        cast(LinkState, SimpleNamespace(name=name, addresses={ip_interface(address)}))
        for name, address in (("lo", "127.0.0.1/8"), ("host0", "10.0.0.116/24"), ("host1", "10.0.0.11/24"))
    ]
    found = lab_status.uplink(links, "10.0.0.116")
    assert found and found.name == "host0"
    assert lab_status.uplink(links, "10.0.0.1") is None
