# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One host's part in a trace: all of its taps listen at once, and one of the hosts sends. Changes nothing.

It ends by itself when the packets have gone by, at the latest after ``seconds`` (and the sender's wait for the others
and for the last reply), whatever becomes of the controller.
"""

from __future__ import annotations

import base64
import re
import selectors
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_ipv4
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces

from . import counters, frames
from .frames import Mark
from .meeting import Guest, Host, Place
from .sender import Errand, Sender
from .taps import OpenTap, Sighting, Tap

_MOST_SECONDS = 60.0
# How long a reply may take, and how long it is quiet when a trace is over of which nobody told the end.
_REPLY_SECONDS, _QUIET_SECONDS = 0.5, 1.0
# What waits for an answer by ARP is heard of no sooner: a kernel asks once a second, three times, and begins again with
# the next packet for that address.
_ARP_SECONDS = 1.6
_TICK_SECONDS = 0.05
_MOST_SIGHTINGS = 2000
# ESP packets cannot be told from each other: of a tap and a direction, a few say that there are some.
_MOST_SEALED = 50
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
            "interval": {"type": "float", "default": 0.05},
        },
    },
    "meeting": {
        "type": "dict",
        "options": {
            "netns": {"type": "str", "default": ""},
            "address": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "required": True},
            "guests": {"type": "int", "default": 0},
        },
    },
    "seconds": {"type": "float", "default": 5.0},
    "frames": {"type": "bool", "default": False},
}


@dataclass(frozen=True)
class Part:
    """A host's part, read from the module's options."""

    mark: Mark
    taps: tuple[Tap, ...]
    counters: tuple[str, ...]
    errand: Errand | None
    meeting: Place | None
    encrypted: bool
    seconds: float
    frames: bool


def parse(params: dict[str, Any]) -> Part:
    """Raises LabError with every fault in the options."""
    faults = []
    if not _TOKEN.fullmatch(params["mark"]):
        faults.append(f"mark: {params['mark']!r} is not 16 hexadecimal digits")
    named = [(f"addresses[{index}]", one) for index, one in enumerate(params["addresses"])]
    named += [("meeting.address", params["meeting"]["address"])] if params["meeting"] else []
    faults += [f"{option}: {one} is not an IPv4 address" for option, one in named if not is_ipv4(one)]
    if params["meeting"] and not 0 < params["meeting"]["port"] < 1 << 16:
        faults.append(f"meeting.port: {params['meeting']['port']} is not a port (1 to 65535)")
    if not 0 < params["seconds"] <= _MOST_SECONDS:
        faults.append(f"seconds: {params['seconds']:g} is out of range, give up to {_MOST_SECONDS:g}")
    send = params["send"]
    if send:
        faults += _errand_faults(send, params["protocol"], params["seconds"])
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
            send["interval"],
        )
        if send
        else None,
        meeting=Place(**params["meeting"]) if params["meeting"] else None,
        encrypted=params["encrypted"],
        seconds=params["seconds"],
        frames=params["frames"],
    )


def _errand_faults(send: dict[str, Any], protocol: str, seconds: float) -> list[str]:
    faults = []
    if not is_ipv4(send["to"]):
        faults.append(f"send.to: {send['to']} is not an IPv4 address")
    if protocol == "icmp" and send["port"] is not None:
        faults.append("send.port: icmp has no ports, leave it out or choose tcp or udp")
    elif protocol != "icmp" and not 0 < (send["port"] or 0) < 1 << 16:
        faults.append(f"send.port: {send['port']} is not a port (1 to 65535)")
    if not 0 <= send["interval"] * max(1, send["count"]) <= seconds:
        faults.append(
            f"send.interval: {send['interval']:g} is out of range, {send['count']} packets have to leave within"
            f" {seconds:g} seconds"
        )
    if not 0 < send["count"] < frames.MOST_PACKETS:
        faults.append(f"send.count: {send['count']} is out of range, give 1 to {frames.MOST_PACKETS - 1}")
    if not send["sizes"] or not all(64 <= size <= 65535 for size in send["sizes"]):
        faults.append(f"send.sizes: {send['sizes']} are not sizes of packets in bytes (64 to 65535)")
    return faults


def run(part: Part) -> dict[str, Any]:
    """Listen, and send where the errand is here; what the module returns. Raises LabError."""
    try:
        with Namespaces() as namespaces:
            return _run(part, namespaces)
    except OSError as error:
        raise LabError(f"interfaces cannot be listened to: {reason(error)}") from error


def _run(part: Part, namespaces: Namespaces) -> dict[str, Any]:
    with ExitStack() as held:
        # Taps come first: what they hear while counters are read waits for them.
        opened = [held.enter_context(closing(OpenTap(namespaces, tap, part.mark, part.encrypted))) for tap in part.taps]
        began = time.time()
        token = part.mark.token
        if part.errand:
            host = held.enter_context(closing(Host(namespaces, part.meeting, token))) if part.meeting else None
            met = host.wait() if host else 0
            before, counted = _all_counted(part, namespaces)
            sender = held.enter_context(closing(Sender(namespaces, part.errand, part.mark)))
            sightings = _send_and_listen(part, opened, sender, counted)
            sent = sender.sent
            if host:
                host.dismiss()
        else:
            before, counted = _all_counted(part, namespaces)
            guest = held.enter_context(closing(Guest(namespaces, part.meeting, token))) if part.meeting else None
            sightings = _listen(part, opened, guest, counted)
            met, sent = 0, []
        ended = time.time()
        dropped = sum(tap.dropped() for tap in opened)
    # Where everything went by there is nothing to explain.
    after = {} if _went_by(part, opened, sightings) else _all_counted(part, namespaces)[0]
    return {
        "sightings": [_shown(one, part.frames) for one in sorted(sightings, key=lambda one: one.time)],
        "silent": [{"tap": tap.tap.identity, "error": tap.error} for tap in opened if tap.error],
        "sent": sent,
        "met": met,
        "counted": [
            counters.difference(netns, former, later)
            for netns, later in after.items()
            if later is not None and (former := before[netns]) is not None
        ],
        "began": began,
        "ended": ended,
        "dropped": dropped,
    }


class Ears:
    """All taps at once, and when they last heard a packet of the trace.

    ``since``: nanoseconds; what has no mark is kept from then on: a rule that dropped it before has counted it before.
    """

    def __init__(self, opened: list[OpenTap], guest: Guest | None = None, since: int = 0) -> None:
        self.sightings: list[Sighting] = []
        self._since = since
        self.last: float | None = None
        self._guest = guest
        self._sealed: Counter[tuple[int, bool]] = Counter()
        self._selector = selectors.DefaultSelector()
        for tap in opened:
            if tap.socket is not None:
                self._selector.register(tap.socket, selectors.EVENT_READ, tap)
        if guest and guest.socket is not None:
            self._selector.register(guest.socket, selectors.EVENT_READ, None)

    def hear(self, seconds: float) -> None:
        """What comes within that time, or the first of it."""
        if self.is_full:
            time.sleep(seconds)
            return
        for key, _events in self._selector.select(seconds):
            if key.data is None:
                if self._guest:
                    self._guest.hear()
                continue
            found = list(filter(self._is_kept, key.data.sightings()))
            self.sightings += found[: _MOST_SIGHTINGS - len(self.sightings)]
            # ARP and ESP may be somebody else's, long before the first packet is sent.
            if any(one.seen.index is not None for one in found):
                self.last = time.monotonic()

    def _is_kept(self, one: Sighting) -> bool:
        if one.seen.index is None and one.time < self._since:
            return False
        if one.seen.kind != frames.SEALED:
            return True
        self._sealed[one.tap, one.outgoing] += 1
        return self._sealed[one.tap, one.outgoing] <= _MOST_SEALED

    @property
    def answered(self) -> bool:
        return any(one.seen.kind in (frames.REPLY, frames.ERROR) for one in self.sightings)

    @property
    def is_full(self) -> bool:
        return len(self.sightings) >= _MOST_SIGHTINGS

    def close(self) -> None:
        self._selector.close()


def _send_and_listen(part: Part, opened: list[OpenTap], sender: Sender, since: int) -> list[Sighting]:
    with closing(Ears(opened, since=since)) as ears:
        waits_for_arp = time.monotonic() + _ARP_SECONDS
        while (due := sender.due) is not None:
            if due > 0:
                ears.hear(due)
            else:
                sender.send()
        end = time.monotonic() + _REPLY_SECONDS
        while not _went_by(part, opened, ears.sightings):
            # What waited for ARP leaves late, and other taps, and the reply, come after it.
            late = 0.0 if ears.last is None else ears.last + _REPLY_SECONDS
            if time.monotonic() > max(end, late, 0.0 if ears.answered else waits_for_arp):
                break
            ears.hear(_TICK_SECONDS)
        return ears.sightings


def _listen(part: Part, opened: list[OpenTap], guest: Guest | None, since: int) -> list[Sighting]:
    end = time.monotonic() + part.seconds
    with closing(Ears(opened, guest, since)) as ears:
        while (now := time.monotonic()) < end and not ears.is_full:
            if guest:
                guest.greet()
            is_quiet = ears.last is not None and now - ears.last > _QUIET_SECONDS
            if is_quiet or (guest and guest.dismissed):
                break
            ears.hear(min(_TICK_SECONDS, end - now))
        # What came before the last word is still in the sockets.
        ears.hear(0)
        return ears.sightings


def _went_by(part: Part, opened: list[OpenTap], sightings: list[Sighting]) -> bool:
    """Whether every tap heard each packet that any of them heard, and its reply; the sender's, every packet sent. A
    reset is none: a rule may have sent it, which has counted.
    """
    heard = {(one.tap, one.seen.index, one.seen.kind) for one in sightings if one.seen.said != frames.RESET}
    indexes = {index for _tap, index, kind in heard if kind == frames.REQUEST}
    if part.errand:
        indexes = set(range(part.errand.count))
    return bool(indexes) and all(
        (tap.tap.identity, index, kind) in heard
        for tap in opened
        for index in indexes
        for kind in (frames.REQUEST, frames.REPLY)
    )


def _all_counted(
    part: Part, namespaces: Namespaces
) -> tuple[dict[str, tuple[list[counters.Rule], dict[str, int]] | None], int]:
    """What each namespace has counted, and when that was read, in nanoseconds."""
    return {netns: _counted(namespaces, netns) for netns in part.counters}, time.time_ns()


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
