# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The sockets of this network namespace, from the kernel's tables: /proc/net/tcp and its like (proc(5))."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

PROC_NET = Path("/proc/net")
ESTABLISHED = "01"
# The states that hold a port: TCP's listen, UDP's unconnected.
_HOLDING = {"tcp": "0A", "udp": "07"}


@dataclass(frozen=True)
class Socket:
    """``ip`` and ``port``: its own end. ``state``: as the kernel writes it."""

    ip: str
    port: int
    state: str
    inode: str


def holding(protocol: str, proc_net: Path = PROC_NET) -> list[Socket]:
    """Those that hold a port."""
    return [one for one in read(protocol, proc_net) if one.state == _HOLDING[protocol]]


def read(protocol: str, proc_net: Path = PROC_NET) -> list[Socket]:
    """Those of tcp or udp, of both families."""
    tables = [proc_net / protocol, proc_net / f"{protocol}6"]
    return [one for table in tables if table.exists() for one in _parse(table.read_text(encoding="ascii"))]


def _parse(text: str) -> list[Socket]:
    """A heading, then number, ADDRESS:PORT in hexadecimal, the remote one, state; the inode is the tenth field."""
    found = []
    for row in (line.split() for line in text.splitlines()[1:]):
        address, _separator, port = row[1].rpartition(":")
        found.append(Socket(_ip(address), int(port, 16), row[3], row[9] if len(row) > 9 else ""))
    return found


def _ip(number: str) -> str:
    """Words of four bytes, each in the machine's byte order (little-endian wherever Docker is common); an IPv4 address
    inside an IPv6 one as IPv4.
    """
    data = bytes.fromhex(number)
    address = ip_address(b"".join(data[index : index + 4][::-1] for index in range(0, len(data), 4)))
    return str(getattr(address, "ipv4_mapped", None) or address)
