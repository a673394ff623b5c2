# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a person wants to know of one host of a lab, read in one go: whose it is, what runs, how it is connected.

What does not answer is part of the answer: only where nothing could be read is there a LabError.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import cluster as etcd_cluster
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN, Namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import observed
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.observed import LinkState

from . import overlay_state

CONTAINERD = "containerd.service"
UNITS = (
    "docker.service",
    CONTAINERD,
    "etcd.service",
    "overlay-lab-vxlan.service",
    "overlay-lab-resolver.service",
)
# Of a containerd that dockerd started, because it found none.
_OWN_CONTAINERD = Path("/run/docker/containerd/containerd.pid")
# A member that has lost its leader would let a read wait for longer.
ETCD_SECONDS = 2.0
_RECORDED = ("lab", "site", "moving_to", "engine")
_NOTHING: dict[str, Any] = {"networks": [], "containers": [], "forwarding": []}
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """``address``: the host's in the underlay; ``etcd``: how its own member is reached, None where it is none."""

    address: str
    networks: list[str]
    containers: list[str]
    etcd: etcd_client.Access | None = None


def parse(params: dict[str, Any]) -> Request:
    """The module's options. Raises LabError with every fault."""
    etcd = etcd_client.parse(params["etcd"]) if params["etcd"] else None
    return Request(params["address"], params["networks"], params["containers"], etcd)


def read(request: Request) -> dict[str, Any]:
    """In the shape of the module's RETURN. Raises LabError where nothing could be read."""
    faults: list[str] = []

    def part(of_it: Callable[[], T]) -> T | None:
        try:
            return of_it()
        except LabError as error:
            faults.extend(error.faults)
            return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        # Each of these waits for another process. Namespaces are entered in this thread.
        units = pool.submit(systemd.units, *UNITS)
        etcd = pool.submit(_etcd, request.etcd)
        docker, swarm, state = _docker(request)
        states, known, links = part(units.result), part(host_record.read), part(_links)
        if states is None and known is None and links is None and not docker["version"]:
            raise LabError([*faults, docker["fault"]])
        record = known or {}
        return {
            "hostname": socket.gethostname(),
            "time": time.time(),
            "record": {**{key: record.get(key, "") for key in _RECORDED}, "index": record.get("index", 0)},
            "units": {
                unit.name: {"active": unit.active, "enabled": unit.enabled, "started": unit.started}
                for unit in states or [Unit(name, exists=False, active=False, enabled=False) for name in UNITS]
                if unit.name != CONTAINERD or (unit.exists and not _has_own_containerd())
            },
            "uplink": overlay_state.link_view(uplink(links or [], request.address)),
            "faults": faults,
            "docker": docker,
            "swarm": swarm,
            "etcd": etcd.result(),
            **state,
        }


def _has_own_containerd() -> bool:
    try:
        return Process.of(int(_OWN_CONTAINERD.read_text(encoding="ascii"))) is not None
    except (OSError, ValueError):
        return False


def _docker(request: Request) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
    """What dockerd says of itself, of its swarm, and of networks and containers."""
    with DockerSocket() as docker:
        try:
            version = docker.info().get("ServerVersion", "")
        except LabError as error:
            return {"version": "", "fault": str(error)}, _no_swarm(""), dict(_NOTHING)
        try:
            swarm = swarm_view.details(docker)
            swarm.pop("join_tokens", None)
        except LabError as error:
            swarm = _no_swarm(str(error))
        try:
            state, fault = overlay_state.read(docker, request.networks, request.containers), ""
        except LabError as error:
            state, fault = dict(_NOTHING), str(error)
    return {"version": version, "fault": fault}, swarm, state


def _no_swarm(error: str) -> dict[str, Any]:
    return {"swarm": swarm_view.of_stopped(), "nodes": [], "networks": [], "error": error}


def _etcd(access: etcd_client.Access | None) -> dict[str, Any]:
    if access is None:
        return etcd_told(None, "")
    known = access

    def member(endpoint: etcd_client.Endpoint) -> dict[str, Any]:
        status = endpoint.v3("/v3/maintenance/status", {})
        remedy = etcd_cluster.own_remedy(endpoint, status, known)
        return etcd_told(status, etcd_cluster.read_fault(endpoint, status), remedy)

    try:
        return etcd_client.Client(access).in_turn(member)
    except LabError as error:
        return etcd_told(None, str(error))


def etcd_told(status: dict[str, Any] | None, fault: str, remedy: str = "") -> dict[str, Any]:
    """What a member's answer to /v3/maintenance/status tells; None where there was none."""
    found = status or {}
    member = etcd_client.hex_id((found.get("header") or {}).get("member_id")) if status else ""
    leader = etcd_client.hex_id(found.get("leader")) if status else ""
    return {
        "version": found.get("version", ""),
        "member_id": member,
        "leader": bool(member) and member == leader,
        "fault": fault,
        "remedy": remedy,
    }


def _links() -> list[LinkState]:
    try:
        with Namespaces() as namespaces:
            return list(observed.read(namespaces, [OWN]).places[OWN].links.values())
    except OSError as error:
        raise LabError(f"the kernel's state cannot be read: {error.strerror} ({error.filename}); use become") from error


def uplink(links: list[LinkState], address: str) -> LinkState | None:
    """The link that has the host's address in the underlay."""
    return next((link for link in links if address in [str(one.ip) for one in link.addresses]), None)
