# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The lab's links as this host shapes them: wanted, recorded and found; what differs; made and removed.

What the kernel shows of a shape is in no form that could be compared with what was asked. So the record keeps what it
showed when a run had made it: as long as it shows the same, nobody has touched it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall, record, section_owner

from . import loss, queues
from .shape import KEYS, Shape, meaning, read

SECTION = "links"
_NOTHING = {"device": "", "address": "", "links": [], "queues": "", "loss": ""}


@dataclass(frozen=True)
class Wanted:
    """``device``: the interface that has ``address``; ``links``: as in the record, and what they mean."""

    device: str = ""
    address: str = ""
    links: tuple[dict[str, str], ...] = ()
    shapes: tuple[Shape, ...] = ()

    @property
    def by_peer(self) -> list[tuple[str, Shape]]:
        return [(link["address"], shape) for link, shape in zip(self.links, self.shapes)]

    @property
    def queued_at(self) -> str:
        """The interface that gets queues; '' where none is needed."""
        return self.device if any(shape.queued for shape in self.shapes) else ""


@dataclass(frozen=True)
class Plan:
    lab: str
    wanted: Wanted
    recorded: dict[str, Any]
    found: tuple[str, str]  # queues, loss
    differences: Differences


def recorded() -> dict[str, Any]:
    """{"lab", "device": that has our queues, "address", "links", "queues", "loss"}; empty values where nothing is
    recorded.
    """
    return {"lab": "", **_NOTHING, **record.section(SECTION)}


def wanted(address: str, links: Sequence[Mapping[str, Any]]) -> Wanted:
    """Raises LabError with every fault in what is asked, and where no interface has the address."""
    if not links:
        return Wanted()
    faults: list[str] = []
    shapes = []
    for link in links:
        lines: list[str] = []
        shapes.append(read(link, lines))
        faults += [f"link to {link['host']}: {line}" for line in lines]
    device = firewall.interface(address)
    if not device:
        faults.append(f"{address} is the address of no interface of this host: is it at that site?")
    if faults:
        raise LabError(faults)
    kept = [{"host": link["host"], "address": link["address"], **_texts(link)} for link in links]
    return Wanted(device, address, tuple(kept), tuple(shapes))


def _texts(link: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(link[key]) for key in KEYS if link.get(key)}


def plan(lab: str, asked: Wanted) -> Plan:
    """Nothing is changed. Raises LabError where a queue or a table of somebody else's is in the way."""
    known = recorded()
    section_owner.refuse_others(record.section(SECTION), lab, "the shape of the links is")
    losing = any(shape.loss for shape in asked.shapes)
    lost = any(meaning("loss", link.get("loss")) for link in known["links"])
    # What the lab has not made here is not its own, whatever its name.
    found = (
        queues.read(known["device"]) if known["device"] else "",
        loss.read() if lost or losing else "",
    )
    faults = []
    device = asked.queued_at
    if device and (fault := foreign(device, queues.roots().get(device, ""), known)):
        faults.append(fault)
    if losing:
        loss.check()
        if found[1] and not lost:
            faults.append(f"there is a table ip {loss.TABLE} in nft that no lab made by this host's record: remove it")
    if faults:
        raise LabError(faults)
    return Plan(lab, asked, known, found, _differences(asked, known, found))


def foreign(device: str, root: str, known: Mapping[str, Any]) -> str:
    """Why a queue of an interface (a value of queues.roots) may not be replaced; '' where it may."""
    if not root or (queues.is_ours(root) and known["device"] == device):
        return ""
    return (
        f"{device} has a queue that is not the lab's (qdisc {root}): the lab replaces only its own: remove it"
        f" (tc qdisc del dev {device} root), or take underlay out of the lab file"
    )


def _differences(asked: Wanted, known: Mapping[str, Any], found: tuple[str, str]) -> Differences:
    differences = Differences()
    before = {link["host"]: link for link in known["links"]}
    after = {link["host"]: link for link in asked.links}
    for host in [*before, *(host for host in after if host not in before)]:
        was, will = before.get(host, {}), after.get(host, {})
        if was and will:
            differences.compare(f"link to {host}: address", was["address"], will["address"])
        for key in KEYS:
            if meaning(key, was.get(key)) != meaning(key, will.get(key)):
                differences.add(f"link to {host}: {key}", was.get(key), will.get(key))
    if known["device"] and asked.queued_at:
        differences.compare("links: interface", known["device"], asked.queued_at)
    if asked.links and not differences.changed:
        # As somebody left it, or a boot.
        for what, is_now, was in zip(("queues", "loss"), found, (known["queues"], known["loss"])):
            if is_now != was:
                differences.add(f"links: {what}", "changed by somebody else" if is_now else None, "as asked for")
    return differences


def apply(made: Plan) -> None:
    """Where the kernel refuses a part, nothing of it stays, and LabError has its words."""
    _remove(made)
    if not made.wanted.links:
        record.update(SECTION, None)
        return
    asked = made.wanted
    section = {**_NOTHING, "device": asked.queued_at, "address": asked.address, "links": list(asked.links)}
    # Written first: a run that is killed in between leaves nothing that nobody knows of.
    record.update(SECTION, section_owner.marked(section, made.lab))
    try:
        for command in _commands(asked):
            _run(command)
    except LabError:
        _remove_from(asked.queued_at)
        record.update(SECTION, None)
        raise
    section |= {"queues": queues.read(asked.queued_at) if asked.queued_at else "", "loss": loss.read()}
    record.update(SECTION, section_owner.marked(section, made.lab))


def again() -> bool:
    """After a boot: make what is recorded and not there any more. Whether there was any."""
    known = recorded()
    if not known["links"]:
        return False
    made = plan(known["lab"], wanted(known["address"], known["links"]))
    if made.differences.changed:
        apply(made)
    return made.differences.changed


def _commands(asked: Wanted) -> list[list[str]]:
    return queues.commands(asked.device, asked.address, asked.by_peer) + loss.commands(asked.address, asked.by_peer)


def _remove(made: Plan) -> None:
    if made.found[0]:
        _run(queues.removal(made.recorded["device"]))
    if made.found[1]:
        _run(loss.removal())


def _remove_from(device: str) -> None:
    if device and queues.read(device):
        _run(queues.removal(device))
    if loss.read():
        _run(loss.removal())


def _run(command: list[str]) -> None:
    programs.output(command)
