# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What destroy.yml says of hosts that it could not clear."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import removal as lab_removal

A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LAB: dict[str, Any] = {"name": "emon", "pki": "/home/e/pki"}
NO_UNIT = {"unit": False}


def host(**given: Any) -> dict[str, Any]:
    found = {
        "record": {"lab": "emon", "uuid": A},
        "etcd": {"lab": "emon"},
        "containers": [],
        "resolver": NO_UNIT,
        "vxlan": NO_UNIT,
    }
    return {**found, **given}


LOST = {"record": {"lab": "", "uuid": ""}}
CLEARED = {**LOST, "etcd": {"lab": ""}}


@pytest.mark.parametrize(
    ("info", "words"),
    [
        pytest.param(host(), None, id="the lab's"),
        pytest.param(host(record={"lab": "emon", "uuid": ""}), None, id="the lab's, from before"),
        pytest.param(host(**CLEARED), None, id="cleared already"),
        pytest.param(host(**CLEARED, containers=[{"name": "web", "lab": ""}]), None, id="cleared, with others' things"),
        pytest.param(host(**LOST), "has lost its record, and etcd's configuration is the lab's", id="lost"),
        pytest.param(
            host(**CLEARED, containers=[{"name": "test1", "lab": "emon"}, {"name": "x", "lab": "school"}]),
            "has lost its record, and the containers test1 are labelled as the lab's",
            id="lost, with containers",
        ),
        pytest.param(host(**CLEARED, vxlan={"unit": True}), "and units of the lab exist", id="lost, with a unit"),
        pytest.param(host(**CLEARED, resolver={"unit": True}), "and units of the lab exist", id="lost, a resolver"),
        pytest.param(host(record={"lab": "school", "uuid": B}), "belongs to the lab school", id="another lab's"),
        pytest.param(
            host(record={"lab": "emon", "uuid": B}), f"belongs to another lab emon, {B}, not to {A}", id="a namesake's"
        ),
        pytest.param(
            host(record={"lab": "emon", "uuid": A, "engine": "mesh"}),
            "the engine mesh, which this release does not have: use the release that made the lab",
            id="another release's",
        ),
        pytest.param({"unreachable": True, "msg": "No route to host"}, "does not answer: No route to host", id="away"),
        pytest.param({"failed": False, "msg": "state.json is damaged"}, "state.json is damaged", id="damaged"),
        pytest.param({}, "it was not asked", id="never asked"),
    ],
)
def test_why_a_host_is_left_alone(info: dict[str, Any], words: str | None) -> None:
    found = lab_removal.refusal(info, LAB, A)
    assert (found == "") == (words is None)
    assert words is None or words in found


def test_a_controller_without_an_id_takes_what_the_hosts_say() -> None:
    assert lab_removal.refusal(host(), LAB, "") == ""


def test_what_is_left_is_told_of_every_host_and_of_the_controller() -> None:
    hosts = {"emon": host(), "emon2": {"unreachable": True, "msg": "No route"}, "emon3": host(**LOST), "emon4": host()}
    found = lab_removal.left(hosts, LAB, A, ["emon"])
    assert [line.partition(":")[0] for line in found] == ["emon2", "emon3", "emon4", "/home/e/pki and the backups stay"]
    assert "run destroy.yml again once it is back" in found[0]
    assert "put /var/lib/overlay-lab/state.json back there; if it is lost, playbooks/overlay.yml" in found[1]
    assert "was not cleared" in found[2]
    assert lab_removal.left(hosts, LAB, A, list(hosts)) == []
