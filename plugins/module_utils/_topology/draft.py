# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A plan while it is drawn: what the passes of the planner share, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN

from .model import Key, Link, Topology
from .observed import CurrentState, LinkState
from .record import Record
from .requests import Request

# Masters and parents before the links that refer to them.
BIRTH_ORDER = ("bridge", "veth", "vxlan", "macvlan")


@dataclass
class Plan:
    """What to do, in this order: removals, namespaces away, namespaces made, MTUs, births by kind, other changes.

    An MTU comes before births, because a macvlan that is born on a link must not be larger than it.
    """

    removals: list[Request] = field(default_factory=list)
    namespaces_removed: list[str] = field(default_factory=list)
    namespaces_made: list[str] = field(default_factory=list)
    mtus: list[Request] = field(default_factory=list)
    births: dict[str, list[Request]] = field(default_factory=lambda: {kind: [] for kind in BIRTH_ORDER})
    changes: list[Request] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)
    record: Record = field(default_factory=Record)

    @property
    def changed(self) -> bool:
        return self.differences.changed

    @property
    def requests(self) -> list[Request]:
        """Every netlink message of the plan, in its order."""
        births = [request for kind in BIRTH_ORDER for request in self.births[kind]]
        return [*self.removals, *self.mtus, *births, *self.changes]

    @property
    def steps_of_removed(self) -> list[str]:
        return [f"remove namespace {name}" for name in self.namespaces_removed]

    @property
    def steps_of_made(self) -> list[str]:
        return [f"make namespace {name}" for name in self.namespaces_made]

    @property
    def steps(self) -> list[str]:
        """The plan in sentences."""
        return [
            *(request.step for request in self.removals),
            *self.steps_of_removed,
            *self.steps_of_made,
            *(request.step for request in self.requests[len(self.removals) :]),
        ]


class Draft:
    """Desired state, current state, and the plan between them. Each pass adds requests, differences and faults."""

    def __init__(self, desired: Topology, current: CurrentState, record: Record, adopt: bool = False) -> None:
        self.desired = desired
        self.current = current
        self.record = record
        self.adopt = adopt
        self.mark = mark_of(desired.name) if desired.name else None
        self.links = {link.key: link for link in desired.links}
        self.plan = Plan()
        self.faults: list[str] = []
        # Links that go, to come back or not; what depends on one goes with it.
        self.removed: set[Key] = set()
        # Namespaces in which something changes.
        self.touched: set[str] = set()

    def fault(self, title: str, text: str) -> None:
        self.faults.append(f"{title}: {text}")

    def change(self, request: Request) -> None:
        self.touched.add(request.netns)
        self.plan.changes.append(request)

    def exists(self, netns: str) -> bool:
        """Whether there is such a namespace, or will be."""
        return netns in self.current.places or netns in self.desired.namespaces

    def state(self, key: Key) -> LinkState | None:
        """The link that has this name now and keeps it."""
        return None if key in self.removed else self.current.link(*key)

    def holder(self, key: Key) -> LinkState | None:
        """The link that has the name as a further one (altname), and keeps it."""
        place = self.current.places.get(key[0])
        found = place.named(key[1]) if place else None
        return found if found and found.name != key[1] and (key[0], found.name) not in self.removed else None

    def kind_of(self, key: Key) -> str | None:
        """The kind of a link as it will be; "interface" for a real one, None where there is none."""
        desired: Link | None = self.links.get(key)
        if desired and desired.kind != "port":
            return desired.kind
        if key[0] == OWN and key[1] in self.desired.coming:
            return "bridge"
        state = self.state(key)
        return (state.kind or "interface") if state else None
