# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a swarm is: by its id and the node's in the host's record, whatever its label says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import apply as swarm_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import plan as swarm_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned as host_owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker, swarm_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADDRESS = "10.0.0.117"
REQUEST = swarm_plan.Request("emon", advertise_addr=ADDRESS)
LEAVE = swarm_plan.Request("emon", present=False, force=True, purge=True)


def run(docker: FakeDocker | None, request: swarm_plan.Request) -> dict[str, Any]:
    return swarm_apply.apply(docker, swarm_plan.plan(docker, request))


def labelled(node_id: str = "theirs", cluster: str = "their-cluster") -> dict[str, Any]:
    spec = {"Labels": {"emon.overlay_lab.lab": "emon"}}
    return swarm_of(ADDRESS, manager=True) | {"NodeID": node_id, "Cluster": {"ID": cluster, "Spec": spec}}


def recorded(path: Path, lab: str = "", owned: dict[str, Any] | None = None, node_id: str = "node-id") -> None:
    sections: dict[str, Any] = {"docker_swarm": {"lab": "emon", "node_id": node_id, "gateway_bridge": True}}
    if owned is not None:
        sections["owned"] = {"swarm": owned}
    path.write_text(json.dumps({"lab": lab, "sections": sections}), encoding="utf-8")


def certificate(directory: Path, cluster: str, node_id: str, role: str = "swarm-worker") -> None:
    """As swarmkit issues it."""
    subject = {NameOID.ORGANIZATION_NAME: cluster, NameOID.ORGANIZATIONAL_UNIT_NAME: role}
    subject[NameOID.COMMON_NAME] = node_id
    now, key = datetime(2026, 1, 1), ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in subject.items()]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "swarm-ca")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    (directory / "certificates").mkdir(exist_ok=True)
    pem = made.public_bytes(serialization.Encoding.PEM)
    (directory / "certificates" / "swarm-node.crt").write_bytes(pem + pem)
    (directory / "docker-state.json").write_text('{"AdvertiseAddr": "10.0.0.117:2377"}', encoding="utf-8")


def test_a_swarm_is_recorded_by_its_id_until_the_host_leaves(host_record: Path) -> None:
    docker = FakeDocker()
    assert run(docker, REQUEST)["lab"] == "emon"
    assert host_owned.of_kind("swarm") == {"cluster": {"node": "node-id"}}
    run(docker, LEAVE)
    assert not host_record.exists()


@pytest.mark.parametrize("request_", [REQUEST, LEAVE])
@pytest.mark.parametrize("lab", ["", "emon"])
def test_the_labs_label_alone_makes_no_swarm_the_labs(
    host_record: Path, request_: swarm_plan.Request, lab: str
) -> None:
    docker = FakeDocker()
    docker.swarm = labelled()
    recorded(host_record, lab, owned={}, node_id="-")
    with pytest.raises(LabError, match=r"a node of a swarm of the lab emon \(by its label alone\)"):
        run(docker, request_)
    assert docker.calls == []


def test_on_a_host_without_a_record_the_label_counts_for_nothing() -> None:
    docker = FakeDocker()
    docker.swarm = labelled()
    with pytest.raises(LabError, match=r"\(by its label alone\)"):
        run(docker, LEAVE)
    assert docker.calls == []


@pytest.mark.parametrize(
    ("owned", "node_id", "expected"),
    [
        pytest.param({"their-cluster": {"node": "former"}}, "former", "emon", id="its id is recorded"),
        pytest.param({}, "theirs", "emon", id="the node's id is recorded"),
        pytest.param({}, swarm_view.FOUNDING, "emon", id="founded by a run that was killed"),
        pytest.param(None, "former", "emon", id="a lab from before ids were recorded"),
        pytest.param({}, "former", "emon (by its label alone)", id="neither is"),
    ],
)
def test_whose_swarm_it_is(host_record: Path, owned: dict[str, Any] | None, node_id: str, expected: str) -> None:
    docker = FakeDocker()
    docker.swarm = labelled()
    recorded(host_record, "emon", owned, node_id)
    assert swarm_view.read(docker)["lab"] == expected


@pytest.mark.parametrize(
    ("cluster", "node_id", "expected"),
    [
        pytest.param("c1", "node-id", "emon", id="both"),
        pytest.param("c1", "other", "emon", id="the swarm's id"),
        pytest.param("c2", "node-id", "emon", id="the node's id"),
        pytest.param("c2", "other", "", id="neither"),
    ],
)
def test_what_a_stopped_node_says_of_itself(
    tmp_path: Path, host_record: Path, cluster: str, node_id: str, expected: str
) -> None:
    recorded(host_record, "emon", {"c1": {"node": "node-id"}})
    certificate(tmp_path, cluster, node_id)
    assert swarm_view.identity(tmp_path) == (cluster, node_id)
    found = swarm_view.of_stopped(tmp_path)
    assert (found["node_address"], found["lab"]) == (ADDRESS, expected)


def test_files_of_somebody_elses_node_stay_while_dockerd_is_stopped(
    tmp_path: Path, host_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swarm_view, "DIRECTORY", tmp_path)
    recorded(host_record, "emon", {"c1": {"node": "node-id"}})
    certificate(tmp_path, "c2", "other")
    with pytest.raises(LabError, match="a swarm of somebody else"):
        run(None, LEAVE)
    (tmp_path / "certificates" / "swarm-node.crt").write_text("damaged", encoding="ascii")
    for node_id in ("node-id", swarm_view.JOINING, swarm_view.FOUNDING):
        recorded(host_record, "emon", {"c1": {"node": "node-id"}}, node_id)
        with pytest.raises(LabError, match="a swarm of somebody else"):
            run(None, LEAVE)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("role", "leaves"), [("swarm-worker", True), ("swarm-manager", False), ("damaged", False)])
def test_the_services_of_a_stopped_manager_are_not_deleted(
    tmp_path: Path, host_record: Path, monkeypatch: pytest.MonkeyPatch, role: str, leaves: bool
) -> None:
    """A worker that was a manager may have a directory of its former state."""
    monkeypatch.setattr(swarm_view, "DIRECTORY", tmp_path)
    monkeypatch.setattr(systemd, "stop", lambda *_names, timeout: None)
    recorded(host_record, "emon", {"c1": {"node": "node-id"}})
    certificate(tmp_path, "c1", "node-id", role)
    (tmp_path / "raft" / "wal-v3-encrypted").mkdir(parents=True)
    polite = replace(LEAVE, force=False)
    if leaves:
        run(None, polite)
    else:
        with pytest.raises(LabError) as caught:
            run(None, polite)
        assert caught.value.faults == [
            "the services of this swarm cannot be read (dockerd does not run), and this manager's copy of them would be"
            " deleted: start dockerd (systemctl start docker), or set force to true"
        ]
        assert len(list(tmp_path.iterdir())) == 3
        assert swarm_plan.plan(None, replace(polite, others_stay=True)).leave
    run(None, LEAVE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", ["active", "pending", "locked", "error", "stopped"])
@pytest.mark.parametrize(("cluster", "expected"), [("c1", "emon"), ("c2", "")])
def test_a_join_that_was_killed_makes_no_later_swarm_the_labs(
    tmp_path: Path, host_record: Path, monkeypatch: pytest.MonkeyPatch, state: str, cluster: str, expected: str
) -> None:
    """Until the node has its certificate, all that is known is which swarm was to be joined."""
    monkeypatch.setattr(swarm_view, "DIRECTORY", tmp_path)
    docker = FakeDocker()
    docker.failing["join_swarm"] = "context deadline exceeded"
    join = replace(REQUEST, join_token="t", remote_addrs=("10.0.0.116:2377",), cluster_id="c1")
    with pytest.raises(LabError, match="context deadline exceeded"):
        run(docker, join)
    docker.swarm = swarm_of(ADDRESS, manager=False) | {"LocalNodeState": "pending", "NodeID": ""}
    assert swarm_view.read(docker)["lab"] == "emon"
    certificate(tmp_path, cluster, "node-id")
    docker.swarm |= {"LocalNodeState": state, "NodeID": "node-id" if state == "active" else ""}
    found = swarm_view.of_stopped(tmp_path) if state == "stopped" else swarm_view.read(docker)
    assert found["lab"] == expected


@pytest.mark.parametrize("state", ["pending", "locked", "error"])
def test_a_node_that_tells_no_id_is_known_by_its_certificate(
    tmp_path: Path, host_record: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(swarm_view, "DIRECTORY", tmp_path)
    recorded(host_record, "emon", {"c1": {"node": "node-id"}})
    docker = FakeDocker()
    docker.swarm = swarm_of(ADDRESS, manager=False) | {"LocalNodeState": state, "NodeID": ""}
    certificate(tmp_path, "c2", "other")
    assert swarm_view.read(docker)["lab"] == ""
    certificate(tmp_path, "c2", "node-id")
    assert swarm_view.read(docker)["lab"] == "emon"


def test_a_join_that_was_killed_makes_no_labelled_swarm_the_labs(host_record: Path) -> None:
    docker = FakeDocker()
    docker.swarm = labelled()
    recorded(host_record, "emon", {"c1": {"node": ""}}, swarm_view.JOINING)
    assert swarm_view.read(docker)["lab"] == "emon (by its label alone)"


def test_a_swarm_whose_founding_was_killed_is_recorded_by_the_next_run(host_record: Path) -> None:
    class Killed(FakeDocker):
        def init_swarm(self, **given: Any) -> str:
            super().init_swarm(**given)
            raise KeyboardInterrupt

    docker = Killed()
    with pytest.raises(KeyboardInterrupt):
        run(docker, REQUEST)
    assert run(docker, REQUEST)["lab"] == "emon"
    assert host_owned.of_kind("swarm") == {"cluster": {"node": "node-id"}}
