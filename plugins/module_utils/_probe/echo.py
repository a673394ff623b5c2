# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""TCP with payload: a service that sends back what it receives, for as long as a call runs, and what asks it."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.deadline import within
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .vantage import Place, Vantage

# The option `echoes` of the module reachability.
ECHOES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "netns": {"type": "str"},
        "container": {"type": "str"},
        "port": {"type": "int", "required": True},
        "connections": {"type": "int", "default": 1},
        "seconds": {"type": "float", "default": 5.0},
    },
}
MOST_PAYLOAD = 1 << 20
_LIMITS = {"port": (1, 65535), "connections": (1, 10_000), "seconds": (0.01, 3600)}
_CHUNK = 1 << 16
# A stranger that connects holds nothing for longer.
_CONNECTION_SECONDS = 10.0


@dataclass(frozen=True)
class Echo:
    """A TCP port at a place, until so many connections were answered, at most for so many seconds."""

    place: Place
    port: int
    connections: int
    seconds: float


def parse(raws: list[dict[str, Any]]) -> list[Echo]:
    """Read the option `echoes`. Raises LabError with every fault in it."""
    faults = [fault for number, raw in enumerate(raws) for fault in _faults(f"echoes[{number}]", raw)]
    if faults:
        raise LabError(faults)
    return [
        Echo(Place(raw["netns"], raw["container"]), raw["port"], raw["connections"], raw["seconds"]) for raw in raws
    ]


def _faults(where: str, raw: dict[str, Any]) -> Iterable[str]:
    yield from Place(raw["netns"], raw["container"]).faults(f"{where}.")
    for option, (least, most) in _LIMITS.items():
        if not (least <= raw[option] <= most and math.isfinite(raw[option])):
            yield f"{where}.{option}: {raw[option]} is out of range, give {least} to {most}"


async def serve(vantage: Vantage, echo: Echo) -> int:
    """How many connections were answered. Raises LabError where the port is taken."""
    answered = 0
    enough = asyncio.Event()

    async def answer(connection: socket.socket) -> None:
        nonlocal answered
        loop = asyncio.get_running_loop()
        with connection:
            try:
                async with within(_CONNECTION_SECONDS):
                    while data := await loop.sock_recv(connection, _CHUNK):
                        await loop.sock_sendall(connection, data)
            except OSError:  # TimeoutError among them: what this connection was for, its other end tells
                return
        answered += 1
        if answered >= echo.connections:
            enough.set()

    with _listener(vantage, echo) as listener:
        accepting = asyncio.create_task(_accept(listener, answer))
        try:
            async with within(echo.seconds):
                await enough.wait()
        except TimeoutError:
            pass
        finally:
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
    return answered


def _listener(vantage: Vantage, echo: Echo) -> socket.socket:
    listener = vantage.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", echo.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise LabError(f"{echo.place}: tcp port {echo.port} cannot be listened at: {error.strerror}") from error
    return listener


async def _accept(listener: socket.socket, answer: Any) -> None:
    loop = asyncio.get_running_loop()
    answering: set[asyncio.Task[None]] = set()
    try:
        while True:
            connection, _peer = await loop.sock_accept(listener)
            connection.setblocking(False)
            task = asyncio.create_task(answer(connection))
            answering.add(task)
            task.add_done_callback(answering.discard)
    finally:
        for task in tuple(answering):
            task.cancel()


async def ask(connection: socket.socket, size: int) -> None:
    """Send ``size`` bytes and read them back. Raises LabError where others come, or none."""
    loop = asyncio.get_running_loop()
    sent = os.urandom(size)
    # Both ways at once: neither end may wait for the other with its buffers full.
    sending = asyncio.create_task(loop.sock_sendall(connection, sent))
    received = bytearray()
    try:
        while len(received) < size:
            data = await loop.sock_recv(connection, _CHUNK)
            if not data:
                raise LabError(f"the connection was closed after {len(received)} of {size} bytes")
            received += data
        await sending
    finally:
        sending.cancel()
        # Before the connection is closed, whose descriptor may then be another probe's.
        await asyncio.gather(sending, return_exceptions=True)
    if received != sent:
        raise LabError(f"other bytes came back than the {size} that were sent")
