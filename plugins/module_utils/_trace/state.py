# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What decides a packet's way on one host, read once: every namespace's links and tables, and what Docker says of them.

A dockerd that does not answer is part of what is read, and not an error: the kernel's part is there without it.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.deadline import within
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import network_place
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import forwarding_tables, netns, sockets
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import dns, stub_resolver
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.vantage import Place, open_place
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import info as topology_info

from . import ipsec

_RESOLVE_SECONDS = 2.0
_FROZEN_SECONDS = 1.0
_PID_FILE = Path("/run/docker.pid")
_STOPPED = re.compile(r"^State:\s+[Tt]", re.MULTILINE)
_DOCKERS_RESOLVER = "127.0.0.11"
_DNAT = re.compile(r"-A \S+ .*-p (tcp|udp) .*--dport (\d+) .*-j DNAT --to-destination ([\d.]+):(\d+)")

OPTIONS: dict[str, Any] = {
    "containers": {"type": "list", "elements": "str", "default": []},
    "resolve": {
        "type": "dict",
        "options": {"container": {"type": "str", "required": True}, "name": {"type": "str", "required": True}},
    },
}


def read(containers: list[str], resolve: dict[str, str] | None) -> dict[str, Any]:
    """In the shapes of the module's RETURN. Raises LabError where root is lacking."""
    now = time.time()
    namespaces = topology_info.gather(None)
    with Namespaces() as walk:
        for one in namespaces:
            one["neighbours"] = _neighbours(walk, one)
            del one["processes"]
    error, found, networks, resolved = None, [], [], None
    frozen, published = _frozen(), _published()
    # One that is frozen takes connections, and would be waited for until time is out.
    with DockerSocket(seconds=_FROZEN_SECONDS) if frozen else DockerSocket() as docker:
        try:
            more = _published_for(published, docker.containers()) if published else []
            inspected = {name: docker.container(name) for name in dict.fromkeys([*containers, *more])}
            found = [_container(name, one, docker) for name, one in inspected.items() if one]
            networks = [_network(one, namespaces) for one in docker.networks()]
            if resolve and any(one["name"] == resolve["container"] and one["pid"] for one in found):
                resolved = _resolved(docker, resolve["container"], resolve["name"])
        except LabError as refusal:
            error = str(refusal)
    return {
        "now": now,
        "docker_error": error,
        "docker_frozen": frozen and error is not None,
        "containers": found,
        "networks": networks,
        "ipsec": ipsec.read() if any(one["encrypted"] for one in networks) else None,
        "published": published,
        "listening": _listening(sockets.PROC_NET),
        "namespaces": namespaces,
        "resolved": resolved,
    }


def _frozen() -> bool:
    """Whether dockerd's process is stopped by a signal (proc(5): state T)."""
    try:
        pid = int(_PID_FILE.read_text(encoding="ascii"))
        return Process.of(pid) is not None and _STOPPED.search(Path(f"/proc/{pid}/status").read_text()) is not None
    except (OSError, ValueError):
        return False


def _neighbours(walk: Namespaces, one: dict[str, Any]) -> list[dict[str, str]]:
    names = {link["index"]: link["name"] for link in one["links"]}
    try:
        with walk.opened(one["netns"]) as descriptor, walk.socket(descriptor) as here:
            entries = forwarding_tables.neighbours(here)
    except (FileNotFoundError, ProcessLookupError):
        return []  # the last process in it ended while we looked
    return [
        {"dev": names[entry.index], "address": entry.address, "mac": entry.mac}
        for entry in entries
        if entry.index in names and entry.address
    ]


def _container(name: str, inspected: dict[str, Any], docker: DockerSocket) -> dict[str, Any]:
    state = inspected["State"]
    pid = state["Pid"] if state["Running"] else None
    # Of one that uses another's network, Docker tells namespace and addresses there alone.
    owner = inspected["HostConfig"]["NetworkMode"].partition("container:")[2]
    known = docker.container(owner) if owner else inspected
    settings = known["NetworkSettings"] if known else {}
    key = (settings.get("SandboxKey") or "").replace("/var/run/", "/run/")
    return {
        "name": name,
        "id": inspected["Id"],
        "status": state["Status"],
        "pid": pid,
        # A container in the host's own network has a key of Docker's for it, /run/docker/netns/default.
        "netns": "" if key.endswith("/default") else key if pid and key else None,
        "networks": [
            {
                "name": network,
                "id": endpoint.get("NetworkID"),
                "address": endpoint.get("IPAddress") or None,
                "mac": endpoint.get("MacAddress") or None,
            }
            for network, endpoint in sorted((settings.get("Networks") or {}).items())
        ],
        "listening": _listening(Path(f"/proc/{pid}/net")) if pid else {"tcp": [], "udp": []},
    }


def _listening(proc_net: Path) -> dict[str, list[str]]:
    """ADDRESS:PORT of each socket that holds one; without Docker's own resolver, which is for its container alone."""
    found: dict[str, list[str]] = {}
    for protocol in ("tcp", "udp"):
        try:
            held = sockets.holding(protocol, proc_net)
        except OSError:
            held = []
        found[protocol] = sorted({f"{one.ip}:{one.port}" for one in held if one.ip != _DOCKERS_RESOLVER})
    return found


def _network(network: dict[str, Any], namespaces: list[dict[str, Any]]) -> dict[str, Any]:
    """``netns`` and ``bridge``: where the network's bridge is on this host; None where it has no part in it."""
    place, bridge = None, network_place.bridge_of(network) or None
    if network["Driver"] == "overlay":
        place = network_place.sandbox_of(network, (one["netns"] for one in namespaces))
    elif bridge:
        place = netns.OWN
    return {
        "name": network["Name"],
        "id": network["Id"],
        "driver": network["Driver"],
        "encrypted": "encrypted" in (network.get("Options") or {}),
        "netns": place,
        "bridge": bridge,
    }


def _published() -> list[dict[str, Any]]:
    """Ports of the host's that iptables leads to a container's."""
    try:
        text = programs.run(["iptables-save"], cwd="/").stdout
    except LabError:
        return []
    return [
        {"protocol": protocol, "port": int(port), "address": address, "to_port": int(to_port)}
        for protocol, port, address, to_port in map(re.Match.groups, _DNAT.finditer(text))
    ]


def _published_for(published: list[dict[str, Any]], containers: list[dict[str, Any]]) -> list[str]:
    """The names of those containers, as Docker lists them, to which ports lead."""
    addresses = {one["address"] for one in published}
    return [
        name_of(one)
        for one in containers
        if any(end.get("IPAddress") in addresses for end in one["NetworkSettings"]["Networks"].values())
    ]


def _resolved(docker: DockerSocket, container: str, name: str) -> dict[str, Any]:
    """What a name leads to, seen from a container, and who was asked: {name, address, by, error}."""
    vantage = open_place(Place(container=container), docker)
    listed = bool(dns.hosts_addresses(vantage.hosts, name))
    servers = ", ".join(dns.parse_resolv_conf(vantage.resolv_conf).nameservers)
    found: dict[str, Any] = {
        "name": name,
        "address": None,
        "by": "/etc/hosts" if listed else servers,
        "error": None,
    }

    async def ask() -> str:
        async with within(_RESOLVE_SECONDS):
            return await stub_resolver.resolve(vantage, name)

    try:
        found["address"] = asyncio.run(ask())
    except stub_resolver.Unresolved as error:
        found["error"] = str(error)
    except TimeoutError:
        found["error"] = f"{name}: no answer from DNS server {servers} within {_RESOLVE_SECONDS:g} s"
    finally:
        vantage.close()
    return found
