# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module port_probe: its options become a session, and what the session found becomes its result."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall

from .port_session import Finding, Peer, Session
from .port_states import Port

_PORTS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "protocol": {"type": "str", "choices": ["tcp", "udp"], "required": True},
        "port": {"type": "int", "required": True},
    },
}
OPTIONS: dict[str, dict[str, Any]] = {
    "lab": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "listen": _PORTS,
    "peers": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "ports": _PORTS,
        },
    },
    "deadline": {"type": "float", "default": 30.0},
    "quiet": {"type": "float", "default": 5.0},
}


def parse(options: dict[str, Any]) -> Session:
    """A session from a module's options (OPTIONS). Raises LabError with every fault in them."""
    faults: list[str] = []
    peers: dict[str, Peer] = {}
    _check_address("address", options["address"], faults)
    for key in ("deadline", "quiet"):
        if options[key] <= 0:
            faults.append(f"{key}: {options[key]:g} s is not a time: give a positive number")
    for index, one in enumerate(options["peers"]):
        where = f"peers[{index}]"
        _check_address(f"{where}.address", one["address"], faults)
        if one["name"] == options["name"]:
            faults.append(f"{where}.name: {one['name']} is this host itself: leave it out")
        elif one["name"] in peers:
            faults.append(f"{where}.name: {one['name']} is listed in peers twice: remove one of them")
        ports = _ports(f"{where}.ports", one["ports"], faults)
        peers[one["name"]] = Peer(one["name"], one["address"], {port: Finding() for port in ports})
    ports = _ports("listen", options["listen"], faults)
    if faults:
        raise LabError(faults)
    return Session(
        lab=options["lab"],
        name=options["name"],
        address=options["address"],
        ports=ports,
        peers=peers,
        deadline=options["deadline"],
        quiet=options["quiet"],
    )


def _check_address(where: str, text: str, faults: list[str]) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        faults.append(f"{where}: {text} is not an IP address")


def _ports(where: str, given: list[dict[str, Any]], faults: list[str]) -> tuple[Port, ...]:
    ports = []
    for index, one in enumerate(given):
        if not 0 < one["port"] < 1 << 16:
            faults.append(f"{where}[{index}].port: {one['port']} is not a port (1 to 65535)")
        ports.append(Port(one["protocol"], one["port"]))
    return tuple(dict.fromkeys(ports))


def execute(session: Session) -> dict[str, Any]:
    """Run the session; its result. Raises LabError where the address is not this host's."""
    begun = time.monotonic()
    asyncio.run(session.run())
    seconds = time.monotonic() - begun
    return {
        "listening": [_view(port, finding) for port, finding in session.own.items()],
        "peers": [
            {
                "name": peer.name,
                "address": peer.address,
                "heard": peer.heard.is_set(),
                "clock_offset": peer.clock.offset if peer.clock else None,
                "round_trip": peer.clock.round_trip if peer.clock else None,
                "ports": [_view(port, finding) for port, finding in peer.findings.items()],
            }
            for peer in session.peers.values()
        ],
        "firewall": firewall.detect(firewall.interface(session.address), address=session.address),
        "time": time.time(),
        "seconds": seconds,
    }


def _view(port: Port, finding: Finding) -> dict[str, Any]:
    return {"protocol": port.protocol, "port": port.number, "state": finding.state, "error": finding.error}
