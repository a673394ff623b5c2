# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The plan of a container: what has to be done so that it is as wanted. Finds every fault and touches nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import view as networks
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

from . import compare, limits, owner
from . import published_ports as published
from .ahead import NOTHING, Ahead
from .spec import COMING, FORMER, ContainerSpec
from .view import inspect, named, shown


@dataclass(frozen=True)
class Plan:
    """The steps, in the order in which they are done. ``run``: "", "start", "restart", "unpause" or "stop"."""

    spec: ContainerSpec
    before: dict[str, Any] | None
    differences: Differences
    create: bool = False
    leave: tuple[str, ...] = ()
    join: tuple[Endpoint, ...] = ()
    restart_policy: str = ""
    run: str = ""
    # What an interrupted run left: a former container that it renamed and did not remove, and a new one that it did not
    # rename.
    leftover: str = ""
    unfinished: str = ""

    @property
    def former(self) -> dict[str, Any]:
        """What is replaced or removed, of a plan that does so."""
        return self.before or {}


def plan(
    client,
    spec: ContainerSpec,
    ahead: Ahead = NOTHING,
    lab: str = "",
) -> Plan:
    """Read what is there and compare. ``lab``: the one whose container it has to be.

    LabError with every fault; nothing is changed.
    """
    before = inspect(client, spec.name)
    known = owned.known(owned.CONTAINER)
    if before and (fault := owner.fault(client, known, owner.of_inspected(before), lab)):
        raise LabError(fault)
    made = _plan(client, spec, before, ahead)
    left = {}
    for mark in (COMING, FORMER):
        other = inspect(client, f"{spec.name}{mark}")
        ours = other is not None and owner.fault(client, known, owner.of_inspected(other), lab) is None
        left[mark] = other["Id"] if other and ours else ""
        if left[mark]:
            made.differences.add(f"container {spec.name}{mark}", "left by an interrupted run", None)
    return replace(made, leftover=left[FORMER], unfinished=left[COMING])


def _plan(
    client,
    spec: ContainerSpec,
    before: dict[str, Any] | None,
    ahead: Ahead,
) -> Plan:
    found = Differences()
    state = spec.state
    if state == "absent":
        if before:
            found.add(f"container {spec.name}", before["State"]["Status"], None)
        return Plan(spec, before, found)
    if not spec.image:
        return _plan_running_state(spec, before, state, found)
    faults: list[str] = []
    made = _plan_whole(client, spec, before, ahead, faults)
    if made.run in ("start", "restart") and spec.ports:
        faults.extend(_port_conflicts(client, spec, before, ahead))
    if faults:
        raise LabError(f"container {spec.name}: {fault}" for fault in faults)
    return made


def expected(made: Plan) -> dict[str, Any]:
    """What apply will return, as far as it can be predicted."""
    if made.spec.state == "absent":
        return {}
    if not made.differences.changed:
        return shown(made.before)
    running = bool(made.before and made.before["State"]["Running"] and not made.create)
    if made.run:
        running = made.run != "stop"
    known = shown(made.before) or {"id": "", "pid": 0}
    return known | {
        "name": made.spec.name,
        "state": "running" if running else "exited" if made.before else "created",
        "image": made.spec.image or known["image"],
        "network_mode": known.get("network_mode", made.spec.mode),
        "networks": known.get("networks", {})
        | {
            one.network: {
                "ipv4_address": one.ipv4_address or "",
                "ipv6_address": one.ipv6_address or "",
                "mac": "",
                "gateway": "",
                "aliases": list(one.aliases),
            }
            for one in (made.spec.endpoints if made.create else made.join)
        },
        "labels": made.spec.fixed["Labels"] if made.spec.image else known["labels"],
    }


def _plan_running_state(spec: ContainerSpec, before: dict[str, Any] | None, state: str, found: Differences) -> Plan:
    """Without an image, only start and stop are possible. A container that does not exist counts as stopped."""
    if before is None:
        if state == "stopped":
            return Plan(spec, None, found)
        raise LabError(f"container {spec.name}: is not there: give image to make it")
    return Plan(spec, before, found, run=compare.running(before["State"], state, found))


def _plan_whole(
    client,
    spec: ContainerSpec,
    before: dict[str, Any] | None,
    ahead: Ahead,
    faults: list[str],
) -> Plan:
    """Compare everything; what is missing on the host goes to ``faults``."""
    state = spec.state
    found = Differences()
    known = networks.list_networks(client)
    _check_networks(client, spec, known, ahead, faults)
    other = _other_container(client, spec, ahead, faults)
    image = find(client.inspect_image, spec.image)
    if before is None:
        found.add(f"container {spec.name}", None, f"{spec.image} on {_networks_text(spec)}")
        create = True
    else:
        create = compare.fixed(spec, before, image, other, found)
    if create or before is None:
        _check_creation(client, spec, image, ahead, faults)
        was_running = bool(before and before["State"]["Running"])
        run = "start" if state == "started" or (state == "present" and was_running) else ""
        made = Plan(spec, before, found, create=True, join=spec.endpoints[1:], run=run)
    else:
        policy_differs = compare.restart_policy(spec, before, found)
        ids = {network["Name"]: network["Id"] for network in known}
        leave, join = compare.networks(spec, before, ids, found)
        run = compare.running(before["State"], state, found)
        policy = spec.restart_policy if policy_differs else ""
        made = Plan(spec, before, found, leave=leave, join=join, restart_policy=policy, run=run)
        if not run and state == "started" and _namespace_is_stale(before, other, found):
            made = replace(made, run="restart")
    joined = spec.endpoints if made.create else made.join
    faults.extend(_taken_addresses(client, before, joined, known, ahead))
    if made.run in ("start", "restart"):
        faults.extend(
            f"depends_on: container {one.name} is not there: make it first, or list it before this one"
            for one in spec.depends_on
            if one.name not in ahead.containers and find(client.inspect_container, one.name) is None
        )
    if made.run == "start" and other and not other["State"]["Running"]:
        name = other["Name"].lstrip("/")
        if name not in ahead.containers:
            faults.append(f"network_mode: container {name} does not run: start it first")
    return made


def _namespace_is_stale(before: dict[str, Any], other: dict[str, Any] | None, found: Differences) -> bool:
    """Whether it stayed behind in the namespace that the other container had before that started again."""
    if other is None or not before["State"]["Pid"] or not other["State"]["Pid"]:
        return False
    try:
        mine, wanted = (Path(f"/proc/{one['State']['Pid']}/ns/net").stat().st_ino for one in (before, other))
    except FileNotFoundError:
        # One of the two ended since it was inspected.
        return False
    return found.compare("network namespace", mine, wanted)


def _check_networks(client, spec: ContainerSpec, known: list[dict[str, Any]], ahead: Ahead, faults: list[str]) -> None:
    for endpoint in spec.endpoints:
        try:
            network = networks.pick(known, endpoint.network)
        except LabError as error:
            faults.extend(error.faults)
            continue
        if network is None:
            if endpoint.network not in ahead.networks and not networks.known_elsewhere(client):
                faults.append(f"network {endpoint.network} is not on this host: make it with docker_network first")
            continue
        subnets = networks.spec_of(network).subnets
        for address in filter(None, (endpoint.ipv4_address, endpoint.ipv6_address)):
            if subnets and not any(ip_address(address) in subnet for subnet in subnets):
                among = ", ".join(str(subnet) for subnet in subnets)
                faults.append(f"{address} is not inside {among} of network {endpoint.network}")


def _taken_addresses(
    client,
    before: dict[str, Any] | None,
    joined: tuple[Endpoint, ...],
    known: list[dict[str, Any]],
    ahead: Ahead,
) -> list[str]:
    """Fixed addresses that another container on the network has."""
    found: list[str] = []
    ids = {network["Name"]: network["Id"] for network in known}
    for endpoint in joined:
        wanted = {address for address in (endpoint.ipv4_address, endpoint.ipv6_address) if address}
        network = networks.inspect(client, ids[endpoint.network]) if wanted and endpoint.network in ids else None
        for other in networks.shown(network)["containers"] if network else ():
            stays = (other["name"], endpoint.network) not in ahead.addresses
            if stays and (before is None or other["id"] != before["Id"]):
                found.extend(
                    f"{address} is in use by container {other['name']} on network {endpoint.network}: choose another"
                    for address in sorted(wanted & {other["ipv4_address"], other["ipv6_address"]})
                )
    return found


def _port_conflicts(client, spec: ContainerSpec, before: dict[str, Any] | None, ahead: Ahead) -> list[str]:
    with reported("list of running containers"):
        others = [one for one in client.containers() if before is None or one["Id"] != before["Id"]]
    listeners = [
        one
        for container in others
        for one in published.listeners_of([container])
        if (name_of(container), one.port, one.protocol) not in ahead.ports
    ]
    # The proxies of containers listen on the host as well.
    theirs = {(one.port, one.protocol) for one in published.held_by(before or {})}
    theirs |= {(port, protocol) for _name, port, protocol in ahead.ports}
    on_host = [one for one in published.listeners_on_host() if (one.port, one.protocol) not in theirs]
    return published.conflicts(spec.ports, [*listeners, *on_host])


def _check_creation(client, spec: ContainerSpec, image: dict[str, Any] | None, ahead: Ahead, faults: list[str]) -> None:
    if image is None and spec.image not in ahead.images:
        faults.append(f"image {spec.image} is not on this host: make load IMAGE={spec.image}, or docker pull it")
    faults.extend(_unlimited(client, spec))
    faults.extend(
        f"env: the value of {name} is a secret that this host was not told: run playbooks/overlay.yml"
        for name, value in spec.secrets.items()
        if value is None
    )
    for link in spec.links:
        name = link.partition(":")[0]
        if name not in ahead.containers and named(client, name) is None:
            faults.append(f"links: container {name} is not there")


def _unlimited(client, spec: ContainerSpec) -> list[str]:
    """Limits that this host cannot keep. Docker drops them with a warning, or refuses the container at its start."""
    asked = {option: what for option, (key, what) in limits.SUPPORT.items() if spec.fixed["HostConfig"].get(key)}
    if not asked:
        return []
    with reported("information of dockerd"):
        info = client.info()
    return [
        f"{option}: the kernel of this host, or its cgroups, cannot limit that: remove {option}, or enable it there"
        for option, what in asked.items()
        if not info.get(what, True)
    ]


def _other_container(client, spec: ContainerSpec, ahead: Ahead, faults: list[str]) -> dict[str, Any] | None:
    """The one whose namespace is shared, if one is."""
    if not spec.mode.startswith("container:"):
        return None
    name = spec.mode.partition(":")[2]
    other = named(client, name)
    if other is None and name not in ahead.containers:
        faults.append(f"network_mode: container {name} is not there")
    return other


def _networks_text(spec: ContainerSpec) -> str:
    return ", ".join(endpoint.network for endpoint in spec.endpoints) or spec.mode
