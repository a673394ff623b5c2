# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What the taps saw, put in the order of the way. Pure.

``results``: host -> what the module packet_trace returned there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .plan import Plan

FORTH, BACK = "forth", "back"
# What the module packet_trace calls an ESP packet.
SEALED = "esp"
_DIRECTION = {"request": FORTH, "reply": BACK, "error": BACK}


@dataclass(frozen=True)
class Sent:
    """A packet that was sent. ``whole``: it may not be fragmented; ``error``: why it did not leave."""

    index: int
    size: int | None
    whole: bool
    error: str
    mtu: int | None


class Seen:
    """Answers who saw which packet. Hops are counted in the order of the request, in both directions."""

    def __init__(self, plan: Plan, results: dict[str, dict[str, Any]]) -> None:
        self.plan = plan
        self.results = results
        self.sent = [
            Sent(one["index"], one["size"], one["dont_fragment"], one["error"] or "", one["mtu"])
            for one in results.get(plan.sender, {}).get("sent", [])
        ]
        self.silent = {
            (host, one["tap"]): one["error"] for host, result in results.items() for one in result.get("silent", [])
        }
        self.errors: list[dict[str, Any]] = []
        self._packets: dict[tuple[int, str, int | None], dict[str, Any]] = {}
        self._arp: dict[tuple[int, str, str], dict[str, Any]] = {}
        for host, result in results.items():
            for sighting in result.get("sightings", []):
                self._add(host, sighting)

    def _add(self, host: str, sighting: dict[str, Any]) -> None:
        for number, hop in enumerate(self.plan.hops):
            if self.plan.taps[number] != (host, sighting["tap"]):
                continue
            direction = FORTH if hop.outgoing == sighting["outgoing"] else BACK
            kind = sighting["kind"]
            if kind in _DIRECTION and _DIRECTION[kind] == direction:
                key = (number, direction, sighting["index"])
                if key not in self._packets or sighting["time"] < self._packets[key]["time"]:
                    self._packets[key] = sighting
            elif kind == SEALED and hop.tunnel and self._between(sighting):
                self._packets.setdefault((number, direction, None), sighting)
            elif kind.startswith("arp"):
                self._arp.setdefault((number, direction, kind), sighting)
            if kind == "error":
                self.errors.append({**sighting, "hop": number})

    def _between(self, sealed: dict[str, Any]) -> bool:
        """Whether an ESP packet goes between hosts of the way: a third host's is none of ours."""
        ours = {self.plan.world.addresses.get(hop.at.space.host) for hop in self.plan.hops}
        return {sealed["layers"][0]["src"], sealed["layers"][0]["dst"]} <= ours

    def packet(self, number: int, direction: str, index: int) -> dict[str, Any] | None:
        found = self._packets.get((number, direction, index))
        # What is encrypted cannot be told from other packets of the tunnel.
        return found or self._packets.get((number, direction, None))

    def heard(self, number: int) -> bool:
        """Whether there is a tap that could have seen a packet."""
        tap = self.plan.taps[number]
        return tap is not None and tap[0] in self.results

    def lost(self, direction: str, index: int) -> int | None:
        """The first hop in that direction that did not see the packet; None where all did."""
        return next((one for one in self._order(direction) if not self.packet(one, direction, index)), None)

    def missed(self, sent: Sent) -> tuple[str, int] | None:
        """Direction and hop at which a packet, or its reply, was missed first. UDP has no reply of its own."""
        hop = self.lost(FORTH, sent.index)
        if hop is not None:
            return FORTH, hop
        last = len(self.plan.hops) - 1
        if self.plan.request.protocol == "udp" and not self.packet(last, BACK, sent.index):
            return None
        hop = self.lost(BACK, sent.index)
        return (BACK, hop) if hop is not None else None

    def refusal(self, sent: Sent) -> str:
        """What came back instead of a reply; '' where nothing of that kind did."""
        answer = self.packet(0, BACK, sent.index)
        return str(answer["said"]) if answer and (answer["kind"] == "error" or answer["said"] == "RST") else ""

    @property
    def failed(self) -> list[str]:
        """The hosts of the way of which nothing is known, because their part of the trace failed."""
        return sorted(host for host in self.plan.interfaces if host not in self.results)

    def arp_lost(self, direction: str, kind: str) -> int | None:
        """The same of ARP messages of a kind."""
        return next((one for one in self._order(direction) if (one, direction, kind) not in self._arp), None)

    def arp_heard(self, direction: str, kind: str, number: int | None = None) -> bool:
        """Whether a hop, or any, heard one."""
        return any((one, direction, kind) in self._arp for one in self._order(direction) if number in (None, one))

    def _order(self, direction: str) -> list[int]:
        numbers = [number for number in range(len(self.plan.hops)) if self.heard(number)]
        return numbers if direction == FORTH else numbers[::-1]

    def before(self, direction: str, number: int) -> int | None:
        """The last hop that could see a packet before it comes to one."""
        order = self._order(direction)
        at = order.index(number)
        return order[at - 1] if at else None

    def progress(self, index: int) -> tuple[int, int]:
        """At how many hops a packet was seen, and its reply."""
        hops = range(len(self.plan.hops))
        return (
            sum(bool(self.packet(number, FORTH, index)) for number in hops),
            sum(bool(self.packet(number, BACK, index)) for number in hops),
        )

    def best(self, whole: bool) -> Sent | None:
        """Of the packets that may, or may not, be fragmented, the one that came furthest, the last of several."""
        ours = [one for one in self.sent if one.whole == whole]
        return max(ours, key=lambda one: (self.progress(one.index), one.index)) if ours else None

    def counted(self, host: str, netns: str) -> dict[str, Any]:
        """What a namespace's filters and stack counted meanwhile."""
        for one in self.results.get(host, {}).get("counted", []):
            if one["netns"] == netns:
                return one
        return {"rules": [], "uncounted": [], "stack": {}}

    def clock(self, host: str) -> str:
        """Hosts with the same have one clock: simulated ones have the machine's."""
        return "" if self.plan.lab["simulated"] else host

    @property
    def together(self) -> list[Sent]:
        """The packets that were sent when every host listened: not those that one missed before its first."""
        firsts = [
            min(one["index"] for one in result["sightings"] if one["index"] is not None)
            for result in self.results.values()
            if any(one["index"] is not None for one in result.get("sightings", []))
        ]
        return [one for one in self.sent if one.index >= max(firsts, default=0)]
