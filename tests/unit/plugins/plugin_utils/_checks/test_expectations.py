# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab file expects of containers, and that others do not reach each other: questions, and their answers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import expectations, verification

# web and db share `back` on two hosts; alone shares no network with them.
CONTAINERS = {
    "web": ("emon", "back", "10.201.0.2"),
    "db": ("emon2", "back", "10.201.0.3"),
    "alone": ("emon2", "demo", "10.200.0.2"),
}
LAB: dict[str, Any] = {
    "networks": [
        {"name": "back", "subnet": "10.201.0.0/24", "mtu": 1450},
        {"name": "demo", "subnet": "10.200.0.0/24", "mtu": 1450},
    ],
    "containers": [
        {"name": name, "host": host, "networks": [{"name": network, "aliases": [f"{name}-alias"]}]}
        for name, (host, network, _) in CONTAINERS.items()
    ],
    "hosts": {"emon": {"addresses": {"company": "10.0.0.116"}}, "emon2": {"addresses": {"company": "10.0.0.117"}}},
    "site": "company",
    "engine": "cluster_store",
    "expect": [
        {"from": "web", "to": "db", "port": 5432, "result": "open", "within": 30},
        {"from": "db", "to": "web", "port": 22, "result": "refused", "within": 0},
    ],
}
OPEN = {"ok": True, "sent": 1, "unknown_name": False, "address": "10.201.0.3", "error": None}
SILENT = {**OPEN, "ok": False, "error": "no answer within 1 s"}
REFUSED = {**OPEN, "ok": False, "error": "connection refused"}
UNASKED = {**OPEN, "ok": False, "sent": 0, "address": None}
UNKNOWN = {**UNASKED, "unknown_name": True, "error": "no such name: db"}
STOPPED = {**UNASKED, "error": "container web does not run (it is exited): start it"}
# Words of dockerd's about the place, and not of a host that was asked.
NOT_OPENED = {**UNASKED, "error": "dockerd refused /containers/web/json: 500"}
NO_SOCKET = {**UNASKED, "address": "10.201.0.3", "error": "too many open files"}


def states(*stopped: str) -> dict[str, Any]:
    boot = {"state": "active", "said": ""}
    found: dict[str, Any] = {
        host: {"containers": [], "networks": [], "forwarding": [], "boot": boot} for host in LAB["hosts"]
    }
    for name, (host, network, address) in CONTAINERS.items():
        running = name not in stopped
        places = [{"name": network, "address": address if running else "", "mac": f"02:42:{name}"}]
        found[host]["containers"].append(
            {"name": name, "exists": True, "running": running, "networks": places, "interfaces": []}
        )
    return found


def asked(host: str, *stopped: str) -> list[tuple[str, str, str, str]]:
    found = expectations.questions(LAB, states(*stopped), host)
    return [(one.source, one.target, one.to, one.result) for one in found]


def test_questions_are_what_is_expected_and_who_is_isolated() -> None:
    assert asked("emon") == [("web", "db", "db", "open"), ("web", "alone", "10.200.0.2", "none")]
    assert asked("emon2") == [
        ("db", "web", "web", "refused"),
        ("db", "alone", "10.200.0.2", "none"),
        ("alone", "web", "10.201.0.2", "none"),
        ("alone", "db", "10.201.0.3", "none"),
    ]


def test_containers_that_do_not_run_ask_nothing_and_are_not_asked() -> None:
    assert asked("emon", "web") == []
    assert asked("emon", "alone") == [("web", "db", "db", "open")]
    assert asked("emon3") == []


@pytest.mark.parametrize("flag", ["allow_overlap", "allow_public"])
def test_an_address_that_may_be_a_machines_outside_is_not_asked_for(flag: str) -> None:
    """Whoever answers there is no container."""
    networks = [{**one, flag: one["name"] == "demo"} for one in LAB["networks"]]
    found = expectations.questions({**LAB, "networks": networks}, states(), "emon")
    assert [one.target for one in found] == ["db"]
    assert [one.target for one in expectations.questions({**LAB, "networks": networks}, states(), "emon2")] == [
        "web", "web", "db",
    ]  # fmt: skip


def test_a_question_is_one_probe() -> None:
    expected, isolated = (expectations.probe(one) for one in expectations.questions(LAB, states(), "emon"))
    assert expected == {
        "container": "web", "to": "db", "protocol": "tcp", "port": 5432, "count": 1, "timeout": 5.0, "within": 30.0,
        "interval": 0.5,
    }  # fmt: skip
    assert isolated == {"container": "web", "to": "10.200.0.2", "count": 1, "timeout": 1.0}


@pytest.mark.parametrize(
    ("to", "port", "result", "answer", "found", "fault"),
    [
        ("db", 80, "open", OPEN, "open", ""),
        ("db", 80, "refused", REFUSED, "refused", ""),
        ("db", 80, "none", SILENT, "none", ""),
        # Docker tells a name only to those who share a network with its container.
        ("db", 80, "none", UNKNOWN, "unknown", ""),
        ("db-alias", None, "none", UNKNOWN, "unknown", ""),
        ("bd", None, "none", UNKNOWN, "unknown",
         "emon: web gets no answer from bd (no such name: db): expect[3] of the lab file expects none"),
        ("db", 80, "open", REFUSED, "refused",
         "emon: web is refused at db:80: expect[3] of the lab file expects open; does a program listen there?"),
        ("db", 80, "open", SILENT, "none",
         "emon: web gets no answer from db:80 (no answer within 1 s): expect[3] of the lab file expects open"),
        ("db", 80, "refused", OPEN, "open", "emon: web reaches db:80: expect[3] of the lab file expects refused"),
        ("db", None, "none", OPEN, "open", "emon: web reaches db: expect[3] of the lab file expects none"),
        ("db", 80, "none", STOPPED, "not probed",
         "emon: web could not try db:80 (container web does not run (it is exited): start it): expect[3] of the lab"
         " file expects none"),
        ("db", 80, "refused", NOT_OPENED, "not probed",
         "emon: web could not try db:80 (dockerd refused /containers/web/json: 500): expect[3] of the lab file expects"
         " refused"),
        ("10.201.0.3", None, "none", NO_SOCKET, "not probed",
         "emon: web could not try 10.201.0.3 (too many open files): expect[3] of the lab file expects none"),
    ],
)  # fmt: skip
def test_an_answer_is_as_expected_or_a_fault(
    to: str, port: int | None, result: str, answer: dict[str, Any], found: str, fault: str
) -> None:
    question = expectations.Question("emon", "web", to, to, port, result, 0, "expect[3]")
    row = expectations.row(LAB, question, answer)
    assert (row["found"], row["ok"], row["fault"]) == (found, not fault, fault)


def test_who_reaches_a_container_of_another_network_is_named() -> None:
    question = expectations.questions(LAB, states(), "emon")[1]
    row = expectations.row(LAB, question, OPEN)
    assert row["fault"] == (
        "emon: web reaches alone at 10.200.0.2, with which it shares no network: look for a route between them"
    )


def answers(host: str, isolated: dict[str, Any] = SILENT) -> list[dict[str, Any]]:
    """Four for each pair of containers on a host that share a network, then one for each question."""
    rtt = {"min": 0.1, "avg": 0.1, "max": 0.1}
    to = {"emon": "10.201.0.3", "emon2": "10.201.0.2"}[host]
    of_pair = [{**OPEN, "address": to, "rtt_ms": rtt}] * 3 + [{**REFUSED, "rtt_ms": None}]
    return of_pair + [{"emon": OPEN, "emon2": REFUSED}[host]] + [isolated] * (len(asked(host)) - 1)


def report(**results: list[dict[str, Any]]) -> dict[str, Any]:
    return verification.report(LAB, states(), results, [])


def test_the_report_has_both_and_its_table_shows_them() -> None:
    made = report(emon=answers("emon"), emon2=answers("emon2"))
    assert [(row["from"], row["ok"]) for row in made["expected"]] == [("web", True), ("db", True)]
    assert len(made["isolated"]) == 4
    assert all(row["ok"] for row in made["isolated"])
    table = made["table"][made["table"].index("FROM  TO       EXPECTED  FOUND") :]
    assert table == [
        "FROM  TO       EXPECTED  FOUND",
        "web   db:5432  open      open",
        "db    web:22   refused   refused",
        "",
        "Addresses of containers with which no network is shared: 4 tried, none reached.",
    ]


def test_isolation_that_is_broken_is_a_fault_and_in_the_table() -> None:
    made = report(emon=answers("emon", isolated=OPEN), emon2=answers("emon2"))
    assert made["ok"] is False
    assert [fault for fault in made["faults"] if "shares no network" in fault] == [
        "emon: web reaches alone at 10.200.0.2, with which it shares no network: look for a route between them"
    ]
    assert made["table"][-1] == "Addresses of containers with which no network is shared: 4 tried, 1 REACHED."


def test_what_could_not_be_tried_is_isolated_by_no_means_and_reached_neither() -> None:
    made = report(emon=answers("emon", isolated=STOPPED), emon2=answers("emon2"))
    assert [fault for fault in made["faults"] if "could not try" in fault] == [
        "emon: web could not try alone at 10.200.0.2 (container web does not run (it is exited): start it)"
    ]
    assert made["table"][-1] == (
        "Addresses of containers with which no network is shared: 3 tried, none reached, 1 NOT PROBED."
    )


def test_a_host_that_gave_no_answers_fulfils_nothing() -> None:
    made = report(emon2=answers("emon2"))
    assert (made["expected"][0]["found"], made["expected"][0]["ok"]) == ("not probed", False)
    assert (
        "emon: web could not try db:5432 (the host gave no answers): expect[0] of the lab file expects open"
        in (made["faults"])
    )
