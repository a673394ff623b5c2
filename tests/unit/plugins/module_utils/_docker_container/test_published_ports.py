# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.published_ports import (
    Listener,
    PublishedPort,
    conflicts,
    listeners_of,
    parse,
    to_api,
)


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", (PublishedPort(80),)),
        ("8080:80", (PublishedPort(80, host_port=8080),)),
        ("127.0.0.1:8080:80", (PublishedPort(80, host_port=8080, host_ip="127.0.0.1"),)),
        ("127.0.0.1::80", (PublishedPort(80, host_ip="127.0.0.1"),)),
        ("[::1]:8080:80/udp", (PublishedPort(80, "udp", 8080, "::1"),)),
        ("8000-8001:80-81", (PublishedPort(80, host_port=8000), PublishedPort(81, host_port=8001))),
        ("90-91/sctp", (PublishedPort(90, "sctp"), PublishedPort(91, "sctp"))),
    ],
)
def test_every_form_is_read(text: str, ports: tuple[PublishedPort, ...]) -> None:
    faults: list[str] = []
    assert parse([text], faults) == ports
    assert faults == []


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        (["http"], "published_ports: 'http' is not of the form"),
        (["80/icmp"], "published_ports: '80/icmp' is not of the form"),
        (["8000-8002:80"], "published_ports: 8000-8002:80: the two ranges have 3 and 1 ports"),
        (["70000"], "published_ports: 70000: ports are 1 to 65535"),
        (["81-80"], "published_ports: 81-80: ports are 1 to 65535"),
        (["0:80"], "published_ports: 0:80: ports are 1 to 65535"),
        (["300.1.1.1:80:80"], "published_ports: 300.1.1.1:80:80: 300.1.1.1 is no IP address"),
        (["80:80", "127.0.0.1:80:81"], "published_ports: port 80/tcp of the host is given twice"),
    ],
)
def test_a_fault_is_one_line(entries: list[str], line: str) -> None:
    faults: list[str] = []
    parse(entries, faults)
    assert len(faults) == 1
    assert faults[0].startswith(line)


def test_the_api_gets_every_binding_of_a_port() -> None:
    ports = (PublishedPort(80, host_port=8080), PublishedPort(80, host_ip="::1"))
    assert to_api(ports) == {"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::1", "HostPort": ""}]}


def test_containers_hold_what_they_publish() -> None:
    listed = [
        {"Names": ["/web"], "Ports": [{"PrivatePort": 80, "PublicPort": 8080, "Type": "tcp", "IP": "0.0.0.0"}]},
        {"Names": ["/inside"], "Ports": [{"PrivatePort": 80, "Type": "tcp"}]},
    ]
    assert listeners_of(listed) == [Listener(8080, "tcp", "0.0.0.0", "container web")]


@pytest.mark.parametrize(
    ("port", "listener", "clash"),
    [
        (PublishedPort(80, host_port=80), Listener(80, "tcp", "127.0.0.1", "web"), True),
        (PublishedPort(80, host_port=80, host_ip="127.0.0.1"), Listener(80, "tcp", "::", "web"), True),
        (PublishedPort(80, host_port=80, host_ip="127.0.0.1"), Listener(80, "tcp", "10.0.0.1", "web"), False),
        (PublishedPort(80, "udp", 80), Listener(80, "tcp", "0.0.0.0", "web"), False),
        (PublishedPort(80, host_port=81), Listener(80, "tcp", "0.0.0.0", "web"), False),
        (PublishedPort(80), Listener(80, "tcp", "0.0.0.0", "web"), False),
    ],
)
def test_a_port_that_is_held_is_named_with_its_holder(port: PublishedPort, listener: Listener, clash: bool) -> None:
    line = "port 80/tcp of the host is in use by web: publish another"
    assert conflicts([port], [listener]) == ([line] if clash else [])
