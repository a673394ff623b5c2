# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The interface of an engine, which connects a lab's networks across hosts.

Each engine is a package, _engine_NAME, whose engine.py has a value ENGINE of the class below. A field that it does not
set has the default. ``_engines/choice.py`` lists the engines; no other file names one.

Its tasks on hosts are in the role overlay_network, tasks/NAME/: present.yml creates the networks, absent.yml removes
everything; further files are optional: prepare, check, pre_move, post_move, observe, wait_converged, removable,
remove_host, forget. meta/argument_specs.yml of the role says when each is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from .networks import room_faults, unmanaged_users

Lab = dict[str, Any]
Infos = dict[str, dict[str, Any]]
Told = dict[str, dict[str, list[dict[str, Any]]]]
Lines = list[str]


def _as_in_the_lab(lab: Lab) -> list[dict[str, Any]]:
    return lab["containers"]


def _nothing_known(_infos: Infos, _lab: Lab, _run: dict[str, Any]) -> dict[str, Any]:
    return {"faults": [], "nodes": [], "manager": ""}


@dataclass(frozen=True)
class Engine:
    """All functions are pure.

    ``lab``: its value (_lab_file/value.py) with this engine; the role overlay_network gives what it has options for.
    ``infos``: host -> what host_info returned; ``states``: host -> what overlay_state returned; ``evidence``: what
    tasks/NAME/observe.yml read, [] without it.
    """

    # -- Traits: playbooks and roles have them from the filter engine_traits. --
    # A packet of a network reaches the containers of other hosts.
    crosses_hosts: bool = True
    # The lab's etcd is part of it.
    uses_etcd: bool = False
    # dockerd keeps its networks in that etcd, by the v2 API: it is configured for it, and restarted.
    dockerd_store: bool = False
    # dockerd is a node of a swarm.
    swarm_mode: bool = False
    # The networks are Docker's own overlays: all hosts see one, and its VXLANs learn nothing.
    docker_overlay: bool = False
    # Containers use a resolver of the engine's. It is set when they are created, so a change recreates them.
    own_resolver: bool = False
    # Whether containers pause while hosts move to another site; and the words that announce it.
    pauses: bool = False
    move: str = "Containers keep running"

    # -- The lab file. --
    # Why a network cannot be encrypted, behind the engine's name; "" where it can.
    no_encryption: str = "does not encrypt"
    # (address, subnet) -> why no container can have the address; "" where one can.
    address_fault: Callable[[IPv4Address, IPv4Network], str] = lambda _address, _subnet: ""
    # (subnet, network, how many containers are in it, host -> index) -> why they have no room in it.
    room_faults: Callable[[IPv4Network, str, int, Mapping[str, int]], Lines] = room_faults

    # -- Before anything is changed. --
    # Protocol -> port -> who listens there, beside etcd: somebody else's service on it is in the way.
    ports: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    # Protocol -> ports at which hosts have to reach each other, beside etcd's.
    peer_ports: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # The names of bridges that it makes on hosts, as a regular expression: their addresses are in nobody's way.
    bridges: str = ""
    # (lab, infos, missing) -> why it cannot serve these hosts; ``missing``: hosts of the play that do not answer.
    faults: Callable[[Lab, Infos, Lines], Lines] = lambda _lab, _infos, _missing: []
    # lab -> lab_containers with what the engine adds: addresses that it gives, resolvers.
    containers: Callable[[Lab], list[dict[str, Any]]] = _as_in_the_lab

    # (lab, host) -> the lab's networks there, as options of the module docker_network.
    networks: Callable[[Lab, str], list[dict[str, Any]]] = lambda _lab, _host: []
    # (lab, infos, told) -> host -> changes of a run that no module reports, a line each. ``told``: host -> module ->
    # results in the module plan, one for each step.
    changes: Callable[[Lab, Infos, Told], dict[str, Lines]] = lambda _lab, _infos, _told: {}

    # -- Afterwards. --
    # told -> the evidence that its checks need; None where only tasks/NAME/observe.yml reads that.
    evidence: Callable[[Told], Any] = lambda _told: None
    # (lab, states, evidence) -> what is wrong with its own part, a line each, with the place and the remedy.
    checks: Callable[[Lab, Infos, Any], Lines] = lambda _lab, _states, _evidence: []
    # (lab, states, evidence) -> what may keep packets from containers and recovers by itself: host -> {"fault": line,
    # and what tasks/NAME/wait_converged.yml waits for there}.
    awaited: Callable[[Lab, Infos, Any], dict[str, Any]] = lambda _lab, _states, _evidence: {}
    # (lab, host, one of the networks that overlay_state returned) -> what is wrong with its VXLANs there.
    link_faults: Callable[[Lab, str, dict[str, Any]], Lines] = lambda _lab, _host, _network: []
    # (lab, views) -> host -> what is wrong with its part in the engine; ``views``: host -> what lab_status returned.
    part_faults: Callable[[Lab, Infos], dict[str, Lines]] = lambda _lab, _views: {}

    # view -> the host's part in what the engine agrees by, beside the lab's etcd, as make status shows it; "" for none.
    role: Callable[[Mapping[str, Any]], str] = lambda _view: ""

    # -- Removal. --
    # (infos, lab, run) as in _checks/departure.py -> what it knows of a host that leaves: {"faults": why it may not,
    # "nodes": what the others know it by, "manager": the host that told}.
    departure: Callable[[Infos, Lab, dict[str, Any]], dict[str, Any]] = _nothing_known
    # (info, lab) -> containers that are not the lab's and would lose a network of its when it is taken off the host:
    # network -> names.
    unmanaged_users: Callable[[dict[str, Any], Lab], dict[str, list[str]]] = unmanaged_users
    # info -> what the host has of the engine, by names that only a lab uses.
    signs: Callable[[dict[str, Any]], Lines] = lambda _info: []
