# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import _strptime
import calendar
import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import host_info

# proc(5): addresses and ports in hexadecimal, then the state; 0A is LISTEN, 01 ESTABLISHED.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 7400000A:094C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 7400000A:1F0A 7500000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
   3: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4
   4: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0947 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000000000000:094B 00000000000000000000000000000000:0000 0A
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue
  10: 7400000A:1F0A 00000000:0000 07 00000000:00000000
  11: 0100007F:12B5 0100007F:0035 01 00000000:00000000
  12: 00000000:0035 00000000:0000 07 00000000:00000000
"""


@pytest.mark.parametrize(
    ("protocol", "ports", "expected"),
    [
        pytest.param("tcp", (2375, 2379, 2380, 7946), [2375, 2379, 2380], id="both families, once each"),
        pytest.param("tcp", (7946,), [], id="an established connection is no listener"),
        pytest.param("tcp", (80,), [], id="nobody"),
        pytest.param("tcp", (53,), [], id="a resolver on an address of its own"),
        pytest.param("udp", (53,), [53], id="a resolver on all addresses"),
        pytest.param("udp", (4789, 7946), [7946], id="a connected socket is no listener"),
        pytest.param("udp", (), [], id="nothing asked"),
    ],
)
def test_listening(tmp_path: Path, protocol: str, ports: tuple[int, ...], expected: list[int]) -> None:
    for name, table in (("tcp", TCP), ("tcp6", TCP6), ("udp", UDP)):
        (tmp_path / name).write_text(table)
    assert host_info.listening(protocol, ports, tmp_path) == expected


def test_listening_without_the_family(tmp_path: Path) -> None:
    assert host_info.listening("tcp", (2379,), tmp_path) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Managed by emon.overlay_lab for the lab emon: the next run writes it again.\nETCD_NAME=emon\n", "emon"),
        ("# Managed by emon.overlay_lab for the lab a-lab\n", "a-lab"),
        ("## etcd(1) daemon options\nETCD_NAME=\n", ""),
        ("\n# Managed by emon.overlay_lab for the lab emon: not in the first line\n", ""),
        ("", ""),
        ("\xff\xfe", ""),
    ],
)
def test_config_owner(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "etcd"
    path.write_bytes(text.encode("latin-1"))
    assert etcd_files.config_owner(path) == expected


@pytest.mark.parametrize("name", ["none", "."])
def test_config_owner_where_there_is_no_file(tmp_path: Path, name: str) -> None:
    assert etcd_files.config_owner(tmp_path / name) == ""


def test_whose_lab_is_left_where_the_record_is_lost(tmp_path: Path) -> None:
    unit = tmp_path / "overlay-lab-boot.service"
    assert host_info.left_by({}, unit) == ""
    unit.write_text("# Managed by emon.overlay_lab for the lab emon: the next run writes it again.\n[Unit]\n")
    assert host_info.left_by({}, unit) == "emon"
    assert host_info.left_by({"lab": "emon"}, unit) == ""


def test_a_unit_says_where_it_is_and_where_its_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the one call that asks for all units."""
    text = (
        "ExecStart={ path=/e ; argv[]=/e --data-dir=/data/etcd ; ignore_errors=no }\nId=etcd.service\n"
        "LoadState=loaded\n"
        "ActiveState=inactive\nFragmentPath=/etc/systemd/system/etcd.service\nUnitFileState=enabled\n\n"
        "Id=docker.service\nLoadState=not-found\n"
    )
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!{sys.executable}\nprint({text!r}, end='')\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = host_info._units()
    assert found["etcd"]["unit_path"] == "/etc/systemd/system/etcd.service" and found["etcd"]["enabled"]
    assert found["etcd"]["data_dirs"] == ["/data/etcd"] and not found["docker"]["unit"]


def test_a_host_that_systemd_does_not_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as WSL without it, or one whose systemd is older than what is asked of it."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text('#!/bin/sh\necho "System has not been booted with systemd as init system" >&2\nexit 1\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match=r"systemctl show .*: System has not been booted with systemd as init system"):
        host_info._units()


def test_systemds_moments_are_read_in_any_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible takes the host's language for the module, and systemctl speaks English."""
    monkeypatch.setattr(calendar, "day_abbr", ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"])
    monkeypatch.setattr(_strptime, "_TimeRE_cache", _strptime.TimeRE())  # type: ignore[attr-defined]
    monkeypatch.setattr(_strptime, "_regex_cache", {})  # type: ignore[attr-defined]
    assert host_info._moment("Sun 2026-11-22 11:10:30.924122 UTC") == pytest.approx(1795345830.924122)
    assert host_info._moment("") == 0


def test_addresses_are_the_global_ones() -> None:
    links = [
        {"ifname": "lo", "mtu": 65536, "addr_info": [{"local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {
            "ifname": "eth0",
            "mtu": 1450,
            "addr_info": [
                {"local": "10.0.0.116", "prefixlen": 24, "scope": "global"},
                {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {"ifname": "docker0", "mtu": 1500},
        {},
    ]
    assert host_info._addresses(links[:3]) == [
        {"interface": "eth0", "address": "10.0.0.116", "prefix": 24, "mtu": 1450}
    ]


def test_vxlans() -> None:
    links = [
        {"ifname": "vx0", "group": "default", "linkinfo": {"info_data": {"id": 77, "port": 14789}}},
        {"ifname": "vx1", "group": "536870999", "linkinfo": {"info_data": {"external": True, "port": 4790}}},
    ]
    assert host_info._vxlans(links) == [
        {"name": "vx0", "vni": 77, "port": 14789, "group": "default"},
        {"name": "vx1", "vni": 0, "port": 4790, "group": "536870999"},
    ]


def test_a_package_is_installed_while_it_has_its_files(tmp_path: Path) -> None:
    """dpkg(1) keeps the list of a package that was removed and left its configuration."""
    assert host_info.containerd_package(tmp_path) == ""
    (tmp_path / "containerd.io.list").write_text("")
    assert host_info.containerd_package(tmp_path) == ""
    (tmp_path / "containerd.io.md5sums").write_text("")
    assert host_info.containerd_package(tmp_path) == "containerd.io"


def test_docker_has_data_once_it_has_run(tmp_path: Path) -> None:
    assert not host_info.docker_data(tmp_path)["present"]
    (tmp_path / "containers").mkdir()
    assert host_info.docker_data(tmp_path) == {"path": str(tmp_path), "present": True}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({}, False, id="no record"),
        pytest.param({"lab": "emon"}, True, id="a lab from before ids were recorded"),
        pytest.param({"lab": "emon", "sections": {"owned": {"container": {}}}}, False, id="nothing"),
        pytest.param({"lab": "emon", "sections": {"owned": {"container": {"c": {}}}}}, True, id="a container"),
        pytest.param(
            {"lab": "emon", "sections": {"owned": {"container": {}, "network": {"n": {}}}}}, True, id="a network"
        ),
        pytest.param({"sections": {"owned": {"container": {"c": {}}}}}, False, id="made by hand, for no lab"),
    ],
)
def test_what_a_stopped_dockerd_has_of_the_lab(tmp_path: Path, record: dict[str, Any], expected: bool) -> None:
    (tmp_path / "containers").mkdir()
    data = host_info.docker_data(tmp_path)
    assert host_info.holds_lab(record, data, active=False) == expected
    assert not host_info.holds_lab(record, data, active=True)
    assert not host_info.holds_lab(record, host_info.docker_data(tmp_path / "none"), active=False)


def test_networks_come_in_one_order_whatever_dockerd_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [{"Name": "host", "Id": "b"}, {"Name": "bridge", "Id": "a"}, {"Name": "demo", "Id": "c"}]

    class Docker(contextlib.nullcontext[Any]):
        def __enter__(self) -> Docker:
            return self

        def containers(self, **_given: bool) -> list[dict[str, Any]]:
            return []

        def images(self) -> list[dict[str, Any]]:
            return []

        def info(self) -> dict[str, Any]:
            return {"DockerRootDir": "/srv/docker"}

        def networks(self) -> list[dict[str, str]]:
            return listed

    monkeypatch.setattr(host_info, "DockerSocket", Docker)
    monkeypatch.setattr(host_info.owned, "known", lambda _kind: None)
    monkeypatch.setattr(host_info.network_owner, "lab_of", lambda _known, _one: "")
    monkeypatch.setattr(host_info.swarm_view, "read", lambda _docker: {})
    first = host_info._docker(True)
    listed.reverse()
    assert host_info._docker(True) == first
    assert [one["name"] for one in first["networks"]] == ["bridge", "host", "demo"]
    assert first["data_root"] == "/srv/docker"
