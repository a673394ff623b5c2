# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import apply as network_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import plan as network_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.spec import MTU_OPTION
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.view import read, shown
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, Restarting, network
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._docker_network.steps import (
    planned,
    refuse_driver,
    run,
)

SUBNET = "10.200.0.0/24"


def container(docker: FakeDocker, name: str, **settings: Any) -> None:
    docker.all_containers[name] = {
        "Id": f"{name}-id-0123456789",
        "Name": f"/{name}",
        "State": {"Status": "running", "Running": True, "Pid": 1, "ExitCode": 0},
        "Config": {"Labels": {}},
        "NetworkSettings": {"Networks": {"demo": settings}},
    }


def test_a_network_is_made_once() -> None:
    docker = FakeDocker()
    plan, made = run(docker, driver="overlay", subnet=SUBNET, mtu=1500, labels={"lab": "emon"})
    assert plan.differences.changed
    assert (made["driver"], made["subnets"], made["mtu"], made["labels"]) == (
        "overlay",
        [SUBNET],
        1500,
        {"lab": "emon"},
    )
    again, same = run(docker, driver="overlay", subnet=SUBNET, mtu=1500, labels={"lab": "emon"})
    assert not again.differences.changed
    assert same == made
    assert docker.calls == [("create_network", "demo")]


def test_check_mode_returns_the_same_keys() -> None:
    docker = FakeDocker()
    expected = planned(docker, subnet=SUBNET).expected
    _, made = run(docker, subnet=SUBNET)
    assert expected.keys() == made.keys()
    assert expected["id"] == ""


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"driver": "overlay"}, "driver is 'bridge', wanted 'overlay'"),
        ({"subnet": "10.201.0.0/24"}, "subnets is ['10.200.0.0/24'], wanted ['10.201.0.0/24']"),
        ({"mtu": 1400}, f"options[{MTU_OPTION}] is None, wanted '1400'"),
        ({"internal": True}, "internal is False, wanted True"),
        ({"labels": {"a": "c"}}, "labels[a] is 'b', wanted 'c'"),
        (
            {"ipam_config": [{"subnet": SUBNET, "gateway": "10.200.0.9"}]},
            "gateway of 10.200.0.0/24 is '10.200.0.1', wanted '10.200.0.9'",
        ),
        (
            {"ipam_config": [{"subnet": SUBNET, "ip_range": "10.200.0.128/25"}]},
            "ip_range of 10.200.0.0/24 is None, wanted '10.200.0.128/25'",
        ),
    ],
)
def test_what_differs_is_named_and_needs_consent(given: dict[str, Any], reason: str) -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,), Labels={"a": "b", "other": "x"}))
    with pytest.raises(LabError) as caught:
        planned(docker, **given)
    assert str(caught.value).startswith(f"network demo: {reason}: set recreate to true")
    assert docker.calls == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"labels": {"a": "b"}},
        {"ipam_config": [{"subnet": SUBNET, "gateway": "10.200.0.1"}]},
    ],
)
def test_what_is_not_given_may_be_anything(given: dict[str, Any]) -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,), Labels={"a": "b"}, Options={"x": "y"}, Internal=True))
    assert not planned(docker, **given).differences.changed


def test_an_ipv4_subnet_that_docker_added_to_an_ipv6_network_is_no_difference() -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=("fd00::/64", "172.20.0.0/16"), EnableIPv6=True))
    assert not planned(docker, enable_ipv6=True, ipam_config=[{"subnet": "fd00::/64"}]).differences.changed


def test_recreation_reconnects_every_container_as_it_was() -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,)))
    container(docker, "fixed", IPAMConfig={"IPv4Address": "10.200.0.9"}, Aliases=["web", "fixed-id-012"], Links=["a:b"])
    container(docker, "any", IPAMConfig=None, IPAddress="10.200.0.2", Aliases=None, Links=None)
    run(docker, subnet=SUBNET, mtu=1400, recreate=True)
    joined = {name: one["NetworkSettings"]["Networks"]["demo"] for name, one in docker.all_containers.items()}
    assert (joined["fixed"]["IPAddress"], joined["fixed"]["Aliases"], joined["fixed"]["Links"]) == (
        "10.200.0.9",
        ["web"],
        ["a:b"],
    )
    assert joined["any"]["IPAddress"] == "10.200.0.2"


def test_an_address_that_does_not_fit_the_new_subnet_is_given_up() -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,)))
    container(docker, "any", IPAddress="10.200.0.2")
    run(docker, subnet="10.201.0.0/24", recreate=True)
    assert docker.all_containers["any"]["NetworkSettings"]["Networks"]["demo"]["IPAddress"] == ""


def test_the_former_network_comes_back_when_the_new_one_cannot_be_made() -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,)))
    container(docker, "any", IPAddress="10.200.0.2")
    plan = planned(docker, driver="nonsense", subnet=SUBNET, recreate=True)
    refuse_driver(docker, "nonsense")
    with pytest.raises(LabError) as caught:
        network_apply.apply(docker, plan)
    assert caught.value.faults == [
        "network demo: creation: no such driver",
        "network demo: the former network was made again",
    ]
    (back,) = docker.networks(names=["demo"])
    assert (back["Driver"], docker.all_containers["any"]["NetworkSettings"]["Networks"]["demo"]["IPAddress"]) == (
        "bridge",
        "10.200.0.2",
    )


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("moment", range(6))
def test_a_dockerd_that_restarts_at_any_moment_leaves_no_half_made_network(moment: int, done: bool) -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,)))
    fixed = {"IPAMConfig": {"IPv4Address": "10.200.0.9"}, "IPAddress": "10.200.0.9"}
    container(docker, "fixed", **fixed, Aliases=["web"], Links=["a:b"])
    container(docker, "any", IPAddress="10.200.0.2", Aliases=None, Links=None)
    plan = planned(docker, subnet=SUBNET, mtu=1400, recreate=True)
    with pytest.raises(LabError) as caught:
        network_apply.apply(Restarting(docker, moment, done), plan)
    assert caught.value.faults[0].endswith("dockerd hung up (does it restart?); run again")
    assert caught.value.faults[1:] in (
        ["network demo: the former network is as it was"],
        ["network demo: the former network was made again"],
    )
    (back,) = docker.networks(names=["demo"])
    joined = {name: one["NetworkSettings"]["Networks"]["demo"] for name, one in docker.all_containers.items()}
    assert back["Options"] == {}
    assert {name: (one["IPAddress"], one["Aliases"]) for name, one in joined.items()} == {
        "fixed": ("10.200.0.9", ["web"]),
        "any": ("10.200.0.2", None),
    }


def test_containers_of_other_hosts_forbid_recreation() -> None:
    docker = FakeDocker()
    there = {"ep-1": {"Name": "test2"}, "lb-demo": {"Name": "demo-endpoint"}}
    docker.all_networks.append(network("demo", "overlay", (SUBNET,), Containers=there))
    with pytest.raises(LabError, match=r"cannot be made anew while containers of other hosts are on it: test2$"):
        planned(docker, driver="overlay", subnet=SUBNET, mtu=1400, recreate=True)


def test_two_networks_of_one_name_are_named() -> None:
    docker = FakeDocker()
    docker.all_networks += [network("demo"), network("demo", "overlay", Id="other-id-9876543210")]
    with pytest.raises(LabError, match=r"there are 2 of this name: demo-id-0123 .bridge., other-id-987 .overlay."):
        planned(docker)


def test_every_overlap_is_named_unless_it_is_allowed() -> None:
    docker = FakeDocker()
    avoid = [{"name": "underlay company", "subnet": "172.17.0.0/24"}]
    with pytest.raises(LabError) as caught:
        planned(docker, subnet="172.17.0.0/24", avoid=avoid)
    assert [line.split(" of ")[1].split(":")[0] for line in caught.value.faults] == [
        "underlay company",
        "network bridge",
    ]
    assert planned(docker, subnet="172.17.0.0/24", avoid=avoid, allow_overlap=True).differences.changed


def test_a_subnet_that_docker_chose_badly_is_not_kept() -> None:
    docker = FakeDocker()
    with pytest.raises(LabError, match=r"overlaps 172.29.0.0/24 of underlay.*Docker chose it: give subnet"):
        run(docker, avoid=[{"name": "underlay", "subnet": "172.29.0.0/24"}])
    assert docker.networks(names=["demo"]) == []


def test_a_parent_that_is_no_link_is_named() -> None:
    with pytest.raises(LabError, match=r"parent nowhere0 is no link of this host: choose among .*lo"):
        planned(FakeDocker(), driver="macvlan", subnet=SUBNET, driver_options={"parent": "nowhere0"})


@pytest.mark.parametrize(
    ("driver", "parent", "line"),
    [
        ("ipvlan", "lo", "network demo: this kernel has no ipvlan: load its module, or use another driver"),
        ("ipvlan", "", "network demo: this kernel has no ipvlan: load its module, or use another driver"),
        ("macvlan", "lo.10", "network demo: this kernel has no vlan: load its module, or use another parent"),
    ],
)
def test_a_kind_of_link_that_the_kernel_lacks_is_named_before_anything_is_made(
    driver: str, parent: str, line: str
) -> None:
    docker = FakeDocker()
    with pytest.raises(LabError) as caught:
        planned(docker, driver=driver, subnet=SUBNET, driver_options={"parent": parent} if parent else {})
    assert caught.value.faults == [line]


def test_a_network_in_use_is_removed_by_force_only() -> None:
    docker = FakeDocker()
    docker.all_networks.append(network("demo", subnets=(SUBNET,)))
    container(docker, "test1", IPAddress="10.200.0.2")
    with pytest.raises(LabError, match="is used by test1: remove these containers, or set force to true"):
        planned(docker, state="absent")
    _, made = run(docker, state="absent", force=True)
    assert made == {}
    assert not run(docker, state="absent")[0].differences.changed


def test_the_mtu_of_a_link_is_taken_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert network_plan.kernel_links.mtu_of("lo") == int(Path("/sys/class/net/lo/mtu").read_text(encoding="ascii"))
    monkeypatch.setattr(network_plan.kernel_links, "mtu_of", {"eth0": 1450}.get)
    docker = FakeDocker()
    _, made = run(docker, subnet=SUBNET, mtu_from="eth0")
    assert made["mtu"] == 1450
    assert not planned(docker, subnet=SUBNET, mtu_from="eth0").differences.changed


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"mtu_from": "nowhere0"}, r"^mtu_from: nowhere0 is no link of this host: choose among .*lo"),
        ({"mtu_from": "lo", "mtu": 1400}, r"^mtu_from: lo contradicts mtu: 1400: give one of them$"),
    ],
)
def test_a_link_whose_mtu_cannot_be_taken(given: dict[str, Any], line: str) -> None:
    with pytest.raises(LabError, match=line):
        planned(FakeDocker(), **given)


def test_faults_of_all_options_come_together() -> None:
    with pytest.raises(LabError) as caught:
        planned(FakeDocker(), subnet="x", mtu=1, avoid=[{"name": "u", "subnet": "y"}])
    assert len(caught.value.faults) == 3


def test_a_network_is_shown_with_its_bridge_and_containers() -> None:
    containers = {
        "b-id": {"Name": "b", "IPv4Address": "10.200.0.3/24", "IPv6Address": "", "MacAddress": "02:42:0a:c8:00:03"},
        "a-id": {"Name": "a", "IPv4Address": "10.200.0.2/24", "IPv6Address": "fd00::2/64", "MacAddress": ""},
    }
    made = shown(network("demo", subnets=(SUBNET,), Containers=containers))
    assert made["bridge"] == "br-demo-id-0123"
    assert [(one["name"], one["ipv4_address"], one["ipv6_address"]) for one in made["containers"]] == [
        ("a", "10.200.0.2", "fd00::2"),
        ("b", "10.200.0.3", ""),
    ]


def test_networks_are_read_by_name_and_a_missing_one_matters_when_waited_for() -> None:
    docker = FakeDocker()
    assert [one["name"] for one in read(docker, None)] == ["bridge"]
    assert read(docker, ["demo"]) == []
    with pytest.raises(LabError, match=r"network demo: is not on this host after 0.01 s"):
        read(docker, ["demo", "bridge"], wait_seconds=0.01)
