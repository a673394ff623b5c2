# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a trace is asked for: who sends, to whom, and what. Checked against the lab file, before any host is met."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

CONTAINER, HOST, PLACE, ADDRESS = "container", "host", "place", "address"
_PORT = re.compile(r"(\d+)(?:/(tcp|udp))?")


@dataclass(frozen=True)
class Party:
    """``kind``: a container or host of the lab, a place on a host (a container or a namespace there), or an address."""

    kind: str
    name: str
    host: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.name}" if self.kind == PLACE else self.name


@dataclass(frozen=True)
class Request:
    """``port``: None where echo requests are sent."""

    source: Party
    target: Party
    protocol: str
    port: int | None


def parse(asked: dict[str, Any], lab: dict[str, Any]) -> tuple[Request | None, list[str]]:
    """The request, and everything that is wrong with it, a line each.

    ``asked``: {"from", "to", "port"}, texts as a person typed them; ``lab``: its value (_lab_file/value.py).
    """
    faults: list[str] = []
    source, target = (_party(word, str(asked.get(word.lower()) or "").strip(), lab, faults) for word in ("FROM", "TO"))
    protocol, port = _port(str(asked.get("port") or "").strip(), faults)
    if source and target and source == target:
        faults.append(f"TO={target}: that is where the packet comes from; name another one")
    if faults or source is None or target is None:
        return None, faults
    return Request(source, target, protocol, port), []


def _party(word: str, name: str, lab: dict[str, Any], faults: list[str]) -> Party | None:
    hosts = list(lab["hosts"])
    containers = {one["name"]: one["host"] for one in lab["containers"]}
    if name in containers:
        return Party(CONTAINER, name, containers[name])
    if name in hosts:
        return Party(HOST, name, name)
    host, colon, place = name.partition(":")
    if colon and host in hosts and place:
        return Party(PLACE, place, host)
    if word == "TO" and _is_address(name):
        return Party(ADDRESS, name)
    choices = ", ".join([*containers, *hosts])
    also = "HOST:NAMESPACE" if word == "FROM" else "HOST:NAMESPACE or an IPv4 address"
    what = f"{word}={name}: no container or host of the lab has that name" if name else f"{word}: it is missing"
    faults.append(f"{what}; choose one of {choices}, {also}")
    return None


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _port(text: str, faults: list[str]) -> tuple[str, int | None]:
    if not text:
        return "icmp", None
    found = _PORT.fullmatch(text)
    if not found or not 0 < int(found[1]) < 1 << 16:
        faults.append(f"PORT={text}: it is no port; give 1 to 65535, or one with a protocol, such as 53/udp")
        return "icmp", None
    return found[2] or "tcp", int(found[1])
