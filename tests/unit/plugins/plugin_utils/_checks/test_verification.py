# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import verification
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

ID = "5d2ac4f1f0aa" + "0" * 52
OTHER_ID = "9f" * 32
ADDRESS = {"test1": "10.200.0.2", "test2": "10.200.0.3"}
MAC = {"test1": "02:42:0a:c8:00:02", "test2": "02:42:0a:c8:00:03"}
VTEP = {"emon": "10.0.0.116", "emon2": "10.0.0.117"}
LAB: dict[str, Any] = {
    "networks": [{"name": "demo", "subnet": "10.200.0.0/24", "mtu": 1450}],
    "containers": [
        {"name": "test1", "host": "emon", "networks": [{"name": "demo"}]},
        {"name": "test2", "host": "emon2", "networks": [{"name": "demo"}]},
    ],
    "hosts": {name: {"addresses": {"company": address}} for name, address in VTEP.items()},
    "site": "company",
    "engine": "cluster_store",
}
KEYS = [
    f"/docker/network/v1.0/network/{ID}",
    "/docker/nodes/10.0.0.116:2376",
    "/docker/nodes/10.0.0.117:2376",
]
STORE: dict[str, list[str]] = {"keys": KEYS, "remedies": []}


def container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "exists": True,
        "running": True,
        "networks": [{"name": "demo", "address": ADDRESS[name], "mac": MAC[name]}],
        "interfaces": [
            {"name": "eth0", "mtu": 1450, "addresses": [f"{ADDRESS[name]}/24"]},
            {"name": "eth1", "mtu": 1500, "addresses": ["172.18.0.2/16"]},
        ],
    }


def states() -> dict[str, Any]:
    """What overlay_state returns on the two hosts of a lab that works."""
    network = {"name": "demo", "exists": True, "id": ID, "scope": "global", "driver": "overlay"}
    return {
        "emon": {
            "networks": [network],
            "containers": [container("test1")],
            "forwarding": [{"network": "demo", "mac": MAC["test2"], "vtep": VTEP["emon2"], "address": None}],
            "boot": {"state": "active", "said": ""},
        },
        "emon2": {
            "networks": [dict(network)],
            "containers": [container("test2")],
            "forwarding": [{"network": "demo", "mac": MAC["test1"], "vtep": VTEP["emon"], "address": None}],
            "boot": {"state": "inactive", "said": ""},
        },
    }


def answers(target: str) -> list[dict[str, Any]]:
    """What reachability returns for the four probes of a pair that works."""
    rtt = {"min": 0.1, "avg": 0.123, "max": 0.2}
    ok = {"ok": True, "sent": 1, "error": None, "address": ADDRESS[target], "rtt_ms": rtt}
    return [dict(ok) for _probe in range(4)]


def results() -> dict[str, Any]:
    return {"emon": answers("test2"), "emon2": answers("test1")}


def test_pairs_are_ordered_and_share_a_network() -> None:
    lab, found = deepcopy(LAB), states()
    lab["networks"].append({"name": "lonely", "subnet": "10.201.0.0/24", "mtu": 1450})
    lab["containers"].append({"name": "test3", "host": "emon", "networks": [{"name": "lonely"}]})
    found["emon"]["containers"].append(
        {**container("test1"), "name": "test3", "networks": [{"name": "lonely", "address": "10.201.0.2", "mac": "m"}]}
    )
    assert [(one.source, one.target, one.address) for one in verification.pairs(lab, found)] == [
        ("test1", "test2", "10.200.0.3"),
        ("test2", "test1", "10.200.0.2"),
    ]


@pytest.mark.parametrize(
    ("host", "path", "value", "expected"),
    [
        pytest.param("emon2", ("networks", 0, "address"), None, ["test2"], id="a target without an address"),
        pytest.param("emon2", ("networks",), [], ["test2"], id="a target that is detached"),
    ],
)
def test_no_pair_leads_to(host: str, path: tuple[Any, ...], value: Any, expected: list[str]) -> None:
    found = states()
    replace(found[host]["containers"][0], path, value)
    assert [one.source for one in verification.pairs(LAB, found)] == expected


def test_a_host_that_was_not_read_has_no_pairs() -> None:
    found = states()
    del found["emon2"]
    assert verification.pairs(LAB, found) == []


def test_a_host_that_was_not_read_is_named() -> None:
    found = states()
    del found["emon2"]
    report = verification.report(LAB, found, {"emon": []}, STORE)
    assert report["faults"] == []
    assert report["table"][-2:] == ["", "Not proven: emon2 (unreachable, or not in this run)."]


def test_probes_of_a_host() -> None:
    base = {"container": "test1", "count": 1, "timeout": 5.0, "within": 5.0}
    assert verification.probes(LAB, states(), "emon") == [
        {**base, "to": "10.200.0.3"},
        {**base, "to": "test2"},
        {**base, "to": "10.200.0.3", "size": 1422, "dont_fragment": True},
        {**base, "to": "10.200.0.3", "protocol": "tcp", "port": 61007, "payload": 5800},
    ]


def test_links_that_lose_packets_on_purpose_are_measured_and_waited_for() -> None:
    links = {one: [{"host": other, "address": VTEP[other], "loss": "10%"}] for one, other in (VTEP, [*VTEP][::-1])}
    lab = LAB | {"links": links, "sites": {"company": {"mtu": 1500}}}
    ping, _by_name, _full, tcp = verification.probes(lab, states(), "emon")
    assert (ping["timeout"], ping["within"], tcp["timeout"], tcp["within"]) == (1.0, 13.0, 5.0, 13.0)
    assert verification.echoes(lab, states(), "emon2")[0]["seconds"] == 13.0
    measured = {"to": VTEP["emon2"], "sent": 250, "received": 202, "loss": 0.1011, "rate": None, "rtt_ms": 0.1}
    report = verification.report(lab, states(), results(), STORE, {"emon": [measured], "emon2": []})
    assert report["faults"] == []
    assert report["links"][0]["asked"] == {"loss": "10%"}
    assert report["table"][-2:] == ["LINK          WHAT  ASKED  MEASURED", "emon - emon2  loss  10%    10.1%"]
    report = verification.report(lab, states(), results(), STORE, {"emon": [{**measured, "loss": 0.0}]})
    assert len(report["faults"]) == 1


def test_a_container_answers_those_that_probe_it_over_tcp() -> None:
    echo = {"container": "test2", "port": 61007, "connections": 1, "seconds": 5.0}
    assert verification.echoes(LAB, states(), "emon2") == [echo]
    # Nobody to ask it: its host is alone in the run.
    assert verification.echoes(LAB, {"emon2": states()["emon2"]}, "emon2") == []
    assert verification.echoes(LAB, states(), "emon3") == []


def test_tcp_that_is_refused_crosses_but_was_not_proven_with_payload() -> None:
    answered = results()
    answered["emon"][3] |= {"ok": False, "error": "connection refused"}
    report = verification.report(LAB, states(), answered, STORE)
    assert report["ok"] is True
    assert [(row["tcp"], row["payload"]) for row in report["pairs"]] == [(True, False), (True, True)]
    assert "test1  test2  demo     10.200.0.3  yes         yes      yes       SYN only  0.12 ms" in report["table"]


def replace(root: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        root = root[key]
    root[path[-1]] = value


def test_a_lab_that_works() -> None:
    report = verification.report(LAB, states(), results(), STORE)
    assert report["ok"] is True
    assert report["faults"] == []
    assert report["pairs"][0] == {
        "network": "demo",
        "from": "test1",
        "to": "test2",
        "address": "10.200.0.3",
        "probed": True,
        "by_address": True,
        "by_name": True,
        "full_mtu": True,
        "tcp": True,
        "payload": True,
        "rtt_ms": 0.123,
        "faults": [],
    }
    assert report["table"] == [
        "NETWORK  SUBNET         MTU   ID",
        "demo     10.200.0.0/24  1450  5d2ac4f1f0aa",
        "",
        "HOST   CONTAINER  INTERFACES",
        "emon   test1      eth0 10.200.0.2/24 mtu 1450, eth1 172.18.0.2/16 mtu 1500",
        "emon2  test2      eth0 10.200.0.3/24 mtu 1450, eth1 172.18.0.2/16 mtu 1500",
        "",
        "FROM   TO     NETWORK  ADDRESS     BY ADDRESS  BY NAME  FULL MTU  TCP  RTT",
        "test1  test2  demo     10.200.0.3  yes         yes      yes       yes  0.12 ms",
        "test2  test1  demo     10.200.0.2  yes         yes      yes       yes  0.12 ms",
    ]


def test_networks_that_each_host_has_for_itself() -> None:
    found = states()
    found["emon"]["networks"][0].update(scope="local")
    found["emon2"]["networks"][0].update(scope="local", id=OTHER_ID)
    report = verification.report(LAB, found, results(), STORE)
    assert report["table"][1] == "demo     10.200.0.0/24  1450  one a host"


def test_what_comes_right_by_itself_matters_only_where_packets_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = {"emon2": {"fault": "emon2: has not heard of 10.0.0.116", "peers": {"demo": ["10.0.0.116"]}}}
    tells = dataclasses.replace(ENGINES["cluster_store"], awaited=lambda *_given: waiting)
    monkeypatch.setitem(ENGINES, "cluster_store", tells)
    works = verification.report(LAB, states(), results(), STORE)
    assert (works["ok"], works["awaited"]) == (True, {})
    lost = results()
    lost["emon2"][0].update(ok=False, error="no route to host")
    broken = verification.report(LAB, states(), lost, STORE)
    assert (broken["faults"][-1], broken["awaited"]) == (waiting["emon2"]["fault"], waiting)


OVERLAY = "run playbooks/overlay.yml"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        pytest.param(
            ("emon2", "networks", 0, "exists"),
            False,
            [f"emon2: the network demo is not there: {OVERLAY}"],
            id="no network",
        ),
        pytest.param(
            ("emon2", "networks", 0, "id"),
            OTHER_ID,
            [
                "the network demo is 2 networks (5d2ac4f1f0aa on emon, 9f9f9f9f9f9f on emon2):"
                " remove the ones without containers",
                f"the store has no key docker/network/v1.0/network/{OTHER_ID}: is etcd the one that dockerd uses?",
            ],
            id="one name, two networks",
        ),
        pytest.param(
            ("emon", "containers", 0, "interfaces"),
            [],
            ["emon: test1 has no interface with 10.200.0.2 of demo: restart it"],
            id="no interface",
        ),
        pytest.param(
            ("emon", "containers", 0, "interfaces", 0, "mtu"),
            1400,
            [
                "emon: test1 has MTU 1400 on demo, wanted 1450: the network was made with another MTU; remove it and"
                " run playbooks/overlay.yml"
            ],
            id="another MTU",
        ),
        pytest.param(
            ("emon", "containers", 0, "networks"),
            [{"name": "bridge", "address": "172.17.0.2", "mac": "02:42:ac:11:00:02"}],
            [f"emon: test1 has no address on demo: {OVERLAY}"],
            id="detached",
        ),
        pytest.param(
            ("emon", "forwarding", 0, "vtep"),
            "10.0.0.116",
            [
                "emon: forwards demo traffic for test2 (02:42:0a:c8:00:03) to 10.0.0.116, not to emon2 at 10.0.0.117:"
                " restart test2 on emon2"
            ],
            id="forwards to itself",
        ),
        pytest.param(
            ("emon", "forwarding"),
            [
                {"network": "demo", "mac": MAC["test2"], "vtep": "192.168.1.117"},
                {"network": "demo", "mac": MAC["test2"], "vtep": "10.0.0.117"},
                {"network": "demo", "mac": MAC["test2"], "vtep": None},
                {"network": "other", "mac": MAC["test2"], "vtep": "10.9.9.9"},
            ],
            [
                "emon: forwards demo traffic for test2 (02:42:0a:c8:00:03) to 192.168.1.117, not to emon2 at"
                " 10.0.0.117: restart test2 on emon2"
            ],
            id="a stale entry beside the right one",
        ),
        pytest.param(("emon", "forwarding"), [], [], id="no entry yet: the first packet makes it"),
    ],
)
def test_fault_of_a_state(path: tuple[Any, ...], value: Any, expected: list[str]) -> None:
    found = states()
    replace(found, path, value)
    report = verification.report(LAB, found, results(), STORE)
    assert report["faults"] == expected
    assert report["ok"] is not bool(expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"exists": False, "running": False}, "is not there", id="absent"),
        pytest.param({"running": False}, "does not run", id="stopped"),
    ],
)
def test_container_that_does_not_run(change: dict[str, Any], expected: str) -> None:
    found = states()
    found["emon2"]["containers"][0].update(change, networks=[], interfaces=[])
    report = verification.report(LAB, found, {"emon": [], "emon2": answers("test1")}, STORE)
    assert report["faults"] == [f"emon2: the container test2 {expected}: {OVERLAY}"]
    assert "emon2  test2      does not run" in report["table"]


def test_nothing_attached_is_not_taken_for_proven() -> None:
    found = states()
    for state in found.values():
        state["containers"][0]["networks"] = []
    report = verification.report(LAB, found, {"emon": [], "emon2": []}, STORE)
    assert report["ok"] is False
    assert report["pairs"] == []


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (
            STORE | {"keys": KEYS[1:]},
            [f"the store has no key docker/network/v1.0/network/{ID}: is etcd the one that dockerd uses?"],
        ),
        (
            STORE | {"keys": [*KEYS[:2], "/docker/nodes/10.0.0.11:2376"]},
            ["emon2: its dockerd is not in the store (docker/nodes/10.0.0.117:*): see its journal"],
        ),
        (
            STORE | {"remedies": ["etcd's database on emon has reached its quota"]},
            ["etcd's database on emon has reached its quota"],
        ),
    ],
)
def test_store(store: dict[str, list[str]], expected: list[str]) -> None:
    assert verification.report(LAB, states(), results(), store)["faults"] == expected


@pytest.mark.parametrize(
    ("probe", "answer", "proven", "expected"),
    [
        pytest.param(
            0,
            {"ok": False, "error": "no answer within 2 s"},
            "by_address",
            "emon: test1 does not reach test2 at 10.200.0.3 over demo (no answer within 2 s):"
            " see docs/faults.md, or run playbooks/overlay.yml",
            id="by address",
        ),
        pytest.param(
            1,
            {"ok": False, "error": "no such name", "address": None},
            "by_name",
            "emon: test1 does not reach test2 by name (no such name): see docs/faults.md, or run playbooks/overlay.yml",
            id="by name",
        ),
        pytest.param(
            1,
            {"address": "10.200.0.9"},
            "by_name",
            "emon: test1 does not reach test2 by name (the name leads to 10.200.0.9):"
            " see docs/faults.md, or run playbooks/overlay.yml",
            id="the name leads elsewhere",
        ),
        pytest.param(
            2,
            {"ok": False, "error": "no answer within 2 s"},
            "full_mtu",
            "emon: test1 does not reach test2 with packets of 1450 bytes (no answer within 2 s): the underlay carries"
            " less than 1500 bytes; set the site's mtu in the lab file",
            id="at full MTU",
        ),
        pytest.param(
            3,
            {"ok": False, "error": "no answer within 2 s"},
            "tcp",
            "emon: test1 does not reach test2 by TCP (no answer within 2 s): a firewall between them, or checksum"
            " offload",
            id="by TCP",
        ),
    ],
)
def test_fault_of_a_pair(probe: int, answer: dict[str, Any], proven: str, expected: str) -> None:
    found = results()
    found["emon"][probe].update(answer)
    report = verification.report(LAB, states(), found, STORE)
    assert report["faults"] == [expected]
    assert [row[proven] for row in report["pairs"]] == [False, True]


def test_one_fault_where_nothing_gets_through() -> None:
    lost = {"ok": False, "sent": 1, "error": "no answer within 2 s", "address": "10.200.0.3", "rtt_ms": {"avg": None}}
    report = verification.report(LAB, states(), {**results(), "emon": [lost] * 4}, STORE)
    assert len(report["faults"]) == 2, "by address and by name; full MTU and TCP follow from the first"
    assert "test1  test2  demo     10.200.0.3  NO          NO       NO        NO   -" in report["table"]


@pytest.mark.parametrize("found", [{}, {"emon": []}, {"emon": answers("test2")[:3]}])
def test_pairs_without_answers_are_not_proven(found: dict[str, Any]) -> None:
    report = verification.report(LAB, states(), {"emon2": answers("test1"), **found}, STORE)
    assert report["faults"] == ["emon: test1 does not reach test2: it was not probed"]


def test_a_boot_unit_that_failed_is_named_with_what_it_said_last() -> None:
    found = states()
    found["emon2"]["boot"] = {"state": "failed", "said": "given up after 1 h 0 min: no network demo"}
    assert verification.report(LAB, found, results(), STORE)["faults"] == [
        "emon2: overlay-lab-boot.service failed after a boot (given up after 1 h 0 min: no network demo): see its"
        " journal, and run playbooks/overlay.yml"
    ]


def test_nothing_has_to_start_again_in_a_lab_that_works() -> None:
    assert verification.report(LAB, states(), results(), STORE)["restart"] == []


def test_what_packets_do_not_reach_has_to_start_again() -> None:
    found, probed = states(), results()
    found["emon"]["forwarding"][0]["vtep"] = "10.0.0.99"
    assert verification.report(LAB, found, probed, STORE)["restart"] == ["test2"]
    probed["emon2"][0] |= {"ok": False, "error": "no answer within 2 s"}
    assert verification.report(LAB, found, probed, STORE)["restart"] == ["test1", "test2"]


def test_a_name_that_gossip_lost_has_to_be_told_again() -> None:
    probed = results()
    probed["emon"][1] |= {"ok": False, "address": None, "error": "there is no answer from DNS server 127.0.0.11"}
    assert verification.report(LAB, states(), probed, STORE)["restart"] == ["test2"]


def test_nobody_starts_again_because_of_one_that_could_not_ask() -> None:
    probed = results()
    stopped = {"ok": False, "sent": 0, "address": None, "error": "container test1 does not run"}
    probed["emon"] = [{**answer, **stopped} for answer in probed["emon"]]
    assert verification.report(LAB, states(), probed, STORE)["restart"] == []
    assert verification.report(LAB, states(), {**probed, "emon": []}, STORE)["restart"] == []


def test_words_about_the_place_are_no_refusal_by_the_target() -> None:
    probed = results()
    probed["emon"][3] |= {"ok": False, "sent": 0, "error": "dockerd refused /containers/test1/json: 500"}
    row = verification.report(LAB, states(), probed, STORE)["pairs"][0]
    assert (row["tcp"], row["payload"]) == (False, False)


def test_a_container_that_does_not_run_is_for_another_run_to_start() -> None:
    found, probed = states(), results()
    found["emon2"]["containers"][0]["running"] = False
    probed["emon"][0] |= {"ok": False, "error": "no answer within 2 s"}
    assert verification.report(LAB, found, probed, STORE)["restart"] == []


def test_a_name_may_lead_to_any_network_that_both_share() -> None:
    lab, found, probed = deepcopy(LAB), states(), results()
    lab["networks"].append({"name": "back", "subnet": "10.201.0.0/24", "mtu": 1450})
    for index, host in enumerate(("emon", "emon2")):
        lab["containers"][index]["networks"].append({"name": "back"})
        one = found[host]["containers"][0]
        address = f"10.201.0.{index + 2}"
        one["networks"].append({"name": "back", "address": address, "mac": f"m{index}"})
        one["interfaces"].append({"name": "eth2", "mtu": 1450, "addresses": [f"{address}/24"]})
        found[host]["networks"].append(
            {"name": "back", "exists": True, "id": OTHER_ID, "scope": "swarm", "driver": "overlay"}
        )
    for host in probed:
        probed[host] = [*probed[host], *deepcopy(probed[host])]
    store = STORE | {"keys": [*KEYS, f"/docker/network/v1.0/network/{OTHER_ID}"]}
    assert verification.report(lab, found, probed, store)["faults"] == []
    probed["emon"][5]["address"] = "10.201.0.99"
    (fault,) = verification.report(lab, found, probed, store)["faults"]
    assert "test1 does not reach test2 by name (the name leads to 10.201.0.99)" in fault
