# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.clashes import clashes
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.configuration import Flag, flags
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import unit_command

PATH = "/etc/docker/daemon.json"
DEBIAN = ("/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock", "$DOCKER_OPTS")


def on_command_line(options: str) -> dict[str, Flag]:
    return flags(unit_command.words(DEBIAN, {"DOCKER_OPTS": options}))


def test_the_command_line_is_read_with_its_variables() -> None:
    found = on_command_line("--insecure-registry=a:5000 -l debug --iptables=false")
    assert {key: flag.shown for key, flag in found.items()} == {
        "hosts": "-H fd://",
        "containerd": "--containerd=/run/containerd/containerd.sock",
        "insecure-registries": "--insecure-registry=a:5000",
        "log-level": "-l debug",
        "iptables": "--iptables=false",
    }


@pytest.mark.parametrize(
    ("settings", "options", "swarm", "line"),
    [
        ({"hosts": ["unix:///x"]}, "", False, f"{PATH}: hosts is on dockerd's command line as well (-H fd://)"),
        ({"live-restore": True, "cluster-store": "etcd://a"}, "", False, "live-restore is on, and the cluster store"),
        ({"cluster-store": "etcd://a"}, "--live-restore", False, "live-restore is on, and the cluster store"),
        ({"cluster-store": "etcd://a"}, "--live-restore=true", False, "live-restore is on, and the cluster store"),
        ({}, "--userns-remap=default", False, "userns-remap is on"),
        ({}, "-b none", False, "bridge is none"),
        ({}, "--config-file /srv/d.json", False, "dockerd reads /srv/d.json and not /etc/docker/daemon.json, by its"),
        ({"live-restore": True}, "", True, "live-restore is on, and Swarm mode excludes it"),
        ({"userns-remap": "default"}, "", False, "userns-remap is on"),
        ({"iptables": False}, "", False, "iptables is false"),
        ({}, "--iptables=false", False, "iptables is false"),
        ({"bridge": "none"}, "", False, "bridge is none"),
        (
            {"firewall-backend": "nftables"},
            "",
            True,
            "firewall-backend is nftables, with which Docker has no Swarm",
        ),
        ({}, "--firewall-backend nftables", True, "firewall-backend is nftables, with which Docker has no Swarm"),
        ({"exec-root": "/srv/run"}, "", False, "exec-root is /srv/run, and the lab looks for Docker's namespaces in"),
        ({}, "--exec-root=/srv/run", False, "exec-root is /srv/run, and the lab looks for Docker's namespaces in"),
        ({"data-root": "/srv/docker"}, "", False, "data-root would change from /var/lib/docker to /srv/docker"),
    ],
)
def test_a_clash_is_one_line(settings: dict[str, Any], options: str, swarm: bool, line: str) -> None:
    (found,) = clashes(settings, {}, on_command_line(options), swarm=swarm, path=PATH)
    assert found.startswith(line)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"live-restore": True},
        {"iptables": True, "debug": True, "bridge": "br0"},
        {"cluster-store": "etcd://a", "live-restore": False},
        {"firewall-backend": "nftables", "exec-root": "/run/docker/"},
    ],
)
@pytest.mark.parametrize(
    "options",
    ["", "--live-restore=false --userns-remap= --iptables=true --bridge br0", f"--config-file={PATH} -g /srv/docker"],
)
def test_what_fits_is_no_clash(settings: dict[str, Any], options: str) -> None:
    settings = {} if options else settings
    assert clashes(settings, {}, on_command_line(options), swarm=False, path=PATH) == []


def test_where_the_data_is_may_have_any_of_its_names() -> None:
    assert clashes({"graph": "/srv"}, {"graph": "/srv"}, {}, swarm=False, path=PATH) == []
    assert clashes({"data-root": "/srv"}, {"graph": "/srv"}, {}, swarm=False, path=PATH) == []
    (line,) = clashes({"data-root": "/b"}, {"graph": "/srv"}, {}, swarm=False, path=PATH)
    assert line.startswith("data-root would change from /srv to /b")
    (line,) = clashes({"data-root": "/b", "graph": "/b"}, {"data-root": "/b"}, {}, swarm=False, path=PATH)
    assert line == f"{PATH}: graph and data-root are one setting, and dockerd refuses both: keep data-root"


def test_all_clashes_come_together() -> None:
    settings = {"hosts": [], "userns-remap": "default", "iptables": False, "bridge": "none"}
    assert len(clashes(settings, {}, on_command_line(""), swarm=False, path=PATH)) == 4
