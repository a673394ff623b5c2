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

from . import causes, loss
from .causes import Cause
from .pace import slow
from .plan import Plan
from .seen import BACK, FORTH, Seen, Sent
from .world import CONTROLLER, OWN

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
            seen.missed(small),
            notes,
        )
    for sent in (small, whole) if whole else (small,):
        lost = seen.missed(sent)
        if lost:
            return _lost_verdict(plan, seen, sent, lost, notes)
    for sent in (small, *seen.sent):
        if not seen.missed(sent) and (closed := _unheard(plan, seen, sent) or _closed(plan, seen, sent)):
            return Verdict(False, closed, (), sent.index, None, notes)
    # It arrives all the same: VXLAN takes packets from any address.
    astray = [
        one.text
        for way, end in ((FORTH, len(plan.hops)), (BACK, -1))
        for one in loss.astray(plan, seen, small, (way, end))
    ]
    notes = (*dict.fromkeys(astray), *notes)
    arrived = _arrived(plan, seen, small, whole)
    if name := _name(plan):
        return Verdict(
            False, f"{arrived.removeprefix('arrived: ')}; but not by its name", (name,), small.index, None, notes
        )
    return Verdict(True, arrived, (), small.index, None, notes)


# -- It arrived. -------------------------------------------------------------------------------------------------------


def _arrived(plan: Plan, seen: Seen, small: Sent, whole: Sent | None) -> str:
    what = f"{plan.target.name} at {plan.target.address}"
    packets = [one for one in seen.together if one.whole == small.whole]
    failed = [one for one in packets if seen.missed(one)]
    first, last = seen.packet(0, FORTH, small.index), seen.packet(0, BACK, small.index)
    if plan.request.protocol == "udp":
        answered = " UDP is not answered unless a program does so" if not last else ""
        return (
            f"arrived: {plan.source.name} reaches {what}, UDP port {plan.request.port}{';' * bool(answered)}{answered}"
        )
    took = f", and the reply is back in {(last['time'] - first['time']) // 1000} µs" if first and last else ""
    port = f", TCP port {plan.request.port}, which is open" if plan.request.port else ""
    size = f"; so do {whole.size} bytes in one piece" if whole else ""
    some = f"; but {len(failed)} of {len(packets)} packets were lost{_some(plan, seen, failed)}" if failed else ""
    return f"arrived: {plan.source.name} reaches {what}{port}{took}{size}{some}"


def _some(plan: Plan, seen: Seen, failed: list[Sent]) -> str:
    """Where those were lost that did not arrive, and which rule has counted them."""
    direction, number = loss.usual(seen, failed)
    found = "".join(
        f": {one.text}" + f"; {one.remedy}" * bool(one.remedy)
        for one in loss.filters_at(plan, seen, direction, number, len(failed))[:1]
    )
    return f" before {plan.named(number)}{found}"


def _closed(plan: Plan, seen: Seen, sent: Sent) -> str:
    """Why an end that was reached does not accept; '' where it does."""
    end = len(plan.hops) - 1
    port, protocol = plan.request.port, plan.request.protocol
    said = seen.refusal(sent)
    if not said:
        return ""
    first = max((number for number in range(end + 1) if seen.packet(number, BACK, sent.index)), default=end)
    where = causes.named(plan.hops[first].at, plan.names)
    # What drops it silently sends no refusal.
    rule = [one for one in loss.rules(plan, seen, plan.forth.hops, first, 1) if "reject" in one.text.lower()]
    asked = f"{protocol} port {port}" if port else "ICMP echo"
    size = f" of {sent.size} bytes in one piece" if sent.whole else ""
    what = f"{plan.source.name} reaches {plan.target.name}, but {asked}{size} is refused there ({said})"
    space = plan.target.space
    if first == end and rule:
        return f"{what}: {rule[0].text}; {rule[0].remedy}"
    if first != end or plan.hops[end].at.space != space:
        return f"{what}: the refusal comes from {where}"
    state = plan.world.states.get(space.host, {}) if space and space.netns == OWN else plan.target.container or {}
    held = state.get("listening", {}).get(protocol, [])
    only = [one for one in held if one.rpartition(":")[2] == str(port)]
    everywhere = {f"{address}:{port}" for address in ("0.0.0.0", "::", plan.target.address)}
    if said != {"tcp": "RST", "udp": "port unreachable"}.get(protocol) or everywhere & set(only):
        return f"{what}: {loss.unknown(plan, seen, (FORTH, end))}"
    if only:
        return f"{what}: what listens in {plan.target.name} does so at {', '.join(only)} only"
    listens = f"; it listens on {', '.join(held)}" if held else ""
    return f"{what}: nothing in {plan.target.name} listens on it{listens}"


def _unheard(plan: Plan, seen: Seen, sent: Sent) -> str:
    """That a request was missed nowhere is no evidence where nobody listened at its end; '' where there is some."""
    if seen.heard(len(plan.hops) - 1) or seen.packet(0, BACK, sent.index):
        return ""
    what = f"{plan.source.name} sends to {plan.target.name} at {plan.target.address}"
    return f"{what}, and whether the request arrives cannot be said: {_failed(seen)}"


# -- It was lost. ------------------------------------------------------------------------------------------------------


def _lost_verdict(plan: Plan, seen: Seen, sent: Sent, lost: tuple[str, int], notes: tuple[str, ...]) -> Verdict:
    direction, number = lost
    packet = "the request" if direction == FORTH else "the reply"
    if sent.whole:
        packet += f" of {sent.size} bytes in one piece"
    before = seen.before(direction, number)
    here = plan.named(number)
    way = (
        f"{packet} is lost between {plan.named(before)} and {here}"
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
    if loss.arp(plan, seen, lost):
        asker, asked = (plan.source, plan.target) if direction == FORTH else (plan.target, plan.source)
        arp = f" ({asker.name} asks by ARP who has {asked.address}, in vain)"
    found = loss.explain(plan, seen, sent, lost)
    if before is None and not found and direction == FORTH and sent.error:
        found = [Cause(frozenset(), f"the kernel of {plan.source.name} says: {sent.error}")]
    sentence = f"{reaches}: {way}{arp}"
    if not found:
        found = [Cause(frozenset(), loss.unknown(plan, seen, lost))]
    return Verdict(False, sentence, tuple(found), sent.index, lost, notes)


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


def _failed(seen: Seen) -> str:
    return f"the part of {', '.join(seen.failed)} in the trace failed"


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
                f"the container {end.name} is paused: its kernel answers, its programs do not; on {host}:"
                f" docker unpause {end.name}"
            )
    resolved = _resolved(plan)
    if resolved and resolved["address"] == plan.target.address:
        found.append(f"the name {resolved['name']} leads to {resolved['address']}, says {resolved['by']}")
    found += [
        f"dockerd on {host} did not tell everything: {state['docker_error']}"
        for host, state in plan.world.states.items()
        if state["docker_error"] and host != CONTROLLER
    ]
    if found_slow := slow(plan, seen):
        found.append(found_slow)
    if plan.encrypted:
        found.append("the network is encrypted: between the hosts, ESP packets cannot be told from each other")
    drops = sum(result.get("dropped", 0) for result in seen.results.values())
    if drops:
        found.append(f"{drops} packets came too fast to be read: what is not seen may have been there")
    if seen.failed:
        found.append(f"{_failed(seen)}: its hops could see nothing")
    return found
