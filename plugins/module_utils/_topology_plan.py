# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""From what is wanted and what is to the requests that lead from one to the other. Touches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _netns as netns
from ansible_collections.emon.overlay_lab.plugins.module_utils import _topology_requests as requests
from ansible_collections.emon.overlay_lab.plugins.module_utils._differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._netns import where
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_model import Key, Link, Route, Topology
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_record import Record, doomed, mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_requests import Request
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_world import LinkState, RouteState, World

# Masters and parents before those that refer to them.
BIRTH_ORDER = ("bridge", "veth", "vxlan", "macvlan")


@dataclass
class Plan:
    """What to do, in this order: removals, namespaces away, namespaces made, births by kind, changes."""

    removals: list[Request] = field(default_factory=list)
    namespaces_removed: list[str] = field(default_factory=list)
    namespaces_made: list[str] = field(default_factory=list)
    births: dict[str, list[Request]] = field(default_factory=lambda: {kind: [] for kind in BIRTH_ORDER})
    changes: list[Request] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)
    record: Record = field(default_factory=Record)

    @property
    def changed(self) -> bool:
        return self.differences.changed

    @property
    def steps(self) -> list[str]:
        """The plan in sentences."""
        found = [request.step for request in self.removals]
        found += [f"remove namespace {name}" for name in self.namespaces_removed]
        found += [f"make namespace {name}" for name in self.namespaces_made]
        found += [request.step for kind in BIRTH_ORDER for request in self.births[kind]]
        return found + [request.step for request in self.changes]


def plan_present(wanted: Topology, world: World, record: Record, *, prune: bool = False, adopt: bool = False) -> Plan:
    """The way to what is wanted.

    Raises LabError with every fault that shows against the machine: an object that is somebody else's, a namespace or a
    master that nobody makes.
    """
    planner = _Planner(wanted, world, record, prune, adopt)
    planner.namespaces()
    planner.links()
    planner.routes()
    if prune:
        planner.prune()
    if planner.faults:
        raise LabError(planner.faults)
    planner.restate()
    return planner.finished()


class _Planner:
    """Holds what the passes share; each pass adds faults, requests and differences."""

    def __init__(self, wanted: Topology, world: World, record: Record, prune: bool, adopt: bool) -> None:
        self.wanted = wanted
        self.world = world
        self.record = record
        self.prune_others = prune
        self.adopt = adopt
        self.mark = mark_of(wanted.name) if wanted.name else None
        self.by_key = {link.key: link for link in wanted.links}
        self.plan = Plan()
        self.faults: list[str] = []
        self.touched: set[str] = set()
        self.removed: set[Key] = set()

    # Namespaces -------------------------------------------------------------------------------------------------

    def namespaces(self) -> None:
        for name in self.wanted.namespaces:
            place = self.world.places.get(name)
            if place is None:
                self._make_namespace(name)
                continue
            if self.mark is not None and not self.record.owns(name):
                if not self.adopt:
                    self.faults.append(
                        f"namespace {name} exists and topology {self.wanted.name} did not make it:"
                        f" choose another name, remove it (ip netns delete {name}), or set adopt"
                    )
                    continue
                self.plan.differences.add(f"namespace {name}: topology", None, self.wanted.name)
            loopback = place.links.get("lo")
            if loopback and not loopback.up:
                self._change(requests.set_link(name, "lo", f"set lo {where(name)} up", up=True))
                self.plan.differences.add(f"lo {where(name)}: up", False, True)
        for netns_used in sorted(
            {link.netns for link in self.wanted.links} | {route.netns for route in self.wanted.routes}
        ):
            if netns_used not in self.wanted.namespaces and netns_used not in self.world.places:
                users = [link.title for link in self.wanted.links if link.netns == netns_used]
                users += [route.title for route in self.wanted.routes if route.netns == netns_used]
                self.faults.append(
                    f"{users[0]}: there is no namespace {netns_used}: list it under namespaces, or make it before"
                )

    def _make_namespace(self, name: str) -> None:
        if netns.leftover(name) and self.mark is not None and name not in self.record.namespaces and not self.adopt:
            self.faults.append(
                f"{netns.path_of(name)} is a file and no namespace, and topology {self.wanted.name} did not leave it:"
                " remove it, or set adopt"
            )
            return
        self.plan.namespaces_made.append(name)
        self.plan.differences.add(f"namespace {name}", None, "present")

    # Links ------------------------------------------------------------------------------------------------------

    def links(self) -> None:
        done: set[Key] = set()
        for link in self.wanted.links:
            if link.key in done:
                continue
            ends = (link, self.by_key[link.peer]) if link.peer else (link,)
            done |= {end.key for end in ends}
            self._object(ends)
        for link in self.wanted.links:
            self._check_master(link)

    def _object(self, ends: tuple[Link, ...]) -> None:
        """One link, or a veth with its two ends."""
        states = [self.world.link(*end.key) for end in ends]
        free = [self._may_use(end, state) for end, state in zip(ends, states, strict=True)]
        if not all(free):
            return
        reasons = self._reasons(ends, states)
        found = [(end, state) for end, state in zip(ends, states, strict=True) if state]
        if len(found) == len(ends) and not reasons:
            for end, state in found:
                self._settle(end, state)
            return
        for end, _ in found:
            why = "; ".join(reasons) or "its peer is missing"
            self.removed.add(end.key)
            self.plan.removals.append(requests.remove_link(*end.key, f"remove {end.title}: {why}"))
        self._make(ends, reasons)

    def _may_use(self, link: Link, state: LinkState | None) -> bool:
        """Whether what has the wanted name now is ours to change."""
        if state is None:
            return True
        if state.kind is None:
            self.faults.append(
                f"{link.title}: {link.name} is a real interface there and no {link.kind}: choose another name"
            )
            return False
        if self.mark is None or state.group in (self.mark, doomed(self.mark)):
            return True
        if self.adopt:
            step = f"adopt {link.title}"
            self._change(requests.set_link(*link.key, step, group=self.mark))
            self.plan.differences.add(f"{link.title}: topology", None, self.wanted.name)
            return True
        self.faults.append(
            f"{link.title} exists and topology {self.wanted.name} did not make it:"
            " choose another name, remove it, or set adopt"
        )
        return False

    def _reasons(self, ends: tuple[Link, ...], states: list[LinkState | None]) -> list[str]:
        """Why what is there cannot become what is wanted."""
        found = Differences()
        for end, state in zip(ends, states, strict=True):
            if state is None:
                continue
            if found.compare(f"{end.title}: kind", state.kind, end.kind, recreate=True):
                continue
            if self.mark is not None and state.group == doomed(self.mark):
                found.add(f"{end.title}: group", state.group, self.mark, recreate=True)
            for name, value in end.settings.items():
                if value is not None and not KINDS[end.kind][name].in_place:
                    found.compare(f"{end.title}: {name}", state.settings.get(name), value, recreate=True)
        if len(ends) == 2 and all(states) and not found.found and not self._are_peers(ends, states):
            found.add(f"{ends[0].title}: peer", "another", f"{ends[1].name} {where(ends[1].netns)}", recreate=True)
        self.plan.differences.found += found.found
        return found.reasons

    def _are_peers(self, ends: tuple[Link, ...], states: list[Any]) -> bool:
        one, other = states
        if one.link_index != other.index or other.link_index != one.index:
            return False
        if ends[0].netns == ends[1].netns:
            return one.link_nsid is None
        return one.link_nsid == self.world.places[ends[0].netns].nsids.get(ends[1].netns, -1)

    def _make(self, ends: tuple[Link, ...], reasons: list[str]) -> None:
        # Only the first end can be born up and with a master: a bridge's port, where there is one.
        link, *peers = sorted(ends, key=lambda end: not end.master)
        birth = requests.make_link(link, peers[0] if peers else None, self.mark)
        self.plan.births[link.kind].append(birth)
        for end in ends:
            self.touched.add(end.netns)
            if not reasons:
                self.plan.differences.add(end.title, None, _summary(end))
            if end.master and end is not link:
                self._change(requests.set_link(*end.key, f"make {end.title} a port of {end.master}", master=end.master))
            if end.up and end is not link:
                self._change(requests.set_link(*end.key, f"set {end.title} up", up=True))
            for address in sorted(end.addresses or (), key=str):
                self._change(requests.add_address(*end.key, address, f"add {address} to {end.title}"))

    def _settle(self, link: Link, state: LinkState) -> None:
        """Change in place what differs."""
        different = self.plan.differences.compare
        for attribute, request_name in (("mtu", "mtu"), ("mac", "address")):
            value = getattr(link, attribute)
            if value is not None and different(f"{link.title}: {attribute}", getattr(state, attribute), value):
                step = f"set {attribute} of {link.title} to {value}"
                self._change(requests.set_link(*link.key, step, **{request_name: value}))
        master = None if (link.netns, state.master) in self.removed else state.master
        if link.master is not None and different(f"{link.title}: master", master, link.master or None):
            step = (
                f"make {link.title} a port of {link.master}"
                if link.master
                else f"release {link.title} from {state.master}"
            )
            self._change(requests.set_link(*link.key, step, master=link.master))
        changed = {
            name: value
            for name, value in link.settings.items()
            if value is not None and different(f"{link.title}: {name}", state.settings.get(name), value)
        }
        if changed:
            step = f"set {', '.join(changed)} of {link.title}"
            self._change(requests.set_settings(link, step, changed))
        if link.up is not None and different(f"{link.title}: up", state.up, link.up):
            self._change(requests.set_link(*link.key, f"set {link.title} {'up' if link.up else 'down'}", up=link.up))
        self._settle_addresses(link, state)

    def _settle_addresses(self, link: Link, state: LinkState) -> None:
        if link.addresses is None:
            return
        before, after = sorted(state.addresses, key=str), sorted(link.addresses, key=str)
        going_down = link.up is False and state.up
        if not self.plan.differences.compare(f"{link.title}: addresses", before, after) and not going_down:
            return
        extra = [address for address in before if address not in link.addresses]
        for address in extra:
            self._change(requests.remove_address(*link.key, address, f"remove {address} from {link.title}"))
        # Confirm the others as well: with an IPv4 address the kernel removes those that were added after it to the
        # same subnet, and a link that goes down loses its IPv6 addresses.
        for address in after:
            if address not in state.addresses or extra or going_down:
                self._change(requests.add_address(*link.key, address, f"add {address} to {link.title}"))

    def _check_master(self, link: Link) -> None:
        if not link.master:
            return
        wanted = self.by_key.get((link.netns, link.master))
        existing = self.world.link(link.netns, link.master)
        kind = wanted.kind if wanted else existing.kind if existing else None
        if kind != "bridge":
            what = f"{link.master} is a {kind}" if kind else f"there is no bridge {link.master}"
            self.faults.append(f"{link.title}: master {link.master}: {what} {where(link.netns)}: list it under bridges")

    # Routes -----------------------------------------------------------------------------------------------------

    def routes(self) -> None:
        for route in self.wanted.routes:
            place = self.world.places.get(route.netns)
            if place is None or not any(_is_route(route, state) for state in place.routes):
                same = [_hop(state) for state in place.routes if state.to == str(route.to)] if place else []
                self.plan.differences.add(
                    f"route to {route.to} {where(route.netns)}", same[0] if same else None, _hop(route)
                )
                self._change(requests.add_route(route, f"add {route.title}"))

    # Whole ------------------------------------------------------------------------------------------------------

    def prune(self) -> None:
        remove_marked(self.plan, self.world, self.wanted, self.mark)
        remove_recorded(self.plan, self.world, self.record, self.wanted)

    def restate(self) -> None:
        """What earlier changes of the plan can undo is said again at the end of it.

        A bridge takes the smallest MTU of its ports until one is set; routes go with the addresses and links they use.
        """
        touched = self.touched
        for link in self.wanted.links:
            if link.kind == "bridge" and link.mtu is not None and link.netns in touched:
                self.plan.changes.append(
                    requests.set_link(*link.key, f"set mtu of {link.title} to {link.mtu}", mtu=link.mtu)
                )
        stated = {(request.netns, request.step) for request in self.plan.changes}
        for route in self.wanted.routes:
            if route.netns in touched and (route.netns, f"add {route.title}") not in stated:
                self.plan.changes.append(requests.add_route(route, f"confirm {route.title}"))

    def finished(self) -> Plan:
        keep = self.record if not self.prune_others else Record()
        namespaces = {name: netns.identity(name) for name in self.wanted.namespaces}
        self.plan.record = Record(
            namespaces={**keep.namespaces, **namespaces},
            places=keep.places | {link.netns for link in self.wanted.links},
            routes=keep.routes | {(route.netns, str(route.to), route.via, route.dev) for route in self.wanted.routes},
            known=True,
        )
        return self.plan

    def _change(self, request: Request) -> None:
        self.touched.add(request.netns)
        self.plan.changes.append(request)


def plan_absent(wanted: Topology, world: World, record: Record) -> Plan:
    """The way to a machine without the topology: all that carries its mark and all that its record proves to be its."""
    plan = Plan()
    nothing = Topology(wanted.name)
    remove_marked(plan, world, nothing, mark_of(wanted.name or ""))
    remove_recorded(plan, world, record, nothing)
    return plan


def remove_marked(plan: Plan, world: World, wanted: Topology, mark: int | None) -> None:
    """Plan the removal of marked links that are not wanted."""
    if mark is None:
        return
    keep = {link.key for link in wanted.links}
    victims: dict[str, list[LinkState]] = {}
    for place, known in world.places.items():
        for state in known.links.values():
            if state.group == doomed(mark) or (state.group == mark and (place, state.name) not in keep):
                victims.setdefault(place, []).append(state)
    # Where most are, first: a veth goes with its peer, and the other namespace needs no call of its own.
    gone: set[tuple[int, int]] = set()
    for place, states in sorted(victims.items(), key=lambda item: -len(item[1])):
        for state in states:
            if (place, state.name) not in keep:
                plan.differences.add(f"{state.kind} {state.name} {where(place)}", "present", None)
        if all(state.kind == "veth" and (state.link_index, state.index) in gone for state in states):
            continue
        gone |= {(state.index, state.link_index) for state in states if state.kind == "veth"}
        plan.removals += _removal(place, states, mark, world)


def _removal(place: str, states: list[LinkState], mark: int, world: World) -> Iterable[Request]:
    names = ", ".join(state.name for state in states)
    step = f"remove {names} {where(place)}"
    if len(states) == 1:
        return [requests.remove_link(place, states[0].name, step)]
    marked = [state for state in world.places[place].links.values() if state.group == mark]
    if len(marked) == len(states):
        return [requests.remove_group(place, mark, step)]
    group = doomed(mark)
    moves = [
        requests.set_link(place, state.name, f"mark {state.name} {where(place)} for removal", group=group)
        for state in states
        if state.group != group
    ]
    return [*moves, requests.remove_group(place, group, step)]


def remove_recorded(plan: Plan, world: World, record: Record, wanted: Topology) -> None:
    """Plan the removal of namespaces and routes that the record proves to be ours, and that are not wanted."""
    for name in record.namespaces:
        if name not in wanted.namespaces and (record.owns(name) or netns.leftover(name)):
            plan.namespaces_removed.append(name)
            plan.differences.add(f"namespace {name}", "present", None)
    kept = {(route.netns, str(route.to)) for route in wanted.routes}
    for place, to, via, dev in sorted(record.routes, key=str):
        known = world.places.get(place)
        if known is None or place in plan.namespaces_removed or (place, to) in kept:
            continue
        route = Route(place, ip_network(to), via, dev)
        if any(_is_route(route, state) for state in known.routes):
            plan.differences.add(f"route to {to} {where(place)}", _hop(route), None)
            plan.removals.insert(0, requests.remove_route(route, f"remove {route.title}"))


def _is_route(route: Route, state: RouteState) -> bool:
    return state.to == str(route.to) and state.via == route.via and route.dev in (None, state.dev)


def _hop(route: Route | RouteState) -> str:
    return " ".join([f"via {route.via}"] * bool(route.via) + [f"dev {route.dev}"] * bool(route.dev))


def _summary(link: Link) -> str:
    """A new link in one line of a diff."""
    parts = [f"mtu {link.mtu}"] if link.mtu else []
    parts += [f"mac {link.mac}"] if link.mac else []
    parts += [f"master {link.master}"] if link.master else []
    parts += [f"{name} {value}" for name, value in link.settings.items() if value is not None]
    parts += [str(address) for address in sorted(link.addresses or (), key=str)]
    return ", ".join(parts) or "present"
