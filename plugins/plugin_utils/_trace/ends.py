# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Both ends of a trace, found in what was read: their namespaces, interfaces and addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any

from .request import ADDRESS, CONTAINER, HOST, PLACE, Party, Request
from .world import OWN, Interface, Space, World

AGAIN = "make overlay repairs it"


@dataclass(frozen=True)
class End:
    """``interface``: the one that has the address, or should; ``container``: as the module path_state tells it."""

    name: str
    address: str
    space: Space | None = None
    interface: Interface | None = None
    network: str = ""
    container: dict[str, Any] | None = None


class Nowhere(Exception):
    """An end that is not there; the text says why, and what to do."""


def find(request: Request, world: World, lab: dict[str, Any]) -> tuple[End, End]:
    """Source and target. Raises Nowhere."""
    source, target = (_container(party, world) for party in (request.source, request.target))
    network = request.network or _common(source, target, lab, request.target)
    ends = []
    for party, container in ((request.source, source), (request.target, target)):
        if container is not None:
            ends.append(_of_container(party, container, network, world))
        elif party.kind == HOST:
            ends.append(_of_host(party, world))
        elif party.kind == PLACE:
            ends.append(_of_namespace(party, world))
        else:
            ends.append(_of_address(party, world))
    return ends[0], ends[1]


def _container(party: Party, world: World) -> dict[str, Any] | None:
    """What was read of the container that is meant; None where none is."""
    if party.kind == ADDRESS:
        return None
    state = world.states.get(party.host)
    if state is None:
        what = "it is" if party.kind == HOST else f"{party.name} is there"
        raise Nowhere(
            f"{party.host} does not answer, and {what}: is it off, or cut off? Start it; if it is simulated, make"
            " overlay boots it"
        )
    found = next((one for one in state["containers"] if one["name"] == party.name), None)
    if found is None and party.kind == CONTAINER:
        if state.get("docker_frozen"):
            raise Nowhere(
                f"{party.host}: dockerd does not answer, because it is frozen (its process is stopped), so"
                f" {party.name} cannot be found; on {party.host}: systemctl kill --kill-who=main --signal=CONT"
                " docker.service"
            )
        if state["docker_error"]:
            raise Nowhere(
                f"{party.host}: dockerd does not answer, so {party.name} cannot be found; on {party.host}:"
                " systemctl start docker.service, then make overlay"
            )
        raise Nowhere(f"{party.host}: there is no container {party.name}; {AGAIN}")
    if found is not None and found["netns"] is None:
        raise Nowhere(
            f"{party.host}: the container {party.name} does not run (it is {found['status']}); on {party.host}: docker"
            f" start {party.name}"
        )
    return found


def _common(source: dict[str, Any] | None, target: dict[str, Any] | None, lab: dict[str, Any], asked: Party) -> str:
    """A network that both are in, the first of the lab file; one of the target's where they share none. Of an address,
    the one that has it.
    """
    wanted = {one["name"]: {place["name"] for place in one["networks"]} for one in lab["containers"]}
    places = [
        {one["name"] for one in end["networks"]} or wanted.get(end["name"], set()) for end in (source, target) if end
    ]
    if not places:
        return ""
    shared = set.intersection(*places) or places[-1]
    if asked.kind == ADDRESS:
        address = ip_address(asked.name)
        near = {one["name"] for one in lab["networks"] if address in ip_network(one["subnet"])}
        shared = shared & near or shared
    ordered = [one["name"] for one in lab["networks"] if one["name"] in shared]
    return (ordered or sorted(shared) or [""])[0]


def _of_container(party: Party, container: dict[str, Any], network: str, world: World) -> End:
    if container["netns"] == OWN:  # --network host
        return replace(_of_host(party, world), container=container)
    place = next((one for one in container["networks"] if one["name"] == network), None)
    place = place or next(iter(container["networks"]), None)
    space = Space(party.host, container["netns"])
    if place is None or not place["address"]:
        raise Nowhere(
            f"{party.host}: {party.name} is in no network{f' {network}' if network else ''}; on {party.host}:"
            f" docker network connect {network or 'NETWORK'} {party.name}"
        )
    # Docker's word on the address: the kernel's may have been removed, and then the MAC tells which interface had it.
    at = world.owner(space, place["address"]) or world.with_mac(space, place["mac"] or "")
    return End(party.name, place["address"], space, at, place["name"], container)


def _of_host(party: Party, world: World) -> End:
    address = world.addresses[party.host]
    space = Space(party.host, OWN)
    return End(party.name, address, space, world.owner(space, address))


def _of_namespace(party: Party, world: World) -> End:
    space = Space(party.host, party.name)
    if space not in world.spaces():
        raise Nowhere(
            f"{party.host}: there is no container and no namespace {party.name}; on {party.host}: docker ps, and ip"
            " netns, show them"
        )
    for at in world.interfaces(space):
        for one in world.addresses_of(at):
            if not ip_address(one.partition("/")[0]).is_loopback:
                return End(str(party), one.partition("/")[0], space, at)
    raise Nowhere(f"{party.host}: the namespace {party.name} has no IPv4 address")


def _of_address(party: Party, world: World) -> End:
    for space in world.spaces():
        at = world.owner(space, party.name)
        if at is not None:
            return End(party.name, party.name, space, at)
    return End(party.name, party.name)


def prefix(address: str, lab: dict[str, Any]) -> int:
    """The prefix length of an address in the lab's networks; 24 where it is in none."""
    for network in lab["networks"]:
        if ip_address(address) in ip_network(network["subnet"]):
            return ip_network(network["subnet"]).prefixlen
    return 24
