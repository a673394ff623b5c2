#!/usr/bin/env python3
"""One TCP flow: how fast it is, and how long a byte takes there and back.

    flow.py serve ADDRESS          accept connections until it is ended
    flow.py ask ADDRESS SECONDS    print Gbit/s, and microseconds there and back

It runs in the network namespaces that are measured.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

PORT = 5201
CHUNK = bytes(1 << 20)
TURNS = 2000


def serve(address: str) -> None:
    with socket.create_server((address, PORT)) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    """Its first byte says what it is: a flow, which ends with a byte back, or turns of a byte."""
    buffer = bytearray(len(CHUNK))
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kind = connection.recv(1)
        while count := connection.recv_into(buffer):
            if kind == b"t":
                connection.sendall(buffer[:count])
        if kind == b"f":
            connection.sendall(b".")


def flow(address: str, seconds: float) -> float:
    with socket.create_connection((address, PORT), timeout=10) as connection:
        connection.sendall(b"f")
        start, sent = time.monotonic(), 0
        while time.monotonic() - start < seconds:
            connection.sendall(CHUNK)
            sent += len(CHUNK)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return sent * 8 / (time.monotonic() - start) / 1e9


def turns(address: str) -> float:
    with socket.create_connection((address, PORT), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"t")
        start = time.monotonic()
        for _ in range(TURNS):
            connection.sendall(b".")
            connection.recv(1)
        return (time.monotonic() - start) / TURNS * 1e6


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        print(f"{flow(sys.argv[2], float(sys.argv[3])):.2f} {turns(sys.argv[2]):.1f}")
