# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import ports as lab_ports

ADDRESSES = {"emon": "10.0.0.116", "emon2": "10.0.0.117", "emon3": "10.0.0.118"}
UFW = {"manager": "ufw", "places": []}
NONE = {"manager": "", "places": [], "read": ["nft"]}
NO_FILTER = (
    "no rule in the ingress, prerouting and input hooks of this host refuses them, as far as nft can tell: look at what"
    " was not read (tc filter show, bpftool net), then at the path between the hosts, its routers and filters"
)


def lab(engine: str = "cluster_store", ports: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "name": "emon",
        "site": "company",
        "engine": engine,
        "hosts": {
            name: {"addresses": {"company": address, "home": f"192.168.1.{address[-3:]}"}, "etcd": name != "emon3"}
            for name, address in ADDRESSES.items()
        },
        "ports": ports or [],
    }


def info(lab: str = "", site: str = "", docker: bool = False, etcd: bool = False, **given: Any) -> dict[str, Any]:
    record = {"lab": lab, "site": site, "engine": "cluster_store" if lab else "", **given}
    return {"record": record, "docker": {"active": docker}, "etcd": {"ready": etcd}}


STANDS = info("emon", "company", docker=True, etcd=True)


def short(ports: list[dict[str, Any]]) -> str:
    return " ".join(f"{one['protocol']}/{one['port']}" for one in ports)


@pytest.mark.parametrize(
    ("engine", "more", "source", "target", "expected"),
    [
        ("cluster_store", [], "emon", "emon2", "tcp/2379 tcp/2380 tcp/7946 udp/4789 udp/7946"),
        ("cluster_store", [], "emon3", "emon2", "tcp/2379 tcp/7946 udp/4789 udp/7946"),
        ("cluster_store", [], "emon", "emon3", "tcp/7946 udp/4789 udp/7946"),
        ("swarm", [], "emon", "emon3", "tcp/2377 tcp/7946 udp/4789 udp/7946"),
        ("vxlan", [{"protocol": "udp", "port": 4790}], "emon", "emon2", "udp/4790 udp/14789"),
    ],
)
def test_plan(engine: str, more: list[dict[str, Any]], source: str, target: str, expected: str) -> None:
    plan = lab_ports.plan(lab(engine, more), {name: info() for name in ADDRESSES})
    assert {name: one["address"] for name, one in plan.items()} == ADDRESSES
    asked = {peer["name"]: peer for peer in plan[source]["peers"]}
    assert asked.keys() == ADDRESSES.keys() - {source}
    assert asked[target]["address"] == ADDRESSES[target]
    assert short(asked[target]["ports"]) == expected


def test_a_host_listens_on_all_that_some_peer_asks() -> None:
    plan = lab_ports.plan(lab(), {name: info() for name in ADDRESSES})
    assert short(plan["emon"]["listen"]) == "tcp/2379 tcp/2380 tcp/7946 udp/4789 udp/7946"
    assert short(plan["emon3"]["listen"]) == "tcp/7946 udp/4789 udp/7946"


@pytest.mark.parametrize(
    ("of_emon2", "expected"),
    [
        pytest.param(STANDS, False, id="it stands"),
        pytest.param(info("emon", "home", docker=True, etcd=True), True, id="it stands at another site"),
        pytest.param(info("school", "company", docker=True, etcd=True), True, id="another lab's"),
        pytest.param(info("emon", "company", docker=True), True, id="its etcd does not run"),
        pytest.param(info("emon", "company", etcd=True), True, id="its dockerd does not run"),
        pytest.param(info(), True, id="it joins"),
        pytest.param(info("emon", "company", docker=True, etcd=True, engine="vxlan"), True, id="it changes its engine"),
    ],
)
def test_hosts_that_stand_prove_nothing(of_emon2: dict[str, Any], expected: bool) -> None:
    plan = lab_ports.plan(lab(), {"emon": STANDS, "emon2": of_emon2})
    assert [bool(plan[name]["peers"]) for name in ("emon", "emon2")] == [expected, expected]
    assert [bool(plan[name]["listen"]) for name in ("emon", "emon2")] == [expected, expected]


def test_a_host_that_joins_is_proven_with_each_that_stands() -> None:
    plan = lab_ports.plan(lab(), {"emon": STANDS, "emon2": STANDS, "emon3": info()})
    assert {name: [peer["name"] for peer in one["peers"]] for name, one in plan.items()} == {
        "emon": ["emon3"],
        "emon2": ["emon3"],
        "emon3": ["emon", "emon2"],
    }


def test_a_firewall_opens_for_all_hosts_at_all_sites_whoever_takes_part() -> None:
    alone = lab_ports.plan(lab(), {"emon2": STANDS})["emon2"]
    assert alone["peers"] == []
    assert alone["open"]["peers"] == ["10.0.0.116", "192.168.1.116", "10.0.0.118", "192.168.1.118"]
    assert short(alone["open"]["ports"]) == "tcp/2379 tcp/2380 tcp/7946 udp/4789 udp/7946"


@pytest.mark.parametrize(
    ("let_in", "left"),
    [
        ([], []),
        (["10.0.0.116", "192.168.1.116", "10.0.0.118"], []),
        (["10.0.0.116", "10.0.0.119"], ["10.0.0.119"]),
        # An address of its own does not need to come in.
        (["10.0.0.117"], ["10.0.0.117"]),
    ],
)
def test_who_is_let_in_and_is_no_host_of_the_lab_any_more(let_in: list[str], left: list[str]) -> None:
    plan = lab_ports.plan(lab(), {"emon2": {**STANDS, "let_in": let_in, "let_in_by": "emon"}})
    assert plan["emon2"]["left"] == left


@pytest.mark.parametrize("by", ["school", ""])
def test_who_is_let_in_by_somebody_else_stays(by: str) -> None:
    plan = lab_ports.plan(lab(), {"emon2": {**STANDS, "let_in": ["10.0.0.119"], "let_in_by": by}})
    assert plan["emon2"]["left"] == []


# -- verdicts ----------------------------------------------------------------------------------------------------------

PORTS = (("tcp", 2379), ("tcp", 7946), ("udp", 4789))


def results(*hosts: str, firewall: dict[str, Any] = NONE) -> dict[str, dict[str, Any]]:
    """What port_probe returned on hosts that reach each other."""
    return {
        name: {
            "listening": [
                {"protocol": protocol, "port": port, "state": "listening", "error": ""} for protocol, port in PORTS
            ],
            "peers": [
                {
                    "name": other,
                    "address": ADDRESSES[other],
                    "heard": True,
                    "clock_offset": 0.01,
                    "ports": [
                        {"protocol": protocol, "port": port, "state": "open", "error": ""} for protocol, port in PORTS
                    ],
                }
                for other in hosts
                if other != name
            ],
            "firewall": firewall,
        }
        for name in hosts
    }


def found(
    given: dict[str, dict[str, Any]], source: str, target: str, port: int, state: str, error: str = "error"
) -> None:
    """Let one host find something else at another's port."""
    peer = next(peer for peer in given[source]["peers"] if peer["name"] == target)
    next(one for one in peer["ports"] if one["port"] == port).update(state=state, error=error)


def own(given: dict[str, dict[str, Any]], host: str, port: int, state: str) -> None:
    next(one for one in given[host]["listening"] if one["port"] == port).update(state=state, error="error")


def judge(given: dict[str, dict[str, Any]], forks: int = 16) -> list[str]:
    return lab_ports.faults(given, 30.0, forks)


def test_all_is_open() -> None:
    assert judge(results("emon", "emon2", "emon3")) == []
    assert judge({}) == []
    assert judge({"emon": {"listening": [], "peers": [], "firewall": NONE}}) == []


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("no_answer", "no answer within 1 s", "no answer"),
        ("refused", "connection refused", "refused"),
        ("unreachable", "no route to host", "no route to host"),
    ],
)
def test_a_line_names_host_peer_port_protocol_and_remedy(state: str, error: str, said: str) -> None:
    given = results("emon", "emon2")
    found(given, "emon", "emon2", 4789, state, error)
    assert judge(given) == [f"emon2: emon (10.0.0.116) cannot reach udp 4789 here ({said}): {NO_FILTER}"]


def test_what_one_rule_opens_is_one_line() -> None:
    given = results("emon", "emon2", "emon3", firewall=UFW)
    for source in ("emon", "emon3"):
        for _protocol, port in PORTS:
            found(given, source, "emon2", port, "no_answer")
    found(given, "emon", "emon3", 2379, "no_answer")
    assert judge(given) == [
        "emon2: emon (10.0.0.116), emon3 (10.0.0.118) cannot reach tcp 2379, 7946 and udp 4789 here (no answer):"
        " for peer in 10.0.0.116 10.0.0.118; do ufw prepend allow proto tcp from $peer to any port 2379,7946;"
        " ufw prepend allow proto udp from $peer to any port 4789; done",
        "emon3: emon (10.0.0.116) cannot reach tcp 2379 here (no answer):"
        " for peer in 10.0.0.116; do ufw prepend allow proto tcp from $peer to any port 2379; done",
    ]


def test_what_the_sending_host_refuses_is_its_own_fault() -> None:
    given = results("emon", "emon2")
    found(given, "emon", "emon2", 4789, "unreachable", "operation not permitted")
    for _protocol, port in PORTS:
        found(given, "emon2", "emon", port, "unreachable", "network is unreachable")
    assert judge(given) == [
        "emon2: it has no route to emon (10.0.0.116): is it at that site?",
        "emon: its own packet filter keeps packets to emon2 (10.0.0.117), udp 4789, from leaving: allow them",
    ]


def test_somebody_else_answers() -> None:
    given = results("emon", "emon2")
    found(given, "emon", "emon2", 2379, "service", "emon3 answers there")
    assert judge(given) == [
        "emon: at 10.0.0.117, tcp 2379, something answers that is not emon2 (emon3 answers there): is the address used"
        " twice?"
    ]


@pytest.mark.parametrize(
    ("port", "state", "expected"),
    [
        pytest.param(2379, "service", [], id="a service answers"),
        pytest.param(
            2379,
            "no_answer",
            [f"emon2: emon (10.0.0.116) cannot reach tcp 2379 here (a service uses it, error): {NO_FILTER}"],
            id="a service does not",
        ),
        pytest.param(4789, "in_use", [], id="udp is not probed"),
        pytest.param(4789, "no_answer", [], id="udp was probed before it was known"),
    ],
)
def test_ports_that_services_have(port: int, state: str, expected: list[str]) -> None:
    given = results("emon", "emon2")
    own(given, "emon2", port, "in_use")
    found(given, "emon", "emon2", port, state)
    assert judge(given) == expected


def test_a_port_that_cannot_be_had() -> None:
    given = results("emon", "emon2")
    own(given, "emon2", 2379, "unreachable")
    found(given, "emon", "emon2", 2379, "refused")
    assert judge(given) == ["emon2: cannot listen on tcp 2379 (error)"]


def test_too_few_forks_are_no_fault_of_a_firewall() -> None:
    given = results("emon", "emon2", "emon3")
    given["emon"]["peers"][1]["heard"] = False
    found(given, "emon", "emon3", 2379, "no_answer")
    assert judge(given, forks=2) == [
        "only 2 of 3 hosts were probed at the same time, so they missed each other: run with --forks 3"
    ]
    assert len(judge(given, forks=3)) == 1


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ({"emon": {"emon2": 29.0}, "emon2": {"emon": -29.0}}, []),
        ({"emon": {"emon2": 3725.04}}, "emon2 +3725.0 s"),
        ({"emon2": {"emon": 61.0}}, "emon2 -61.0 s"),
        ({"emon": {"emon2": 20.0, "emon3": -20.0}}, "emon2 +20.0 s, emon3 -20.0 s"),
    ],
)
def test_clocks(offsets: dict[str, dict[str, float]], expected: Any) -> None:
    given = results("emon", "emon2", "emon3")
    for name, result in given.items():
        for peer in result["peers"]:
            peer["clock_offset"] = offsets.get(name, {}).get(peer["name"])
    if expected:
        expected = [
            f"the clocks differ by more than 30 s, against emon: {expected}; set them, and let a time service keep them"
            " (systemd-timesyncd, chrony)"
        ]
    assert judge(given) == expected
