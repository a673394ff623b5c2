# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How a trace ended: it arrived, or where it was lost, why, and what to do. Pure.

A cause is taken only from what was read: the tables before, the counters before and after, and what a host said in an
ICMP error. Where that is not enough, the verdict says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import causes
from .causes import Cause, Journey
from .plan import Plan
from .seen import BACK, FORTH, Seen, Sent
from .way import Hop
from .world import CONTROLLER, OWN, Space

_CLOCK_SECONDS = 1.5


@dataclass(frozen=True)
class Verdict:
    """``sentence`` is what happened, ``causes`` why, each with its remedy; ``shown``: the packet that tells it best.

    ``lost``: direction and hop at which a packet was missed first.
    """

    ok: bool
    sentence: str
    causes: tuple[Cause, ...] = ()
    shown: int | None = None
    lost: tuple[str, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line, as a fault."""
        reasons = "; and ".join(one.text for one in self.causes)
        remedies = "; then ".join(dict.fromkeys(one.remedy for one in self.causes if one.remedy))
        return self.sentence + (f": {reasons}" if reasons else "") + (f"; {remedies}" if remedies else "")


def judge(plan: Plan, results: dict[str, dict[str, Any]]) -> Verdict:
    """The verdict on a trace that was made."""
    seen = Seen(plan, results)
    small, whole = seen.best(False), seen.best(True)
    notes = tuple(_notes(plan, seen))
    if small is None:
        return Verdict(False, f"{plan.sender} sent nothing: its part of the trace failed", notes=notes)
    if plan.missing:
        return Verdict(
            False,
            f"{plan.source.name} does not reach {plan.target.name} at {plan.target.address}: there is no way",
            (Cause(frozenset(), plan.missing, causes.ends.AGAIN),),
            small.index,
            _lost(seen, small),
            notes,
        )
    for sent in (small, whole) if whole else (small,):
        lost = _lost(seen, sent)
        if lost:
            return _lost_verdict(plan, seen, sent, lost, notes)
    if closed := _closed(plan, seen, small):
        return Verdict(False, closed, (), small.index, None, notes)
    arrived = _arrived(plan, seen, small, whole)
    if name := _name(plan):
        return Verdict(
            False, f"{arrived.removeprefix('arrived: ')}; but not by its name", (name,), small.index, None, notes
        )
    return Verdict(True, arrived, (), small.index, None, notes)


def _lost(seen: Seen, sent: Sent) -> tuple[str, int] | None:
    """Direction and hop at which a packet, or its reply, was missed first. UDP has no reply of its own."""
    hop = seen.lost(FORTH, sent.index)
    if hop is not None:
        return FORTH, hop
    if seen.plan.request.protocol == "udp" and not seen.packet(len(seen.plan.hops) - 1, BACK, sent.index):
        return None
    hop = seen.lost(BACK, sent.index)
    return (BACK, hop) if hop is not None else None


# -- It arrived. -------------------------------------------------------------------------------------------------------


def _arrived(plan: Plan, seen: Seen, small: Sent, whole: Sent | None) -> str:
    what = f"{plan.target.name} at {plan.target.address}"
    packets = [one for one in seen.together if one.whole == small.whole]
    failed = [one for one in packets if _lost(seen, one)]
    first, last = seen.packet(0, FORTH, small.index), seen.packet(0, BACK, small.index)
    if plan.request.protocol == "udp":
        answered = " UDP is not answered unless a program does so" if not last else ""
        return (
            f"arrived: {plan.source.name} reaches {what}, UDP port {plan.request.port}{';' * bool(answered)}{answered}"
        )
    took = f", and the reply is back in {(last['time'] - first['time']) // 1000} µs" if first and last else ""
    port = f", TCP port {plan.request.port}, which is open" if plan.request.port else ""
    size = f"; so do {whole.size} bytes in one piece" if whole else ""
    some = f"; but {len(failed)} of {len(packets)} packets were lost" if failed else ""
    return f"arrived: {plan.source.name} reaches {what}{port}{took}{size}{some}"


def _closed(plan: Plan, seen: Seen, sent: Sent) -> str:
    """Why a port that was reached does not accept; '' where it does."""
    end = len(plan.hops) - 1
    answer = seen.packet(0, BACK, sent.index)
    port, protocol = plan.request.port, plan.request.protocol
    refused = {"tcp": "RST", "udp": "port unreachable"}.get(protocol)
    if not answer or answer["said"] != refused:
        return ""
    first = max((number for number in range(end + 1) if seen.packet(number, BACK, sent.index)), default=end)
    where = causes.named(plan.hops[first].at, plan.names)
    rule = _rules(plan, seen, plan.forth.hops, first, 1) if first == end else []
    what = (
        f"{plan.source.name} reaches {plan.target.name}, but {protocol} port {port} is refused there ({answer['said']})"
    )
    if first != end:
        return f"{what}: the refusal comes from {where}"
    if rule:
        return f"{what}: {rule[0].text}; {rule[0].remedy}"
    space = plan.target.space
    state = plan.world.states.get(space.host, {}) if space and space.netns == OWN else plan.target.container or {}
    held = state.get("listening", {}).get(protocol, [])
    only = [one for one in held if one.rpartition(":")[2] == str(port)]
    if only:
        return f"{what}: what listens in {plan.target.name} does so at {', '.join(only)} only"
    listens = f"; it listens on {', '.join(held)}" if held else ""
    return f"{what}: nothing in {plan.target.name} listens on it{listens}"


# -- It was lost. ------------------------------------------------------------------------------------------------------


def _lost_verdict(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int], notes: tuple[str, ...]) -> Verdict:
    direction, number = lost
    packet = "the request" if direction == FORTH else "the reply"
    if sent.whole:
        packet += f" of {sent.size} bytes in one piece"
    before = seen.before(direction, number)
    here = _numbered(plan, number)
    way = (
        f"{packet} is lost between {_numbered(plan, before)} and {here}"
        if before is not None
        else f"{packet} is not seen at {here}"
    )
    reaches = f"{plan.source.name} does not reach {plan.target.name} at {plan.target.address}"
    if sent.whole:
        reaches = f"{plan.source.name} reaches {plan.target.name} at {plan.target.address} with small packets only"
    if late := _not_together(plan, seen, number):
        return Verdict(False, late, (), sent.index, lost, notes)
    if error := next((one for one in seen.errors if one["index"] == sent.index), None):
        mtu = f", at most {error['mtu']} bytes" if error["mtu"] else ""
        notes = (f"an ICMP error comes back from {error['layers'][-1]['src']}: {error['said']}{mtu}", *notes)
    arp = ""
    if before is None:
        arp = _arp(plan, seen, direction)
    found = _explain(plan, seen, sent, lost)
    if before is None and not found and direction == FORTH and sent.error:
        found = [Cause(frozenset(), f"the kernel of {plan.source.name} says: {sent.error}")]
    sentence = f"{reaches}: {way}{arp}"
    if not found:
        found = [Cause(frozenset(), _unknown(plan, seen, direction, number))]
    return Verdict(False, sentence, tuple(found), sent.index, lost, notes)


def _numbered(plan: Plan, number: int) -> str:
    return f"hop {number_of(plan, number)}, {causes.named(plan.hops[number].at, plan.names)}"


def number_of(plan: Plan, number: int) -> int:
    """The number of a hop in the table, where bridges that nobody hears have none."""
    return sum(not hop.bridge for hop in plan.hops[: number + 1])


def _journey(plan: Plan, direction: str) -> Journey:
    return plan.forth if direction == FORTH else plan.back


def _place(plan: Plan, direction: str, number: int) -> int:
    """A hop's place in the journey of a direction."""
    return number if direction == FORTH else len(plan.hops) - 1 - number


def _arp(plan: Plan, seen: Seen, direction: str) -> str:
    """What is said of ARP where a packet did not even leave."""
    asks = seen.arp_heard(direction, "arp request")
    journey = _journey(plan, direction)
    return f" ({journey.source.name} asks by ARP who has {journey.target.address}, in vain)" if asks else ""


def _explain(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int]) -> list[Cause]:
    """What was read that explains the loss, the surest first."""
    direction, number = lost
    journey = _journey(plan, direction)
    place = _place(plan, direction, number)
    read = causes.read(plan.world, journey, plan.lab, plan.names)
    found: list[Cause] = []
    if sent.whole:
        found = [
            one for one in read if one.size is not None and sent.size and one.size < sent.size and place in one.lost
        ]
        mtu = sent.mtu or next((one["mtu"] for one in seen.errors if one["index"] == sent.index and one["mtu"]), None)
        exact = [one for one in found if one.size == mtu]
        found = [_with_mtu(one, sent) for one in (exact or found)[:1]]
        return found or _remembered(plan, sent) or _filters(plan, seen, lost, sent)
    found = [one for one in read if one.size is None and not one.arp and place in one.lost]
    if place == 0 and not found:
        found = _explain_arp(plan, seen, direction, read)
    found = found or _filters(plan, seen, lost, sent) or _astray(plan, seen, sent, lost)
    found += _said(plan, seen, sent) if not found else []
    return found


def _remembered(plan: Plan, sent: Sent) -> list[Cause]:
    """A kernel keeps for ten minutes what an ICMP error said of a path (ip-sysctl: route/mtu_expires)."""
    space = plan.source.space
    if not sent.mtu or space is None:
        return []
    text = (
        f"the kernel of {plan.source.name} remembers an MTU of {sent.mtu} on the path, of an earlier error, and no link on"
        " the way is as narrow now"
    )
    return [Cause(frozenset(), text, causes.on(space, "ip route flush cache"))]


def _with_mtu(cause: Cause, sent: Sent) -> Cause:
    size = sent.size or 0
    wanted = size + (50 if "VXLAN takes" in cause.text else 0)
    text = f"{cause.text}, too little for {size} bytes"
    return Cause(cause.lost, text, cause.remedy.replace("{mtu}", str(wanted)))


def _explain_arp(plan: Plan, seen: Seen, direction: str, read: list[Cause]) -> list[Cause]:
    """The packet did not leave because nobody answered an ARP request: where that, or its answer, was lost."""
    if not seen.arp_heard(direction, "arp request"):
        return []
    number = seen.arp_lost(direction, "arp request")
    if number is not None:
        place = _place(plan, direction, number)
        return [one for one in read if one.size is None and place in one.lost] or _filters_at(
            plan, seen, direction, number, 1
        )
    other = BACK if direction == FORTH else FORTH
    number = seen.arp_lost(other, "arp reply")
    if number is None:
        return []
    place = _place(plan, other, number)
    back = causes.read(plan.world, _journey(plan, other), plan.lab, plan.names)
    return [one for one in back if one.size is None and place in one.lost] or _filters_at(plan, seen, other, number, 1)


def _filters(plan: Plan, seen: Seen, lost: tuple[str, int], sent: Sent) -> list[Cause]:
    direction, number = lost
    missing = [one for one in seen.sent if one.whole == sent.whole and _lost(seen, one) == lost]
    return _filters_at(plan, seen, direction, number, len(missing))


def _filters_at(plan: Plan, seen: Seen, direction: str, number: int, packets: int) -> list[Cause]:
    return _rules(plan, seen, _journey(plan, direction).hops, _place(plan, direction, number), packets)


def _rules(plan: Plan, seen: Seen, hops: tuple[Hop, ...], place: int, packets: int) -> list[Cause]:
    """Rules, and reasons of the stack, that counted at least so many packets, in the namespaces around a loss."""
    found: dict[str, Cause] = {}
    for space in _spaces(hops, place):
        counted = seen.counted(space.host, space.netns)
        where = plan.names.get(space) or space.host
        for rule in counted["rules"]:
            if rule["packets"] >= packets:
                which = f"{rule['table']} {rule['chain']}: {rule['rule']} (counted {rule['packets']} meanwhile)"
                text = f"a packet filter in {where} drops it: {which}"
                found[text] = Cause(frozenset(), text, causes.on(space, rule["remove"]))
        for reason, count in counted["stack"].items():
            if count >= packets:
                text = f"the IP stack of {where} dropped {count} packets meanwhile, because of: {reason}"
                found.setdefault(text, Cause(frozenset(), text))
    return list(found.values())


def _spaces(hops: tuple[Hop, ...], place: int) -> list[Space]:
    """The namespaces in which a packet can be lost that one hop saw and the next did not."""
    near = [hops[at].at.space for at in range(max(0, place - 2), min(len(hops), place + 1))]
    return list(dict.fromkeys(reversed(near)))


def _astray(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int]) -> list[Cause]:
    """Outer addresses that are not those of the hosts, as they were seen on the wire before the loss."""
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


def _said(plan: Plan, seen: Seen, sent: Sent) -> list[Cause]:
    """What somebody on the way said in an ICMP error."""
    return [
        Cause(frozenset(), f"{one['layers'][-1]['src']} says: {one['said']}")
        for one in seen.errors
        if one["index"] == sent.index
    ][:1]


def _unknown(plan: Plan, seen: Seen, direction: str, number: int) -> str:
    """What can be said where nothing explains a loss."""
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


def _not_together(plan: Plan, seen: Seen, number: int) -> str:
    """Whether the hosts listened at the same time; a sentence where one that heard nothing did not."""
    host = plan.hops[number].at.space.host
    ours, theirs = seen.results.get(plan.sender), seen.results.get(host)
    if host == plan.sender or not ours or not theirs or theirs.get("sightings"):
        return ""
    if ours.get("met", 0) == len(seen.results) - 1:
        return ""
    times = [one["time"] / 1e9 for one in ours.get("sightings", []) if one["kind"] == "request"]
    if not times:
        return ""
    same = seen.clock(host) == seen.clock(plan.sender)
    states = plan.world.states
    ahead = 0.0 if same else states[host]["now"] - states[plan.sender]["now"]
    slack = 0.0 if same else _CLOCK_SECONDS
    if theirs["began"] - ahead - slack < max(times) and theirs["ended"] - ahead + slack > min(times):
        return ""
    return f"{host} and {plan.sender} did not listen at the same time, so nothing can be said: trace again"


def _resolved(plan: Plan) -> dict[str, Any] | None:
    return next((state["resolved"] for state in plan.world.states.values() if state.get("resolved")), None)


def _name(plan: Plan) -> Cause | None:
    """What is wrong with the target's name, as the source has it resolved."""
    resolved = _resolved(plan)
    if not resolved or resolved["address"] == plan.target.address:
        return None
    if resolved["error"]:
        return Cause(frozenset(), resolved["error"], causes.ends.AGAIN)
    others = [one["address"] for one in (plan.target.container or {}).get("networks", [])]
    if resolved["address"] in others:
        return None  # in another network that both are in
    text = f"{resolved['name']} leads to {resolved['address']}, says {resolved['by']}"
    return Cause(frozenset(), text, causes.ends.AGAIN)


# -- Beside it. --------------------------------------------------------------------------------------------------------


def _notes(plan: Plan, seen: Seen) -> list[str]:
    """What does not decide, and is worth a line."""
    found = []
    for end in (plan.source, plan.target):
        if end.container and end.container["status"] == "paused":
            host = end.space.host if end.space else ""
            found.append(
                f"the container {end.name} is paused: its kernel answers, its programs do not; on {host}: docker unpause {end.name}"
            )
    resolved = _resolved(plan)
    if resolved and resolved["address"] == plan.target.address:
        found.append(f"the name {resolved['name']} leads to {resolved['address']}, says {resolved['by']}")
    found += [
        f"dockerd on {host} did not tell everything: {state['docker_error']}"
        for host, state in plan.world.states.items()
        if state["docker_error"] and host != CONTROLLER
    ]
    if plan.encrypted:
        found.append("the network is encrypted: between the hosts, ESP packets cannot be told from each other")
    drops = sum(result.get("dropped", 0) for result in seen.results.values())
    if drops:
        found.append(f"{drops} packets came too fast to be read: what is not seen may have been there")
    return found
