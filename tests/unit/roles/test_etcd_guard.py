# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When etcd's unit demands the data of a member: from the moment that it is healthy, until it joins anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

NAMES = ("emon", "emon2", "emon3")
GUARD = "/etc/systemd/system/etcd.service.d/overlay-lab-data.conf"
# A change of its state is noted among the modules' calls.
SYSTEMCTL = """#!/bin/sh
case "$*" in
*"start "*|"stop "*) echo '["'"$*"'", {{}}]' >> {calls} ;;
*) printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\nId=etcd.service\\n' ;;
esac
"""
DATA = {"path": "/d", "present": True, "lost": False, "recorded": True, "claimed": True, "awaited": False,
        "lab": "emon", "member_id": "a", "cluster_id": "c"}  # fmt: skip
ETCD = {
    "lab": "emon",
    "version": "3.4.23",
    "packages": [],
    "etcdctl": True,
    "kubernetes": False,
    "config": {},
    "active": True,
    "ready": True,
    "enabled": True,
    "outdated": False,
    "outdated_ca": False,
    "cas": {},
    "data": DATA,
}
CLUSTER: dict[str, Any] = {
    "quorum": True,
    "leader": "emon2",
    "missing": [],
    "remedies": [],
    "errors": [],
    "cluster_id": "c",
    "members": [
        {"name": name, "id": id, "healthy": True, "is_learner": False, "peer_urls": ["http://127.0.0.1:2380"]}
        for name, id in zip(NAMES, "abc")
    ],
}


def steps(directory: Path, **etcd: Any) -> list[str]:
    """What the role does with the member, its cluster, its unit, and the file that demands its data, in order."""
    (directory / "bin").mkdir()
    (directory / "bin/systemctl").write_text(SYSTEMCTL.format(calls=directory / "calls"), encoding="utf-8")
    (directory / "bin/systemctl").chmod(0o700)
    hosts = {name: {"etcd": True, "addresses": {"home": "127.0.0.1"}} for name in NAMES}
    given = {"lab_hosts": hosts, "lab_host_info": {"os_family": "Debian", "etcd": {**ETCD, **etcd}}}
    answers = {"file_set": {"changed_paths": []}, "etcd_info": CLUSTER, "etcd_member": {"initial_cluster": "x"}}
    code, said, calls = answering.run(directory, "etcd/main", answers, given)
    assert code == 0, said
    found = []
    for name, options in calls:
        paths = [one["path"] for one in options.get("files", ())]
        if name != "file_set":
            found.append(f"{name} {options.get('state', '')}".strip())
        elif GUARD in paths:
            assert paths == [GUARD]
            found.append("demands nothing" if options.get("state") == "absent" else "demands data")
    return found


@pytest.mark.parametrize(
    ("etcd", "expected"),
    [
        pytest.param({}, ["etcd_info", "demands data"], id="a member that stands"),
        pytest.param(
            {"ready": False, "data": {**DATA, "present": False, "lost": True, "member_id": ""}},
            ["etcd_data claimed", "etcd_info", "stop etcd.service", "etcd_member absent", "etcd_member",
             "demands nothing", "--no-block restart etcd.service", "etcd_info", "etcd_info", "etcd_data claimed",
             "demands data"],
            id="one that has lost its data",
        ),
    ],
)  # fmt: skip
def test_data_is_demanded_but_where_a_member_joins(tmp_path: Path, etcd: dict[str, Any], expected: list[str]) -> None:
    assert steps(tmp_path, **etcd) == expected
