# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One host's part of the probing: it listens on its ports, and asks its peers on theirs, until all is known.

All hosts do this at the same time, and none knows when the others begin. So a port is asked again and again until it
answers, or until its host was heard in some other way and this port stayed silent for a while after. A host that has
asked all goes on answering until its peers say that they are done, too. Everything runs in one thread and event loop.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import secrets
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.deadline import within
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import icmp, port_messages
from .port_states import IN_USE, LISTENING, NO_ANSWER, OPEN, REFUSED, SERVICE, UNREACHABLE, Port

_PAUSE = 0.3  # seconds between two tries
_ANSWER = 1.0  # seconds for each step of a try; the kernel repeats a SYN after as many, a new connection does as well
# Tries without an answer after which a peer that answered before has gone.
_MISSES = 4


@dataclass
class Finding:
    """What is known of a port. ``final``: another try would say the same."""

    state: str = NO_ANSWER
    error: str = ""
    final: bool = False


@dataclass
class Peer:
    """Another host, and what was learned of it. Times are those of time.monotonic()."""

    name: str
    address: str
    findings: dict[Port, Finding]
    clock: port_messages.ClockSample | None = None
    # In answer to us, or by itself. Of the loop that runs the session: before Python 3.10 it is bound where it is made.
    heard: asyncio.Event = field(init=False, repr=False, compare=False)
    first: float = 0.0  # its first sign of life
    last: float = 0.0
    asked: bool = False  # we need no more answers of it
    done: bool = False  # it needs none of us
    busy: tuple[str, ...] = ()  # its ports that services have

    def sign_of_life(self, message: port_messages.Hello | port_messages.Reply) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.done = self.done or message.done
        self.busy = message.busy
        self.heard.set()

    def known_for(self, seconds: float) -> bool:
        return self.heard.is_set() and time.monotonic() - self.first > seconds

    def silent_for(self, seconds: float) -> bool:
        return self.heard.is_set() and time.monotonic() - self.last > seconds

    def channel(self) -> Port | None:
        """A port on which its probe answered: TCP, which loses nothing, if there is one."""
        return min((port for port, finding in self.findings.items() if finding.state == OPEN), default=None)


@dataclass
class Session:
    """``deadline``: seconds for all; ``quiet``: seconds for the ports that stay silent of a peer that was heard."""

    lab: str
    name: str
    address: str
    ports: tuple[Port, ...]
    peers: dict[str, Peer]
    deadline: float
    quiet: float
    own: dict[Port, Finding] = field(default_factory=dict)

    async def run(self) -> None:
        """Fill in ``own`` and the peers. Raises LabError where the address is not this host's."""
        for peer in self.peers.values():
            peer.heard = asyncio.Event()
        with ExitStack() as stack:
            sockets = [(port, self._bind(port, stack)) for port in self.ports]
            for port, bound in sockets:
                if bound:
                    await self._listen(port, bound, stack)
            with suppress(TimeoutError):
                async with within(self.deadline):
                    await asyncio.gather(*(self._meet(peer) for peer in self.peers.values()))

    # -- answering -----------------------------------------------------------------------------------------------------

    def _bind(self, port: Port, stack: ExitStack) -> socket.socket | None:
        """A socket that listens; None where a service has the port."""
        bound = stack.enter_context(self._socket(port))
        if port.protocol == "tcp":
            # Connections of a service that has just stopped may linger on the port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self.address, port.number))
            if port.protocol == "tcp":
                bound.listen()
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise LabError(
                    f"the address {self.address} is not configured on this host: is it at that site?"
                ) from error
            taken = error.errno == errno.EADDRINUSE
            self.own[port] = Finding(IN_USE if taken else UNREACHABLE, icmp.sentence(error.errno), final=True)
            return None
        self.own[port] = Finding(LISTENING, final=True)
        return bound

    async def _listen(self, port: Port, bound: socket.socket, stack: ExitStack) -> None:
        if port.protocol == "tcp":
            server = await asyncio.start_server(self._serve, sock=bound, limit=port_messages.LARGEST)
            stack.callback(server.close)
        else:
            loop = asyncio.get_running_loop()
            loop.add_reader(bound, self._answer, bound)
            stack.callback(loop.remove_reader, bound)

    def _answer(self, bound: socket.socket) -> None:
        """Answer one datagram."""
        with suppress(OSError):  # gone again, or no way back to its sender: that one will say so
            data, sender = bound.recvfrom(port_messages.LARGEST)
            reply = self._reply(data)
            if reply:
                bound.sendto(reply, sender)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection. The other side closes it, so that nothing lingers on the lab's port."""
        # Cancelled with the loop, when all is known; asyncio would report that as an error.
        with suppress(OSError, ValueError, asyncio.CancelledError):
            writer.write(port_messages.encode(port_messages.Greeting(self.lab, self.name)))
            async with within(2 * _ANSWER):
                reply = self._reply(await reader.readline())
                if reply:
                    writer.write(reply)
                    await reader.read()
        writer.close()

    def _reply(self, data: bytes) -> bytes | None:
        received = time.time()
        hello = port_messages.decode_hello(data)
        peer = self.peers.get(hello.host) if hello and hello.lab == self.lab else None
        if hello is None or peer is None:
            return None
        peer.sign_of_life(hello)
        reply = port_messages.Reply(self.lab, self.name, hello.nonce, received, time.time(), peer.asked, self._busy())
        return port_messages.encode(reply)

    # -- asking --------------------------------------------------------------------------------------------------------

    async def _meet(self, peer: Peer) -> None:
        await asyncio.gather(*(self._prove(peer, port) for port in peer.findings))
        peer.asked = True
        await self._part(peer)

    async def _prove(self, peer: Peer, port: Port) -> None:
        if port.protocol == "udp":
            # TCP may say first that a service has the UDP port: that would get our datagram, and log nonsense.
            with suppress(TimeoutError):
                async with within(_ANSWER):
                    await peer.heard.wait()
        refusal = None
        while True:
            listens = peer.heard.is_set()
            if port.protocol == "udp" and str(port) in peer.busy:
                finding = Finding(IN_USE, final=True)
            else:
                finding = await self._ask(peer, port)
            if finding.state == SERVICE and str(port) in peer.busy:
                finding.final = True
            # Hosts limit how often they say that they refuse, and are silent between.
            if finding.state == NO_ANSWER and refusal:
                finding = refusal
            elif listens and finding.state in (REFUSED, UNREACHABLE):
                refusal = finding
            peer.findings[port] = finding
            if finding.final or peer.known_for(self.quiet):
                return
            await asyncio.sleep(_PAUSE)

    async def _part(self, peer: Peer) -> None:
        """Tell the peer that we are done with it, and go on answering until it is done with us."""
        misses = 0
        while True:
            port = peer.channel()
            if port:
                finding = await self._ask(peer, port)
                misses = 0 if finding.state == OPEN else misses + 1
                if finding.state == REFUSED or misses == _MISSES:
                    return  # it has gone
            elif peer.silent_for(self.quiet + _MISSES * _ANSWER):
                return  # it cannot be told, and comes to us no more
            if peer.done:
                return
            await asyncio.sleep(_PAUSE)

    async def _ask(self, peer: Peer, port: Port) -> Finding:
        """One try."""
        try:
            return await (self._ask_tcp if port.protocol == "tcp" else self._ask_udp)(peer, port)
        except TimeoutError:
            return Finding(NO_ANSWER, f"no answer within {_ANSWER:g} s")
        except ConnectionRefusedError as error:
            return Finding(REFUSED, icmp.sentence(error.errno))
        except OSError as error:
            return Finding(UNREACHABLE, icmp.sentence(error.errno))

    async def _ask_udp(self, peer: Peer, port: Port) -> Finding:
        loop = asyncio.get_running_loop()
        # Connected, so that only the peer's datagrams and the errors about ours arrive.
        with self._socket(port) as channel:
            channel.bind((self.address, 0))
            channel.connect((peer.address, port.number))
            hello = self._hello(peer)
            channel.send(port_messages.encode(hello))
            async with within(_ANSWER):
                while True:
                    data = await loop.sock_recv(channel, port_messages.LARGEST)
                    finding = self._learn(peer, hello, data)
                    if finding:
                        return finding

    async def _ask_tcp(self, peer: Peer, port: Port) -> Finding:
        async with within(_ANSWER):
            reader, writer = await asyncio.open_connection(
                peer.address, port.number, local_addr=(self.address, 0), limit=port_messages.LARGEST
            )
        try:
            async with within(_ANSWER):
                greeting = port_messages.decode_greeting(await reader.readline())
                if greeting and greeting.lab == self.lab:
                    hello = self._hello(peer)
                    writer.write(port_messages.encode(hello))
                    finding = self._learn(peer, hello, await reader.readline())
                    if finding:
                        return finding
        except (TimeoutError, ValueError, ConnectionResetError):
            pass  # it waits for us to speak, sends what is no line of ours, or hangs up
        finally:
            writer.close()
        # Not final: it may be leaving, and the peer not have begun; or be a probe whose host is slow.
        return Finding(SERVICE, "it accepts connections, but is not a probe")

    def _hello(self, peer: Peer) -> port_messages.Hello:
        return port_messages.Hello(self.lab, self.name, secrets.token_hex(8), time.time(), peer.asked, self._busy())

    def _busy(self) -> tuple[str, ...]:
        return tuple(str(port) for port, finding in self.own.items() if finding.state == IN_USE)

    def _learn(self, peer: Peer, hello: port_messages.Hello, data: bytes) -> Finding | None:
        """What an answer says; None for what is no answer to this hello."""
        arrived = time.time()
        reply = port_messages.decode_reply(data)
        if reply is None or (reply.lab, reply.nonce) != (self.lab, hello.nonce):
            return None
        if reply.host != peer.name:
            return Finding(SERVICE, f"{reply.host} answers there", final=True)
        peer.sign_of_life(reply)
        sample = port_messages.ClockSample.of(hello.sent, reply.received, reply.sent, arrived)
        if peer.clock is None or sample.round_trip < peer.clock.round_trip:
            peer.clock = sample
        return Finding(OPEN, final=True)

    def _socket(self, port: Port) -> socket.socket:
        family = socket.AF_INET if ipaddress.ip_address(self.address).version == 4 else socket.AF_INET6
        made = socket.socket(family, socket.SOCK_STREAM if port.protocol == "tcp" else socket.SOCK_DGRAM)
        made.setblocking(False)
        return made
