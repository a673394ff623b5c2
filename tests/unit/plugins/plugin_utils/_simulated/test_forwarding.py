# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import asyncio
import socket

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated import forwarding


def test_bytes_go_both_ways_until_each_side_has_said_all() -> None:
    much = b"x" * 300_000

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # It answers only to the end of a request, which has to come through.
        writer.write(await reader.read() + much)
        await writer.drain()
        writer.close()

    async def exchange() -> bytes:
        server = await asyncio.start_server(service, "127.0.0.1", 0)
        listener = forwarding.listening(0)
        port = listener.getsockname()[1]
        forwarded = asyncio.create_task(forwarding.serve(listener, *server.sockets[0].getsockname()))
        answers = await asyncio.gather(*(ask(port) for _connection in range(3)))
        forwarded.cancel()
        server.close()
        assert len(set(answers)) == 1
        return answers[0]

    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"question " + much)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(asyncio.wait_for(exchange(), 20)) == b"question " + much + much


def test_a_service_that_is_gone_ends_the_connection_and_not_the_forwarding() -> None:
    gone = forwarding.listening(0)
    target = gone.getsockname()
    gone.close()

    async def exchange() -> None:
        listener = forwarding.listening(0)
        forwarded = asyncio.create_task(forwarding.serve(listener, *target))
        for _again in range(2):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            assert await reader.read() == b""
            writer.close()
        assert not forwarded.done()
        forwarded.cancel()

    asyncio.run(asyncio.wait_for(exchange(), 20))


def test_only_the_loopback_listens_and_a_port_in_use_is_named() -> None:
    with forwarding.listening(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with pytest.raises(LabError, match=f"^port {port} of this machine: Address already in use: choose another one"):
            forwarding.listening(port)


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_the_port_is_found_where_it_listens(bound: str) -> None:
    with socket.create_server((bound, 0)) as service:
        port = service.getsockname()[1]
        assert forwarding.answering("emon", port) == "127.0.0.1"
    with pytest.raises(LabError, match=f"^emon: nothing answers at its TCP port {port}: published_ports .*; open are "):
        forwarding.answering("emon", port)
