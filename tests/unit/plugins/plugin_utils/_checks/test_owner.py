# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose the hosts are that a playbook is to change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import owner

NONE = {"ca": "", "peer-ca": ""}
OURS = {"ca": "aa", "peer-ca": "bb"}


def host(lab: str = "emon", uuid: str = "a", cas: dict[str, str] | None = None) -> dict[str, Any]:
    return {"record": {"lab": lab, "uuid": uuid}, "etcd": {"lab": lab, "cas": cas or OURS}}


def controller(uuid: str = "a", cas: dict[str, str] | None = None) -> dict[str, Any]:
    return {"pki": "/pki", "uuid": uuid, "cas": cas or OURS, "former_cas": NONE}


@pytest.mark.parametrize(
    ("hosts", "given", "words"),
    [
        pytest.param({"emon": host(), "emon2": host("", "", NONE)}, {}, [], id="the lab's, and one that is to come"),
        pytest.param({"emon": host(uuid="")}, {}, [], id="the lab's, from before"),
        pytest.param({"emon": host("school", "b")}, {}, ["belongs to the lab school, not to emon"], id="another's"),
        pytest.param({"emon": host(uuid="b")}, {}, ["/pki is of the lab a, and emon of another"], id="a namesake's"),
        pytest.param({"emon": host()}, {"controller": controller("", NONE)}, ["holds none: bring"], id="second"),
        pytest.param({"emon": host()}, {"controller": controller("", NONE), "new_ca": True}, [], id="a new CA"),
        pytest.param({"emon": host()}, {"controller": controller("", NONE), "etcd": {"tls": False}}, [], id="open"),
        pytest.param({"emon": host()}, {"controller": controller("", NONE), "engine": "swarm"}, [], id="no etcd"),
    ],
)
def test_whose_they_are(hosts: dict[str, Any], given: dict[str, Any], words: list[str]) -> None:
    lab = {
        "name": "emon",
        "engine": "cluster_store",
        "etcd": {"tls": True},
        "controller": controller(),
        **given,
    }
    found = owner.faults(hosts, lab, given.get("new_ca", False))
    assert len(found) == len(words)
    assert all(one in line for one, line in zip(words, found, strict=True))
