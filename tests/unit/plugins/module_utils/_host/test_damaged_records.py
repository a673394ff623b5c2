# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every key of a record that is missing, of another type, or new: its readers give a value, or say what is wrong."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process, boot_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner as container_owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import plan as daemon_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import owner as network_owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import data as etcd_data
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall_rules, kept_files, lab_lock, owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_records
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import module_loading
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import host as simulated_host
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import record as topology_record
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, network
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._docker_daemon.test_plan import Host

LABEL = {"emon.overlay_lab.lab": "emon"}
FORMER = {"path": "/etc/a", "sha256": "0a", "mode": 420, "uid": 0, "gid": 0, "bak": True, "wrote": "0b"}
FOUND = [None, "x", "", 5, True, [], [1], [[1]], {}, {"x": 1}, {"x": None}]


def damaged(record: Any) -> Iterator[Any]:
    """The record with one value of it dropped, or another one in its place; with one key more."""
    for where in places(record):
        for value in FOUND:
            yield changed(record, where, lambda holder, key, value=value: holder.__setitem__(key, value))
        yield changed(record, where, lambda holder, key: holder.__delitem__(key))
        yield changed(
            record, (*where[:-1], "later"), lambda holder, key: isinstance(holder, dict) and holder.update(later=1)
        )


def places(record: Any) -> Iterator[tuple[Any, ...]]:
    pairs = record.items() if isinstance(record, dict) else enumerate(record) if isinstance(record, list) else ()
    for key, value in pairs:
        yield (key,)
        yield from ((key, *below) for below in places(value))


def changed(record: Any, where: tuple[Any, ...], change: Callable[[Any, Any], Any]) -> Any:
    made = copy.deepcopy(record)
    holder = made
    for key in where[:-1]:
        holder = holder[key]
    change(holder, where[-1])
    return made


def check(path: Path, record: Any, *readers: Callable[[], Any]) -> None:
    """The record itself is read without a fault; damaged ones give values or faults, and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record), encoding="utf-8")
    for read in readers:
        read()
    for one in damaged(record):
        path.write_text(json.dumps(one), encoding="utf-8")
        for read in readers:
            try:
                read()
            except LabError as error:
                assert error.faults
            except Exception as error:
                raise AssertionError(f"{type(error).__name__}: {error}: {json.dumps(one)}") from error


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose record is the file."""
    made = Host(tmp_path)
    monkeypatch.setattr(daemon_plan.systemd, "units", made.units)
    monkeypatch.setattr(daemon_plan, "connect", made.connect)
    monkeypatch.setattr(daemon_plan, "version", lambda: made.version)
    monkeypatch.setattr(FakeDocker, "close", lambda _self: None, raising=False)
    monkeypatch.setattr(kept_files, "KEPT", tmp_path / "kept")
    return made


def host_record(host: Host) -> dict[str, Any]:
    path = str(host.path)
    unit = {"active": True, "enabled": True}
    return {
        "format": 1,
        "lab": "emon",
        "uuid": "11111111-1111-4111-8111-111111111111",
        "machine_id": "0a",
        "site": "home",
        "moving_to": "company",
        "engine": "cluster_store",
        "index": 1,
        "sections": {
            "docker_daemon": {
                "path": path,
                "settings": {"debug": {"existed": True, "before": False}},
                "files": [{"path": f"{path}.drop-in", "secret": False, "backup": True}],
                "directories": ["/etc/docker"],
                "had_file": True,
                "units": {"docker.service": unit, "docker.socket": unit},
                "pending": False,
                "to_start": ["a"],
                "forgotten": False,
                "kept": {path: {**FORMER, "path": path}},
            },
            "docker_swarm": {"gateway_bridge": True, "lab": "emon", "node_id": "node"},
            "file_set": {"/etc/a": FORMER, "/etc/b": True},
            "firewall": {"manager": "ufw", "rules": ["allow from 10.0.0.116 to any port 2379 proto tcp"]},
            "owned": {
                "container": {
                    "one": {"name": "test1", "labels": LABEL},
                    "making test2": {"digest": "0c"},
                },
                "network": {"net": {"name": "demo", "lab": "emon"}, "making back": {"lab": "emon"}},
                "swarm": {"cluster": {"node": "node"}},
                "etcd": {"c1/a1": {"lab": "emon", "path": "/var/lib/etcd/default.etcd"}},
            },
        },
    }


def daemon(host: Host, state: str) -> Callable[[], Any]:
    return lambda: host.plan(state=state, settings={"debug": True}, restart_allowed=True, forget_endpoints=True)


def test_a_hosts_record(host: Host, host_record_path: Path, tmp_path: Path) -> None:
    docker = FakeDocker()
    one = container_owner.Container("one", "test1", LABEL, "")
    coming = container_owner.Container("two", "test2", LABEL, "")
    active = {"LocalNodeState": "active", "NodeID": "node", "Cluster": {"ID": "cluster", "Spec": {"Labels": LABEL}}}
    request = etcd_data.Request(Path("/var/lib/etcd/default.etcd"), "emon", "absent")

    def containers() -> None:
        known = owned.known(owned.CONTAINER)
        for container in (one, coming):
            container_owner.lab_of(docker, known, container)
            container_owner.fault(docker, known, container, "emon")

    def networks() -> None:
        for name, identity in (("demo", "net"), ("back", "other")):
            network_owner.lab_of(owned.known(owned.NETWORK), network(name, "overlay", Id=identity, Labels=LABEL))

    def swarm() -> None:
        for said in (active, {**active, "Cluster": {}}, {**active, "LocalNodeState": "locked"}):
            docker.info = lambda said=said: {"Swarm": said}  # type: ignore[method-assign]
            swarm_view.read(docker)
        (tmp_path / "docker-state.json").write_text('{"AdvertiseAddr": "10.0.0.116:2377"}', encoding="utf-8")
        swarm_view.of_stopped(tmp_path)

    def etcd() -> None:
        known = etcd_files.founded(tmp_path / "etcd.conf", host_record_path)
        etcd_files.owner(request.path, "c1/a1", known)
        etcd_data.plan(request, known, [etcd_data.Held(path) for path in etcd_data.places(request, known)])

    def firewall() -> None:
        firewall_rules.let_in()
        firewall_rules.Plan({"manager": "ufw", "places": []}, None, lambda _command: "")

    check(
        host_record_path,
        host_record(host),
        lambda: kept_files.to_record(kept_files.from_record(host_records.section("file_set"))),
        *(daemon(host, state) for state in ("present", "stopped", "absent")),
        *(containers, networks, swarm, etcd, firewall),
    )


@pytest.fixture
def host_record_path(host_record: Path) -> Path:
    return host_record


def test_a_topologys_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology_record, "DIRECTORY", tmp_path)
    record = {
        "boot_id": boot_id(),
        "namespaces": {"a": [4, 4026532000], "b": None},
        "places": ["a"],
        "routes": [["a", "10.0.0.0/24", None, "eth0"]],
    }

    def use() -> None:
        found = topology_record.load("lab")
        found.owns("a", (4, 4026532000))
        topology_record.save("other", found.with_all(topology_record.Record(places=frozenset(["b"]))))

    check(tmp_path / "lab.json", record, use)


def test_the_record_of_kernel_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_loading, "_RECORD", tmp_path / "modules.json")

    def use() -> None:
        found = module_loading._record()
        sorted({*found["loaded"], "vxlan"})
        assert isinstance(found["quiet"], bool)

    check(tmp_path / "modules.json", {"boot": boot_id(), "loaded": ["br_netfilter"], "quiet": True}, use)


def test_the_record_of_a_simulated_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path)
    this = Process.of(os.getpid())
    assert this
    record = {
        **{"lab": "emon", "release": "bookworm", "image": "base", "ready": True},
        **{"supervisor": this.to_record(), "leader": this.to_record()},
    }
    host = simulated_host.SimulatedHost("emon")
    check(tmp_path / "emon/host.json", record, host.record, host.supervisor, host.leader, host.note)


def test_a_labs_lock(tmp_path: Path) -> None:
    controller = {"machine": "m", "name": "n", "namespace": "s", "boot": "b", "pid": 1, "start": 2}
    record = {"run": "r", "lab": "emon", "owner": "me", "boot": boot_id(), "since": 1.5, "controller": controller}
    path = tmp_path / "lock.json"
    run = {"id": "other", "owner": "me", "controller": controller}

    def use() -> None:
        lab_lock.faults({"emon": lab_lock.take("emon", run, write=False, path=path)})

    check(path, record, use)


def test_no_record_of_the_machine_itself_is_read() -> None:
    assert not str(host_records.read.__defaults__).startswith(f"(PosixPath('{state_files.STATE_DIR}")
