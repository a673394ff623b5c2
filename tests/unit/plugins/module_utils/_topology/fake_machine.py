# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine for the topology engine to run on without a kernel: a world to read, and a client that only records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import lockout
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import plan as planner
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import plan_removal as removal
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import record as topology_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import run as topology_run
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.model import Remote
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.observed import (
    CurrentState,
    LinkState,
    Place,
    RouteState,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.record import Record
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.requests import Request

LAB = mark_of("lab")


def link(index: int, name: str, kind: str | None = None, **more: Any) -> LinkState:
    """A link that is up, with the addresses given as text."""
    addresses = {ip_interface(address) for address in more.pop("addresses", ())}
    packed = {(address.packed, address.network.prefixlen) for address in addresses}
    mac = f"02:00:00:00:00:{index:02x}"
    base = LinkState(index, name, kind, up=True, carrier=True, mtu=1500, mac=mac, group=0)
    return replace(base, packed_addresses=packed, **more)


def place(inode: int, *links: LinkState, routes: Sequence[RouteState] = (), **more: Any) -> Place:
    everything = [replace(link(1, "lo"), mac="00:00:00:00:00:00", mtu=65536), *links]
    return Place((4, inode), {one.name: one for one in everything}, set(routes), **more)


def a_machine() -> CurrentState:
    """A machine with a network of its own, a namespace of somebody else's, and two of the topology "lab"."""
    return CurrentState(
        {
            "": place(
                1,
                link(2, "eth0", addresses=["192.168.1.5/24"]),
                link(3, "eth1"),
                link(4, "br0", "bridge", addresses=["172.18.0.1/24"], settings={"stp": False}),
                link(5, "docker0", "bridge", addresses=["172.17.0.1/16"], settings={"stp": False}),
                link(6, "uplink", "macvlan", link_index=3, settings={"mode": "bridge"}),
                routes=[RouteState("0.0.0.0/0", "192.168.1.1", "eth0"), RouteState("192.168.1.0/24", None, "eth0")],
            ),
            "theirs": place(2, link(2, "br0", "bridge", addresses=["10.9.0.1/24"], settings={"stp": False})),
            "ours": place(
                3,
                link(2, "br0", "bridge", group=LAB, settings={"stp": False}, addresses=["10.1.0.1/24"]),
                link(3, "v0", "veth", group=LAB, link_index=2, link_nsid=0, master="br0"),
                link(
                    4,
                    "vx0",
                    "vxlan",
                    group=LAB,
                    settings={"vni": 7, "port": 4789, "local": None, "local6": None, "learning": True},
                    remotes={Remote("10.1.0.2")},
                ),
                nsids={"ours2": 0},
            ),
            "ours2": place(
                4,
                link(2, "e0", "veth", group=LAB, link_index=3, link_nsid=0, addresses=["10.1.0.3/24"]),
                nsids={"ours": 0},
            ),
        }
    )


def a_record() -> Record:
    """That of the topology "lab"."""
    return Record({"ours": (4, 3), "ours2": (4, 4)}, frozenset({"ours", "ours2"}), frozenset(), known=True)


class RecordingClient:
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.made: list[str] = []
        self.removed: list[str] = []

    def send(self, requests: Sequence[Request]) -> None:
        self.sent += requests

    def make_namespaces(self, names: Sequence[str], note: Callable[[dict[str, Any]], None]) -> None:
        self.made += names
        note({name: (4, 100 + number) for number, name in enumerate(names)})

    def remove_namespaces(self, names: Sequence[str]) -> None:
        self.removed += names

    @property
    def untouched(self) -> bool:
        return not (self.sent or self.made or self.removed)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> RecordingClient:
    """Let the engine run on a_machine(); return what it did to it."""
    client = RecordingClient()
    monkeypatch.setattr(topology_run.os, "geteuid", lambda: 0)
    monkeypatch.setattr(topology_run, "read", lambda *_: a_machine())
    monkeypatch.setattr(topology_run, "Client", lambda _: client)
    monkeypatch.setattr(topology_run, "message_classes", dict)
    monkeypatch.setattr(topology_run.netns, "Namespaces", nullcontext)
    monkeypatch.setattr(topology_run.rollback, "pending", list)
    monkeypatch.setattr(topology_run.managers, "leave_alone", lambda _: None)
    monkeypatch.setattr(lockout, "sessions", dict)
    monkeypatch.setattr(lockout.routes, "read_link_local", dict)
    monkeypatch.setattr(topology_record, "locked", nullcontext)
    monkeypatch.setattr(topology_record, "load", lambda name: a_record() if name == "lab" else Record())
    monkeypatch.setattr(topology_record, "save", lambda *_: None)
    monkeypatch.setattr(topology_record, "forget", lambda _: None)
    monkeypatch.setattr(netns, "inhabited", frozenset)
    for module in (planner, removal):
        monkeypatch.setattr(module.netns, "leftover", lambda name: name == "stale")
    return client
