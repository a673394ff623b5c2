# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.daemon_json import (
    Owned,
    clashes,
    flags,
    give_back,
    merge,
    read,
    version_faults,
    write,
)

PATH = "/etc/docker/daemon.json"
DEBIAN = ("/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock", "$DOCKER_OPTS")


@pytest.mark.parametrize("text", ["", " \n", "{}"])
def test_an_empty_file_has_no_settings(text: str) -> None:
    assert read(text, PATH) == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"debug": true,\n}', f"{PATH}: line 2 is not JSON"),
        ("[1]", f"{PATH}: holds no JSON object"),
    ],
)
def test_a_file_that_is_none_is_never_taken_for_empty(text: str, line: str) -> None:
    with pytest.raises(LabError) as caught:
        read(text, PATH)
    assert str(caught.value).startswith(line)
    assert str(caught.value).endswith("fix it first; it is not changed")


def test_foreign_keys_survive_and_ours_are_remembered() -> None:
    made = merge({"debug": True}, {"labels": ["a=b"]}, {}, override=False, path=PATH)
    assert made.settings == {"debug": True, "labels": ["a=b"]}
    assert made.owned == {"labels": Owned(existed=False)}
    assert made.faults == []


def test_a_foreign_key_of_the_same_value_stays_foreign() -> None:
    made = merge({"debug": True}, {"debug": True}, {}, override=False, path=PATH)
    assert (made.owned, made.faults) == ({}, [])


def test_a_foreign_value_is_replaced_by_consent_only() -> None:
    refused = merge({"debug": True}, {"debug": False}, {}, override=False, path=PATH)
    assert refused.faults == [
        f"{PATH}: debug is true and not ours, wanted false: set override to true to replace it until the lab is removed"
    ]
    allowed = merge({"debug": True}, {"debug": False}, {}, override=True, path=PATH)
    assert (allowed.settings, allowed.owned, allowed.faults) == ({"debug": False}, {"debug": Owned(True, True)}, [])


def test_ours_may_change_and_a_key_that_is_no_longer_wanted_goes_back() -> None:
    owned = {"debug": Owned(True, True), "labels": Owned(False), "mtu": Owned(False)}
    existing = {"debug": False, "labels": ["a=b"], "mtu": 1400, "other": 1}
    made = merge(existing, {"mtu": 1500}, owned, override=False, path=PATH)
    assert made.settings == {"debug": True, "mtu": 1500, "other": 1}
    assert made.owned == {"mtu": Owned(False)}


def test_everything_goes_back() -> None:
    owned = {"debug": Owned(True, True), "labels": Owned(False)}
    assert give_back({"debug": False, "labels": ["a=b"], "other": 1}, owned) == {"debug": True, "other": 1}


def test_the_command_line_is_read_with_its_variables() -> None:
    found = flags(DEBIAN, {"DOCKER_OPTS": "--insecure-registry=a:5000 -l debug --iptables=false"})
    assert found == {
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
        ({"live-restore": True}, "", True, "live-restore is on, and Swarm mode excludes it"),
        ({"userns-remap": "default"}, "", False, "userns-remap is on"),
        ({"iptables": False}, "", False, "iptables is false"),
        ({}, "--iptables=false", False, "iptables is false"),
        ({"bridge": "none"}, "", False, "bridge is none"),
        ({"data-root": "/srv/docker"}, "", False, "data-root would change from /var/lib/docker to /srv/docker"),
    ],
)
def test_a_clash_is_one_line(settings: dict[str, Any], options: str, swarm: bool, line: str) -> None:
    (found,) = clashes(settings, {}, flags(DEBIAN, {"DOCKER_OPTS": options}), swarm=swarm, path=PATH)
    assert found.startswith(line)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"live-restore": True},
        {"iptables": True, "debug": True, "bridge": "br0"},
        {"cluster-store": "etcd://a", "live-restore": False},
    ],
)
def test_what_fits_is_no_clash(settings: dict[str, Any]) -> None:
    assert clashes(settings, {}, flags(DEBIAN, {}), swarm=False, path=PATH) == []


def test_all_clashes_come_together() -> None:
    settings = {"hosts": [], "userns-remap": "default", "iptables": False, "bridge": "none"}
    assert len(clashes(settings, {}, flags(DEBIAN, {}), swarm=False, path=PATH)) == 4


@pytest.mark.parametrize(
    ("version", "refused"), [("20.10.24+dfsg1", False), ("19.03.8", False), ("23.0.1", True), ("26.1.5+dfsg1", True)]
)
def test_the_cluster_store_needs_a_docker_that_has_one(version: str, refused: bool) -> None:
    assert bool(version_faults({"cluster-store": "etcd://a"}, version)) == refused
    assert version_faults({"debug": True}, version) == []


def test_what_is_written_can_be_read() -> None:
    assert read(write({"b": 1, "a": [2]}), PATH) == {"b": 1, "a": [2]}
