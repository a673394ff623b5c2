# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import reachability
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.single_probe import Outcome, Pace
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.stub_resolver import Unresolved
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.vantage import Place, Vantage


def raw(**given: Any) -> dict[str, Any]:
    """A probe as Ansible hands it over: every option is there."""
    defaults = {name: option.get("default") for name, option in reachability.PROBES["options"].items()}
    return {**defaults, "to": "10.0.0.3", **given}


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"to": "10.0.0.300"}, ["probes[0].to: '10.0.0.300' is neither an address nor a host name"]),
        ({"to": "10.0.0"}, ["probes[0].to: '10.0.0' is neither an address nor a host name"]),
        ({"to": ""}, ["probes[0].to: '' is neither an address nor a host name"]),
        ({"to": "10.0.0.0/24"}, ["probes[0].to: '10.0.0.0/24' is neither an address nor a host name"]),
        ({"to": "a b"}, ["probes[0].to: 'a b' is neither an address nor a host name"]),
        ({"to": "224.0.0.1"}, ["probes[0].to: '224.0.0.1' is not the address of one host"]),
        ({"to": "255.255.255.255"}, ["probes[0].to: '255.255.255.255' is not the address of one host"]),
        ({"to": "ff02::1"}, ["probes[0].to: 'ff02::1' is not the address of one host"]),
        ({"to": "::"}, ["probes[0].to: '::' is not the address of one host"]),
        (
            {"netns": "a", "container": "b"},
            ["probes[0].container: 'b' excludes netns 'a': give only one of them"],
        ),
        ({"netns": ""}, ["probes[0].netns: '' is not a name: give one, or leave netns out"]),
        ({"netns": ".."}, ["probes[0].netns: '..' is not a name: give one, or leave netns out"]),
        ({"container": "/"}, ["probes[0].container: '/' is not a name: give one, or leave container out"]),
        ({"protocol": "tcp"}, ["probes[0].port: tcp needs a port"]),
        ({"protocol": "tcp", "port": 0}, ["probes[0].port: 0 is out of range, give 1 to 65535"]),
        (
            {"protocol": "tcp", "port": 80, "size": 56},
            ["probes[0].size: only icmp has it, leave it out or probe with icmp"],
        ),
        (
            {"protocol": "tcp", "port": 80, "dont_fragment": False},
            ["probes[0].dont_fragment: only icmp has it, leave it out or probe with icmp"],
        ),
        ({"port": 80}, ["probes[0].port: icmp has no ports, leave it out or probe with tcp"]),
        ({"size": 65508}, ["probes[0].size: 65508 is out of range, give 0 to 65507"]),
        ({"size": -1}, ["probes[0].size: -1 is out of range, give 0 to 65507"]),
        ({"count": 0}, ["probes[0].count: 0 is out of range, give 1 to 1000"]),
        ({"interval": 0.0}, ["probes[0].interval: 0.0 is out of range, give 0.01 to 60"]),
        ({"timeout": float("nan")}, ["probes[0].timeout: nan is out of range, give 0.01 to 60"]),
        ({"max_loss": 1.5}, ["probes[0].max_loss: 1.5 is out of range, give 0 to 1"]),
        ({"payload": 9}, ["probes[0].payload: icmp is given a size, leave it out or probe with tcp"]),
        ({"within": -1.0}, ["probes[0].within: -1.0 is out of range, give 0 to 3600"]),
        (
            {"to": "x..y", "count": 2000, "port": 1},
            [
                "probes[0].to: 'x..y' is neither an address nor a host name",
                "probes[0].count: 2000 is out of range, give 1 to 1000",
                "probes[0].port: icmp has no ports, leave it out or probe with tcp",
            ],
        ),
    ],
    ids=str,
)
def test_faults(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(LabError) as caught:
        reachability.parse([raw(**given)])
    assert caught.value.faults == faults


def test_the_faults_of_all_probes_come_together() -> None:
    with pytest.raises(LabError) as caught:
        reachability.parse([raw(count=0), raw(), raw(to="")])
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["probes[0].count", "probes[2].to"]


@pytest.mark.parametrize(
    "to", ["10.0.0.3", "fd00::3", "fe80::1%eth0", "test2", "my_test", "a.example.", "42", "bücher"]
)
def test_targets(to: str) -> None:
    assert reachability.parse([raw(to=to)])[0].to == to


def test_parse() -> None:
    icmp, tcp = reachability.parse([raw(container="c"), raw(netns="n", protocol="tcp", port=80, count=1)])
    assert (icmp.place, icmp.size, icmp.dont_fragment, icmp.pace) == (
        Place(container="c"),
        56,
        False,
        Pace(3, 0.2, 1.0),
    )
    assert (tcp.place, tcp.size, tcp.port, tcp.pace.count) == (Place(netns="n"), None, 80, 1)


@pytest.mark.parametrize(
    ("max_loss", "outcome", "expected"),
    [
        pytest.param(
            0.0,
            Outcome(3, [0.001, 0.002, 0.003]),
            {"loss": 0.0, "ok": True, "error": None, "rtt_ms": {"min": 1.0, "avg": 2.0, "max": 3.0}},
            id="all",
        ),
        pytest.param(
            0.0,
            Outcome(3, [0.001], ["late", "later"]),
            {"loss": 0.6667, "ok": False, "error": "late", "rtt_ms": {"min": 1.0, "avg": 1.0, "max": 1.0}},
            id="one of three",
        ),
        pytest.param(0.7, Outcome(3, [0.001], ["late"]), {"loss": 0.6667, "ok": True, "error": None}, id="good enough"),
        pytest.param(
            1.0,
            Outcome(2, [], ["late"]),
            {"loss": 1.0, "ok": False, "error": "late", "rtt_ms": {"min": None, "avg": None, "max": None}},
            id="none is never good enough",
        ),
        pytest.param(
            0.0, Outcome(0, [], ["no such place"]), {"sent": 0, "loss": 1.0, "ok": False}, id="nothing could be sent"
        ),
    ],
)
def test_result(max_loss: float, outcome: Outcome, expected: dict[str, Any]) -> None:
    probe = reachability.parse([raw(max_loss=max_loss)])[0]
    result = reachability.result(probe, "10.0.0.3", outcome)
    assert {key: result[key] for key in expected} == expected
    assert set(result) >= {"netns", "container", "to", "address", "protocol", "port", "size", "sent", "received"}


@pytest.mark.parametrize(
    ("given", "address", "outcome", "line"),
    [
        (
            {"container": "test1", "to": "test2"},
            "10.0.0.3",
            Outcome(3, [0.1], ["no answer within 1 s"]),
            "container test1 -> test2 [10.0.0.3] (icmp, 56 bytes): 1 of 3 answered, no answer within 1 s",
        ),
        (
            {"netns": "a", "protocol": "tcp", "port": 80},
            "10.0.0.3",
            Outcome(1, [], ["connection refused"]),
            "namespace a -> 10.0.0.3 (tcp port 80): 0 of 1 answered, connection refused",
        ),
        (
            {"to": "test2"},
            None,
            Outcome(0, [], ["test2 is not known"]),
            "this host -> test2 (icmp, 56 bytes): test2 is not known",
        ),
    ],
)
def test_a_failure_is_one_line(given: dict[str, Any], address: str | None, outcome: Outcome, line: str) -> None:
    probe = reachability.parse([raw(**given)])[0]
    assert reachability.failures([reachability.result(probe, address, outcome)]) == [line]


def listener(port: int) -> socket.socket:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", port))
    opened.listen()
    return opened


def test_a_probe_is_repeated_until_somebody_listens() -> None:
    with listener(0) as taken:
        port = taken.getsockname()[1]
    given = {"to": "127.0.0.1", "protocol": "tcp", "port": port, "count": 1, "interval": 0.05}
    once, repeated = reachability.parse([raw(**given), raw(**given, within=20.0)])
    opened: list[socket.socket] = []
    later = threading.Timer(0.3, lambda: opened.append(listener(port)))
    later.start()
    try:
        results = reachability.run([once, repeated])
    finally:
        later.join()
        for one in opened:
            one.close()
    assert [one["ok"] for one in results] == [False, True]
    assert results[1]["loss"] == 0


@pytest.mark.parametrize(
    ("given", "unknown"),
    [({"to": "no-such-name.invalid"}, True), ({"to": "127.0.0.1", "netns": "/nowhere"}, False), ({"to": "::1"}, False)],
)
def test_a_name_without_an_address_is_told_apart_from_all_else(
    given: dict[str, Any], unknown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(_vantage: Any, name: str) -> str:
        if name == "no-such-name.invalid":
            raise Unresolved(f"{name} is not known")
        return name

    monkeypatch.setattr(reachability, "resolve", resolve)
    result = reachability.run(reachability.parse([raw(**given, protocol="tcp", port=9, count=1)]))[0]
    assert (result["unknown_name"], result["ok"]) == (unknown, False)


def test_a_place_that_cannot_be_opened_is_not_tried_again() -> None:
    """It is opened once, so that later attempts would find the same."""
    began = time.monotonic()
    (result,) = reachability.run(reachability.parse([raw(netns="/nowhere", within=60.0)]))
    assert "does not exist" in result["error"]
    assert time.monotonic() - began < 10


def test_a_connection_without_a_socket_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Vantage, "socket", refuse)
    probes = reachability.parse([raw(to="127.0.0.1", protocol="tcp", port=9, count=3, interval=0.01)])
    result = reachability.run(probes)[0]
    assert (result["sent"], result["address"], result["error"]) == (0, "127.0.0.1", "too many open files")
