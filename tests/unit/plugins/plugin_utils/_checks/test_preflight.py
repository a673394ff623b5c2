# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.view import of_stopped
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.preflight import (
    _restart_faults,
    _subnet_faults,
    faults,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import traits

DATA_DIR = "/var/lib/etcd/default.etcd"
CONFIG = {
    "ETCD_INITIAL_CLUSTER_TOKEN": "emon-etcd",
    "ETCD_DATA_DIR": DATA_DIR,
    "ETCD_LISTEN_PEER_URLS": "https://10.0.0.117:2380",
}
HELD = {"path": DATA_DIR, "present": True, "lost": False, "lab": "emon", "member_id": "", "cluster_id": ""}
ADDRESSES = {"emon": "10.0.0.116", "emon2": "10.0.0.117"}


NO_CAS = {"ca": "", "peer-ca": ""}
RUN: dict[str, Any] = {
    "limited": False,
    "reads": False,
    "image": "busybox:latest",
    "change_engine": False,
    "missing": [],
    "silent": {},
    "restart_allowed": False,
    "restore": False,
    "clock_seconds": 30,
    "new_ca": False,
    "confirmed": False,
    "archive_files": {},
    "archive_faults": [],
}


def lab(**given: Any) -> dict[str, Any]:
    hosts = {name: {"addresses": {"company": address}, "etcd": True} for name, address in ADDRESSES.items()}
    return {
        "name": "emon",
        "site": "company",
        "engine": "cluster_store",
        "engine_faults": [],
        "traits": traits(given.get("engine", "cluster_store")),
        "networks": [],
        "containers": [],
        "links": {},
        "simulated": False,
        "hosts": hosts,
        "etcd": {"token": "emon-etcd", "tls": True},
        "controller": {"pki": "/pki", "uuid": "", "cas": NO_CAS, "former_cas": NO_CAS},
        **given,
    }


def asked(**given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The lab and the run, with what is ``given`` of either."""
    run = {key: given.pop(key, value) for key, value in RUN.items()}
    return lab(**given), run


def check(hosts: dict[str, Any], **given: Any) -> list[str]:
    missing = given.pop("machine_missing", {})
    lab, run = asked(**given)
    return faults(lab, hosts, run, missing)


def info(name: str, **given: Any) -> dict[str, Any]:
    """What host_info returns on a fit host that belongs to no lab yet; ``given`` replaces or adds to its parts."""
    found: dict[str, Any] = {
        "hostname": name,
        "machine_id": f"id-of-{name}",
        "packages": {"faults": []},
        "room": [{"path": "/etc", "mount": "/", "free": 5000, "read_only": False}],
        "record": {"lab": "", "machine_id": "", "site": "", "moving_to": "", "engine": ""},
        "time": 1000.0,
        "default_route": False,
        "images": [],
        "busybox": {"fault": ""},
        "held": {"tcp": [], "udp": []},
        "kernel": {"faults": []},
        "os_family": "Debian",
        "distribution": {"name": "Debian GNU/Linux 12 (bookworm)"},
        "python": {"path": "/usr/bin/python3", "version": "3.11.2", "distributions": True},
        "python_libraries": {"docker": True, "pyroute2": True},
        "python_packages": {"docker": [], "pyroute2": []},
        "etcd": {
            "version": "3.4.23",
            "available": "",
            "packages": [],
            "unit": True,
            "masked": False,
            "user": True,
            "etcdctl": True,
            "active": False,
            "ready": False,
            "lab": "",
            "kubernetes": False,
            "config": {},
            "data": {"path": DATA_DIR, "present": False, "lost": False},
        },
        "listening": {"tcp": [], "udp": []},
        "docker": {
            "version": "20.10.24",
            "available": "",
            "packages": [],
            "unit": True,
            "masked": False,
            "socket": {"masked": False},
            "active": False,
            "enabled": False,
            "data": {"path": "/var/lib/docker", "present": False},
            "store": "",
            "damaged": "",
            "variants": {"snap": False, "podman": [], "rootless": []},
        },
        "containerd": {"package": "", "active": False, "masked": False},
        "addresses": [address("eth0", ADDRESSES[name])],
        "containers": [],
        "swarm": of_stopped(),
        "vxlan": {"links": []},
    }
    for key, value in given.items():
        found[key] = {**found[key], **value} if isinstance(value, dict) else value
    return found


def address(interface: str, text: str, prefix: int = 24) -> dict[str, Any]:
    return {"interface": interface, "address": text, "prefix": prefix, "mtu": 1500}


def infos(**of_emon2: Any) -> dict[str, dict[str, Any]]:
    return {"emon": info("emon"), "emon2": info("emon2", **of_emon2)}


RECORD = {
    "lab": "emon",
    "machine_id": "id-of-emon2",
    "site": "company",
    "moving_to": "",
    "engine": "cluster_store",
}


@pytest.mark.parametrize(
    "of_emon2",
    [
        pytest.param({}, id="bare"),
        pytest.param({"docker": {"version": "", "available": "20.10.24"}}, id="Docker only to be had"),
        pytest.param({"docker": {"version": "20.10.5"}}, id="another patch release"),
        pytest.param({"containerd": {"package": "containerd.io", "active": True}}, id="Docker's containerd"),
        pytest.param({"etcd": {"version": "", "available": "3.5.16"}}, id="etcd only to be had"),
        pytest.param({"etcd": {"version": "3.3.25"}}, id="the oldest etcd"),
        pytest.param({"etcd": {"active": True, "lab": "emon"}, "record": RECORD}, id="a host of this lab"),
        pytest.param({"etcd": {"lab": "other"}}, id="another lab's file, no etcd runs"),
        pytest.param({"etcd": {"active": True, "lab": "emon", "config": CONFIG, "data": HELD}}, id="a member"),
        pytest.param(
            {"etcd": {"lab": "emon", "config": {**CONFIG, "ETCD_INITIAL_CLUSTER_TOKEN": "old"}}},
            id="another token, but no data",
        ),
        pytest.param({"etcd": {"active": True, "lab": "emon"}, "listening": {"tcp": [2379, 2380]}}, id="its own ports"),
        pytest.param({"networks": [{"name": "other", "id": "1", "lab": ""}]}, id="somebody's network of another name"),
    ],
)
def test_fit_hosts(of_emon2: dict[str, Any]) -> None:
    assert check(infos(**of_emon2)) == []


@pytest.mark.parametrize(
    ("of_lab", "of_emon2", "expected"),
    [
        pytest.param(
            {"networks": [{"name": "demo", "subnet": "10.200.0.0/24", "allow_overlap": False}]},
            {"networks": [{"name": "demo", "id": "0123456789abcdef", "lab": ""}]},
            "emon2: the network demo (0123456789ab) exists and is not the lab's by the hosts' records: give"
            " the lab's another name, or remove this one yourself (docker network rm 0123456789ab)",
            id="a network of the lab's name that is somebody else's",
        ),
        pytest.param(
            {"networks": [{"name": "demo", "subnet": "10.200.0.0/24", "allow_overlap": False}]},
            {"networks": [{"name": "demo", "id": "0123456789abcdef", "lab": ""}], "left_by": "emon"},
            "emon2: the network demo (0123456789ab) exists and is not the lab's by the hosts' records: give"
            " the lab's another name, or remove this one yourself (docker network rm 0123456789ab), or put this host's"
            " record back (/var/lib/overlay-lab/state.json), which is gone",
            id="the record is lost",
        ),
        pytest.param(
            {"containers": [{"name": "test2", "host": "emon2"}]},
            {"containers": [{"name": "test2", "running": False, "lab": "", "passing": False}], "left_by": "emon"},
            "emon2: the container test2 exists and is not the lab's by the host's record: give the lab's another name,"
            " or remove this one yourself (docker rm test2), or put this host's record back"
            " (/var/lib/overlay-lab/state.json), which is gone",
            id="the record of a container is lost",
        ),
        pytest.param(
            {"containers": [{"name": "test2", "host": "emon2"}]},
            {"containers": [{"name": "test2", "running": False, "lab": "", "passing": False}]},
            "emon2: the container test2 exists and is not the lab's by the host's record: give the lab's another"
            " name, or remove this one yourself (docker rm test2)",
            id="a container of the lab's name that is somebody else's",
        ),
        pytest.param(
            {},
            {"hostname": "emon"},
            "emon and emon2 have one host name, emon, by which dockers of the engine cluster_store know each other:"
            " hostnamectl set-hostname emon2 on emon2",
            id="one host name",
        ),
        pytest.param(
            {},
            {"machine_id": "id-of-emon"},
            "emon and emon2 have one machine id, id-of-emon, as clones have: give each its own on all but the first (rm"
            " -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup; reboot)",
            id="one machine id",
        ),
        pytest.param(
            {},
            {"machine_id": "uninitialized"},
            "emon2: it has no machine id (uninitialized): rm -f /etc/machine-id /var/lib/dbus/machine-id;"
            " systemd-machine-id-setup; reboot",
            id="an image that was never started",
        ),
        pytest.param(
            {},
            {
                "room": [
                    {"path": "/etc", "mount": "/", "free": 5000, "read_only": False},
                    {"path": "/var", "mount": "/var", "free": 12, "read_only": False},
                ]
            },
            "emon2: /var has 12 MB free here, and the lab needs 200 MB: make room there",
            id="a full disk",
        ),
        pytest.param(
            {},
            {"room": [{"path": "/etc", "mount": "/", "free": 12, "read_only": True}]},
            "emon2: /etc is mounted read-only here, and the lab writes there: mount -o remount,rw /, or see why"
            " (dmesg)",
            id="a read-only disk",
        ),
        pytest.param(
            {},
            {
                "record": RECORD,
                "docker": {"active": True},
                "etcd": {"lab": "emon"},
                "room": [{"path": DATA_DIR, "mount": "/var/lib/etcd", "free": 0, "read_only": False}],
            },
            f"emon2: {DATA_DIR} is full here, and what runs there cannot write: make room in /var/lib/etcd",
            id="a full disk of a member that does not run",
        ),
        pytest.param(
            {},
            {"record": {"lab": "school"}},
            "emon2: this host belongs to the lab school, not to emon: destroy that lab first",
            id="another lab's host",
        ),
        pytest.param(
            {},
            {"record": {**RECORD, "machine_id": "id-of-emon"}},
            "emon2: the record is of the machine id-of-emon, this one is id-of-emon2: a copy of a lab's host cannot"
            " join; remove /var/lib/overlay-lab there",
            id="a copied host",
        ),
        pytest.param(
            {},
            {"record": {**RECORD, "engine": "vxlan"}},
            "emon2: this host is configured for the engine vxlan, not for cluster_store: run overlay.yml with -e"
            " change_engine=true, which removes the networks of vxlan first and creates the containers again",
            id="another engine",
        ),
        pytest.param(
            {"change_engine": True},
            {"record": {**RECORD, "engine": "mesh"}, "docker": {"active": True}},
            "emon2: this host is configured for the engine mesh, which this release does not have: use the release that"
            " made the lab",
            id="an engine of another release",
        ),
        pytest.param(
            {"change_engine": True, "limited": True},
            {"record": {**RECORD, "engine": "vxlan"}},
            "emon2: this host is configured for the engine vxlan, not for cluster_store: the engine changes on all"
            " hosts at once; run without --limit, with every host up",
            id="another engine on half the hosts",
        ),
        pytest.param(
            {"change_engine": True},
            {"record": {**RECORD, "engine": "vxlan"}},
            "emon2: this host is configured for the engine vxlan, not for cluster_store: dockerd does not run, and"
            " keeps the former networks: start it first",
            id="another engine without dockerd",
        ),
        pytest.param(
            {"change_engine": True, "engine": "swarm"},
            {"record": RECORD, "etcd": {"lab": "emon"}, "docker": {"active": True, "store": "etcd://10.0.0.117:2379"}},
            "emon2: this host is configured for the engine cluster_store, not for swarm: etcd does not answer clients"
            " here, and its keys have to be backed up first: run overlay.yml with cluster_store in the lab file first",
            id="another engine while etcd is down",
        ),
        pytest.param(
            {},
            {"addresses": [address("eth0", "192.168.1.117"), address("docker0", "172.17.0.1", 16)]},
            "emon2: the address 10.0.0.117 of the site company is not configured on this host (it has 192.168.1.117,"
            " 172.17.0.1): is it at that site?",
            id="elsewhere",
        ),
        pytest.param(
            {},
            {"addresses": []},
            "emon2: the address 10.0.0.117 of the site company is not configured on this host (it has none): is it at"
            " that site?",
            id="no address",
        ),
        pytest.param(
            {},
            {"etcd": {"version": ""}},
            "emon2: etcd is neither installed nor available from this host's package sources: install it, or add a"
            " source (on Ubuntu it is in universe)",
            id="no etcd",
        ),
        pytest.param(
            {},
            {"docker": {"version": ""}},
            "emon2: Docker is neither installed nor available from this host's package sources: install it, or add a"
            " source",
            id="no Docker",
        ),
        pytest.param(
            {},
            {
                "docker": {"version": "", "available": "20.10.24"},
                "containerd": {"package": "containerd.io", "active": False},
            },
            "emon2: containerd.io is installed here without Docker, whose package may replace or restart it below"
            " whatever uses it: install Docker yourself so that it stays, or remove it where nothing uses it",
            id="a containerd of Docker's own packages",
        ),
        pytest.param(
            {},
            {"docker": {"version": "", "available": "20.10.24"}, "containerd": {"package": "", "active": True}},
            "emon2: containerd runs here without Docker, whose package may replace or restart it below"
            " whatever uses it: install Docker yourself so that it stays, or remove it where nothing uses it",
            id="a containerd of Kubernetes'",
        ),
        pytest.param(
            {},
            {"etcd": {"version": "3.6.1"}},
            "emon2: etcd 3.6.1 cannot serve the engine cluster_store: etcd 3.6 removed the v2 API that Docker's store"
            " speaks; use etcd 3.3 to 3.5",
            id="etcd without the v2 API",
        ),
        pytest.param(
            {},
            {"etcd": {"version": "", "available": "3.2.26"}},
            "emon2: etcd 3.2.26 cannot serve the engine cluster_store: the lab asks etcd by its JSON API, as it is"
            " since 3.3; use etcd 3.3 to 3.5",
            id="etcd without the JSON API",
        ),
        pytest.param(
            {},
            {"etcd": {"active": True}},
            "emon2: an etcd of somebody else runs here: it is left alone; stop it, or give this host etcd: false",
            id="a foreign etcd",
        ),
        pytest.param(
            {},
            {"etcd": {"active": True, "lab": "school"}},
            "emon2: an etcd of the lab school runs here: it is left alone; stop it, or give this host etcd: false",
            id="another lab's etcd",
        ),
        pytest.param(
            {},
            {"etcd": {"kubernetes": True}},
            "emon2: Kubernetes runs an etcd of its own here: it is left alone; give this host etcd: false",
            id="Kubernetes' etcd",
        ),
        pytest.param(
            {},
            {"etcd": {"data": HELD}},
            "emon2: /var/lib/etcd/default.etcd holds the data of an etcd of somebody else: it is left alone; move it"
            " away, or give this host etcd: false",
            id="somebody's data",
        ),
        pytest.param(
            {},
            {"etcd": {"lab": "emon", "data": {**HELD, "lab": "", "member_id": "b2", "cluster_id": "c1"}}},
            "emon2: /var/lib/etcd/default.etcd holds the data of an etcd of somebody else (member b2 of cluster c1): it"
            " is left alone; move it away, put this host's record back (/var/lib/overlay-lab/state.json), or give this"
            " host etcd: false",
            id="somebody's data below the lab's configuration",
        ),
        pytest.param(
            {"etcd": {"token": "other", "tls": True}},
            {"etcd": {"lab": "emon", "config": CONFIG, "data": HELD}},
            "emon2: etcd was founded with the token emon-etcd, and the lab now says other: put it back, or found a"
            " new cluster with playbooks/etcd_reset.yml",
            id="another token",
        ),
        pytest.param(
            {"etcd": {"token": "emon-etcd", "tls": False}},
            {"etcd": {"active": True, "lab": "emon", "config": CONFIG}},
            "emon2: etcd was founded with the scheme https, and the lab now says http: put it back, or found a"
            " new cluster with playbooks/etcd_reset.yml",
            id="no TLS any more",
        ),
        pytest.param(
            {},
            {"etcd": {"active": True, "lab": "emon", "config": {**CONFIG, "ETCD_DATA_DIR": "/srv/etcd"}}},
            "emon2: etcd was founded with the data directory /srv/etcd, and the lab now says"
            " /var/lib/etcd/default.etcd: put it back, or found a new cluster with playbooks/etcd_reset.yml",
            id="another data directory",
        ),
        pytest.param(
            {},
            {"kernel": {"faults": ["the kernel 6.12 has no vxlan, needed for the tunnels: boot another"]}},
            "emon2: the kernel 6.12 has no vxlan, needed for the tunnels: boot another",
            id="a kernel without a module",
        ),
        pytest.param(
            {},
            {"docker": {"version": "19.03.15"}},
            "Docker differs between the hosts: 20.10.24 on emon, 19.03.15 on emon2; install one version on all, they"
            " may not understand each other, or set engine: vxlan, which serves them all",
            id="two Docker releases",
        ),
        pytest.param(
            {},
            {"docker": {"version": "23.0.0"}},
            "emon2: Docker 23.0.0 cannot serve the engine cluster_store: Docker 23.0 removed it; use Docker 20.10, or"
            " the engine vxlan, which any Docker serves",
            id="Docker without cluster_store",
        ),
    ],
)
def test_fault(of_lab: dict[str, Any], of_emon2: dict[str, Any], expected: str) -> None:
    assert check(infos(**of_emon2), **of_lab) == [expected]


def test_another_labs_host_is_not_compared_further() -> None:
    hosts = infos(record={"lab": "school", "machine_id": "x", "site": "y", "engine": "z"})
    assert len(check(hosts)) == 1


@pytest.mark.parametrize("etcd", [{"version": "3.6.1"}, {"active": True}, {"version": ""}])
def test_etcd_of_a_host_that_is_no_member_matters_to_nobody(etcd: dict[str, Any]) -> None:
    one = lab()
    one["hosts"]["emon2"]["etcd"] = False
    assert faults(one, infos(etcd=etcd), RUN, {}) == []


@pytest.mark.parametrize(
    ("missing", "answering", "expected"),
    [
        pytest.param(
            ["emon2"],
            {"emon": info("emon", etcd={"data": HELD, "lab": "emon"})},
            [
                "emon2 not reached: etcd needs 2 of its 2 members, and 1 would be there: start the missing hosts"
                " (containers without an overlay keep running meanwhile); if they are lost for good, run"
                " playbooks/etcd_recover.yml"
            ],
            id="no majority",
        ),
        pytest.param(["emon", "emon2"], {}, ["none of the hosts answers: emon, emon2"], id="nobody"),
        pytest.param(["emon3"], infos(etcd={"data": HELD, "lab": "emon"}), [], id="one that is no member"),
    ],
)
def test_hosts_that_do_not_answer(missing: list[str], answering: dict[str, Any], expected: list[str]) -> None:
    one, run = asked(missing=missing)
    one["hosts"]["emon3"] = {"addresses": {"company": "10.0.0.118"}, "etcd": False}
    assert faults(one, answering, run, {}) == expected


def unreachable(words: str) -> dict[str, Any]:
    return {"unreachable": True, "msg": f"Task failed: {words}"}


UNKNOWN = "Data could not be sent to remote host: Host key verification failed."
CHANGED = "Host key for emon2 has changed and you have requested strict checking.\nHost key verification failed."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            unreachable(CHANGED),
            "emon2: the machine at 10.0.0.117 has another host key than emon2: it is another machine, or emon2 was"
            " reinstalled; only if it was, ssh-keygen -R emon2, and accept its new key",
            id="stranger",
        ),
        pytest.param(
            unreachable(UNKNOWN),
            "emon2: its host key is not known here: compare it and accept it once,"
            " with ssh -o HostKeyAlias=emon2 10.0.0.117",
            id="never met",
        ),
        pytest.param(
            unreachable(
                "Data could not be sent to remote host '10.0.0.117'. Make sure this host can be reached over SSH:"
                " [Errno 32] Broken pipe"
            ),
            "emon2: ssh to 10.0.0.117 ended twice before Ansible had read why: see why, with"
            " ssh -o HostKeyAlias=emon2 10.0.0.117 true, and run again",
            id="no reason",
        ),
        pytest.param(
            {"failed": True, "msg": "Task failed: Missing sudo password"},
            "emon2: Missing sudo password",
            id="not let in",
        ),
    ],
)
@pytest.mark.parametrize("member", [True, False])
def test_a_host_that_could_not_be_asked_is_not_left_out(said: dict[str, Any], expected: str, member: bool) -> None:
    one, run = asked(missing=["emon2"], silent={"emon2": said})
    one["hosts"]["emon2"]["etcd"] = member
    assert faults(one, {"emon": info("emon", etcd={"data": HELD, "lab": "emon"})}, run, {}) == [expected]
    assert faults(one, {}, run, {}) == [expected]


def test_a_host_that_is_off_is_no_stranger() -> None:
    said = unreachable("connect to host 10.0.0.117 port 22: No route to host")
    one, run = asked(missing=["emon2"], silent={"emon2": said})
    one["hosts"]["emon2"]["etcd"] = False
    assert faults(one, {"emon": info("emon", etcd={"data": HELD, "lab": "emon"})}, run, {}) == []


def test_faults_of_the_choice_come_first() -> None:
    assert check(infos(), engine_faults=["no engine fits"]) == ["no engine fits"]


def test_every_fault_of_every_host_at_once() -> None:
    broken = {"addresses": [], "etcd": {"version": "3.6.1", "active": True}, "record": {**RECORD, "engine": "vxlan"}}
    hosts = {"emon": info("emon", **broken), "emon2": info("emon2", **broken, docker={"version": "24.0.7"})}
    found = check(hosts)
    assert [line.split(":")[0] for line in found] == ["emon2", "emon", "emon2", *["emon"] * 4, *["emon2"] * 3]
    assert len(set(found)) == 10


FOREIGN = [
    {"name": "precious", "running": True, "lab": "", "passing": False},
    {"name": "idle", "running": False, "lab": ""},
    {"name": "test2", "running": True, "lab": "emon"},
]


def test_running_foreign_containers_are_named_before_the_first_restart() -> None:
    assert check(infos(containers=FOREIGN)) == [
        "emon2: dockerd has to be restarted, and these containers are not the lab's and would stop: precious;"
        " run again with -e docker_engine_restart_allowed=true, then they are started again"
    ]


def test_foreign_containers_do_not_matter_with_consent_or_on_a_host_of_the_lab() -> None:
    assert check(infos(containers=FOREIGN), restart_allowed=True) == []
    assert check(infos(containers=FOREIGN, record=RECORD)) == []


def test_a_damaged_daemon_json_is_named_with_all_other_faults() -> None:
    damaged = {"damaged": "/etc/docker/daemon.json: it is gone, and the lab wrote that file: run with X"}
    found = infos(docker=damaged, time=5000.0)
    assert f"emon2: {damaged['damaged']}" in check(found)
    assert len(check(found)) == len(check(found, restore=True)) + 1
    # A run that only reads leaves it.
    assert check(infos(docker=damaged), reads=True) == []


def test_docker_that_was_upgraded_under_its_store_may_change_its_engine() -> None:
    docker = {"version": "26.1.5", "store": "etcd://10.0.0.117:2379"}
    standing = info("emon2", record=RECORD, docker=docker, etcd={"lab": "emon", "ready": True})
    change = {"engine": "swarm", "change_engine": True}
    assert check({"emon2": standing}, **change) == []
    standing["docker"]["store"] = ""
    assert "dockerd does not run, and keeps the former networks" in "".join(check({"emon2": standing}, **change))


def test_a_switch_restarts_dockerd_on_hosts_of_the_lab_as_well() -> None:
    passing = {"name": "fleeting", "running": True, "lab": "", "passing": True}
    standing = info("emon2", record=RECORD, containers=[*FOREIGN, passing])
    assert _restart_faults(lab(), standing, True, False) == [
        "dockerd has to be restarted, which would remove containers that were started with --rm and are not the lab's:"
        " fleeting; stop them yourself first",
        "dockerd has to be restarted, and these containers are not the lab's and would stop: precious;"
        " run again with -e docker_engine_restart_allowed=true, then they are started again",
    ]


def test_ports_of_somebody_else_are_named_on_a_host_that_joins() -> None:
    used = {"tcp": [2379, 7946], "udp": [4789]}
    remedy = "find its owner with ss -lp and stop it"
    assert check(infos(listening=used)) == [
        f"emon2: tcp port 7946 is in use, and Docker's gossip needs it: {remedy}",
        f"emon2: tcp port 2379 is in use, and etcd needs it: {remedy}",
    ]
    assert check(infos(listening=used, record=RECORD)) == []
    assert check(infos(listening={"tcp": [7946], "udp": []}, docker={"active": True})) == []


def test_a_former_engine_that_leaves_dockerd_restarts_it() -> None:
    alien = {"name": "alien", "running": True, "lab": "", "passing": False}
    standing = info("emon2", record={**RECORD, "engine": "cluster_store"}, containers=[alien])
    assert _restart_faults(lab(engine="vxlan"), standing, False, False) == [
        "dockerd has to be restarted, and these containers are not the lab's and would stop: alien; run again with -e"
        " docker_engine_restart_allowed=true, then they are started again"
    ]
    assert _restart_faults(lab(), standing, False, False) == []


DEMO = {"name": "demo", "subnet": "10.200.0.0/24", "allow_overlap": False}


@pytest.mark.parametrize(
    ("of_lab", "added", "expected"),
    [
        pytest.param({}, [address("tun0", "10.200.7.1", 16), address("docker0", "10.200.0.1", 24)], ["tun0"], id="VPN"),
        pytest.param({}, [address("wlan0", "10.201.0.9"), address("wlan0", "fd00::9", 64)], [], id="others"),
        pytest.param(
            {"networks": [{**DEMO, "allow_overlap": True}]}, [address("tun0", "10.200.0.9")], [], id="allowed"
        ),
    ],
)
def test_subnets_that_a_place_has_as_well(
    of_lab: dict[str, Any], added: list[dict[str, Any]], expected: list[str]
) -> None:
    one = lab(**{"networks": [DEMO], **of_lab})
    host = info("emon2", addresses=[address("eth0", ADDRESSES["emon2"]), *added])
    assert _subnet_faults(one, host, False) == [
        f"the subnet 10.200.0.0/24 of demo overlaps 10.200.0.0/16 on {interface}: take another, or set allow_overlap:"
        " true if its containers need not reach that network"
        for interface in expected
    ]
    # A host that stays where it is has the lab's own links as well, and its network stands.
    joined = {**host, "record": {**RECORD, "site": "company"}}
    assert _subnet_faults(one, joined, False) == []
    assert len(_subnet_faults(one, joined, True)) == len(expected)


WEB = {"name": "web", "host": "emon2", "image": "web:1"}


@pytest.mark.parametrize(
    ("of_lab", "of_emon2", "told"),
    [
        pytest.param({}, {}, True, id="a host without Docker"),
        pytest.param({}, {"docker": {"active": True}, "images": ["web:2"]}, True, id="a dockerd without it"),
        pytest.param({}, {"docker": {"active": True}, "images": ["web:1"]}, False, id="a dockerd with it"),
        pytest.param({}, {"docker": {"data": {"present": True}}}, False, id="a dockerd that does not run"),
        pytest.param({}, {"default_route": True}, False, id="a way to a registry"),
        pytest.param({"reads": True}, {}, False, id="a run that changes nothing"),
        pytest.param({"containers": [{**WEB, "host": "emon"}]}, {"default_route": True}, True, id="another host"),
        pytest.param({"containers": [{**WEB, "image": ""}]}, {}, False, id="busybox"),
        pytest.param({"containers": [{**WEB, "image": ""}], "image": "web:1"}, {}, True, id="the role's image"),
        pytest.param({"containers": [WEB, {**WEB, "name": "two"}]}, {}, True, id="two of one image"),
    ],
)
def test_an_image_that_cannot_come_is_named(of_lab: dict[str, Any], of_emon2: dict[str, Any], told: bool) -> None:
    found = [line for line in check(infos(**of_emon2), **{"containers": [WEB], **of_lab}) if "image" in line]
    assert [line.split(", which")[0].split(": ", 1)[1].split(" of ")[0] for line in found] == ["the image web:1"] * told


@pytest.mark.parametrize(
    ("of_emon2", "told"),
    [
        pytest.param({}, True, id="nothing to make it of"),
        pytest.param({"busybox": {"fault": ""}}, False, id="a busybox"),
        pytest.param({"default_route": True}, False, id="a way to a registry"),
        pytest.param({"docker": {"proxies": {"http": "", "https": "http://p:1", "no": ""}}}, False, id="a proxy"),
        pytest.param({"docker": {"active": True}, "images": ["busybox:latest"]}, False, id="a dockerd with it"),
    ],
)
def test_an_image_that_cannot_be_made_is_named(of_emon2: dict[str, Any], told: bool) -> None:
    lacking = "no busybox at /bin/busybox or /usr/bin/busybox: install busybox-static, or give path"
    there = infos(**{"busybox": {"fault": lacking}, **of_emon2})
    found = check(there, containers=[{**WEB, "image": ""}])
    assert found == [
        "emon2: the image busybox:latest of web is not on this host, which has no default route to a registry, and"
        f" cannot be made here: {lacking}"
    ] * (1 if told else 0)


@pytest.mark.parametrize(
    ("ports", "held", "of_emon2", "told"),
    [
        pytest.param(["8080:80"], ["0.0.0.0", 8080], {}, [8080], id="somebody's"),
        pytest.param(["8000-8002:80-82"], ["127.0.0.1", 8001], {}, [8001], id="one of a range"),
        pytest.param(["127.0.0.1:8080:80"], ["10.0.0.117", 8080], {}, [], id="at another address"),
        pytest.param(["8080:80/udp"], ["0.0.0.0", 8080], {}, [], id="of the other protocol"),
        pytest.param(["80"], ["0.0.0.0", 80], {}, [], id="one that Docker chooses"),
        pytest.param(["8080:80"], ["0.0.0.0", 8080], {"record": RECORD}, [], id="on a host of the lab"),
    ],
)
def test_a_published_port_that_somebody_holds_is_named_where_a_host_joins(
    ports: list[str], held: list[Any], of_emon2: dict[str, Any], told: list[int]
) -> None:
    there = infos(**{"held": {"tcp": [held], "udp": []}, **of_emon2})
    asked_for = [{**WEB, "image": "", "published_ports": ports}]
    assert [line for line in check(there, containers=asked_for) if "container web" in line] == [
        f"emon2: container web: port {port}/tcp of the host is in use by a process of the host: publish another (ss -lp"
        " shows by whom), or stop that"
        for port in told
    ]


LINK = {"host": "emon", "address": ADDRESSES["emon"]}
UNSHAPED = {"roots": {}, "recorded": {"lab": "", "device": "", "address": "", "links": []}}
SLOWED = {"lab": "emon", "device": "eth0", "address": ADDRESSES["emon2"], "links": [{**LINK, "rate": "1mbit"}]}
NO_NETEM = "the kernel 6.1 has no sch_netem, needed for delay"


@pytest.mark.parametrize(
    ("of_link", "of_lab", "found", "kernel", "expected"),
    [
        pytest.param({"rate": "1mbit"}, {}, {}, {}, [], id="simulated hosts need no word"),
        pytest.param(
            {"rate": "1mbit"},
            {"simulated": False},
            {},
            {},
            [
                "emon2: underlay: this would make its links to emon (10.0.0.116) slow or lossy on purpose: run it again"
                " with -e confirm=emon"
            ],
            id="real hosts do",
        ),
        pytest.param({"rate": "1mbit"}, {"simulated": False, "confirmed": True}, {}, {}, [], id="they got it"),
        pytest.param({"rate": "1mbit"}, {"simulated": False}, {"recorded": SLOWED}, {}, [], id="they got it before"),
        pytest.param(
            {"rate": "1mbit"}, {"simulated": False, "reads": True}, {"roots": None}, {}, [], id="a run that reads"
        ),
        pytest.param(
            {"delay": "1ms"},
            {},
            {},
            {"sch_netem": NO_NETEM},
            [f"emon2: underlay: delay: {NO_NETEM}"],
            id="no netem there",
        ),
        pytest.param(
            {"delay": "1ms"},
            {"machine_missing": {"sch_netem": NO_NETEM}},
            {},
            {},
            [f"emon2: underlay: delay: {NO_NETEM}"],
            id="no netem on the machine that simulates it",
        ),
        pytest.param({"loss": "1%"}, {}, {"roots": None}, {"sch_netem": NO_NETEM}, [], id="loss needs neither"),
        pytest.param(
            {"loss": "1%"},
            {},
            {"nft": False},
            {},
            ["emon2: underlay: loss: there is no nft here, which drops the packets: install nftables"],
            id="no nft",
        ),
        pytest.param({"rate": "1mbit"}, {}, {"nft": False}, {}, [], id="a rate needs none"),
        pytest.param(
            {"rate": "1mbit"},
            {},
            {"roots": None},
            {},
            ["emon2: underlay: there is no tc here: install iproute2 (Fedora and Red Hat: iproute-tc)"],
            id="no tc",
        ),
        pytest.param(
            {"rate": "1mbit"},
            {},
            {"roots": {"eth0": "tbf 8001:"}},
            {},
            [
                "emon2: eth0 has a queue that is not the lab's (qdisc tbf 8001:): the lab replaces only its own:"
                " remove it (tc qdisc del dev eth0 root), or take underlay out of the lab file"
            ],
            id="somebody's queue",
        ),
        pytest.param({"rate": "1mbit"}, {}, {"roots": {"eth1": "tbf 8001:"}}, {}, [], id="somebody's queue elsewhere"),
        pytest.param(
            {"rate": "2mbit"},
            {},
            {"roots": {"eth0": "htb 1ab0:"}, "recorded": SLOWED},
            {},
            [],
            id="the lab's own queue",
        ),
    ],
)
def test_what_is_in_the_way_of_a_slow_link(
    of_link: dict[str, str], of_lab: dict[str, Any], found: dict[str, Any], kernel: dict[str, str], expected: list[str]
) -> None:
    given = {"simulated": True, "links": {"emon2": [{**LINK, **of_link}]}, **of_lab}
    there = {"emon": info("emon"), "emon2": info("emon2", kernel={"missing": kernel})}
    there["emon2"]["links"] = {**UNSHAPED, **found}
    assert check(there, **given) == expected
