# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Why a packet was missed at a hop: what was read, and explains this very loss. Pure."""

from __future__ import annotations

from collections import Counter

from . import asked_links, causes, encryption
from .causes import Cause, Journey
from .plan import Plan
from .seen import BACK, FORTH, Seen, Sent
from .way import Hop
from .world import CONTROLLER, Space


def _journey(plan: Plan, direction: str) -> Journey:
    return plan.forth if direction == FORTH else plan.back


def _place(plan: Plan, direction: str, number: int) -> int:
    """A hop's place in the journey of a direction."""
    return number if direction == FORTH else len(plan.hops) - 1 - number


def arp(plan: Plan, seen: Seen, lost: tuple[str, int]) -> tuple[str, int] | None:
    """Where an ARP request, or its answer, was lost, for want of which a packet did not leave; None where none was."""
    direction, number = lost
    other = BACK if direction == FORTH else FORTH
    asked = seen.before(direction, number) is None and seen.arp_heard(direction, "arp request")
    if not asked or seen.arp_heard(other, "arp reply", number):
        return None
    missed = seen.arp_lost(direction, "arp request")
    if missed is not None:
        return direction, missed
    missed = seen.arp_lost(other, "arp reply")
    return (other, missed) if missed is not None else None


def explain(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int]) -> list[Cause]:
    """What was read that explains the loss, the surest first."""
    direction, number = lost
    journey = _journey(plan, direction)
    place = _place(plan, direction, number)
    read = _read(plan, journey)
    found: list[Cause] = []
    if sent.whole:
        found = [
            one for one in read if one.size is not None and sent.size and one.size < sent.size and place in one.lost
        ]
        mtu = sent.mtu or next((one["mtu"] for one in seen.errors if one["index"] == sent.index and one["mtu"]), None)
        exact = [one for one in found if one.size == mtu]
        found = [_with_mtu(one, sent) for one in (exact or found)[:1]]
        # A kernel that remembers how narrow the path is does not send so much again.
        found = found or [_with_mtu(one, sent) for one in read if one.size is not None and one.size == sent.mtu][:1]
        return found or _remembered(plan, sent) or _filters(plan, seen, lost, sent)
    found = [one for one in read if one.size is None and not one.arp and place in one.lost]
    if not found and (missed := arp(plan, seen, lost)):
        found = _explain_arp(plan, seen, missed)
    found = found or _filters(plan, seen, lost, sent) or astray(plan, seen, sent, lost)
    return found or encryption.filtered(plan, seen, sent, lost) or _said(seen, sent)


def _read(plan: Plan, journey: Journey) -> list[Cause]:
    return [*encryption.causes(plan, journey), *causes.read(plan.world, journey, plan.lab, plan.names)]


def _remembered(plan: Plan, sent: Sent) -> list[Cause]:
    """A kernel keeps for ten minutes what an ICMP error said of a path (ip-sysctl: route/mtu_expires)."""
    space = plan.source.space
    if not sent.mtu or space is None:
        return []
    text = (
        f"the kernel of {plan.source.name} remembers an MTU of {sent.mtu} on the path, of an earlier error, and no"
        " link on the way is as narrow now"
    )
    return [Cause(frozenset(), text, causes.on(space, "ip route flush cache"))]


def _with_mtu(cause: Cause, sent: Sent) -> Cause:
    size = sent.size or 0
    text = f"{cause.text}, too little for {size} bytes"
    return Cause(cause.lost, text, cause.remedy.replace("{mtu}", str(size + cause.overhead)))


def _explain_arp(plan: Plan, seen: Seen, missed: tuple[str, int]) -> list[Cause]:
    """``missed``: where an ARP message was."""
    direction, number = missed
    place = _place(plan, direction, number)
    read = _read(plan, _journey(plan, direction))
    return [one for one in read if one.size is None and place in one.lost] or filters_at(plan, seen, *missed, 1)


def _filters(plan: Plan, seen: Seen, lost: tuple[str, int], sent: Sent) -> list[Cause]:
    direction, number = lost
    missing = [one for one in seen.sent if one.whole == sent.whole and seen.missed(one) == lost]
    return filters_at(plan, seen, direction, number, len(missing))


def filters_at(plan: Plan, seen: Seen, direction: str, number: int, packets: int) -> list[Cause]:
    return rules(plan, seen, _journey(plan, direction).hops, _place(plan, direction, number), packets)


def usual(seen: Seen, failed: list[Sent]) -> tuple[str, int]:
    """Direction and hop at which most of these packets were missed first."""
    places = Counter(place for one in failed if (place := seen.missed(one)))
    return places.most_common(1)[0][0]


def rules(plan: Plan, seen: Seen, hops: tuple[Hop, ...], place: int, packets: int) -> list[Cause]:
    """Rules, and reasons of the stack, that counted at least so many packets, in the namespaces around a loss."""
    found: dict[str, Cause] = {}
    for space in _spaces(hops, place):
        counted = seen.counted(space.host, space.netns)
        where = plan.names.get(space) or space.host
        queues = {f"tc {hop.at.name}" for hop in _near(hops, place) if hop.at.space == space}
        for rule in counted["rules"]:
            is_queue = rule["table"].startswith("tc ")
            if rule["packets"] < packets or (is_queue and rule["table"] not in queues):
                continue
            if on_purpose := asked_links.dropped(plan, space.host, rule):
                found[on_purpose[0]] = Cause(frozenset(), *on_purpose)
                continue
            which = f"{rule['table']} {rule['chain']}: {rule['rule']} (counted {rule['packets']} meanwhile)"
            text = f"a {'full queue' if is_queue else 'packet filter'} in {where} drops it: {which}"
            found[text] = Cause(frozenset(), text, causes.on(space, rule["remove"]))
        for reason, count in counted["stack"].items():
            if count >= packets:
                text = f"the IP stack of {where} dropped {count} packets meanwhile, because of: {reason}"
                found.setdefault(text, Cause(frozenset(), text))
    return list(found.values())


def _spaces(hops: tuple[Hop, ...], place: int) -> list[Space]:
    """The namespaces in which a packet can be lost that one hop saw and the next did not."""
    return list(dict.fromkeys(hop.at.space for hop in reversed(_near(hops, place))))


def _near(hops: tuple[Hop, ...], place: int) -> tuple[Hop, ...]:
    return hops[max(0, place - 2) : place + 1]


def astray(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int]) -> list[Cause]:
    """Outer addresses that are not those of the hosts, as they were seen on the wire before a hop."""
    direction, number = lost
    found: dict[str, Cause] = {}
    for at, hop in enumerate(plan.hops):
        packet = seen.packet(at, direction, sent.index) if hop.tunnel else None
        if not packet or hop.at.space.host == CONTROLLER:
            continue
        outer = packet["layers"][0]
        known = set(plan.world.addresses.values())
        for end, word in (("src", "source"), ("dst", "destination")):
            if outer[end] not in known and _place(plan, direction, at) < _place(plan, direction, number):
                where = causes.named(hop.at, plan.names)
                text = f"VXLAN packets pass {where} with the outer {word} {outer[end]}, which is no host's of the lab"
                found[word] = Cause(frozenset(), text, causes.ends.AGAIN)
    return list(found.values())


def _said(seen: Seen, sent: Sent) -> list[Cause]:
    """What somebody on the way said in an ICMP error."""
    return [
        Cause(frozenset(), f"{one['layers'][-1]['src']} says: {one['said']}")
        for one in seen.errors
        if one["index"] == sent.index
    ][:1]


def unknown(plan: Plan, seen: Seen, lost: tuple[str, int]) -> str:
    """What can be said where nothing explains a loss."""
    direction, number = arp(plan, seen, lost) or lost
    spaces = _spaces(_journey(plan, direction).hops, _place(plan, direction, number))
    rules = [
        f"{one['table']} {one['chain']}: {one['rule']} ({plan.names.get(space) or space.host})"
        for space in spaces
        for one in seen.counted(space.host, space.netns)["uncounted"]
    ]
    if rules:
        return (
            "links, addresses and tables are in order, and no counted rule dropped it; these rules may, and have no"
            f" counter that would tell: {'; '.join(rules)}"
        )
    tap = plan.taps[number]
    silent = seen.silent.get(tap) if tap else None
    heard = f" ({silent})" if silent else ""
    read = "links, addresses, routes, forwarding entries, neighbours, packet filters"
    return f"nothing that was read explains it: {read}{heard}"
