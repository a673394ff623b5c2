# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One host's part in a trace: all of its taps listen at once, and one of the hosts sends. Changes nothing.

It ends by itself when the packets have gone by, at the latest after ``seconds``, whatever becomes of the controller.
"""

from __future__ import annotations

import base64
import re
import selectors
import time
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import processes
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces

from . import counters, frames
from .frames import Mark
from .sender import Errand, Sender
from .taps import OpenTap, Sighting, Tap

_MOST_SECONDS = 60.0
# Longer than the gap between two packets of one errand.
_QUIET_SECONDS = 0.5
_MOST_SIGHTINGS = 2000
_TOKEN = re.compile(r"[0-9a-f]{16}")

OPTIONS: dict[str, Any] = {
    "mark": {"type": "str", "required": True},
    "protocol": {"type": "str", "default": "icmp", "choices": ["icmp", "tcp", "udp"]},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "vxlan_ports": {"type": "list", "elements": "int", "default": [4789]},
    "encrypted": {"type": "bool", "default": False},
    "taps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"netns": {"type": "str", "default": ""}, "interface": {"type": "str", "required": True}},
    },
    "counters": {"type": "list", "elements": "str", "default": []},
    "send": {
        "type": "dict",
        "options": {
            "netns": {"type": "str", "default": ""},
            "to": {"type": "str", "required": True},
            "port": {"type": "int"},
            "sizes": {"type": "list", "elements": "int", "default": [84]},
            "count": {"type": "int", "default": 6},
            "delay": {"type": "float", "default": 0.6},
            "interval": {"type": "float", "default": 0.12},
        },
    },
    "seconds": {"type": "float", "default": 3.0},
    "frames": {"type": "bool", "default": False},
}


@dataclass(frozen=True)
class Part:
    """A host's part, read from the module's options."""

    mark: Mark
    taps: tuple[Tap, ...]
    counters: tuple[str, ...]
    errand: Errand | None
    encrypted: bool
    seconds: float
    frames: bool


def parse(params: dict[str, Any]) -> Part:
    """Raises LabError with every fault in the options."""
    faults = []
    if not _TOKEN.fullmatch(params["mark"]):
        faults.append(f"mark: {params['mark']!r} is not 16 hexadecimal digits")
    faults += [
        f"addresses[{index}]: {one} is not an IPv4 address"
        for index, one in enumerate(params["addresses"])
        if not _is_ip(one)
    ]
    if not 0 < params["seconds"] <= _MOST_SECONDS:
        faults.append(f"seconds: {params['seconds']:g} is out of range, give up to {_MOST_SECONDS:g}")
    send = params["send"]
    if send:
        faults += _errand_faults(send, params["protocol"])
    if faults:
        raise LabError(faults)
    return Part(
        mark=Mark(
            bytes.fromhex(params["mark"]), params["protocol"], tuple(params["addresses"]), tuple(params["vxlan_ports"])
        ),
        taps=tuple(Tap(index, one["netns"], one["interface"]) for index, one in enumerate(params["taps"])),
        counters=tuple(dict.fromkeys(params["counters"])),
        errand=Errand(
            send["netns"],
            send["to"],
            send["port"] or 0,
            tuple(send["sizes"]),
            send["count"],
            send["delay"],
            send["interval"],
        )
        if send
        else None,
        encrypted=params["encrypted"],
        seconds=params["seconds"],
        frames=params["frames"],
    )


def _errand_faults(send: dict[str, Any], protocol: str) -> list[str]:
    faults = []
    if not _is_ip(send["to"]):
        faults.append(f"send.to: {send['to']} is not an IPv4 address")
    if protocol == "icmp" and send["port"] is not None:
        faults.append("send.port: icmp has no ports, leave it out or choose tcp or udp")
    elif protocol != "icmp" and not 0 < (send["port"] or 0) < 1 << 16:
        faults.append(f"send.port: {send['port']} is not a port (1 to 65535)")
    if not 0 < send["count"] < frames.MOST_PACKETS:
        faults.append(f"send.count: {send['count']} is out of range, give 1 to {frames.MOST_PACKETS - 1}")
    if not send["sizes"] or not all(64 <= size <= 65535 for size in send["sizes"]):
        faults.append(f"send.sizes: {send['sizes']} are not sizes of packets in bytes (64 to 65535)")
    return faults


def _is_ip(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def run(part: Part) -> dict[str, Any]:
    """Listen, and send where the errand is here; what the module returns. Raises LabError."""
    try:
        with Namespaces() as namespaces:
            return _run(part, namespaces)
    except OSError as error:
        raise LabError(f"interfaces cannot be listened to: {reason(error)}") from error


def _run(part: Part, namespaces: Namespaces) -> dict[str, Any]:
    with ExitStack() as held:
        # Taps come first: what they hear while counters are read waits for them, and the other host may send already.
        opened = [OpenTap(namespaces, tap, part.mark, part.encrypted) for tap in part.taps]
        for tap in opened:
            held.callback(tap.close)
        began = time.time()
        before = {netns: _counted(namespaces, netns) for netns in part.counters}
        sender = Sender(namespaces, part.errand, part.mark) if part.errand else None
        if sender:
            held.callback(sender.close)
        sightings = _listen(part, opened, sender)
        ended = time.time()
        dropped = sum(tap.dropped() for tap in opened)
    # Where everything went by there is nothing to explain.
    after = {} if _went_by(opened, sightings) else {netns: _counted(namespaces, netns) for netns in part.counters}
    return {
        "sightings": [_shown(one, part.frames) for one in sorted(sightings, key=lambda one: one.time)],
        "silent": [{"tap": tap.tap.identity, "error": tap.error} for tap in opened if tap.error],
        "sent": sender.sent if sender else [],
        "counted": [
            counters.difference(netns, before[netns], after[netns])
            for netns in after
            if before[netns] is not None and after[netns] is not None
        ],
        "began": began,
        "ended": ended,
        "boot": processes.boot_id(),
        "dropped": dropped,
    }


def _listen(part: Part, opened: list[OpenTap], sender: Sender | None) -> list[Sighting]:
    sightings: list[Sighting] = []
    end = time.monotonic() + part.seconds
    heard: float | None = None
    with selectors.DefaultSelector() as selector:
        for tap in opened:
            if tap.socket is not None:
                selector.register(tap.socket, selectors.EVENT_READ, tap)
        while (now := time.monotonic()) < end and len(sightings) < _MOST_SIGHTINGS:
            due = sender.due if sender else None
            if due == 0.0 and sender:
                sender.send()
                heard = time.monotonic()
                continue
            if due is None and heard is not None and now - heard > _QUIET_SECONDS:
                break
            for key, _events in selector.select(min(0.05 if due is None else due, end - now)):
                found = list(key.data.sightings())
                sightings += found
                if found:
                    heard = time.monotonic()
    return sightings


def _went_by(opened: list[OpenTap], sightings: list[Sighting]) -> bool:
    """Whether every tap heard each packet that any of them heard, and its reply."""
    heard = {(one.tap, one.seen.index, one.seen.kind) for one in sightings}
    indexes = {index for _tap, index, kind in heard if kind == frames.REQUEST}
    return bool(indexes) and all(
        (tap.tap.identity, index, kind) in heard
        for tap in opened
        for index in indexes
        for kind in (frames.REQUEST, frames.REPLY)
    )


def _counted(namespaces: Namespaces, netns: str) -> tuple[list[counters.Rule], dict[str, int]] | None:
    """None: the namespace is gone."""
    try:
        with namespaces.inside(netns):
            return counters.rules(), counters.stack()
    except OSError:
        return None


def _shown(one: Sighting, with_frame: bool) -> dict[str, Any]:
    seen = one.seen
    return {
        "tap": one.tap,
        "time": one.time,
        "outgoing": one.outgoing,
        "kind": seen.kind,
        "index": seen.index,
        "layers": seen.layers,
        "vni": seen.vni,
        "udp_port": seen.udp_port,
        "said": seen.said,
        "mtu": seen.mtu,
        "checksum_left": one.checksum_left,
        "frame": base64.b64encode(one.frame).decode() if with_frame else None,
    }
