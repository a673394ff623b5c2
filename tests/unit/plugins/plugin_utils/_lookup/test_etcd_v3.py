# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lookup `etcd` refuses before it asks anybody. What it reads is in the integration target etcd_key."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lookup.etcd_v3 import Cluster, read

ASK = ("http://127.0.0.1:1",)


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"endpoints": []}, ["endpoints: is empty: give the members' URLs, such as http://10.0.0.116:2379"]),
        (
            {"endpoints": ["10.0.0.116:2379"]},
            ["endpoints: 10.0.0.116:2379 is not a URL such as https://10.0.0.116:2379"],
        ),
        ({"endpoints": ["http://emon"]}, ["endpoints: http://emon is not a URL such as https://10.0.0.116:2379"]),
        (
            {"endpoints": ["http://emon:99999"]},
            ["endpoints: http://emon:99999 is not a URL such as https://10.0.0.116:2379"],
        ),
        (
            {"endpoints": ["https://emon:1"]},
            ["ca_cert: is needed for https://emon:1: the CA that signed the members' certificates"],
        ),
        (
            {"client_key": "/nowhere/key", "timeout": 0},
            [
                "client_cert and client_key: one was given without the other: give both",
                "client_key: /nowhere/key: No such file or directory",
                "timeout: 0 is not a time: give seconds, such as 5",
            ],
        ),
    ],
)
def test_every_fault_at_once(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(LabError) as refused:
        read(Cluster(**{"endpoints": list(ASK), **given}), ["/hello"])
    assert refused.value.faults == faults


def test_every_member_that_does_not_answer_is_named() -> None:
    with pytest.raises(LabError) as refused:
        read(Cluster(["http://127.0.0.1:1", "http://[::1]:2"], timeout=2), ["/hello"])
    (line,) = refused.value.faults
    assert line.startswith("etcd does not answer: http://127.0.0.1:1: unavailable")
    assert "; http://[::1]:2: unavailable" in line
