# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One probe on the wire: ICMP echo or TCP connect, packet by packet, from a vantage point.

Everything runs in one thread and one event loop: a socket stays in the namespace where it was opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import os
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.deadline import within
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import echo, icmp
from .vantage import Vantage

_idents = itertools.count(os.getpid())
_MOST_MTUS = 4  # on one path, each smaller than the one before
_LARGEST_PACKET = 1 << 16
# struct tcp_info (linux/tcp.h): tcpi_rtt, in microseconds.
_TCP_INFO_BYTES = 104
_TCP_INFO_RTT_AT = 68
_TCP_INFO_RTT = struct.Struct("=I")
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")


class Lost(Exception):
    """A packet that got no reply; the text says why."""


class TooLong(Lost):
    """A packet that was longer than some MTU on its path."""


@dataclass(frozen=True)
class Pace:
    """How many packets, and how fast. Times in seconds; the timeout is each packet's own."""

    count: int
    interval: float
    timeout: float


@dataclass
class Outcome:
    """What became of a probe's packets."""

    sent: int = 0
    seconds: list[float] = field(default_factory=list)  # round-trip times, one a reply
    errors: list[str] = field(default_factory=list)
    path_mtu: int | None = None


async def ping(vantage: Vantage, address: str, size: int, dont_fragment: bool, pace: Pace) -> Outcome:
    """Send echo requests of ``size`` payload bytes. Raises OSError where no socket can be had."""
    with EchoSocket(vantage, address, size, dont_fragment) as echo:
        outcome = await _repeat(lambda sequence: echo.exchange(sequence, pace.timeout), pace)
        outcome.path_mtu = echo.path_mtu
    return outcome


async def connect(vantage: Vantage, address: str, port: int, payload: int, pace: Pace) -> Outcome:
    """Open TCP connections, read ``payload`` bytes back on each, and close them.

    The round-trip time is that of the handshake. Raises OSError where no socket can be had.
    """
    return await _repeat(lambda _sequence: _connect(vantage, address, port, payload, pace.timeout), pace)


async def _repeat(attempt: Callable[[int], Awaitable[float]], pace: Pace) -> Outcome:
    """Start an attempt every interval, whether or not the ones before have ended."""
    outcome = Outcome()

    async def one(sequence: int) -> None:
        await asyncio.sleep(sequence * pace.interval)
        outcome.sent += 1
        try:
            outcome.seconds.append(await attempt(sequence))
        except Lost as error:
            outcome.errors.append(str(error))

    await asyncio.gather(*(one(sequence) for sequence in range(pace.count)))
    return outcome


async def _connect(vantage: Vantage, address: str, port: int, payload: int, timeout: float) -> float:
    family, target = _target(vantage, address, port)
    with vantage.socket(family, socket.SOCK_STREAM) as channel:
        try:
            start = time.perf_counter()
            async with within(timeout):
                await asyncio.get_running_loop().sock_connect(channel, target)
            elapsed = time.perf_counter() - start
            # The kernel measured it without the event loop's delay, unless it had to repeat the SYN.
            handshake = _kernel_rtt(channel) or elapsed
            if payload:
                async with within(timeout):
                    await echo.ask(channel, payload)
            return handshake
        except LabError as error:
            raise Lost(str(error)) from error
        except TimeoutError as error:
            raise Lost(_silence(timeout)) from error
        except OSError as error:
            raise Lost(icmp.sentence(error.errno)) from error


def _kernel_rtt(channel: socket.socket) -> float:
    """Seconds that the SYN and its answer took; 0 where there was no clean measurement."""
    info = channel.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return _TCP_INFO_RTT.unpack_from(info, _TCP_INFO_RTT_AT)[0] / 1e6


class EchoSocket:
    """A raw socket that speaks ICMP echo with one address."""

    def __init__(self, vantage: Vantage, address: str, size: int, dont_fragment: bool) -> None:
        family, target = _target(vantage, address, 0)
        self._dialect = icmp.IPV4 if family == socket.AF_INET else icmp.IPV6
        # IPv6 routers never fragment: a long packet is lost at each smaller MTU, and its sender learns to fragment.
        self._tries = 1 if dont_fragment else _MOST_MTUS
        self._ident = next(_idents) & 0xFFFF
        self._data = icmp.payload(os.urandom(8), size)
        self._waiting: dict[int, asyncio.Future[float]] = {}
        self.path_mtu: int | None = None
        try:
            self._socket = vantage.socket(family, socket.SOCK_RAW, self._dialect.protocol)
        except PermissionError as error:
            raise LabError("icmp needs a raw socket, and that needs root: use become") from error
        try:
            self._configure(dont_fragment)
            # A connected raw socket gets only what comes from that address, and the errors about it.
            self._socket.connect(target)
        except OSError:
            self._socket.close()
            raise

    def _configure(self, dont_fragment: bool) -> None:
        dialect = self._dialect
        self._socket.setsockopt(*dialect.filter)
        # The kernel notes when a reply arrives: the event loop may be busy with other probes.
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(dialect.level, dialect.receive_errors, 1)
        discover = icmp.PMTUDISC_DO if dont_fragment else icmp.PMTUDISC_DONT
        self._socket.setsockopt(dialect.level, dialect.mtu_discover, discover)

    def __enter__(self) -> EchoSocket:
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        return self

    def __exit__(self, *_exception: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def exchange(self, sequence: int, timeout: float) -> float:
        """Send one request and wait for its reply: the seconds between. Raises Lost."""
        for _attempt in range(self._tries - 1):
            with contextlib.suppress(TooLong):
                return await self._exchange(sequence, timeout)
        return await self._exchange(sequence, timeout)

    async def _exchange(self, sequence: int, timeout: float) -> float:
        reply: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = reply
        request = icmp.echo_request(self._dialect, self._ident, sequence, self._data)
        start = time.time()
        try:
            self._socket.send(request)
            async with within(timeout):
                return await reply - start
        except TimeoutError as error:
            raise Lost(_silence(timeout)) from error
        except OSError as error:
            self._read_errors()
            if error.errno == errno.EMSGSIZE and self.path_mtu:
                raise self._too_long() from error
            raise Lost(icmp.sentence(error.errno)) from error
        finally:
            del self._waiting[sequence]

    def _too_long(self) -> TooLong:
        length = len(self._data) + self._dialect.headers
        return TooLong(f"path MTU is {self.path_mtu}, the packet has {length} bytes")

    def _readable(self) -> None:
        self._read_errors()
        while True:
            try:
                packet, ancillary, _flags, _address = self._socket.recvmsg(_LARGEST_PACKET, 64)
            except OSError:  # nothing more, or an error that the queue has told us in full already
                return
            sequence = icmp.echo_reply(self._dialect, packet, self._ident, self._data)
            reply = self._waiting.get(-1 if sequence is None else sequence)
            if reply and not reply.done():
                reply.set_result(arrival(ancillary))

    def _read_errors(self) -> None:
        """Empty the socket's error queue: what routers, or our own kernel, said of our packets."""
        while True:
            try:
                request, ancillary, _flags, _address = self._socket.recvmsg(512, 512, socket.MSG_ERRQUEUE)
            except OSError:  # BlockingIOError: the queue is empty
                return
            for level, kind, data in ancillary:
                if (level, kind) == (self._dialect.level, self._dialect.receive_errors):
                    self._take(icmp.echo_error(self._dialect, request, data, self._ident))

    def _take(self, error: icmp.EchoError | None) -> None:
        if error is None:
            return
        self.path_mtu = error.path_mtu or self.path_mtu
        reply = self._waiting.get(-1 if error.sequence is None else error.sequence)
        if reply and not reply.done():
            reply.set_exception(self._too_long() if error.path_mtu else Lost(error.sentence))


def _target(vantage: Vantage, address: str, port: int) -> tuple[int, tuple]:
    """Family and socket address. Read inside the namespace, where the zone of fe80::1%eth0 has its number."""
    try:
        with vantage.entered():
            family, _kind, _protocol, _name, target = socket.getaddrinfo(
                address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )[0]
    except socket.gaierror as error:
        raise LabError(f"{address} has no meaning at {vantage.place}: is there such an interface?") from error
    return family, target


def arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    """When a packet arrived, in seconds of the wall clock (the one that the kernel stamps packets with)."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return seconds + nanoseconds / 1e9
    return time.time()


def _silence(timeout: float) -> str:
    return f"no answer within {timeout:g} s"
