# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import frames, part

MARK = "0123456789abcdef"


def options(**given: Any) -> dict[str, Any]:
    checked = ArgumentSpecValidator(part.OPTIONS).validate({"mark": MARK, **given})
    assert not checked.error_messages
    return checked.validated_parameters


def test_a_part_without_an_errand_only_listens() -> None:
    found = part.parse(options(taps=[{"netns": "a", "interface": "eth0"}, {"interface": "eth1"}]))
    assert [(one.identity, one.netns, one.interface) for one in found.taps] == [(0, "a", "eth0"), (1, "", "eth1")]
    assert found.errand is None
    assert found.mark.token == bytes.fromhex(MARK)


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        pytest.param({"mark": "xyz"}, ["mark: 'xyz' is not 16 hexadecimal digits"], id="mark"),
        pytest.param({"addresses": ["10.0.0.300"]}, ["addresses[0]: 10.0.0.300 is not an IPv4 address"], id="address"),
        pytest.param(
            {"meeting": {"port": 1, "address": "there"}},
            ["meeting.address: there is not an IPv4 address"],
            id="meeting",
        ),
        pytest.param({"seconds": 61}, ["seconds: 61 is out of range, give up to 60"], id="seconds"),
        pytest.param({"send": {"to": "test2"}}, ["send.to: test2 is not an IPv4 address"], id="to"),
        pytest.param(
            {"send": {"to": "10.0.0.1", "port": 80}},
            ["send.port: icmp has no ports, leave it out or choose tcp or udp"],
            id="port of icmp",
        ),
        pytest.param(
            {"protocol": "tcp", "send": {"to": "10.0.0.1"}},
            ["send.port: None is not a port (1 to 65535)"],
            id="no port",
        ),
        pytest.param(
            {"send": {"to": "10.0.0.1", "count": 15, "sizes": [20]}},
            [
                "send.count: 15 is out of range, give 1 to 14",
                "send.sizes: [20] are not sizes of packets in bytes (64 to 65535)",
            ],
            id="two at once",
        ),
        *(
            pytest.param(
                {"send": {"to": "10.0.0.1", "interval": interval}, "seconds": 3},
                [f"send.interval: {interval} is out of range, 6 packets have to leave within 3 seconds"],
                id=f"interval {interval}",
            )
            for interval in ("600", "-1", "inf", "nan")
        ),
        pytest.param(
            {"meeting": {"port": 70000}}, ["meeting.port: 70000 is not a port (1 to 65535)"], id="meeting's port"
        ),
    ],
)
def test_wrong_options(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(LabError) as error:
        part.parse(options(**given))
    assert error.value.faults == faults


class Flood:
    """A tap whose socket always has another packet."""

    tap = SimpleNamespace(identity=0)

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.socket, other = socket.socketpair()
        other.send(b"more")

    def sightings(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(tap=0, time=0, outgoing=False, seen=SimpleNamespace(kind=self._kind, index=None))] * 500


@pytest.mark.parametrize(
    ("kind", "kept"), [pytest.param(frames.ARP_REQUEST, 2000, id="a loop"), pytest.param(frames.SEALED, 50, id="ESP")]
)
def test_what_never_ends_does_not_fill_the_memory(kind: str, kept: int) -> None:
    """ESP packets cannot be told from each other: a few say that there are some, and leave room for the others."""
    ears = part.Ears([Flood(kind)])  # type: ignore[list-item]
    for _turn in range(10):
        ears.hear(0.01)
    assert len(ears.sightings) == kept
    assert ears.is_full == (kept == 2000)
    assert ears.last is None, "whether the trace is over, only its own packets tell"


class Tap:
    """A tap that hears what came, at its time of the host's clock, some seconds after it was opened."""

    def __init__(self, *came: tuple[str, int | None, int], after: float = 0.0) -> None:
        self.tap = SimpleNamespace(identity=0)
        self.socket, self._far = socket.socketpair()
        self._came = [
            SimpleNamespace(tap=0, time=time, outgoing=True, seen=SimpleNamespace(kind=kind, index=index, said=""))
            for kind, index, time in came
        ]
        self.timer = threading.Timer(after, self._far.send, [b"more"])
        self.timer.start()

    def sightings(self) -> list[SimpleNamespace]:
        self.socket.recv(9)
        return self._came


def test_what_rules_counted_before_they_were_read_was_not_heard() -> None:
    """Its answer may have been dropped before the counters were read, and nothing would explain that."""
    old, new, marked = (frames.ARP_REQUEST, None, 9), (frames.ARP_REQUEST, None, 10), (frames.REQUEST, 0, 9)
    ears = part.Ears([Tap(old, new, marked)], since=10)  # type: ignore[list-item]
    ears.hear(1)
    assert [(one.seen.kind, one.time) for one in ears.sightings] == [(frames.ARP_REQUEST, 10), (frames.REQUEST, 9)]


@pytest.mark.parametrize(
    ("first", "heard"),
    [
        pytest.param((frames.ARP_REQUEST, None, 1), [None, None], id="it has not left"),
        pytest.param((frames.REQUEST, 0, 1), [0, None], id="its reply may not have left"),
        pytest.param((frames.REPLY, 0, 1), [0], id="there is a reply"),
    ],
)
def test_a_packet_that_waits_for_arp_is_waited_for(
    first: tuple[str, int | None, int], heard: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel asks once a second, and what drops the answer counts no sooner."""
    monkeypatch.setattr(part, "_REPLY_SECONDS", 0.1)
    monkeypatch.setattr(part, "_ARP_SECONDS", 1.0)
    made = part.parse(options(send={"to": "10.0.0.1", "count": 1}))
    taps = [Tap(first), Tap((frames.ARP_REQUEST, None, 2), after=0.5)]
    found = part._send_and_listen(made, taps, SimpleNamespace(due=None), 0)  # type: ignore[arg-type]
    assert [one.seen.index for one in found] == heard
    taps[1].timer.join()


def test_what_left_late_is_heard_at_every_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    """ARP was answered when nobody waited for a reply any more."""
    monkeypatch.setattr(part, "_REPLY_SECONDS", 0.2)
    monkeypatch.setattr(part, "_ARP_SECONDS", 2.0)
    made = part.parse(options(send={"to": "10.0.0.1", "count": 2}))
    taps = [Tap((frames.REPLY, 0, 1), after=0.4), Tap((frames.REPLY, 0, 2), after=0.5)]
    found = part._send_and_listen(made, taps, SimpleNamespace(due=None), 0)  # type: ignore[arg-type]
    assert [one.time for one in found] == [1, 2]
    taps[1].timer.join()


@pytest.mark.parametrize(("said", "went_by"), [("SYN-ACK", True), ("RST", False)])
def test_a_reset_may_be_a_rules_so_that_counters_are_read(said: str, went_by: bool) -> None:
    made = part.parse(options(protocol="tcp", send={"to": "10.0.0.1", "port": 80, "count": 1}))
    heard = [
        SimpleNamespace(tap=0, seen=SimpleNamespace(index=0, kind=kind, said=words))
        for kind, words in ((frames.REQUEST, "SYN"), (frames.REPLY, said))
    ]
    assert part._went_by(made, [SimpleNamespace(tap=SimpleNamespace(identity=0))], heard) == went_by  # type: ignore[list-item, arg-type]
