# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Many probes side by side: read, checked, run, and their results as data."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_address
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket

from . import dns, echo, single_probe
from . import icmp as probe_icmp
from .stub_resolver import Unresolved, resolve
from .vantage import Place, Vantage, open_place

# The option `probes` of a module; documented in doc_fragments/probes.py.
PROBES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "netns": {"type": "str"},
        "container": {"type": "str"},
        "to": {"type": "str", "required": True},
        "protocol": {"type": "str", "choices": ["icmp", "tcp"], "default": "icmp"},
        "port": {"type": "int"},
        "size": {"type": "int"},
        "dont_fragment": {"type": "bool"},
        "count": {"type": "int", "default": 3},
        "interval": {"type": "float", "default": 0.2},
        "timeout": {"type": "float", "default": 1.0},
        "max_loss": {"type": "float", "default": 0.0},
        "within": {"type": "float", "default": 0.0},
        "payload": {"type": "int", "default": 0},
    },
}
DEFAULT_SIZE = 56
# Option -> least and most; beyond them a probe runs for hours, or floods.
_LIMITS = {
    "port": (1, 65535),
    "size": (0, probe_icmp.MOST_PAYLOAD),
    "count": (1, 1000),
    "interval": (0.01, 60),
    "timeout": (0.01, 60),
    "max_loss": (0, 1),
    "within": (0, 3600),
    "payload": (0, echo.MOST_PAYLOAD),
}
# Each probe holds a socket or a few; the usual limit is 1024 open files.
_AT_ONCE = 200


@dataclass(frozen=True)
class Probe:
    """One question: does ``to`` answer at this place?"""

    place: Place
    to: str
    protocol: str
    port: int | None
    size: int | None  # payload bytes, for icmp only
    dont_fragment: bool
    pace: single_probe.Pace
    max_loss: float  # 0 to 1
    within: float  # seconds in which it may be sent again until it is answered
    payload: int  # bytes that have to come back over a TCP connection


def parse(probes: list[dict[str, Any]]) -> list[Probe]:
    """Read the option `probes`. Raises LabError with every fault in it."""
    faults = [fault for number, raw in enumerate(probes) for fault in _faults(f"probes[{number}]", raw)]
    if faults:
        raise LabError(faults)
    return [_probe(raw) for raw in probes]


def _probe(raw: dict[str, Any]) -> Probe:
    icmp = raw["protocol"] == "icmp"
    size = DEFAULT_SIZE if raw["size"] is None else raw["size"]
    return Probe(
        place=Place(raw["netns"], raw["container"]),
        to=raw["to"],
        protocol=raw["protocol"],
        port=raw["port"],
        size=size if icmp else None,
        dont_fragment=bool(raw["dont_fragment"]),
        pace=single_probe.Pace(raw["count"], raw["interval"], raw["timeout"]),
        max_loss=raw["max_loss"],
        within=raw["within"],
        payload=raw["payload"],
    )


def _faults(where: str, raw: dict[str, Any]) -> Iterable[str]:
    yield from Place(raw["netns"], raw["container"]).faults(f"{where}.")
    if complaint := _target_fault(raw["to"]):
        yield f"{where}.to: {raw['to']!r} {complaint}"
    for option, (least, most) in _LIMITS.items():
        value = raw[option]
        if value is not None and not (least <= value <= most and math.isfinite(value)):
            yield f"{where}.{option}: {value} is out of range, give {least} to {most}"
    if raw["protocol"] == "tcp":
        if raw["port"] is None:
            yield f"{where}.port: tcp needs a port"
        for option in ("size", "dont_fragment"):
            if raw[option] is not None:
                yield f"{where}.{option}: only icmp has it, leave it out or probe with icmp"
        return
    if raw["port"] is not None:
        yield f"{where}.port: icmp has no ports, leave it out or probe with tcp"
    if raw["payload"]:
        yield f"{where}.payload: icmp is given a size, leave it out or probe with tcp"


def _target_fault(to: str) -> str | None:
    """Why no probe can have this target."""
    if is_address(to):
        address = ipaddress.ip_address(to)
        if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
            return "is not the address of one host"
        return None
    # No top-level domain is a number: 10.0.0.300 is a mistyped address. A container may be called 42.
    mistyped = "." in to and to.rstrip(".").rpartition(".")[2].isdecimal()
    try:
        dns.encode_name(to.removesuffix("."))
    except ValueError:
        mistyped = True
    return "is neither an address nor a host name" if mistyped else None


def run(probes: list[Probe], echoes: list[echo.Echo] | None = None) -> list[dict[str, Any]]:
    """Run the probes side by side, and the echoes for them and for those of other hosts; a result for each probe.

    A result is {netns, container, to, address, protocol, port, size, dont_fragment, sent, received, loss,
    rtt_ms: {min, avg, max}, path_mtu, unknown_name, ok, error}. A place that cannot be entered is an error in the
    results of its probes, not an exception.
    """
    echoes = echoes or []
    with DockerSocket() as docker:
        places = {one.place for one in probes} | {one.place for one in echoes}
        opened = {place: _open(place, docker) for place in places}
    try:
        return asyncio.run(_run_all(probes, echoes, opened))
    finally:
        for vantage in opened.values():
            if isinstance(vantage, Vantage):
                vantage.close()


def failures(results: list[dict[str, Any]]) -> list[str]:
    """One line for each result that is not ok."""
    return [_failure(result) for result in results if not result["ok"]]


def _failure(result: dict[str, Any]) -> str:
    place = Place(result["netns"], result["container"])
    what = f"tcp port {result['port']}" if result["protocol"] == "tcp" else f"icmp, {result['size']} bytes"
    target = result["to"]
    if result["address"] not in (None, target):
        target = f"{target} [{result['address']}]"
    score = f"{result['received']} of {result['sent']} answered, " if result["sent"] else ""
    return f"{place} -> {target} ({what}): {score}{result['error']}"


def _open(place: Place, docker: DockerSocket) -> Vantage | LabError:
    try:
        return open_place(place, docker)
    except LabError as error:
        return error


async def _run_all(
    probes: list[Probe], echoes: list[echo.Echo], opened: dict[Place, Vantage | LabError]
) -> list[dict[str, Any]]:
    answering = [asyncio.create_task(_serve(one, opened[one.place])) for one in echoes]
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(probe: Probe) -> dict[str, Any]:
        async with slots:
            return await _run_one(probe, opened[probe.place])

    found = list(await asyncio.gather(*(one(probe) for probe in probes)))
    await asyncio.gather(*answering)
    return found


async def _serve(one: echo.Echo, vantage: Vantage | LabError) -> None:
    """An echo that cannot be had, such as at a port in use, is one that its peers tell of."""
    if isinstance(vantage, Vantage):
        with suppress(LabError):
            await echo.serve(vantage, one)


async def _run_one(probe: Probe, vantage: Vantage | LabError) -> dict[str, Any]:
    """The result of the first attempt that is answered, else of the last. A place is opened once, and not again."""
    if isinstance(vantage, LabError):
        return result(probe, None, single_probe.Outcome(errors=[str(vantage)]))
    deadline = time.monotonic() + probe.within
    while True:
        found = await _attempt(probe, vantage)
        if found["ok"] or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(probe.pace.interval)


async def _attempt(probe: Probe, vantage: Vantage) -> dict[str, Any]:
    address = None
    try:
        address = await resolve(vantage, probe.to)
        if probe.port is not None:
            outcome = await single_probe.connect(vantage, address, probe.port, probe.payload, probe.pace)
        else:
            outcome = await single_probe.ping(vantage, address, probe.size or 0, probe.dont_fragment, probe.pace)
    except Unresolved as error:
        return result(probe, None, single_probe.Outcome(errors=[str(error)]), unknown_name=True)
    except LabError as error:
        outcome = single_probe.Outcome(errors=[str(error)])
    except OSError as error:
        outcome = single_probe.Outcome(errors=[probe_icmp.sentence(error.errno)])
    return result(probe, address, outcome)


def result(
    probe: Probe, address: str | None, outcome: single_probe.Outcome, unknown_name: bool = False
) -> dict[str, Any]:
    """What a module returns for a probe. Pure."""
    received = len(outcome.seconds)
    loss = round(1 - received / outcome.sent, 4) if outcome.sent else 1.0
    times = [round(seconds * 1000, 3) for seconds in outcome.seconds]
    ok = received > 0 and loss <= probe.max_loss
    return {
        "netns": probe.place.netns,
        "container": probe.place.container,
        "to": probe.to,
        "address": address,
        "protocol": probe.protocol,
        "port": probe.port,
        "size": probe.size,
        "dont_fragment": probe.dont_fragment,
        "sent": outcome.sent,
        "received": received,
        "loss": loss,
        "rtt_ms": {
            "min": min(times, default=None),
            "avg": round(sum(times) / received, 3) if times else None,
            "max": max(times, default=None),
        },
        "path_mtu": outcome.path_mtu,
        "unknown_name": unknown_name,
        "ok": ok,
        "error": outcome.errors[0] if outcome.errors and not ok else None,
    }
