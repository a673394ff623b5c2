# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Carries out the plan of a host's membership in a swarm. Every step is harmless to repeat: a killed run goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.network_place import BRIDGE_NAME_OPTION
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import view as networks
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned, systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

from . import view
from .plan import GATEWAY_BRIDGE, SERVICE, SOCKET_UNIT, Plan, Request

_POLL_SECONDS = 0.1
_ACTIVE_SECONDS = 60
# A node whose manager is gone waits 15 s for it, and leaves when it is asked again.
_LEAVE_ATTEMPTS = 3
_GONE_SECONDS = 10
_STOP_SECONDS = 60


def apply(client, made: Plan) -> dict[str, Any]:
    """Carry the plan out; returns the node as modules show it. ``client`` is not used where dockerd does not run."""
    if made.no_services:
        # A lab of an older release has no section.
        known = {"lab": made.request.lab, "node_id": made.before["node_id"]} | host_record.section(view.SECTION)
        host_record.update(view.SECTION, known | {"no_services": made.no_services})
    if not made.differences.changed:
        # An interrupted run may not have done it.
        if made.request.present and host_record.section(view.SECTION).get("node_id") in (view.JOINING, view.FOUNDING):
            _record_entered(made.before)
        return made.before
    if made.stopped:
        return _forget(made)
    return _enter(client, made) if made.request.present else _leave(client, made)


def has_ip_vs(proc: Path = Path("/proc/net")) -> bool:
    """Whether the kernel can spread a service's connections; Swarm loads it with the first node."""
    return (proc / "ip_vs").exists()


def _enter(client, made: Plan) -> dict[str, Any]:
    request = made.request
    had_bridge = networks.pick(networks.list_networks(client), GATEWAY_BRIDGE) is not None
    # Written first: a run that is killed from here on has left a node that is known for the lab's.
    record = {"gateway_bridge": had_bridge} | host_record.section(view.SECTION)
    record |= {"lab": request.lab, "node_id": view.JOINING if request.join_token else view.FOUNDING}
    host_record.update(view.SECTION, record)
    if request.cluster_id:
        owned.claim(owned.SWARM, {request.cluster_id: {"node": ""}})
    _disconnect(client, made)
    if made.make_gateway_bridge:
        _make_gateway_bridge(client, request.gateway_bridge)
    if request.join_token:
        _join(client, request)
    else:
        with reported("swarm: founding it"):
            client.init_swarm(
                advertise_addr=request.advertise_addr,
                listen_addr=request.listen_addr,
                data_path_addr=request.data_path_addr,
                default_addr_pool=list(request.default_addr_pool) or None,
                subnet_size=request.subnet_size if request.default_addr_pool else None,
                swarm_spec=client.create_swarm_spec(name="default", labels={owned.LAB_LABEL: request.lab}),
            )
    _record_entered(_wait_until_active(client))
    return view.read(client)


def _record_entered(after: dict[str, Any]) -> None:
    # A worker is not told the swarm's id; its certificate has it.
    cluster_id = after["cluster_id"] or (view.identity(view.DIRECTORY) or ("", ""))[0]
    owned.claim(owned.SWARM, {cluster_id: {"node": after["node_id"]}} if cluster_id else {})
    host_record.update(view.SECTION, host_record.section(view.SECTION) | {"node_id": after["node_id"]})


def _join(client, request: Request) -> None:
    try:
        with reported(f"swarm: joining it at {', '.join(request.remote_addrs)}"):
            client.join_swarm(
                list(request.remote_addrs),
                request.join_token,
                listen_addr=request.listen_addr,
                advertise_addr=request.advertise_addr,
                data_path_addr=request.data_path_addr,
            )
    except LabError:
        # After 20 s dockerd answers with an error, and goes on trying.
        if _settled(client)["state"] != "active":
            raise


def _wait_until_active(client) -> dict[str, Any]:
    after = _settled(client)
    if after["state"] != "active":
        said = after["error"] or "no reason given"
        raise LabError(f"swarm: the node is {after['state']} ({said}): see journalctl -u docker.service")
    return after


def _settled(client) -> dict[str, Any]:
    deadline = time.monotonic() + _ACTIVE_SECONDS
    while (after := view.read(client))["state"] == "pending" and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return after


def _make_gateway_bridge(client, subnet: str) -> None:
    """As dockerd makes it, but for the subnet: it takes one of this name that is there."""
    with reported(f"network {GATEWAY_BRIDGE}: creation"):
        client.create_network(
            GATEWAY_BRIDGE,
            driver="bridge",
            options={
                "com.docker.network.bridge.enable_icc": "false",
                "com.docker.network.bridge.enable_ip_masquerade": "true",
                BRIDGE_NAME_OPTION: GATEWAY_BRIDGE,
            },
            ipam={"Driver": "default", "Config": [{"Subnet": subnet}]},
            check_duplicate=True,
        )


def _leave(client, made: Plan) -> dict[str, Any]:
    """In the order that leaves no network behind (moby#27124)."""
    _disconnect(client, made)
    if made.leave:
        _leave_swarm(client)
    _check_networks_gone(client)
    if made.remove_gateway_bridge:
        _remove_gateway_bridge(client)
    _record_left(made.request)
    return view.read(client)


def _remove_gateway_bridge(client) -> None:
    """One on which an endpoint stays is in use by somebody, and stays.

    dockerd takes the ingress network's endpoint off after it has told that the host left.
    """
    deadline = time.monotonic() + _GONE_SECONDS
    while bridge := networks.pick(networks.list_networks(client), GATEWAY_BRIDGE):
        used = bool(networks.endpoints_of(networks.inspect(client, bridge["Id"]) or {}))
        late = time.monotonic() > deadline
        if used and late:
            return
        if not used:
            try:
                with reported(f"network {GATEWAY_BRIDGE}: removal"):
                    client.remove_network(bridge["Id"])
                return
            except LabError:
                if late:
                    raise
        time.sleep(_POLL_SECONDS)


def _disconnect(client, made: Plan) -> None:
    for one in made.joined:
        # One of somebody else's keeps running without the network.
        if one.running and one.ours:
            with reported(f"container {one.name}: stop"):
                client.stop(one.container_id)
    for one in made.joined:
        for name in one.networks:
            with reported(f"container {one.name}: leaving network {name}"):
                client.disconnect_container_from_network(one.container_id, name, force=True)


def _leave_swarm(client) -> None:
    for attempt in range(_LEAVE_ATTEMPTS):
        try:
            with reported("swarm: leaving it"):
                client.leave_swarm(force=True)
        except LabError:
            if attempt == _LEAVE_ATTEMPTS - 1:
                raise
        # The SDK takes some refusals for success.
        if view.read(client)["state"] == "inactive":
            return
    raise LabError("swarm: dockerd does not leave it, and does not say why: restart dockerd, then run again")


def _check_networks_gone(client) -> None:
    deadline = time.monotonic() + _GONE_SECONDS
    while left := [one for one in networks.list_networks(client) if one["Scope"] == view.SCOPE]:
        if time.monotonic() > deadline:
            raise LabError(
                f"network {one['Name']} ({one['Id'][:12]}) is left over from the swarm that this host left:"
                f" docker network rm {one['Id'][:12]}, or restart dockerd, then run again"
                for one in left
            )
        time.sleep(_POLL_SECONDS)


def _forget(made: Plan) -> dict[str, Any]:
    """What dockerd does itself when a node leaves: the directory stays, it may be a mount."""
    if made.leave:
        # dockerd must not start meanwhile, neither by its unit's Restart= nor by its socket.
        systemd.stop(SOCKET_UNIT, SERVICE, timeout=_STOP_SECONDS)
        for path in view.DIRECTORY.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    _record_left(made.request)
    return made.expected


def _record_left(request: Request) -> None:
    # Whether a gateway bridge was there before has to be known until the host leaves for good.
    record = host_record.section(view.SECTION) | {"node_id": view.LEFT}
    record.pop("no_services", None)
    host_record.update(view.SECTION, None if request.purge else record)
    if request.purge and not host_record.read().get("lab"):
        owned.forget(owned.SWARM)
    elif ids := owned.of_kind(owned.SWARM):
        owned.release(owned.SWARM, set(ids))
