# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A TCP port of a simulated host at the machine's loopback: a process carries bytes from one network to the other.

A socket stays in the network namespace in which it was made: the one that listens is the machine's, and then the
process enters the host's. No link, route or packet filter is needed, and nothing is left when it ends.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns, routes, sockets

LOOPBACK = "127.0.0.1"
# What a socket that takes connections to any address is bound to.
_ANY = ("0.0.0.0", "::")
_SECONDS = 3
_CHUNK = 1 << 16


def listening(port: int) -> socket.socket:
    """A socket at the loopback of the network in which the process is; ``port`` 0: any. Raises LabError."""
    listener = socket.socket()
    # Connections of a forwarding that was just ended do not hold its port.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise LabError(f"port {port} of this machine: {reason(error)}: choose another one with LOCAL=8081") from error
    return listener


def enter(pid: int) -> None:
    """Be in the network of a process from here on."""
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        netns.Namespaces.enter(descriptor)
    finally:
        os.close(descriptor)


def answering(host: str, port: int, proc_net: Path = sockets.PROC_NET) -> str:
    """The address of this network at which the port takes a connection. Raises LabError with the ports that do."""
    held = sockets.holding("tcp", proc_net)
    bound = [LOOPBACK if one.ip in _ANY else one.ip for one in held if one.port == port]
    for address in dict.fromkeys([*bound, *map(str, routes.read_addresses(proc_net))]):
        with suppress(OSError):
            socket.create_connection((address, port), _SECONDS).close()
            return address
    ports = ", ".join(map(str, sorted({one.port for one in held}))) or "none"
    raise LabError(
        f"{host}: nothing answers at its TCP port {port}: published_ports in the lab file publishes one;"
        f" open are {ports}"
    )


async def serve(listener: socket.socket, address: str, port: int) -> None:
    """Carry every connection to the port of the network in which the process is by now, until it is cancelled."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(address, port)
        except OSError:
            # The container restarts, or is gone.
            writer.transport.abort()
            return
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        for one in (writer, back):
            one.close()

    server = await asyncio.start_server(carry, sock=listener)
    async with server:
        await server.serve_forever()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side has no more, of which the other is told; a connection that breaks ends both ways."""
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
