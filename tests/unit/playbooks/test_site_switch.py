# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a site switch: which modules a run calls, with modules that only answer."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.playbooks.stubbed import HOSTS, INFO, RECORD, Case, run

MEMBERS = [
    {"name": name, "id": "a", "healthy": True, "is_learner": False, "peer_urls": ["http://127.0.0.1:2380"]}
    for name in HOSTS
]
SAID = {
    "etcd_info": {
        "quorum": True,
        "members": MEMBERS,
        "leader": "emon",
        "missing": [],
        "remedies": [],
        "cluster_id": "c",
        "errors": [],
    },
    "etcd_key": {"values": [{"key": "/docker/nodes/127.0.0.1:2375"}]},
    "overlay_state": {"networks": [], "containers": [], "forwarding": [], "boot": {"state": "active", "said": ""}},
    "reachability": {"results": []},
}
# Every host is at "home" with its addresses: it was carried.
ETCD = {
    **INFO["etcd"],
    "outdated": False,
    "outdated_ca": False,
    "cas": {},
    "data": {**INFO["etcd"]["data"], "claimed": True, "awaited": False},
}
DOCKER = {**INFO["docker"], "store": "etcd://127.0.0.1", "data": {"present": True, "path": "/d"}}
BEGIN = ["host_info", "host_record"]
PREPARE = ["etcd_info", "file_set"]
START_ETCD = ["etcd_info"]
BUILD = ["etcd_key absent", "docker_daemon", "boot_unit", "docker_container_set"]
VERIFY = ["etcd_key", "etcd_info", "overlay_state", "reachability", "host_record", "lab_lock released"]


def info(docker: str = "active", **record: str) -> dict[str, Any]:
    return {**INFO, "record": {**RECORD, **record}, "etcd": ETCD, "docker": {**DOCKER, "state": docker}}


def steps(calls: list[dict[str, Any]]) -> list[str]:
    """The calls in order, those of both hosts as one."""
    return [step for step, _ in groupby(f"{call['module']} {call.get('state', '')}".strip() for call in calls)]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param(
            dict.fromkeys(HOSTS, info(site="company")),
            [*BEGIN, *PREPARE, *START_ETCD, "docker_daemon stopped", *BUILD, *VERIFY],
            id="carried: dockerd stops once etcd has a quorum",
        ),
        pytest.param(
            dict.fromkeys(HOSTS, info("activating", site="company")),
            [*BEGIN, *PREPARE, "docker_daemon stopped", *START_ETCD, "docker_daemon stopped", *BUILD, *VERIFY],
            id="a dockerd that starts stops before etcd does",
        ),
    ],
)
def test_order(collection: Path, hosts: dict[str, Any], expected: list[str]) -> None:
    code, said, calls = run(collection, Case("overlay.yml -e lab_probe_ports=false", SAID, "", hosts))
    assert code == 0, said
    assert steps(calls) == expected
    assert "The lab emon has moved from company to home." in said
