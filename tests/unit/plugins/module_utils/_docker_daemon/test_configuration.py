# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import configuration
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.configuration import Configuration
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

OVERLAY_LAB = Path("/etc/systemd/system/docker.service.d/overlay-lab.conf")


def read(
    tmp_path: Path, command: str = "dockerd -H fd://", text: str = "", version: str = "20.10.24", **given: object
) -> Configuration:
    """Of a unit with this command; ``file``: its environment file."""
    path = tmp_path / "daemon.json"
    path.write_text(text, encoding="utf-8")
    file = tmp_path / "environment"
    file.write_text(str(given.get("file", "")), encoding="utf-8")
    unit = Unit(
        "docker.service",
        exists=True,
        active=False,
        enabled=True,
        command=tuple(command.split()),
        environment=tuple(given.get("environment", ())),  # type: ignore[arg-type]
        environment_files=(str(file),),
    )
    inherited = given.get("inherited", ())
    return configuration.read(unit, version, path, given.get("drop_ins", {}), inherited)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("command", "text", "root"),
    [
        ("dockerd", "", "/var/lib/docker"),
        ("dockerd", '{"data-root": null}', "/var/lib/docker"),
        ("dockerd", '{"data-root": "/srv/docker"}', "/srv/docker"),
        ("dockerd", '{"graph": "/srv/docker"}', "/srv/docker"),
        ("dockerd --data-root /srv/docker", "", "/srv/docker"),
        ("dockerd --graph=/srv/docker", "", "/srv/docker"),
        ("dockerd -g /srv/docker", "", "/srv/docker"),
        ("dockerd -g/srv/docker", "", "/srv/docker"),
        ("dockerd --data-root=${ROOT}/docker", "", "/srv/docker"),
        ("dockerd $OPTIONS", "", "/srv/docker"),
        ("dockerd", '{"data-root": "/srv/docker"}\n# moved in May', "/srv/docker"),
    ],
)
def test_where_its_data_is(tmp_path: Path, command: str, text: str, root: str) -> None:
    file = "ROOT=/srv\nOPTIONS=\"--debug --data-root '/srv/docker'\"\n"
    assert read(tmp_path, command, text, file=file).data_root == root


def test_another_file_than_usual_is_read(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"data-root": "/b"}', encoding="utf-8")
    found = read(tmp_path, f"dockerd --config-file {other}", '{"data-root": "/a"}')
    assert (found.path, found.data_root) == (other, "/b")


@pytest.mark.parametrize("version", ["26.1.5", ""])
def test_what_its_dockerd_does_not_read_counts_as_empty(tmp_path: Path, version: str) -> None:
    assert read(tmp_path, text='{"data-root": "/a"} and more', version=version).settings == {}
    assert configuration.read(Unit("x", False, False, False), version, tmp_path / "none", {}).settings == {}


@pytest.mark.parametrize(
    "content", [b'{"data-root": "/a", "labels": ["B\xfcro"]}', b"\xff\xfe{\x00}\x00x"], ids=["latin-1", "cut off"]
)
def test_a_file_that_is_no_text_is_read_as_dockerd_reads_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "daemon.json"
    path.write_bytes(content)
    found = configuration.read(Unit("x", False, False, False), "26.1.5", path, {})
    assert found.data_root == ("/a" if b"data-root" in content else "/var/lib/docker")


@pytest.mark.parametrize("command", ["exec dockerd -g /srv", "ulimit -n 9; dockerd $OPTIONS", "dockerd -D ${OPTIONS}"])
def test_a_shell_may_start_it(tmp_path: Path, command: str) -> None:
    text = f'[Service]\nExecStart=\nExecStart=/bin/sh -ec "{command}"\n'
    found = read(tmp_path, drop_ins={Path("/a.conf"): text}, file="OPTIONS=--data-root=/srv\n")
    assert found.data_root == "/srv"


def test_the_last_drop_in_says_the_command(tmp_path: Path) -> None:
    drop_ins = {
        Path("/etc/systemd/system/docker.service.d/a.conf"): "[Service]\nExecStart=\nExecStart=dockerd -g /a\n",
        Path("/run/systemd/system/docker.service.d/b.conf"): "[Service]\nExecStart=\nExecStart=dockerd -g '/b c'\n",
    }
    assert read(tmp_path, drop_ins=drop_ins).data_root == "/b c"


def test_its_store_may_be_on_the_command_line(tmp_path: Path) -> None:
    assert read(tmp_path, "dockerd --cluster-store=etcd://a:2379").store == "etcd://a:2379"
    assert read(tmp_path, text='{"cluster-store": "etcd://b:2379"}').store == "etcd://b:2379"
    assert read(tmp_path).store == ""


def test_proxies_are_those_of_the_unit_without_a_password(tmp_path: Path) -> None:
    environment = ("HTTP_PROXY=http://ann:secret@proxy:3128", "no_proxy=10.0.0.0/8")
    found = read(tmp_path, environment=environment, file="HTTPS_PROXY=http://other:3128\n").proxies
    assert found == {"http": "http://proxy:3128", "https": "http://other:3128", "no": "10.0.0.0/8"}


def test_an_environment_file_counts_more_than_environment(tmp_path: Path) -> None:
    found = read(tmp_path, environment=("HTTP_PROXY=http://a:1",), file="HTTP_PROXY=http://b:1\n")
    assert found.proxies["http"] == "http://b:1"


def test_proxies_of_its_own_settings_count_most(tmp_path: Path) -> None:
    text = '{"proxies": {"http-proxy": "http://own:1", "no-proxy": "a.example"}}'
    found = read(tmp_path, text=text, version="26.1.5", environment=("HTTP_PROXY=http://a:1",))
    assert found.proxies == {"http": "http://own:1", "https": "", "no": "a.example"}
    assert read(tmp_path, "dockerd --https-proxy=http://flag:1").proxies["https"] == "http://flag:1"


def test_what_systemd_gives_every_unit_counts_least(tmp_path: Path) -> None:
    every = ("HTTP_PROXY=http://every:1", "HTTPS_PROXY=http://every:1", "LANG=C")
    found = read(tmp_path, inherited=every, environment=("HTTP_PROXY=http://unit:1",)).proxies
    assert found == {"http": "http://unit:1", "https": "http://every:1", "no": ""}
