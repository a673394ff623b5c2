# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd

SHOWN = """Id=docker.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no
ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS ; ignore_errors=no ; pid=54 }
Environment=HTTP_PROXY=http://proxy:3128 "NO_PROXY=a, b"
EnvironmentFiles=/etc/default/docker (ignore_errors=yes)
EnvironmentFiles=/etc/sysconfig/docker network (ignore_errors=no)
UnsetEnvironment=HTTPS_PROXY "FTP_PROXY=a b"
ExecMainStartTimestampMonotonic=1000000

Id=docker.socket
LoadState=not-found
ActiveState=inactive
UnitFileState=
NeedDaemonReload=no
"""


def answering(monkeypatch: pytest.MonkeyPatch, code: int = 0, out: str = "", err: str = "") -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, code, out, err)

    monkeypatch.setattr(programs.subprocess, "run", run)
    return commands


def test_units_are_read_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = answering(monkeypatch, out=SHOWN)
    service, socket = systemd.units("docker.service", "docker.socket")
    assert len(commands) == 1
    assert (service.exists, service.active, service.enabled, service.needs_reload) == (True, True, True, False)
    assert service.command == ("/usr/sbin/dockerd", "-H", "fd://", "$DOCKER_OPTS")
    assert service.environment_files == ("/etc/default/docker", "/etc/sysconfig/docker network")
    assert service.environment == ("HTTP_PROXY=http://proxy:3128", "NO_PROXY=a, b")
    assert service.unset == ("HTTPS_PROXY", "FTP_PROXY=a b")
    assert service.started > 0
    assert (socket.exists, socket.active, socket.enabled, socket.started) == (False, False, False, 0)


def test_a_restart_forgets_earlier_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = answering(monkeypatch)
    systemd.restart("docker.socket", "docker.service", timeout=5)
    assert [command[1] for command in commands] == ["reset-failed", "restart"]
    assert commands[1][2:] == ["docker.socket", "docker.service"]


def test_what_systemctl_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, code=5, err="Failed to stop x:\nUnit x not loaded.\n")
    with pytest.raises(LabError) as caught:
        systemd.stop("x", timeout=5)
    assert str(caught.value) == "systemctl stop x: Failed to stop x: Unit x not loaded."


def test_a_host_without_systemd_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(command: list[str], **_options: object) -> None:
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(programs.subprocess, "run", missing)
    with pytest.raises(LabError, match="systemctl is missing: this host is not managed by systemd"):
        systemd.reload()


def test_what_every_unit_gets_comes_without_systemctls_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, out="LANG=C.UTF-8\nNO_PROXY=$'*.corp,10.0.0.0/8'\nA=$'it\\'s \\\\ b'\n")
    assert systemd.inherited() == ("LANG=C.UTF-8", "NO_PROXY=*.corp,10.0.0.0/8", "A=it's \\ b")
