# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TCP with payload between two probes of one call, over loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import echo, reachability

from .test_reachability import raw


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def given(port: int, **options: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in echo.ECHOES["options"].items()}
    return {**defaults, "port": port, **options}


def asked(port: int, **options: Any) -> dict[str, Any]:
    probe = {"to": "127.0.0.1", "protocol": "tcp", "port": port, "count": 1, "interval": 0.05, "payload": 100_000}
    return raw(**{**probe, "within": 5.0, **options})


def test_what_is_sent_comes_back_and_the_call_ends_when_all_have_asked() -> None:
    port = free_port()
    probes = reachability.parse([asked(port), asked(port, payload=1 << 20)])
    began = time.monotonic()
    results = reachability.run(probes, echo.parse([given(port, connections=2, seconds=60.0)]))
    assert [(one["ok"], one["error"]) for one in results] == [(True, None)] * 2
    assert time.monotonic() - began < 30


def test_an_echo_that_nobody_asks_is_not_waited_for_longer() -> None:
    began = time.monotonic()
    assert reachability.run([], echo.parse([given(free_port(), seconds=0.2)])) == []
    assert time.monotonic() - began < 10


@contextmanager
def service(answer: Callable[[socket.socket], object]) -> Any:
    """Something else that listens at a port, for one connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _peer = listener.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda connection: connection.recv(100), "the connection was closed after 0 of 100 bytes"),
        (lambda connection: connection.sendall(b"x" * 100), "other bytes came back than the 100 that were sent"),
    ],
)
def test_a_port_of_somebody_else_is_left_to_it_and_told(answer: Callable[[socket.socket], object], error: str) -> None:
    with service(answer) as port:
        probes = reachability.parse([asked(port, payload=100, within=0.0)])
        (result,) = reachability.run(probes, echo.parse([given(port, seconds=0.5)]))
    assert (result["ok"], result["error"]) == (False, error)


def test_nothing_is_left_that_sends_when_the_connection_is_closed() -> None:
    """Its descriptor may then be another probe's."""

    async def ask() -> None:
        asking, other = socket.socketpair()
        with asking, other:
            asking.setblocking(False)
            other.shutdown(socket.SHUT_WR)
            with pytest.raises(LabError, match="the connection was closed after 0 of 1048576 bytes"):
                await echo.ask(asking, 1 << 20)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "echoes[0].port: 0 is out of range, give 1 to 65535"),
        ({"connections": 0}, "echoes[0].connections: 0 is out of range, give 1 to 10000"),
        ({"seconds": float("inf")}, "echoes[0].seconds: inf is out of range, give 0.01 to 3600"),
        ({"container": "/"}, "echoes[0].container: '/' is not a name: give one, or leave container out"),
    ],
)
def test_faults(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError) as caught:
        echo.parse([given(**{"port": 80, **options})])
    assert caught.value.faults == [fault]
