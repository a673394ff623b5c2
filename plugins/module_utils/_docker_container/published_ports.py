# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Published ports: parsed, given to the API, and compared with what listens on the host already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.sockets import PROC_NET, holding

RULE = "write [ADDRESS:][HOST_PORT:]PORT[/tcp|udp|sctp]"
FORM = re.compile(
    r"(?:(?P<ip>[0-9]+(?:\.[0-9]+){3}|\[[0-9a-fA-F:.]+\]):)?"
    r"(?:(?P<host>[0-9]+(?:-[0-9]+)?)?:)?"
    r"(?P<container>[0-9]+(?:-[0-9]+)?)"
    r"(?:/(?P<protocol>tcp|udp|sctp))?"
)
_PORTS = range(1, 65536)
_MOST = 256
_EVERY_ADDRESS = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class PublishedPort:
    """``host_port`` None: Docker chooses one. ``host_ip`` empty: on every address."""

    container_port: int
    protocol: str = "tcp"
    host_port: int | None = None
    host_ip: str = ""


@dataclass(frozen=True)
class Listener:
    """Somebody who holds a port of the host. ``name``: as a person says it."""

    port: int
    protocol: str
    ip: str
    name: str


def parse(entries: Iterable[str], faults: list[str]) -> tuple[PublishedPort, ...]:
    """``80``, ``8080:80``, ``127.0.0.1:8080:80/udp``, ``8000-8002:80-82``; faults are added, one line each."""
    ports: list[PublishedPort] = []
    for entry in entries:
        match = FORM.fullmatch(str(entry))
        if match is None:
            faults.append(f"published_ports: {entry!r} is not of the form [ADDRESS:][HOST_PORT:]PORT[/tcp|udp|sctp]")
            continue
        inner, outer = _range(match["container"]), _range(match["host"])
        if outer and len(inner) != len(outer):
            faults.append(f"published_ports: {entry}: the two ranges have {len(outer)} and {len(inner)} ports")
            continue
        if not all(port in _PORTS for port in [*inner, *outer]) or not inner or (match["host"] and not outer):
            faults.append(f"published_ports: {entry}: ports are {_PORTS[0]} to {_PORTS[-1]}, the lower one first")
            continue
        ip = (match["ip"] or "").strip("[]")
        try:
            ip = str(ip_address(ip)) if ip else ""
        except ValueError:
            faults.append(f"published_ports: {entry}: {ip} is no IP address")
            continue
        protocol = match["protocol"] or "tcp"
        host_ports: list[int | None] = [*outer] if outer else [None] * len(inner)
        pairs = zip(inner, host_ports)
        ports.extend(PublishedPort(port, protocol, host_port, ip) for port, host_port in pairs)
        if len(ports) > _MOST:
            faults.append(
                f"published_ports: {entry}: these are more than {_MOST} ports: Docker keeps a process for each"
            )
            return tuple(ports[:_MOST])
    seen: dict[tuple[int, str], list[Listener]] = {}
    for one in ports:
        before = seen.setdefault((one.host_port or 0, one.protocol), [])
        if any(_same(one, other) for other in before):
            faults.append(f"published_ports: port {one.host_port}/{one.protocol} of the host is given twice")
        before.append(Listener(one.host_port or 0, one.protocol, one.host_ip, ""))
    return tuple(ports)


def to_api(ports: Iterable[PublishedPort]) -> dict[str, list[dict[str, str]]]:
    """HostConfig.PortBindings; its keys are ExposedPorts as well."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        binding = {"HostIp": port.host_ip, "HostPort": str(port.host_port or "")}
        bindings.setdefault(f"{port.container_port}/{port.protocol}", []).append(binding)
    return bindings


def conflicts(ports: Iterable[PublishedPort], listeners: Iterable[Listener]) -> list[str]:
    """One line for each wanted port that somebody holds; the first who does is named."""
    known: dict[tuple[int, str], list[Listener]] = {}
    for listener in listeners:
        known.setdefault((listener.port, listener.protocol), []).append(listener)
    found = []
    for port in ports:
        candidates = known.get((port.host_port or 0, port.protocol), ())
        holder = next((listener for listener in candidates if _same(port, listener)), None)
        if holder:
            found.append(
                f"port {port.host_port}/{port.protocol} of the host is in use by {holder.name}: publish another"
            )
    return found


def listeners_of(containers: Iterable[dict[str, Any]]) -> list[Listener]:
    """What running containers publish, from the API's list of containers."""
    return [
        Listener(port["PublicPort"], port["Type"], port.get("IP", ""), f"container {name_of(container)}")
        for container in containers
        for port in container.get("Ports") or ()
        if port.get("PublicPort")
    ]


def is_held_by(port: PublishedPort, listed: dict[str, Any]) -> bool:
    """Whether what a running container publishes, as the API's list has it, is this one of what it shall publish."""
    on = {ip or "0.0.0.0" for ip in (port.host_ip, listed.get("IP", ""))}
    same = (port.host_port, port.protocol) == (listed["PublicPort"], listed["Type"])
    return same and (len(on) == 1 or on <= {*_EVERY_ADDRESS})


def held_by(container: dict[str, Any]) -> list[Listener]:
    """What a running container publishes, from its inspection. Without its name."""
    return [
        Listener(int(binding["HostPort"]), port.partition("/")[2], binding["HostIp"], "")
        for port, bindings in (container.get("NetworkSettings", {}).get("Ports") or {}).items()
        for binding in bindings or ()
        if binding["HostPort"]
    ]


def wanted_by(ports: Iterable[PublishedPort], container: str) -> list[Listener]:
    """What a container will hold when it runs."""
    return [
        Listener(port.host_port, port.protocol, port.host_ip, f"container {container}")
        for port in ports
        if port.host_port
    ]


def listeners_on_host(proc_net: Path = PROC_NET) -> list[Listener]:
    """Sockets of the host that hold a port, whoever has them."""
    return [
        Listener(one.port, protocol, one.ip, "a process of the host")
        for protocol in ("tcp", "udp")
        for one in holding(protocol, proc_net)
    ]


def _same(port: PublishedPort, listener: Listener) -> bool:
    if port.host_port is None or (port.host_port, port.protocol) != (listener.port, listener.protocol):
        return False
    return port.host_ip == listener.ip or port.host_ip in _EVERY_ADDRESS or listener.ip in _EVERY_ADDRESS


def _range(text: str | None) -> list[int]:
    if not text:
        return []
    first, _separator, last = text.partition("-")
    return list(range(int(first), min(int(last or first), _PORTS[-1] + 1) + 1))
