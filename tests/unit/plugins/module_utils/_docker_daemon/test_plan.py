# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import grp
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.programs import Overdue
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import apply as daemon_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import damaged as damaged_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import plan as daemon_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import stale_endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.stale_endpoints import _SIGN
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files, managed_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network

SERVICE, SOCKET = "docker.service", "docker.socket"


class Host:
    """A host in memory and a temporary directory: its units, its record, its dockerd.

    ``broken``: makes dockerd fail to start while daemon.json holds that key.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "docker/daemon.json"
        self.path.parent.mkdir()
        command = ("/usr/sbin/dockerd", "-H", "fd://")
        self.units_ = {
            SERVICE: Unit(SERVICE, exists=True, active=True, enabled=True, command=command),
            SOCKET: Unit(SOCKET, exists=True, active=True, enabled=True),
        }
        self.record: dict[str, Any] = {}
        # The lab that the host belongs to.
        self.lab = ""
        self.docker = FakeDocker()
        self.broken = ""
        self.log: list[str] = []
        self.started_with: list[list[str]] = []
        self.journal_lines: list[str] = []
        self.version = "20.10.24+dfsg1"

    def settings(self) -> dict[str, Any] | None:
        return json.loads(self.path.read_text()) if self.path.exists() else None

    def run(self, **given: Any) -> tuple[bool, list[str]]:
        plan = self.plan(**given)
        return plan.differences.changed, daemon_apply.apply(plan)

    def plan(self, **given: Any) -> daemon_plan.Plan:
        defaults = {
            "settings": {},
            "files": [],
            "path": str(self.path),
            "service": SERVICE,
            "enabled": True,
            "restart_allowed": False,
            "override": False,
            "restore": False,
            "swarm": False,
            "forget_endpoints": False,
            "timeout": 5,
            "docker_host": "unix:///nowhere",
            "lab": "",
            "state": "present",
        }
        return daemon_plan.plan(daemon_plan.request({**defaults, **given}))

    # What stands in for systemd, the record and the connection

    def units(self, *names: str) -> list[Unit]:
        return [self.units_[name] for name in names]

    def _change(self, name: str, **given: Any) -> None:
        self.units_[name] = replace(self.units_[name], **given)

    @contextmanager
    def running(self, words: list[str], log: Path) -> Iterator[None]:
        """dockerd by its command line, where it must not run yet."""
        assert not self.units_[SERVICE].active
        config = next(word.partition("=")[2] for word in words if word.startswith("--config-file="))
        self.started_with.append(list(json.loads(Path(config).read_text())))
        self.journal_lines = [line for line in self.journal_lines if _SIGN not in line]
        yield

    def restart(self, *names: str, timeout: float) -> None:
        self.log.append(f"restart {' '.join(names)}")
        if SERVICE not in names:
            return
        settings = self.settings() or {}
        self.started_with.append(list(settings))
        for container in self.docker.all_containers.values():
            container["State"] |= {"Status": "exited", "Running": False}
        if self.broken and self.broken in settings:
            self._change(SERVICE, active=False)
            raise LabError("systemctl restart docker.service: failed")
        self._change(SERVICE, active=True)

    def stop(self, *names: str, timeout: float) -> None:
        self.log.append(f"stop {' '.join(names)}")
        for name in names:
            self._change(name, active=False)

    def enable(self, name: str, enabled: bool) -> None:
        self.log.append(f"{'enable' if enabled else 'disable'} {name}")
        self._change(name, enabled=enabled)

    def reload(self) -> None:
        self.log.append("reload")

    def journal(self, name: str, since: float, until: float | None = None) -> list[str]:
        return self.journal_lines

    def section(self, name: str) -> dict[str, Any]:
        return json.loads(json.dumps(self.record))

    def update(self, name: str, content: dict[str, Any] | None) -> None:
        self.record = json.loads(json.dumps(content or {}))

    def connect(self, docker_host: str) -> FakeDocker:
        return self.docker


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)
    for name in ("units", "restart", "stop", "enable", "reload", "journal"):
        monkeypatch.setattr(daemon_plan.systemd, name, getattr(made, name))
    for name in ("section", "update"):
        monkeypatch.setattr(daemon_plan.host_record, name, getattr(made, name))
    monkeypatch.setattr(daemon_plan.host_record, "read", lambda: {"lab": made.lab})
    monkeypatch.setattr(daemon_plan, "connect", made.connect)
    monkeypatch.setattr(daemon_apply, "connect", made.connect)
    monkeypatch.setattr(daemon_plan, "version", lambda: made.version)
    monkeypatch.setattr(stale_endpoints.programs, "running", made.running)
    monkeypatch.setattr(stale_endpoints, "_wait_until_up", lambda _process, _directory: None)
    monkeypatch.setattr(FakeDocker, "close", lambda _self: None, raising=False)
    # These tests run without root.
    monkeypatch.setattr(managed_files.os, "fchown", lambda *_arguments: None)
    monkeypatch.setattr(kept_files, "KEPT", tmp_path.with_name(f"{tmp_path.name}-kept"))
    return made


def a_file(path: Path, content: str = "x", **given: Any) -> dict[str, Any]:
    mine = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
    return {
        "path": str(path),
        "content": content,
        "secret_content": None,
        "mode": "0644",
        "backup": False,
        **mine,
        **given,
    }


def foreign(host: Host, name: str = "alien", **host_config: Any) -> None:
    host.docker.all_containers[name] = {
        "Id": f"{name}-id",
        "Name": f"/{name}",
        "State": {"Status": "running", "Running": True},
        "Config": {"Labels": {}},
        "HostConfig": host_config,
        "NetworkSettings": {"Networks": {}},
    }


def test_settings_are_merged_once_and_dockerd_restarted_once(host: Host) -> None:
    host.path.write_text('{"debug": true}')
    assert host.run(settings={"labels": ["a=b"]}) == (True, [])
    assert host.settings() == {"debug": True, "labels": ["a=b"]}
    assert host.run(settings={"labels": ["a=b"]}) == (False, [])
    assert host.log == [f"restart {SOCKET} {SERVICE}"]


def test_everything_goes_back_byte_by_byte(host: Host, tmp_path: Path) -> None:
    text = '{"debug":true,   "mtu": 1400}'
    host.path.write_text(text)
    drop_in = tmp_path / "docker.service.d/lab.conf"
    host.run(settings={"debug": False}, override=True, files=[a_file(drop_in)])
    assert (host.settings(), drop_in.read_text()) == ({"debug": False, "mtu": 1400}, "x")
    assert host.run(state="absent") == (True, [])
    assert host.path.read_text() == text
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["daemon.json", "docker"]
    assert (host.record, host.run(state="absent")) == ({}, (False, []))


def test_what_others_changed_meanwhile_stays(host: Host) -> None:
    host.path.write_text('{"debug": true}')
    host.run(settings={"labels": ["a=b"]})
    host.path.write_text(json.dumps({**(host.settings() or {}), "mtu": 1400}))
    host.run(state="absent")
    assert host.settings() == {"debug": True, "mtu": 1400}
    assert [path.name for path in host.path.parent.iterdir()] == ["daemon.json"]


def test_a_file_that_was_not_there_goes(host: Host) -> None:
    host.run(settings={"debug": True})
    host.run(settings={"debug": False})
    host.run(state="absent")
    assert list(host.path.parent.iterdir()) == []


def test_a_foreign_file_is_kept_and_comes_back(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "theirs.conf"
    path.write_text("theirs")
    host.run(files=[a_file(path, "ours")])
    assert path.read_text() == "ours"
    host.run(state="absent")
    assert path.read_text() == "theirs"
    assert not path.with_name("theirs.conf.bak").exists()


@pytest.mark.parametrize("name", ["daemon.json.bak", "theirs.conf.bak"])
def test_a_bak_of_somebody_is_neither_taken_nor_lost(host: Host, tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "docker/theirs.conf"
    theirs.write_text("theirs, edited")
    host.path.write_text('{"debug":true}')
    host.path.with_name(name).write_text("{}")
    before = {path.name: path.read_text() for path in host.path.parent.iterdir()}
    host.run(settings={"labels": ["a=b"]}, files=[a_file(theirs, "ours")])
    assert host.path.with_name(name).read_text() == "{}"
    assert sorted(path.name for path in host.path.parent.glob("*.bak")) == ["daemon.json.bak", "theirs.conf.bak"]
    host.run(state="absent")
    assert {path.name: path.read_text() for path in host.path.parent.iterdir()} == before
    assert not kept_files.KEPT.exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one_and_its_target_comes_back(host: Host, tmp_path: Path, there: bool) -> None:
    target = tmp_path / "dotfiles/daemon.json"
    target.parent.mkdir()
    if there:
        target.write_text('{"debug":true}')
        target.chmod(0o640)
    host.path.symlink_to("../dotfiles/daemon.json")
    host.run(settings={"labels": ["a=b"]})
    assert host.path.is_symlink() and json.loads(target.read_text())["labels"] == ["a=b"]
    host.run(settings={"labels": ["a=c"]})
    host.run(state="absent")
    assert str(host.path.readlink()) == "../dotfiles/daemon.json"
    assert (target.read_text() if target.exists() else None) == ('{"debug":true}' if there else None)
    assert not there or target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in host.path.parent.iterdir()] == ["daemon.json"]


def test_a_daemon_json_that_never_ends_is_told(host: Host) -> None:
    os.mkfifo(host.path)
    with pytest.raises(LabError, match=r"cannot be read: .*it is not a regular file"):
        host.plan()


def test_a_link_stays_one_where_dockerd_does_not_start(host: Host, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"debug":true}')
    host.path.symlink_to(tmp_path / "own.json")
    host.broken = "nonsense"
    with pytest.raises(LabError, match="the former configuration is restored"):
        host.run(settings={"nonsense": 1})
    assert host.path.is_symlink() and (tmp_path / "own.json").read_text() == '{"debug":true}'
    assert not kept_files.KEPT.exists()


def test_what_an_older_lab_recorded_is_taken_over(host: Host, tmp_path: Path) -> None:
    theirs = tmp_path / "docker/theirs.conf"
    host.path.write_text('{"debug":true}')
    theirs.write_text("theirs")
    given = {"settings": {"labels": ["a=b"]}, "files": [a_file(theirs, "ours"), a_file(tmp_path / "new")]}
    host.run(**given)
    # As it was recorded before what stood there was.
    del host.record["kept"]
    host.record["backup"] = True
    for path in kept_files.KEPT.iterdir():
        path.unlink()
    host.run(**given)
    assert sorted(path.name.rpartition("-")[2][:11] for path in kept_files.KEPT.iterdir()) == [
        "daemon.json",
        "theirs.conf",
    ]
    host.run(state="absent")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["daemon.json", "docker", "theirs.conf"]
    assert (host.path.read_text(), theirs.read_text()) == ('{"debug":true}', "theirs")


def test_what_is_kept_may_be_lost_and_every_key_comes_back(host: Host) -> None:
    host.path.write_text('{"debug":true,   "mtu": 1400}')
    host.run(settings={"debug": False}, override=True)
    for path in (*kept_files.KEPT.iterdir(), host.path.with_name("daemon.json.bak")):
        path.unlink()
    host.run(state="absent")
    assert host.settings() == {"debug": True, "mtu": 1400}


def test_a_file_of_ours_that_is_no_longer_named_goes(host: Host, tmp_path: Path) -> None:
    host.run(files=[a_file(tmp_path / "a"), a_file(tmp_path / "b")])
    host.run(files=[a_file(tmp_path / "b")])
    assert not (tmp_path / "a").exists()
    assert [entry["path"] for entry in host.record["files"]] == [str(tmp_path / "b")]


def test_a_secret_is_in_no_difference(host: Host, tmp_path: Path) -> None:
    secret = a_file(tmp_path / "key", secret_content="TOPSECRET", mode="0600") | {"content": None}
    plan = host.plan(files=[secret])
    assert "TOPSECRET" not in str(plan.differences.diff)


def test_the_units_go_back_to_what_they_were(host: Host) -> None:
    for name in (SERVICE, SOCKET):
        host._change(name, active=False, enabled=False)
    host.run(settings={"debug": True})
    host._change(SOCKET, active=True, enabled=True)
    assert host.log == [f"enable {SERVICE}", f"restart {SERVICE}"]
    host.log.clear()
    host.run(state="absent")
    assert host.log == [f"disable {SERVICE}", f"disable {SOCKET}", f"stop {SERVICE} {SOCKET}"]


def test_dockerd_that_does_not_start_gets_its_former_files_and_its_words_are_shown(host: Host, tmp_path: Path) -> None:
    host.path.write_text('{"debug": true}')
    host.broken = "nonsense"
    host.journal_lines = ["level=info msg=starting", "failed to start daemon: nonsense is unknown", "level=error other"]
    with pytest.raises(LabError) as caught:
        host.run(settings={"nonsense": 1}, files=[a_file(tmp_path / "new/file")])
    assert caught.value.faults == [
        "dockerd did not start with the new configuration; the former configuration is restored, and dockerd runs with"
        " it",
        "dockerd: failed to start daemon: nonsense is unknown",
    ]
    assert host.path.read_text() == '{"debug": true}'
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["daemon.json", "docker"]
    assert host.record == {}


def test_a_file_that_cannot_be_written_changes_nothing(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a directory")
    with pytest.raises(LabError, match=str(tmp_path / "file")):
        host.run(settings={"debug": True}, files=[a_file(tmp_path / "a"), a_file(tmp_path / "file/b")])
    assert (host.settings(), host.log, host.record, (tmp_path / "a").exists()) == (None, [], {}, False)


def test_a_dockerd_that_did_not_run_is_left_stopped_when_it_does_not_start(host: Host) -> None:
    host._change(SERVICE, active=False, enabled=False)
    host.broken = "nonsense"
    with pytest.raises(LabError) as caught:
        host.run(settings={"nonsense": 1})
    assert caught.value.faults[0].endswith("; the former configuration is restored")
    assert (host.units_[SERVICE].active, host.units_[SERVICE].enabled) == (False, False)


def test_foreign_containers_are_named_before_anything_changes(host: Host) -> None:
    foreign(host)
    with pytest.raises(LabError, match="stops containers that are not the lab's: alien: set restart_allowed"):
        host.run(settings={"debug": True})
    assert (host.settings(), host.log, host.record) == (None, [], {})


def test_foreign_containers_are_started_again(host: Host) -> None:
    foreign(host)
    foreign(host, "second")
    assert host.run(settings={"debug": True}, restart_allowed=True) == (True, ["alien", "second"])
    assert all(one["State"]["Running"] for one in host.docker.all_containers.values())
    assert host.record["to_start"] == []


def test_the_labs_own_containers_need_no_consent_and_no_start(host: Host) -> None:
    foreign(host)
    host.docker.all_containers["alien"]["Config"]["Labels"]["emon.overlay_lab.lab"] = "emon"
    assert host.run(settings={"debug": True}) == (True, [])


def test_a_container_that_would_be_gone_for_good_is_refused_even_by_consent(host: Host) -> None:
    foreign(host, AutoRemove=True)
    with pytest.raises(LabError, match="alien was started with --rm, and a restart of dockerd would remove it"):
        host.run(settings={"debug": True}, restart_allowed=True)


def test_live_restore_keeps_them_running(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign(host)
    monkeypatch.setattr(host.docker, "info", lambda: {"LiveRestoreEnabled": True})
    assert host.plan(settings={"debug": True}).to_start == ()


def test_a_run_that_was_killed_before_the_restart_is_completed(host: Host) -> None:
    host.run(settings={"debug": True})
    host.record |= {"pending": True, "to_start": ["alien-id"]}
    foreign(host)
    host.docker.all_containers["alien"]["State"] |= {"Status": "exited", "Running": False}
    host.log.clear()
    assert host.run(settings={"debug": True}) == (True, ["alien"])
    assert host.log == [f"restart {SOCKET} {SERVICE}"]
    assert host.run(settings={"debug": True}) == (False, [])


def test_removal_that_was_killed_before_the_restart_is_completed(host: Host) -> None:
    host.run(settings={"debug": True})
    host.path.unlink()
    host.record["pending"] = True
    host.log.clear()
    assert host.run(state="absent") == (True, [])
    assert host.log == [f"restart {SOCKET} {SERVICE}"]


def test_a_pause_ends_with_what_ran_before(host: Host) -> None:
    host.run(settings={"debug": True})
    foreign(host)
    with pytest.raises(LabError, match="alien"):
        host.run(state="stopped")
    assert host.run(state="stopped", restart_allowed=True) == (True, [])
    assert not host.units_[SERVICE].active and not host.units_[SOCKET].active
    for container in host.docker.all_containers.values():
        container["State"] |= {"Status": "exited", "Running": False}
    assert host.run(state="stopped") == (False, [])
    assert host.run(settings={"debug": True}) == (True, ["alien"])
    assert host.run(settings={"debug": True}) == (False, [])


@pytest.mark.parametrize("configured", [True, False])
def test_a_dockerd_that_the_lab_stopped_first_runs_again_after_it(host: Host, configured: bool) -> None:
    """A cluster of etcd is restored on hosts that the lab has never configured."""
    foreign(host)
    host.run(state="stopped", restart_allowed=True)
    for container in host.docker.all_containers.values():
        container["State"] |= {"Status": "exited", "Running": False}
    host.run(state="stopped")
    if configured:
        assert host.run(settings={"debug": True}) == (True, ["alien"])
    _, started = host.run(state="absent", restart_allowed=True)
    assert started == ["alien"]
    assert host.units_[SERVICE].active
    assert (host.record, host.path.exists()) == ({}, False)


def test_a_dockerd_that_did_not_run_before_the_lab_is_stopped_after_it(host: Host) -> None:
    for name in (SERVICE, SOCKET):
        host.units_[name] = replace(host.units_[name], active=False)
    assert host.run(state="stopped") == (False, [])
    assert host.record == {}
    host.run(settings={"debug": True})
    host.run(state="absent")
    assert not host.units_[SERVICE].active


def test_a_drop_in_of_ours_may_take_the_flag_away(host: Host, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="hosts is on dockerd's command line as well"):
        host.plan(settings={"hosts": ["unix:///x"]})
    drop_in = a_file(tmp_path / f"{SERVICE}.d/lab.conf", "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n")
    assert host.plan(settings={"hosts": ["unix:///x"]}, files=[drop_in]).restart


def test_systemd_is_reloaded_for_its_own_files_only(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.run(files=[a_file(tmp_path / "certificate")])
    assert "reload" not in host.log
    monkeypatch.setattr(daemon_apply.systemd, "UNIT_DIRECTORIES", (str(tmp_path),))
    host.run(files=[a_file(tmp_path / "certificate", "y")])
    assert "reload" in host.log


def test_all_faults_come_together(host: Host) -> None:
    foreign(host)
    host.path.write_text('{"debug": true, "userns-remap": "default"}')
    host.version = "26.1.5"
    with pytest.raises(LabError) as caught:
        host.plan(settings={"debug": False, "cluster-store": "etcd://a", "hosts": []})
    assert len(caught.value.faults) == 5


def test_a_host_without_docker_is_named_and_has_nothing_to_put_back(host: Host) -> None:
    host._change(SERVICE, exists=False, active=False)
    with pytest.raises(LabError, match=r"docker.service is not on this host: install Docker first"):
        host.plan()
    assert host.run(state="absent") == (False, [])


def test_lost_sandboxes_are_forgotten_by_a_start_without_the_store(host: Host) -> None:
    settings = {"cluster-store": "etcd://a", "debug": True}
    host.run(settings=settings)
    host.journal_lines = [f"level=warning msg={_SIGN}"]
    host.started_with.clear()
    assert host.run(settings=settings) == (True, [])
    assert host.started_with == [["debug"], ["cluster-store", "debug"]]
    assert host.settings() == settings


def test_a_dockerd_that_did_not_run_shows_only_once_it_is_started_what_it_lost(host: Host) -> None:
    settings = {"cluster-store": "etcd://a"}
    host.run(settings=settings)
    host._change(SERVICE, active=False)
    host.journal_lines = [f"level=warning msg={_SIGN}"]
    host.started_with.clear()
    assert host.run(settings=settings) == (True, [])
    assert host.started_with == [["cluster-store"], [], ["cluster-store"]]
    assert host.run(settings=settings) == (False, [])


def test_endpoints_are_forgotten_once_before_a_pause(host: Host) -> None:
    settings = {"cluster-store": "etcd://a", "debug": True}
    asked = {"state": "stopped", "forget_endpoints": True}
    # A dockerd of no lab, and one without a store.
    assert host.run(**asked) == (True, [])
    host.run(settings={"debug": True})
    assert host.run(**asked) == (True, []) and host.run(**asked) == (False, [])
    host.run(settings=settings)
    host.started_with.clear()
    assert host.run(**asked) == (True, [])
    assert host.started_with == [["debug"]] and host.settings() == settings
    assert not host.units_[SERVICE].active
    assert host.run(**asked) == (False, [])
    # Also one that was stopped already, which happens before etcd pauses; and again after it ran with its store.
    host.run(settings=settings)
    assert host.run(state="stopped") == (True, [])
    assert host.run(**asked) == (True, [])
    assert host.started_with == [["debug"], ["debug", "cluster-store"], ["debug"]]


def test_a_pause_that_was_killed_forgets_once_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"cluster-store": "etcd://a"}
    asked = {"state": "stopped", "forget_endpoints": True}
    host.run(settings=settings)
    with monkeypatch.context() as patched:
        patched.setattr(daemon_apply.systemd, "stop", lambda *_names, timeout: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            host.run(**asked)
    host._change(SERVICE, active=False)
    # Killed before it had put the store back.
    host.path.write_text("{}")
    host.started_with.clear()
    assert host.run(**asked) == (True, [])
    assert host.started_with == [[]]
    assert host.run(settings=settings) == (True, []) and host.settings() == settings


def test_a_dockerd_with_a_container_on_its_overlay_has_lost_nothing(host: Host) -> None:
    settings = {"cluster-store": "etcd://a"}
    host.run(settings=settings)
    host.journal_lines = [_SIGN]
    host.docker.all_networks.append(network("demo", "overlay"))
    foreign(host)
    host.docker.all_containers["alien"]["NetworkSettings"]["Networks"]["demo"] = {}
    assert host.run(settings=settings) == (False, [])


@pytest.mark.parametrize(
    ("error", "own_words", "told"),
    [
        (LabError("Job failed"), ["no such file"], ["no such file"]),
        (LabError("Job failed"), [], ["Job failed"]),
        # Slow, and it wrote only what it was doing.
        (Overdue("not done after 300 s"), ["Loading containers"], ["not done after 300 s", "Loading containers"]),
    ],
)
def test_a_failed_start_is_told_by_what_stopped_it(error: LabError, own_words: list[str], told: list[str]) -> None:
    assert daemon_apply.why(error, own_words) == told


SETTINGS = {"log-level": "warn"}


@pytest.mark.parametrize("given", [{"settings": {"debug": True}}, {"state": "stopped"}, {"state": "absent"}])
@pytest.mark.parametrize("lab", ["school", ""])
def test_what_another_lab_configured_is_left_alone(host: Host, given: dict[str, Any], lab: str) -> None:
    host.run(settings=SETTINGS, lab="emon")
    before = (host.settings(), host.record, list(host.log))
    assert host.record["lab"] == "emon"
    with pytest.raises(LabError, match="dockerd's configuration is the lab emon's by this host's record") as fault:
        host.run(**given, lab=lab)
    assert len(fault.value.faults) == 1
    assert (host.settings(), host.record, host.log) == before


def test_a_record_that_names_no_lab_is_taken_over_once(host: Host) -> None:
    """By the lab that the host belongs to, without another change; a host of no lab is anybody's."""
    host.run(settings=SETTINGS)
    host.record.pop("lab", None)
    host.lab = "emon"
    with pytest.raises(LabError, match="is the lab emon's"):
        host.run(settings=SETTINGS, lab="school")
    assert host.run(settings=SETTINGS, lab="emon") == (False, [])
    assert host.record["lab"] == "emon"
    host.lab = ""
    with pytest.raises(LabError, match="is the lab emon's"):
        host.run(state="absent", lab="school")
    host.run(state="absent", lab="emon")
    assert host.settings() is None and host.record == {}


def test_a_dockerd_that_nobody_configured_may_be_asked_for_by_any_lab(host: Host) -> None:
    assert host.run(state="absent", lab="school") == (False, [])
    host.run(settings=SETTINGS)
    host.run(settings=SETTINGS, lab="school")
    assert host.record["lab"] == "school"


WROTE = {"proxies": {"http-proxy": "http://ann:secret@proxy"}, "cluster-store": "etcd://10.0.0.116:2379", "mtu": 1400}
OURS = {"cluster-store": "etcd://10.0.0.116:2379"}


@pytest.fixture
def written(host: Host) -> Host:
    """A host on which the lab has written one key beside two of others."""
    host.path.write_text(json.dumps({key: value for key, value in WROTE.items() if key not in OURS}))
    host.run(settings=OURS)
    assert host.settings() == WROTE
    host.log.clear()
    return host


@pytest.mark.parametrize(
    ("text", "damage", "kept"),
    [
        pytest.param(None, "it is gone", False, id="gone"),
        pytest.param("", "it is empty", False, id="empty"),
        pytest.param(
            json.dumps(WROTE)[:40], "line 1 is not JSON (Unterminated string starting at)", True, id="cut off"
        ),
        pytest.param("[]", "holds no JSON object", True, id="no object"),
    ],
)
def test_a_damaged_file_is_put_back_on_request(written: Host, text: str | None, damage: str, kept: bool) -> None:
    if text is None:
        written.path.unlink()
    else:
        written.path.write_text(text)
    with pytest.raises(LabError) as error:
        written.run(settings=OURS)
    assert len(error.value.faults) == 1
    assert error.value.faults[0].startswith(f"{written.path}: {damage}, and the lab wrote that file: run with -e")
    # As the facts of the host have it, which are read before the first change.
    assert damaged_file.fault("20.10.24") == error.value.faults[0]
    assert (written.path.read_text() if written.path.exists() else None) == text
    plan = written.plan(settings=OURS, restore=True)
    assert (str(written.path), damage) in [(one.what, one.before) for one in plan.differences.found]
    assert "ann:secret" not in str(plan.differences.diff)
    assert written.run(settings=OURS, restore=True)[0]
    assert written.settings() == WROTE
    assert written.log == [f"restart {SOCKET} {SERVICE}"]
    assert [one.read_text() for one in written.path.parent.glob("*.damaged")] == [text] * kept
    assert written.run(settings=OURS) == (False, [])


def test_a_changed_key_of_the_labs_is_mended_by_an_ordinary_run(written: Host) -> None:
    """Where the file can be read, it says more than the record."""
    written.path.write_text(json.dumps({"debug": True, "cluster-store": "etcd://x"}))
    assert written.run(settings=OURS)[0]
    assert written.settings() == {"debug": True, **OURS}
    assert written.record["wrote"] == {"debug": True, **OURS}


def test_keys_that_others_change_are_no_damage(written: Host) -> None:
    written.path.write_text(json.dumps({**WROTE, "mtu": 9000, "debug": True}))
    assert written.run(settings=OURS) == (False, [])
    assert written.record["wrote"] == {**WROTE, "mtu": 9000, "debug": True}


def test_a_run_that_was_killed_meanwhile_is_no_damage(written: Host) -> None:
    """It may have left the file as it was before."""
    written.record["pending"] = True
    assert damaged_file.fault("20.10.24") == ""
    written.path.write_text(json.dumps({key: value for key, value in WROTE.items() if key not in OURS}))
    assert written.run(settings=OURS)[0]
    assert written.settings() == WROTE


def test_a_record_of_before_puts_nothing_back(written: Host) -> None:
    del written.record["wrote"]
    written.path.write_text("{")
    with pytest.raises(LabError, match="fix it first"):
        written.run(settings=OURS, restore=True)


def test_a_lab_leaves_a_damaged_file_on_request(written: Host) -> None:
    written.path.write_text("{")
    with pytest.raises(LabError, match="-e docker_engine_restore=true"):
        written.run(state="absent")
    written.run(state="absent", restore=True)
    assert written.settings() == {key: value for key, value in WROTE.items() if key not in OURS}
    assert [one.read_text() for one in written.path.parent.glob("*.damaged")] == ["{"]
    assert not written.record
