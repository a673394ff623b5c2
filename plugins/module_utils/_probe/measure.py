# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a link is like: the share of packets that it loses, how long they take, and how many bits it carries a second.

Echo requests alone, so that nothing has to run at the other end. Both directions are taken to be alike: a request and
its reply both arrive with the square of the chance that one packet has. For the rate, packets of full size are sent as
fast as the queue takes them. They leave it evenly, and so the replies come back.
"""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping.queues import burst_bytes

from . import icmp
from .icmp import IPV4
from .single_probe import SO_TIMESTAMPNS, arrival

# The option `measures` of a module; documented in modules/reachability.py.
MEASURES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "to": {"type": "str", "required": True},
        "count": {"type": "int", "default": 100},
        "timeout": {"type": "float", "default": 1.0},
        "rate": {"type": "int", "default": 0},
        "mtu": {"type": "int", "default": 1500},
    },
}
_LIMITS = {"count": (1, 20000), "timeout": (0.01, 60), "rate": (0, 10**11), "mtu": (576, 65535)}
_SMALL = 56
# Of the Ethernet header, which queues count.
_FRAME = 14
_INTERVAL = 0.001
# A train lasts so long, and has so many packets.
_TRAIN_SECONDS = 0.5
_FEWEST, _MOST = 30, 1000
# What the kernel takes of a socket's buffer for a packet of 1500 bytes, at most.
_TRUE_SIZE = 2304
# Packets that are on their way, so that the queue never runs empty: always, and of what leaves it in so many seconds.
_WAITING, _WAITING_SECONDS = 12, 0.003
_POLL_SECONDS = 0.05
_AT_ONCE = 8  # between two looks for replies: looking takes as long as sending
_STALLED_SECONDS = 0.5
# On their way until the first reply: the kernel keeps only some while it asks for the neighbour's address.
_BEFORE_THE_FIRST = 64


@dataclass(frozen=True)
class Measure:
    """``rate``: bits a second that are expected, 0 where that is not to be measured."""

    to: str
    count: int
    timeout: float
    rate: int
    mtu: int


@dataclass
class _Exchange:
    """What was sent when, and which reply came when, by sequence number; seconds of the wall clock."""

    sent: dict[int, float] = field(default_factory=dict)
    arrived: dict[int, float] = field(default_factory=dict)


def parse(measures: list[dict[str, Any]]) -> list[Measure]:
    """Read the option `measures`. Raises LabError with every fault in it."""
    faults = []
    for number, raw in enumerate(measures):
        try:
            socket.inet_aton(raw["to"])
        except OSError:
            faults.append(f"measures[{number}].to: {raw['to']!r} is not an IPv4 address")
        for option, (least, most) in _LIMITS.items():
            if not least <= raw[option] <= most:
                faults.append(f"measures[{number}].{option}: {raw[option]} is out of range, give {least} to {most}")
    if faults:
        raise LabError(faults)
    return [Measure(**raw) for raw in measures]


def run(measures: list[Measure]) -> list[dict[str, Any]]:
    """In this network namespace, one after the other, so that none is in another's way: {"to", "sent", "received",
    "loss", "rtt_ms", "rate", "error"} each. ``loss`` is that of one direction; what could not be measured is None.
    """
    return [_measured(one) for one in measures]


def _measured(one: Measure) -> dict[str, Any]:
    found: dict[str, Any] = {"to": one.to, "sent": 0, "received": 0, "loss": None, "rtt_ms": None, "rate": None}
    try:
        single = _echoes(one, _SMALL, one.count, interval=max(_INTERVAL, _pace(one.rate)))
        times = [single.arrived[number] - single.sent[number] for number in single.arrived]
        median = statistics.median(times) if times else None
        train = _train(one, median) if one.rate and median is not None else _Exchange()
    except PermissionError:
        return {**found, "error": "icmp needs a raw socket, and that needs root: use become"}
    except OSError as error:
        return {**found, "error": icmp.sentence(error.errno)}
    sent, received = len(single.sent), len(single.arrived)
    return {
        **found,
        "sent": sent,
        "received": received,
        "loss": one_way(sent, received),
        "rtt_ms": None if median is None else round(median * 1000, 3),
        "rate": rate_of(train.arrived, one.mtu + _FRAME, _burst(one)),
        "error": None if received else f"no answer within {one.timeout:g} s",
    }


def one_way(sent: int, received: int) -> float | None:
    """The share of packets that one direction loses."""
    return round(1 - math.sqrt(received / sent), 5) if sent else None


def rate_of(arrived: dict[int, float], size: int, burst: int) -> int | None:
    """Bits a second, of replies by sequence number. What was lost behind the queue has passed it all the same.

    ``burst``: so many packets at the head of the train did not wait.
    """
    numbers = sorted(number for number in arrived if number >= burst)
    if len(numbers) < 2 or arrived[numbers[-1]] <= arrived[numbers[0]]:
        return None
    return round((numbers[-1] - numbers[0]) * size * 8 / (arrived[numbers[-1]] - arrived[numbers[0]]))


def _pace(rate: int) -> float:
    """Seconds between small packets that take a quarter of the rate."""
    return 4 * 8 * (_SMALL + IPV4.headers + _FRAME) / rate if rate else 0.0


def _burst(one: Measure) -> int:
    return math.ceil(burst_bytes(one.rate) / (one.mtu + _FRAME)) + 1


def _train(one: Measure, round_trip: float) -> _Exchange:
    bits = (one.mtu + _FRAME) * 8
    count = min(max(int(one.rate * _TRAIN_SECONDS / bits), _FEWEST), _MOST) + _burst(one)
    waiting = _WAITING + int(one.rate * (_WAITING_SECONDS + round_trip) / bits)
    return _echoes(one, one.mtu - IPV4.headers, count, waiting=waiting)


def _echoes(one: Measure, size: int, count: int, interval: float = 0.0, waiting: int = 0) -> _Exchange:
    """Send so many requests, and collect the replies. ``waiting``: how many may be on their way at once; 0: any."""
    exchange = _Exchange()
    ident = int.from_bytes(os.urandom(2), "big")
    data = icmp.payload(os.urandom(8), size)
    request = icmp.echo_request(IPV4, ident, 0, data)
    with socket.socket(IPV4.family, socket.SOCK_RAW, IPV4.protocol) as channel:
        channel.setblocking(False)
        channel.setsockopt(*IPV4.filter)
        channel.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, max(waiting, _WAITING) * _TRUE_SIZE)
        channel.connect((one.to, 0))
        due = heard = time.monotonic()
        last = -1  # of which a reply came
        while len(exchange.arrived) < count:
            now, number = time.monotonic(), len(exchange.sent)
            silent = now - heard
            if number >= count and silent > one.timeout:
                # Some may have come while this process did not run.
                _collect(channel, ident, data, exchange)
                break
            most = waiting or (_BEFORE_THE_FIRST if last < 0 else count)
            # All that were on their way may have been lost.
            free = number - last <= most or silent > _STALLED_SECONDS
            if number < count and free and now >= due and _send(channel, request, exchange):
                # What was late is not made up for: it would fill a queue.
                due = now + interval
                if silent > _STALLED_SECONDS:
                    last, heard = number, now
                if waiting and number % _AT_ONCE:
                    continue
                wait = 0.0
            elif number < count and free and not waiting:
                wait = max(due - now, 0.0)
            else:
                wait = _POLL_SECONDS
            if select.select([channel], [], [], min(wait, _POLL_SECONDS))[0]:
                newest = _collect(channel, ident, data, exchange)
                if newest >= 0:
                    last, heard = max(last, newest), time.monotonic()
    return exchange


def _send(channel: socket.socket, request: bytes, exchange: _Exchange) -> bool:
    """Whether there was room for one more."""
    number, now = len(exchange.sent), time.time()
    try:
        channel.send(icmp.renumbered(request, number))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.ENOBUFS):
            return False
        raise
    exchange.sent[number] = now
    return True


def _collect(channel: socket.socket, ident: int, data: bytes, exchange: _Exchange) -> int:
    """The largest number of a reply among the packets that wait, -1 for none."""
    newest = -1
    while True:
        try:
            packet, ancillary, _flags, _address = channel.recvmsg(1 << 16, 64)
        except BlockingIOError:
            return newest
        number = icmp.echo_reply(IPV4, packet, ident, data)
        if number is not None and number in exchange.sent:
            exchange.arrived.setdefault(number, arrival(ancillary))
            newest = max(newest, number)
