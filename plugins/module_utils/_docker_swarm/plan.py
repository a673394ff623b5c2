# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A host's membership in its lab's swarm: the plan finds every fault and touches nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DEFAULT_HOST
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of, networks_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import view as networks
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned, systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

from . import view
from .health import state_fault

GATEWAY_BRIDGE = "docker_gwbridge"
SERVICE, SOCKET_UNIT = "docker.service", "docker.socket"
_START_SECONDS = 90
# For how long a recorded answer that there are no services is valid: an interrupted removal is repeated soon.
_ASKED_SECONDS = 3600
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Request:
    """``join_token``: "" founds a swarm. The others are as in the module's options."""

    lab: str
    present: bool = True
    leaving: bool = False
    advertise_addr: str = ""
    listen_addr: str = ""
    data_path_addr: str = ""
    default_addr_pool: tuple[str, ...] = ()
    subnet_size: int = 24
    gateway_bridge: str = ""
    remote_addrs: tuple[str, ...] = ()
    join_token: str = field(default="", repr=False)
    force: bool = False
    purge: bool = False
    others_stay: bool = False
    cluster_id: str = ""


@dataclass(frozen=True)
class Joined:
    """A container that is connected to swarm networks. ``networks``: their names."""

    container_id: str
    name: str
    running: bool
    ours: bool
    networks: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """``enter``/``leave``: what dockerd is asked for; neither where only what is around it differs."""

    request: Request
    before: dict[str, Any]
    differences: Differences
    enter: bool = False
    leave: bool = False
    # dockerd does not run, and the node's files are all there is of it.
    stopped: bool = False
    make_gateway_bridge: bool = False
    remove_gateway_bridge: bool = False
    # Those that have to be disconnected, and stopped before.
    joined: tuple[Joined, ...] = ()
    # {"cluster_id", "time"}: of what swarm it was read, and when, that it has no services.
    no_services: dict[str, Any] | None = None

    @property
    def expected(self) -> dict[str, Any]:
        """What the node will look like, as far as it can be predicted."""
        if self.enter:
            founds = not self.request.join_token
            return self.before | {"state": "active", "node_address": self.request.advertise_addr,
                                  "manager": founds, "lab": self.request.lab}  # fmt: skip
        return view.nothing("" if self.stopped else "inactive") if self.leave else self.before


def request(params: dict[str, Any]) -> Request:
    """The module's parameters, parsed; LabError with every fault in them."""
    faults = [
        fault
        for key in ("advertise_addr", "data_path_addr")
        if (fault := _fault(ip_address, params[key], key, "an address such as 10.0.0.116"))
    ]
    pools = params["default_addr_pool"] or []
    faults += [
        fault
        for pool in [*pools, params["gateway_bridge"]]
        if (fault := _fault(ip_network, pool, "default_addr_pool" if pool in pools else "gateway_bridge", "a subnet"))
    ]
    if faults:
        raise LabError(faults)
    return Request(
        lab=params["lab"],
        present=params["state"] == "present",
        leaving=params["state"] == "leaving",
        advertise_addr=params["advertise_addr"] or "",
        listen_addr=params["listen_addr"],
        data_path_addr=params["data_path_addr"] or params["advertise_addr"] or "",
        default_addr_pool=tuple(pools),
        subnet_size=params["subnet_size"],
        gateway_bridge=params["gateway_bridge"] or "",
        remote_addrs=tuple(params["remote_addrs"] or ()),
        join_token=params["join_token"] or "",
        force=params["force"],
        purge=params["purge"],
        others_stay=params["others_stay"],
        cluster_id=params["cluster_id"],
    )


def _fault(kind: Any, text: str | None, where: str, example: str) -> str | None:
    try:
        kind(text or "0.0.0.0")
    except ValueError:
        return f"{where}: {text!r} is not {example}"
    return None


def stopped(docker_host: str) -> bool:
    """Whether dockerd does not run. One that comes up, or tries to, is waited for."""
    if docker_host != DEFAULT_HOST:
        return False
    deadline = time.monotonic() + _START_SECONDS
    while (state := systemd.state(SERVICE)) not in ("active", "inactive", "failed") and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return state != "active"


def plan(client, request: Request) -> Plan:
    """Read what is there and compare. LabError with every fault; nothing is changed. ``client``: None where dockerd
    does not run.
    """
    if client is None:
        return _plan_stopped(request)
    before = view.read(client)
    _check_owner(request, before)
    if request.present:
        return _plan_present(client, request, before)
    made = _plan_absent(client, request, before)
    return _plan_leaving(client, request, before) if request.leaving else made


def _plan_leaving(client, request: Request, before: dict[str, Any]) -> Plan:
    """Other hosts may have left before this one; then it could no longer be read."""
    names, why = _services(client, before)
    known = before["manager"] and not names and not why
    note = {"cluster_id": before["cluster_id"], "time": int(time.time())} if known else None
    return Plan(request, before, Differences(), no_services=note)


def _plan_stopped(request: Request) -> Plan:
    """A node that has moved may keep dockerd from starting, and can only be taken away from it."""
    before = view.of_stopped(view.DIRECTORY)
    found = Differences()
    _check_owner(request, before)
    leave = bool(before["node_address"])
    if leave:
        found.add("swarm", f"a node at {before['node_address']}, whose dockerd does not run", None)
        if not request.force and (fault := _services_fault(None, request, before)):
            raise LabError(fault)
    if request.leaving:
        return Plan(request, before, Differences())
    if request.purge and host_record.section(view.SECTION).get("lab") == request.lab:
        found.add("record of the swarm", "kept", None)
    return Plan(request, before, found, leave=leave, stopped=True)


def _check_owner(request: Request, before: dict[str, Any]) -> None:
    """A swarm of somebody else's is left alone, whatever is asked for."""
    if before["state"] == "inactive" or not (before["state"] or before["node_address"]):
        return
    if before["lab"] != request.lab:
        owner = f"the lab {before['lab']}" if before["lab"] else "somebody else"
        raise LabError(
            f"this host is a node of a swarm of {owner} ({before['node_address']}): it is left alone;"
            " leave that swarm yourself (docker swarm leave), or use another host"
        )


def _plan_present(client, request: Request, before: dict[str, Any]) -> Plan:
    state, found = before["state"], Differences()
    if state == "inactive":
        what = f"a node at {request.advertise_addr}, " + (
            f"joined at {', '.join(request.remote_addrs)}" if request.join_token else "the first one"
        )
        found.add("swarm", None, what)
        stale = _stale(client, request.lab)
        for one in stale:
            found.add(f"container {one.name}: networks of a former swarm", ", ".join(one.networks), None)
        make = bool(request.gateway_bridge) and _gateway_bridge(client) is None
        if make:
            found.add(f"network {GATEWAY_BRIDGE}", None, request.gateway_bridge)
        return Plan(request, before, found, enter=True, joined=stale, make_gateway_bridge=make)
    if fault := state_fault(before):
        raise LabError(fault)
    if before["node_address"] != request.advertise_addr:
        raise LabError(
            f"this host is a node of the swarm at {before['node_address']}, wanted {request.advertise_addr}: a node"
            " cannot change its address; let it leave (state: absent), and join again"
        )
    return Plan(request, before, found)


def _plan_absent(client, request: Request, before: dict[str, Any]) -> Plan:
    found = Differences()
    record = host_record.section(view.SECTION)
    leave = before["state"] != "inactive"
    if not leave and record.get("lab") != request.lab:
        return Plan(request, before, found)
    left = [network["Name"] for network in networks.list_networks(client) if network["Scope"] == view.SCOPE]
    joined = _connected(client, request.lab, lambda name, _settings: name in left)
    if leave:
        found.add("swarm", f"a node at {before['node_address']}", None)
    elif left:
        found.add("networks of a swarm that was left", ", ".join(left), None)
    for one in joined:
        found.add(f"container {one.name}: networks", ", ".join(one.networks), None)
    bridge = _gateway_bridge(client)
    goes = request.purge and not record.get("gateway_bridge", True) and bridge is not None
    if goes:
        found.add(f"network {GATEWAY_BRIDGE}", "made for the swarm", None)
    if request.purge and record:
        found.add("record of the swarm", "kept", None)
    faults = _foreign(joined)
    if leave and (fault := _services_fault(client, request, before)):
        faults.append(fault)
    if faults and not request.force:
        raise LabError(faults)
    return Plan(request, before, found, leave=leave, joined=joined, remove_gateway_bridge=goes)


def _foreign(joined: tuple[Joined, ...]) -> list[str]:
    names = [one.name for one in joined if not one.ours]
    if not names:
        return []
    return [
        f"containers that are not the lab's are on the swarm's networks, and would lose them: {', '.join(names)}:"
        " disconnect them, or set force to true"
    ]


def _services_fault(client, request: Request, before: dict[str, Any]) -> str | None:
    """Services and stacks on the lab's swarm, or the fault that they cannot be read."""
    if request.others_stay and request.cluster_id in ("", _cluster_id(before)):
        return None
    names, why = _services(client, before)
    if names:
        return (
            f"services run on this swarm, and would end with it: {', '.join(names)}: remove them, or set force to true"
        )
    if not why or _asked(_cluster_id(before)):
        return None
    remedy = (
        "start the other managers; where they are lost, make this one the only manager, which keeps services and"
        f" secrets (docker swarm init --force-new-cluster --advertise-addr {before['node_address']}), and run again;"
        if client
        else "start dockerd (systemctl start docker),"
    )
    return (
        f"the services of this swarm cannot be read ({why}), and this manager's copy of them would be deleted:"
        f" {remedy} or set force to true"
    )


def _services(client, before: dict[str, Any]) -> tuple[list[str], str]:
    """Their names, and why the managers, which alone know them, do not answer."""
    if client and before["manager"]:
        what = "list of the swarm's services"
        try:
            with reported(what):
                return sorted(service["Spec"]["Name"] for service in client.services()), ""
        except LabError as error:
            return [], str(error).replace(f"{what}: ", "")
    if before["state"] == "active" or not view.keeps_services(view.DIRECTORY):
        return [], ""
    said = f": {before['error']}" if before["error"] else ""
    return [], f"its node is {before['state']}{said}" if client else "dockerd does not run"


def _cluster_id(before: dict[str, Any]) -> str:
    """The swarm's id; only a manager that is up is told it by dockerd."""
    return before["cluster_id"] or (view.identity(view.DIRECTORY) or ("", ""))[0]


def _asked(cluster_id: str) -> bool:
    """Whether the swarm had no services when the hosts were asked, before the first of them left."""
    note = host_record.section(view.SECTION).get("no_services", {})
    return (
        bool(cluster_id) and note.get("cluster_id") == cluster_id and 0 <= time.time() - note["time"] < _ASKED_SECONDS
    )


def _gateway_bridge(client) -> dict[str, Any] | None:
    return networks.pick(networks.list_networks(client), GATEWAY_BRIDGE)


def _stale(client, lab: str) -> tuple[Joined, ...]:
    """The lab's containers that are on networks which this host does not know: a swarm that is gone had made them.

    They hold on to such a network by its id, and could not start.
    """
    known = {network["Id"] for network in networks.list_networks(client)}
    found = _connected(client, lab, lambda _name, settings: settings.get("NetworkID", "") not in {"", *known})
    return tuple(one for one in found if one.ours)


def _connected(client, lab: str, wanted: Callable[[str, dict[str, Any]], bool]) -> tuple[Joined, ...]:
    """The containers, stopped ones too, with those of their networks that are wanted; the ones without are left out."""
    with reported("list of containers"):
        listed = client.containers(all=True)
    known = owned.known(owned.CONTAINER)
    found = (
        Joined(
            container_id=one["Id"],
            name=name_of(one),
            running=one["State"] not in ("created", "exited", "dead"),
            ours=owner.lab_of(client, known, owner.of_listed(one)) == lab,
            networks=tuple(name for name, settings in networks_of(one).items() if wanted(name, settings)),
        )
        for one in listed
    )
    return tuple(one for one in found if one.networks)
