# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Why a packet of an encrypted network may not get to the other host: IPsec, as it was read on both. Pure.

A sender encrypts by a policy (what is encrypted) and a state (by which key, under which number, the SPI); a receiver
decrypts by a state with the same number. dockerd writes all of them, for each other host.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules

from .causes import Cause, Journey, named
from .plan import Plan
from .seen import SEALED, Seen, Sent
from .world import CONTROLLER

_KEYS = "systemctl restart docker.service, by which dockerd writes its keys again"


def causes(plan: Plan, journey: Journey) -> list[Cause]:
    """Every cause that can be read; none where the network is not encrypted, or nothing was read of it."""
    if not plan.encrypted:
        return []
    inside = [index for index, hop in enumerate(journey.hops) if hop.tunnel]
    hosts = list(dict.fromkeys(hop.at.space.host for hop in journey.hops if hop.at.space.host != CONTROLLER))
    if not inside or len(hosts) < 2:
        return []
    near, far = (journey.hops[at].at.space.host for at in (inside[0], inside[-1]))
    return [*_read(plan, near, far, inside[0], inside[-1] + 1)]


def _read(plan: Plan, near: str, far: str, first: int, last: int) -> Iterator[Cause]:
    """``first``: the hop where an encrypted packet is seen first; ``last``: where it is decrypted again."""
    ours, theirs = (plan.world.states.get(host, {}).get("ipsec") for host in (near, far))
    source, target = plan.world.addresses[near], plan.world.addresses[far]
    way = f"{source} > {target}"
    if ours and not _of(ours["policies"], source, target, "out"):
        yield Cause(
            frozenset({last}),
            f"{near} has no IPsec policy for what it sends to {far} ({way}): it leaves in plain, and {far} drops it",
            f"on {near}: {_KEYS}",
        )
    keys = [_of(known["states"], source, target) if known else [] for known in (ours, theirs)]
    ends = ((near, first, ours, keys[0], "encrypt"), (far, last, theirs, keys[1], "decrypt"))
    for host, at, known, states, what in ends:
        if known and not states:
            yield _stateless(host, at, known, f"to {what} what {near} sends to {far} ({way})")
    numbers = [sorted(one["spi"] for one in states) for states in keys]
    if all(numbers) and not set(numbers[0]) & set(numbers[1]):
        yield Cause(
            frozenset({last}),
            f"{near} encrypts for {far} by the IPsec states {', '.join(numbers[0])}, and {far} has only"
            f" {', '.join(numbers[1])} for it: they do not have the same keys",
            f"on {far}: {_KEYS}",
        )


def _of(entries: list[dict[str, str]], source: str, target: str, direction: str = "") -> list[dict[str, str]]:
    """Those of one direction between two addresses; ``direction``: of a policy."""
    wanted = {"src": source, "dst": target, **({"direction": direction} if direction else {})}
    # Not by items(): of what Ansible hands over, that is no set.
    return [one for one in entries if all(one[key] == value for key, value in wanted.items())]


def _stateless(host: str, at: int, known: dict[str, Any], what: str) -> Cause:
    text = f"{host} has no IPsec state {what}"
    if known["esp"] == modules.MISSING:
        return Cause(
            frozenset({at}),
            f"{text}: its kernel has no ESP (esp4)",
            f"on {host}: boot a kernel with esp4 and gcm, or take encrypted out of the lab file and make the network"
            " anew",
        )
    return Cause(frozenset({at}), text, f"on {host}: modprobe -a esp4 gcm, and {_KEYS}")


def filtered(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int]) -> list[Cause]:
    """That what was sealed is not let through, where it was seen to leave, and no rule that was read has counted it."""
    direction, number = lost
    before = seen.before(direction, number)
    passed = seen.packet(before, direction, sent.index) if before is not None else None
    if before is None or not passed or passed["kind"] != SEALED or not plan.hops[number].tunnel:
        return []
    here, there = (named(plan.hops[at].at, plan.names) for at in (before, number))
    return [
        Cause(
            frozenset(),
            f"ESP, IP protocol 50, passes {here}, and does not come to {there}: something between them does not let it"
            " through, as firewalls do that know TCP and UDP alone",
            "let IP protocol 50 through between the hosts, in both directions",
        )
    ]
