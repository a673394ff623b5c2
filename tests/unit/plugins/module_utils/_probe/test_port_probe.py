# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of port_probe, and sessions of several hosts on loopback addresses, with real sockets."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import port_probe, port_session
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.port_session import Finding, Peer, Session
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.port_states import Port

ADDRESSES = {"emon": "127.0.99.1", "emon2": "127.0.99.2", "emon3": "127.0.99.3"}


def options(**given: Any) -> dict[str, Any]:
    return {
        "lab": "emon",
        "name": "emon",
        "address": "10.0.0.116",
        "listen": [{"protocol": "tcp", "port": 2379}],
        "peers": [{"name": "emon2", "address": "10.0.0.117", "ports": [{"protocol": "udp", "port": 4789}]}],
        "deadline": 30.0,
        "quiet": 5.0,
        **given,
    }


def test_parse() -> None:
    session = port_probe.parse(options(listen=[{"protocol": "tcp", "port": 2379}] * 2))
    assert session.ports == (Port("tcp", 2379),)
    assert session.peers["emon2"].findings == {Port("udp", 4789): Finding("no_answer", "", False)}


TOO_HIGH = {"protocol": "udp", "port": 70000}
PEER = {"name": "emon2", "address": "10.0.0.117", "ports": []}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"address": "emon"}, ["address: emon is not an IP address"], id="a name"),
        pytest.param(
            {"peers": [{**PEER, "address": "10.0.0.300"}]}, ["peers[0].address: 10.0.0.300 is not an IP address"],
            id="no address",
        ),
        pytest.param(
            {"peers": [{**PEER, "name": "emon"}]},
            ["peers[0].name: emon is this host itself: leave it out"],
            id="itself",
        ),
        pytest.param(
            {"peers": [PEER, PEER]}, ["peers[1].name: emon2 is listed in peers twice: remove one of them"], id="twice"
        ),
        pytest.param(
            {"listen": [{"protocol": "tcp", "port": 0}], "peers": [{**PEER, "ports": [TOO_HIGH]}]},
            [
                "peers[0].ports[0].port: 70000 is not a port (1 to 65535)",
                "listen[0].port: 0 is not a port (1 to 65535)",
            ],
            id="no ports",
        ),
        pytest.param(
            {"deadline": 0.0, "quiet": -1.0},
            [
                "deadline: 0 s is not a time: give a positive number",
                "quiet: -1 s is not a time: give a positive number",
            ],
            id="no time",
        ),
    ],
)  # fmt: skip
def test_faults_in_the_options(given: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(LabError) as error:
        port_probe.parse(options(**given))
    assert error.value.faults == expected


# -- sessions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ports() -> Iterator[dict[str, Port]]:
    """Ports that nobody has on the loopback addresses, and short waits."""
    with ExitStack() as stack:
        found = {}
        for name, kind in (("t", socket.SOCK_STREAM), ("u", socket.SOCK_DGRAM), ("v", socket.SOCK_DGRAM)):
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            # Below those that the kernel gives to whoever asks for any: another test's socket could have got one.
            for number in random.sample(range(20000, 32768), 100):
                with suppress(OSError):
                    probe.bind(("127.0.99.9", number))
                    break
            found[name] = Port("tcp" if name == "t" else "udp", probe.getsockname()[1])
        yield found


def session(name: str, ports: list[Port], lab: str = "emon", quiet: float = 0.6, deadline: float = 3.0) -> Session:
    """A host that listens on ``ports``, and asks each other host of ADDRESSES for the same ones."""
    peers = {other: Peer(other, address, {}) for other, address in ADDRESSES.items() if other != name}
    for peer in peers.values():
        peer.findings = {port: Finding() for port in ports}
    return Session(lab, name, ADDRESSES[name], tuple(ports), peers, deadline, quiet)


def meet(*sessions: Session, delays: tuple[float, ...] = ()) -> None:
    names = [one.name for one in sessions]
    for one in sessions:
        one.peers = {name: peer for name, peer in one.peers.items() if name in names}

    async def late(one: Session, delay: float) -> None:
        await asyncio.sleep(delay)
        await one.run()

    async def all_of_them() -> None:
        waits = delays or (0.0,) * len(sessions)
        await asyncio.gather(*(late(one, delay) for one, delay in zip(sessions, waits, strict=True)))

    asyncio.run(all_of_them())


def states(one: Session) -> dict[str, dict[str, str]]:
    return {
        peer.name: {str(port): finding.state for port, finding in peer.findings.items()} for peer in one.peers.values()
    }


@pytest.mark.parametrize("delays", [(0.0, 0.0, 0.0), (0.0, 0.5, 1.2)])
def test_all_reach_each_other_whoever_begins(ports: dict[str, Port], delays: tuple[float, ...]) -> None:
    hosts = [session(name, list(ports.values())) for name in ADDRESSES]
    meet(*hosts, delays=delays)
    for one in hosts:
        assert {state for found in states(one).values() for state in found.values()} == {"open"}
        assert {finding.state for finding in one.own.values()} == {"listening"}
        assert all(peer.clock and abs(peer.clock.offset) < 1 for peer in one.peers.values())


def test_it_ends_when_all_is_known_and_not_at_the_deadline(ports: dict[str, Port]) -> None:
    hosts = [session(name, list(ports.values()), deadline=60.0) for name in ADDRESSES]
    begun = port_session.time.monotonic()
    meet(*hosts)
    assert port_session.time.monotonic() - begun < 10


def test_a_host_that_asks_nothing_answers_until_the_other_is_done(ports: dict[str, Port]) -> None:
    one, two = session("emon", []), session("emon2", [])
    one.ports = tuple(ports.values())
    two.peers["emon"].findings = {port: Finding() for port in ports.values()}
    meet(one, two, delays=(0.0, 0.5))
    assert set(states(two)["emon"].values()) == {"open"}
    assert one.peers["emon2"].done


def test_a_host_that_never_comes(ports: dict[str, Port]) -> None:
    one = session("emon", [ports["t"], ports["u"]], deadline=1.5)
    one.peers = {"emon2": one.peers["emon2"]}
    asyncio.run(one.run())
    assert set(states(one)["emon2"].values()) == {"refused"}
    assert not one.peers["emon2"].heard.is_set()


def test_a_port_that_is_silent_is_given_up_when_its_host_was_heard(
    ports: dict[str, Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_session, "_ANSWER", 0.2)
    one, two = session("emon", [*ports.values()], deadline=60.0), session("emon2", [*ports.values()], deadline=60.0)
    answer = two._answer

    def filtered(bound: socket.socket) -> None:
        if bound.getsockname()[1] == ports["v"].number:
            bound.recvfrom(1024)
        else:
            answer(bound)

    monkeypatch.setattr(two, "_answer", filtered)
    meet(one, two)
    assert states(one)["emon2"] == {str(ports["t"]): "open", str(ports["u"]): "open", str(ports["v"]): "no_answer"}
    assert set(states(two)["emon"].values()) == {"open"}


def test_ports_that_services_have(ports: dict[str, Port], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_session, "_ANSWER", 0.3)
    tcp = Port("tcp", ports["u"].number)
    with (
        socket.create_server((ADDRESSES["emon2"], tcp.number)),  # it waits for its clients to speak
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind((ADDRESSES["emon2"], ports["v"].number))
        one, two = (session(name, [ports["t"], tcp, ports["v"]]) for name in ("emon", "emon2"))
        meet(one, two)
        udp.setblocking(False)
        with pytest.raises(BlockingIOError):
            udp.recv(1)  # nothing was sent to it
    assert states(one)["emon2"] == {str(ports["t"]): "open", str(tcp): "service", str(ports["v"]): "in_use"}
    assert {str(port): finding.state for port, finding in two.own.items()} == {
        str(ports["t"]): "listening",
        str(tcp): "in_use",
        str(ports["v"]): "in_use",
    }
    assert set(states(two)["emon"].values()) == {"open"}


def test_another_labs_probes_are_not_answered(ports: dict[str, Port], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_session, "_ANSWER", 0.2)
    one, two = session("emon", [ports["t"], ports["u"]]), session("emon2", [ports["t"], ports["u"]], lab="school")
    one.deadline = two.deadline = 1.5
    meet(one, two)
    assert states(one)["emon2"] == {str(ports["t"]): "service", str(ports["u"]): "no_answer"}
    assert not one.peers["emon2"].heard.is_set()


def test_an_address_that_leads_to_another_host(ports: dict[str, Port]) -> None:
    one, two, three = (session(name, [ports["t"]], deadline=2.0) for name in ADDRESSES)
    one.peers["emon2"].address = ADDRESSES["emon3"]
    meet(one, two, three)
    finding = one.peers["emon2"].findings[ports["t"]]
    assert (finding.state, finding.error) == ("service", "emon3 answers there")


def test_an_address_of_another_host_cannot_be_listened_on(ports: dict[str, Port]) -> None:
    one = session("emon", [ports["t"]])
    one.address = "192.0.2.1"
    with pytest.raises(LabError, match=r"the address 192\.0\.2\.1 is not configured on this host"):
        asyncio.run(one.run())


def test_result(ports: dict[str, Port], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        port_probe.firewall, "detect", lambda interface, address: {"manager": "", "places": [interface]}
    )
    one = session("emon", [ports["t"]], deadline=0.5)
    one.peers = {"emon2": one.peers["emon2"]}
    result = port_probe.execute(one)
    number = ports["t"].number
    assert result.keys() == {"listening", "peers", "firewall", "time", "seconds"}
    assert result["listening"] == [{"protocol": "tcp", "port": number, "state": "listening", "error": ""}]
    assert result["peers"] == [
        {
            "name": "emon2",
            "address": ADDRESSES["emon2"],
            "heard": False,
            "clock_offset": None,
            "round_trip": None,
            "ports": [{"protocol": "tcp", "port": number, "state": "refused", "error": "connection refused"}],
        }
    ]
