# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import (
    CONTAINER_OPTIONS,
    DIGEST_LABEL,
    ContainerSpec,
    parse,
)


def spec(**given: Any) -> ContainerSpec:
    result = ArgumentSpecValidator(CONTAINER_OPTIONS).validate({"name": "test1", "image": "busybox:lab", **given})
    assert not result.error_messages
    return parse(result.validated_parameters)


@pytest.mark.parametrize(
    ("given", "mode", "networks"),
    [
        ({}, "networks", ["bridge"]),
        ({"network_mode": "default"}, "networks", ["bridge"]),
        ({"networks": [{"name": "demo"}]}, "networks", ["demo"]),
        ({"network_mode": "bridge", "networks": [{"name": "demo"}]}, "networks", ["bridge", "demo"]),
        (
            {"network_mode": "bridge", "networks": [{"name": "demo"}, {"name": "bridge"}]},
            "networks",
            ["bridge", "demo"],
        ),
        ({"network_mode": "host"}, "host", []),
        ({"network_mode": "none"}, "none", []),
        ({"network_mode": "container:other"}, "container:other", []),
    ],
)
def test_the_mode_and_the_networks_in_their_order(given: dict[str, Any], mode: str, networks: list[str]) -> None:
    made = spec(**given)
    assert made.mode == mode
    assert [endpoint.network for endpoint in made.endpoints] == networks


def test_the_api_gets_the_first_network_at_creation() -> None:
    made = spec(
        command="sh -c 'sleep 1'",
        networks=[{"name": "demo", "ipv4_address": "10.200.0.9", "aliases": ["web"]}, {"name": "other"}],
        capabilities=["net_admin", "CAP_SYS_TIME"],
        extra_hosts={"b": "10.0.0.2", "a": "10.0.0.1", "c": "host-gateway"},
        sysctls={"net.ipv4.ip_forward": 1},
        restart_policy="always",
    )
    config = made.to_api()
    assert config["Cmd"] == ["sh", "-c", "sleep 1"]
    assert config["HostConfig"]["NetworkMode"] == "demo"
    assert config["HostConfig"]["CapAdd"] == ["CAP_NET_ADMIN", "CAP_SYS_TIME"]
    assert config["HostConfig"]["ExtraHosts"] == ["a:10.0.0.1", "b:10.0.0.2", "c:host-gateway"]
    assert config["HostConfig"]["Sysctls"] == {"net.ipv4.ip_forward": "1"}
    assert config["HostConfig"]["RestartPolicy"] == {"Name": "always"}
    assert config["HostConfig"]["Init"] is True
    assert config["StopTimeout"] == 1
    assert config["NetworkingConfig"] == {
        "EndpointsConfig": {"demo": {"IPAMConfig": {"IPv4Address": "10.200.0.9"}, "Aliases": ["web"]}}
    }
    assert config["Labels"][DIGEST_LABEL] == made.digest


@pytest.mark.parametrize(
    "given",
    [
        {"networks": [{"name": "demo"}]},
        {"networks": [{"name": "demo", "aliases": ["web"]}, {"name": "other"}]},
        {"restart_policy": "always"},
        {"state": "stopped"},
    ],
)
def test_what_changes_in_place_is_no_part_of_the_digest(given: dict[str, Any]) -> None:
    assert spec(**given).digest == spec().digest


@pytest.mark.parametrize(
    "given",
    [
        {"image": "busybox:other"},
        {"command": "sleep 1"},
        {"network_mode": "host"},
        {"network_mode": "container:other"},
        {"published_ports": ["80"]},
        {"links": ["other"]},
        {"hostname": "web"},
        {"dns": ["10.0.0.1"]},
        {"capabilities": ["NET_ADMIN"]},
        {"labels": {"a": "b"}},
        {"init": False},
        {"stop_timeout": 5},
    ],
)
def test_what_docker_fixes_at_creation_is_part_of_the_digest(given: dict[str, Any]) -> None:
    assert spec(**given).digest != spec().digest


def test_a_link_without_an_alias_has_the_name_of_its_container() -> None:
    assert spec(links=["db", "cache:c"]).links == ("db:db", "cache:c")
    assert spec(networks=[{"name": "demo", "links": ["db"]}]).endpoints == (Endpoint("demo", links=("db:db",)),)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"name": "t"}, "name: 't' is no container name"),
        (
            {"name": "test1-former"},
            "name: test1-former ends in -former, which marks a container that is being replaced",
        ),
        ({"name": "te st"}, "name: 'te st' is no container name"),
        ({"network_mode": "demo"}, "network_mode: demo is none of default, bridge, host, none, container:NAME"),
        ({"network_mode": "host", "networks": [{"name": "demo"}]}, "networks: cannot be joined with network_mode host"),
        (
            {"network_mode": "host", "published_ports": ["80:80"]},
            "published_ports: have no effect with network_mode host: its ports are the host's own",
        ),
        (
            {"network_mode": "container:other", "hostname": "web"},
            "hostname: is that of the other container with network_mode container:other",
        ),
        ({"networks": [{"name": "demo"}, {"name": "demo"}]}, "networks[1]: demo is given twice"),
        ({"networks": [{"name": "host"}]}, "networks[0]: host is no network to join: use network_mode"),
        (
            {"networks": [{"name": "bridge", "aliases": ["web"]}]},
            "networks[0]: the default bridge takes no fixed addresses, aliases or links",
        ),
        ({"networks": [{"name": "demo", "ipv4_address": "x"}]}, "networks[0].ipv4_address: 'x' is no IP address"),
        ({"networks": [{"name": "demo", "ipv4_address": "fd00::1"}]}, "networks[0].ipv4_address: fd00::1 is not IPv4"),
        ({"networks": [{"name": "demo"}], "links": ["db"]}, "links: work on the default bridge only"),
        ({"published_ports": ["x"]}, "published_ports: 'x' is not of the form"),
        ({"sysctls": {"net.x": True}}, "sysctls: net.x: true is no value of a kernel parameter: write 0 or 1"),
        ({"extra_hosts": {"a": "b"}}, "extra_hosts[a]: 'b' is no IP address"),
        ({"dns": ["resolver"]}, "dns: 'resolver' is no IP address"),
        ({"command": "sh -c 'sleep"}, "command: No closing quotation"),
        ({"command": {"a": 1}}, "command: {'a': 1} is neither a text nor a list"),
        ({"labels": {DIGEST_LABEL: "x"}}, f"labels: {DIGEST_LABEL} is the module's own"),
    ],
)
def test_a_fault_is_one_line_that_names_the_container(given: dict[str, Any], line: str) -> None:
    with pytest.raises(LabError) as caught:
        spec(**given)
    (fault,) = caught.value.faults
    assert fault.startswith(f"container {given.get('name', 'test1')}: {line}")


def test_all_faults_come_together() -> None:
    with pytest.raises(LabError) as caught:
        spec(name="t", network_mode="demo", published_ports=["x"], dns=["y"])
    assert len(caught.value.faults) == 4
