# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a trace is asked for: who sends, to whom, and what. Checked against the lab file, before any host is met."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_ipv4

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
    """``port``: None where echo requests are sent. ``network``: by which it has to go, '' for any that leads there."""

    source: Party
    target: Party
    protocol: str
    port: int | None
    network: str = ""


def parse(asked: dict[str, Any], lab: dict[str, Any]) -> tuple[Request | None, list[str]]:
    """The request, and everything that is wrong with it, a line each.

    ``asked``: {"from", "to", "port", "network"}, texts as a person typed them; ``lab``: its value (_lab_file/value.py).
    """
    faults: list[str] = []
    source, target = (_party(word, str(asked.get(word.lower()) or "").strip(), lab, faults) for word in ("FROM", "TO"))
    protocol, port = _port(str(asked.get("port") or "").strip(), faults)
    if source and target and source == target:
        faults.append(f"TO={target}: that is where the packet comes from; name another one")
    network = _network(str(asked.get("network") or "").strip(), [source, target], lab, faults)
    if faults or source is None or target is None:
        return None, faults
    return Request(source, target, protocol, port, network), []


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
    if word == "TO" and is_ipv4(name):
        return Party(ADDRESS, name)
    choices = ", ".join([*containers, *hosts])
    also = "HOST:NAMESPACE" if word == "FROM" else "HOST:NAMESPACE or an IPv4 address"
    what = f"{word}={name}: no container or host of the lab has that name" if name else f"{word}: it is missing"
    faults.append(f"{what}; choose one of {choices}, {also}")
    return None


def _network(name: str, parties: list[Party | None], lab: dict[str, Any], faults: list[str]) -> str:
    """The network that is asked for, in which both ends have to be, as far as the lab file knows them."""
    names = [one["name"] for one in lab["networks"]]
    if name and name not in names:
        faults.append(f"NETWORK={name}: no network of the lab has that name; choose one of {', '.join(names)}")
        return ""
    members = {one["name"]: [place["name"] for place in one["networks"]] for one in lab["containers"]}
    faults += [
        f"NETWORK={name}: {party.name} is not in it, it is in {', '.join(members[party.name])}"
        for party in parties
        if name and party and party.kind == CONTAINER and name not in members[party.name]
    ]
    return name


def _port(text: str, faults: list[str]) -> tuple[str, int | None]:
    if not text:
        return "icmp", None
    found = _PORT.fullmatch(text)
    if not found or not 0 < int(found[1]) < 1 << 16:
        faults.append(f"PORT={text}: it is no port; give 1 to 65535, or one with a protocol, such as 53/udp")
        return "icmp", None
    return found[2] or "tcp", int(found[1])
