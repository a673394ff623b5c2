# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is refused has changed no host, and keeps no lock: the playbooks, with modules that only answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view
from ansible_collections.emon.overlay_lab.tests.unit.playbooks.stubbed import HOSTS, INFO, RECORD, Case, run

SWARM = {
    **INFO,
    "record": {**RECORD, "engine": "swarm"},
    "etcd": {**INFO["etcd"], "lab": "", "data": {**INFO["etcd"]["data"], "present": False, "lab": ""}},
    "swarm": {**view.nothing("active"), "manager": True, "lab": "emon"},
}
STOPPED = {"active": False, "ready": False}
USED = {
    **INFO,
    "containers": [{"name": "web", "running": False, "lab": "", "passing": False, "networks": ["demo"]}],
    "networks": [{"name": "demo", "id": "1", "lab": "emon"}],
}
HOLDING = {**INFO, "docker": {**INFO["docker"], **STOPPED, "state": "failed", "holds_lab": True}}
OF_SCHOOL = {**INFO, "record": {**RECORD, "lab": "school"}}
# Of the same name, made by another controller.
NAMESAKE = {**INFO, "record": {**RECORD, "uuid": "of-namesake"}}
OF_NAMESAKE = "/pki is of the lab of-emon, and emon, emon2 of another that is called emon, of-namesake: put the PKI"
CA = {**INFO, "etcd": {**INFO["etcd"], "cas": {"ca": "f00d", "peer-ca": "f00e"}}}
NO_CA = "emon, emon2: etcd trusts the CA f00d, and"
SECOND = '-e etcd_pki_dir=/nonexistent -e {"lab_etcd_tls":true}'
NO_RECORD = dict.fromkeys(RECORD, "")
LOST = {**INFO, "record": NO_RECORD, "etcd": {**INFO["etcd"], "data": {**INFO["etcd"]["data"], "lab": ""}}}
FRESH = {
    **{**SWARM, "record": NO_RECORD, "swarm": INFO["swarm"]},
    **{name: {**SWARM[name], **STOPPED} for name in ("etcd", "docker")},
}
CLOSED = {"listening": [{"protocol": "tcp", "port": 2379, "state": "unreachable", "error": "x"}], "peers": []}
MEMBERS = [{"name": name, "healthy": True, "raft_index": 1} for name in HOSTS]


def failed(line: str) -> dict[str, Any]:
    return {"failed": True, "msg": line, "faults": [line]}


CASES = {
    "on hosts of another lab": Case("etcd_backup.yml", {}, "emon2 belongs to the lab school, not to emon", OF_SCHOOL),
    "a backup of an etcd that does not answer": Case(
        "etcd_backup.yml", {"etcd_backup": failed("etcd does not answer")}, "etcd does not answer"
    ),
    "a recovery with quorum": Case(
        "etcd_recover.yml -e confirm=emon",
        {"etcd_info": {"quorum": True, "members": MEMBERS}},
        "the cluster has quorum (emon, emon2 answer)",
    ),
    "a member without which there is no quorum": Case(
        "etcd_remove.yml -e member=emon2", {"etcd_member": failed("quorum would be lost")}, "quorum would be lost"
    ),
    "a swarm without a manager that answers": Case(
        "swarm_remove.yml -e node=emon2", {"docker_swarm_info": {"nodes": []}}, "no manager of the lab's swarm", SWARM
    ),
    "a swarm with services of somebody else": Case(
        "destroy.yml -e confirm=emon",
        {"docker_swarm": {"emon": failed("services run on this swarm: theirs"), "emon2": {}}},
        "emon: services run on this swarm: theirs",
        SWARM,
    ),
    "a network with containers of somebody else": Case(
        "destroy.yml -e confirm=emon",
        {"docker_network": {"emon": failed("network demo: web"), "emon2": {}}},
        "emon: network demo: web",
        USED,
    ),
    "another engine, and networks with containers of somebody else": Case(
        "overlay.yml -e change_engine=true -e lab_engine=vxlan",
        {
            "port_probe": {"listening": [], "peers": []},
            "docker_network": {"emon": failed("network demo: web"), "emon2": {}},
        },
        "emon: network demo: web",
        {"emon": USED, "emon2": {**USED, "index": 2}},
    ),
    "a host that leaves, with networks that have containers of somebody else": Case(
        "host_remove.yml -e host=emon2 -e confirm=emon",
        {"etcd_member": {"member": {}}},
        "emon2: network demo: containers that are not the lab emon's are on it, and would lose it: web",
        USED,
    ),
    "a host whose swarm has services of somebody else": Case(
        "host_remove.yml -e host=emon2",
        {"docker_swarm": failed("services run on this swarm: theirs"), "docker_swarm_info": {"nodes": []}},
        "emon2: services run on this swarm: theirs",
        SWARM,
    ),
    "a port that is closed": Case("overlay.yml", {"port_probe": CLOSED}, "emon: cannot listen on tcp 2379", FRESH),
    "links of real hosts that nobody confirmed": Case(
        'overlay.yml -e {"lab_underlay":{"emon":[{"host":"emon2","address":"127.0.0.2","loss":"1%"}]}}',
        {},
        "emon: underlay: this would make its links to emon2 (127.0.0.2) slow or lossy on purpose: run it again with -e"
        " confirm=emon",
    ),
    "overlay, with the records lost": Case(
        "overlay.yml", {}, "emon: /d holds the data of an etcd of somebody else (member a of cluster c)", LOST
    ),
    "destroy, with a dockerd that does not start": Case(
        "destroy.yml -e confirm=emon", {}, "emon: it was not cleared, see above", HOLDING
    ),
    "a host that leaves, with a dockerd that does not start": Case(
        "host_remove.yml -e host=emon2 -e confirm=emon",
        {"etcd_member": {"member": {}}},
        "emon2: dockerd does not start, and has containers or networks of the lab",
        HOLDING,
    ),
    "destroy, with the records lost": Case("destroy.yml -e confirm=emon", {}, "emon2: it has lost its record", LOST),
    "destroy, with somebody else's PKI directory": Case(
        "destroy.yml -e confirm=emon -e etcd_pki_dir=/srv/corp",
        {"pki": failed("/srv/corp/ca.crt is of 'corp'")},
        "/srv/corp/ca.crt is of 'corp'",
        locked=False,
    ),
}

# Each asks whose the hosts are before its first change.
ASKING = (
    "etcd_backup.yml",
    "etcd_recover.yml -e confirm=emon",
    "etcd_remove.yml -e member=emon2",
    "etcd_reset.yml -e confirm=emon",
    "etcd_restore.yml -e confirm=emon",
)
for asking in ASKING:
    name = asking.partition(".")[0]
    CASES[f"{name}, on hosts of a namesake"] = Case(asking, {}, OF_NAMESAKE, NAMESAKE)
for asking in (ASKING[0], ASKING[-1]):
    name = asking.partition(".")[0]
    CASES[f"{name}, from a second controller"] = Case(f"{asking} {SECOND}", {}, NO_CA, CA)
CASES["swarm_remove, on hosts of a namesake"] = Case(
    "swarm_remove.yml -e node=emon2",
    {"docker_swarm_info": {"nodes": []}},
    OF_NAMESAKE,
    {**SWARM, "record": {**SWARM["record"], "uuid": "of-namesake"}},
)

# Each takes the hosts' lock first. Where that is by the module lab_lock, its failure ends the run.
HELD = {"run": "1", "lab": "emon", "owner": "ann at desk", "controller": {}, "since": 1000.0, "age": 5.0}
IN_USE = {**INFO, "lock": {"state": "refused", "holder": HELD, "reason": ""}}
LOCKED = "another run has the lock of the lab emon: ann at desk"
for asking, simulated in (("compare.yml", False), ("docker_networks.yml", False), ("move.yml", True)):
    CASES[f"{asking} beside another run"] = Case(
        asking, {"lab_lock": failed(LOCKED)}, LOCKED, locked=False, simulated=simulated
    )
for asking, simulated in (("destroy.yml -e confirm=emon", False), ("stop.yml", True)):
    CASES[f"{asking} beside another run"] = Case(asking, {}, LOCKED, IN_USE, simulated=simulated)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nothing_is_changed_and_no_lock_is_kept(collection: Path, case: Case) -> None:
    code, said, calls = run(collection, case)
    assert (code, case.line in said) == (2, True), said
    released = [call["host"] for call in calls if call["module"] == "lab_lock" and call.get("state") == "released"]
    assert sorted(released) == (list(HOSTS) if case.locked else [])
    # What the case answers for refuses, or only reads.
    harmless = {"host_info", "lab_lock", "plan", *case.said}
    assert [call for call in calls if not call["check"] and call["module"] not in harmless] == []


def test_destroy_tells_whom_it_cleared_and_why_the_cas_stay(collection: Path) -> None:
    """Another lab file of the name shares the directory: its host b1 stands."""
    uuid = {**NO_RECORD, "uuid": "of-emon"}
    cleared = {
        **FRESH,
        "record": uuid,
        "let_in": ["10.0.0.9"],
        "resolver": {"unit": False},
        "vxlan": {"unit": False, "active": False, "enabled": False, "links": []},
    }
    case = Case("destroy.yml -e confirm=emon", {"pki": {"others": {"b1": "2027-11-22T10:00:00Z"}}}, "", cleared)
    code, said, calls = run(collection, case)
    assert code == 0, said
    assert "hosts that were not cleared: b1 (until 2027-11-22): run destroy.yml with a lab file" in said
    (asked, removed) = [call for call in calls if call["module"] == "pki"]
    assert (asked["check"], asked["state"], removed["check"], removed["state"]) == (True, "absent", False, "absent")
    of_emon = ["emon", "emon-peer", "emon-client", "emon-docker"]
    assert removed["cleared"] == [*of_emon, *(name.replace("emon", "emon2") for name in of_emon)]
    assert removed["uuid"] == "of-emon"
    # Nobody knows whose openings these are.
    assert not [call for call in calls if call["module"] == "firewall_opening"]
    case = Case("destroy.yml -e confirm=emon -e destroy_ca=true", {"pki": {"others": {}}}, "", cleared)
    code, said, calls = run(collection, case)
    assert code == 0 and "cleared" not in calls[-1], said


def test_a_dockerd_that_is_stopped_is_started_for_what_it_has_of_the_lab(collection: Path) -> None:
    (collection / "starts").touch()
    _code, said, calls = run(collection, Case("destroy.yml -e confirm=emon", {}, "", HOLDING))
    (collection / "starts").unlink()
    asked = {call["host"] for call in calls if call["module"] == "docker_container_set"}
    # Before, and once more: now its containers can be read.
    informed = [call["host"] for call in calls if call["module"] == "host_info"]
    assert (asked, sorted(informed)) == ({*HOSTS}, sorted([*HOSTS, *HOSTS])), said
