# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A host's part in a swarm as it is, in one shape for every module; join tokens are never in it.

The shape: ``{"state": str, "node_id": str, "node_address": str, "manager": bool, "cluster_id": str, "lab": str,
"managers": [{"node_id": str, "address": str}], "error": str}``. ``state`` is Docker's word (inactive, pending, active,
locked, error), or "" where dockerd does not run; then ``node_address`` is what the node will announce once it does.
``lab``: the lab that made the swarm, or that this host joined for, by the ids in the host's record; "" for somebody
else's. Of a swarm that bears a lab's label alone, which anybody can give it, that is said.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

from .health import unheard

# The host's record remembers, under this name, {"lab", "node_id", "gateway_bridge", "no_services": {"cluster_id",
# "time"}}: for which lab it joined, as what, whether a docker_gwbridge was there before, and of which swarm it was read
# when that it has no services, before its nodes leave.
SECTION = "docker_swarm"
JOINING, FOUNDING, LEFT = "", "+", "-"
BY_LABEL = " (by its label alone)"
# Where a node keeps its keys and addresses; empty where it is none.
DIRECTORY = Path("/var/lib/docker/swarm")
_STATE_FILE = "docker-state.json"
# A node's certificate names the swarm as its organization, the role as its unit, and the node as its common name.
_CERTIFICATE = "certificates/swarm-node.crt"
_SUBJECT = re.compile(rb"\x06\x03\x55\x04([\x03\x0a\x0b])[\x0c\x13](.)", re.DOTALL)
_COMMON_NAME, _ORGANIZATION, _UNIT = b"\x03", b"\x0a", b"\x0b"
_WORKER = "swarm-worker"
# A manager's copy of the swarm's state: its services, networks and nodes.
_STATE_OF_THE_SWARM = "raft"
SCOPE = "swarm"
_POLL_SECONDS = 0.5


def nothing(state: str) -> dict[str, Any]:
    """The shape for a host that is no node, or does not say."""
    return {
        "state": state,
        "node_id": "",
        "node_address": "",
        "manager": False,
        "cluster_id": "",
        "lab": "",
        "managers": [],
        "error": "",
    }


def read(client) -> dict[str, Any]:
    """What dockerd says of itself. ``client``: anything with ``info``."""
    with reported("state of the swarm"):
        swarm = client.info().get("Swarm") or {}
    kept = host_record.read()
    ids = owned.of_kind_in(kept, owned.SWARM)
    return shown(swarm, host_record.section(SECTION), ids, kept.get("lab", ""), identity(DIRECTORY))


def shown(
    swarm: dict[str, Any],
    record: dict[str, Any],
    ids: Mapping[str, Any] | None = None,
    host_lab: str = "",
    certificate: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The shape, from dockerd's own words and the host's record. Pure.

    ``ids``: the swarms that are recorded, None where none ever was; ``host_lab``: the lab that the host belongs to;
    ``certificate``: the node's identity().
    """
    cluster = swarm.get("Cluster") or {}
    certified_cluster, certified_node = certificate or ("", "")
    node_id = swarm.get("NodeID", "")
    state = swarm.get("LocalNodeState") or "inactive"
    # A locked node, or one that has not come up, tells no id. While it has no certificate, it is in no swarm yet.
    known = node_id or certified_node
    nowhere = not (known or certificate)
    ours = bool(record) and record["node_id"] != LEFT
    ours = ours and (nowhere or record["node_id"] == (known or None) or certified_cluster in (ids or {}))
    knows = state == "active" and bool(cluster.get("ID"))
    label = ((cluster.get("Spec") or {}).get("Labels") or {}).get(owned.LAB_LABEL, "")
    # A manager that is up knows its swarm's id and label; for all others it is what this host did.
    if knows:
        lab = _whose(cluster["ID"], label, record, ours, ids, host_lab)
    else:
        lab = record.get("lab", "") if ours and state != "inactive" else label and label + BY_LABEL
    return {
        "state": state,
        "node_id": node_id,
        "node_address": swarm.get("NodeAddr", ""),
        "manager": bool(swarm.get("ControlAvailable")),
        "cluster_id": cluster.get("ID", ""),
        "lab": lab,
        "managers": [
            {"node_id": one["NodeID"], "address": one["Addr"].rpartition(":")[0]}
            for one in swarm.get("RemoteManagers") or ()
        ],
        "error": " ".join(swarm.get("Error", "").split()),
    }


def _whose(
    cluster_id: str, label: str, record: dict[str, Any], ours: bool, ids: Mapping[str, Any] | None, host_lab: str
) -> str:
    """For a manager that is up. ``ours``: by the node's id. One whose founding was killed has the label alone."""
    if cluster_id in (ids or {}):
        return record.get("lab", "")
    before_ids = ids is None and label == host_lab
    founded = ours or record.get("node_id") == FOUNDING
    if not label or before_ids or (founded and label == record.get("lab")):
        return label
    return label + BY_LABEL


def identity(directory: Path = DIRECTORY) -> tuple[str, str] | None:
    """The swarm's id and the node's, from the node's certificate; None where there is none, "" for what it has not."""
    found = _subject(directory)
    return None if found is None else (found.get(_ORGANIZATION, ""), found.get(_COMMON_NAME, ""))


def keeps_services(directory: Path = DIRECTORY) -> bool:
    """Whether the node's files have the swarm's services: a manager's do. What a former manager has left is old."""
    kept = directory / _STATE_OF_THE_SWARM
    return kept.is_dir() and any(kept.iterdir()) and (_subject(directory) or {}).get(_UNIT) != _WORKER


def _subject(directory: Path) -> dict[bytes, str] | None:
    try:
        pem = (directory / _CERTIFICATE).read_text(encoding="ascii")
        first, end, _others = pem.partition(ssl.PEM_FOOTER)
        der = ssl.PEM_cert_to_DER_cert(first[first.index(ssl.PEM_HEADER) :] + end)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    # The issuer comes before the subject, and so is overwritten.
    return {one[1]: der[one.end() : one.end() + one[2][0]].decode(errors="replace") for one in _SUBJECT.finditer(der)}


def of_stopped(directory: Path = DIRECTORY) -> dict[str, Any]:
    """The shape for a host whose dockerd does not run, from the node's own files."""
    try:
        saved = json.loads((directory / _STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return nothing("")
    address = (saved.get("AdvertiseAddr") or saved.get("LocalAddr") or "").rpartition(":")
    record = host_record.section(SECTION)
    # A host that has left the lab's swarm is a node of somebody else's, and so is one with another's certificate.
    names = identity(directory)
    known = names is None or (names[1] or None) == record.get("node_id") or owned.owns(owned.SWARM, names[0])
    ours = record.get("node_id") != LEFT and known
    return nothing("") | {"node_address": address[0] or address[2], "lab": record.get("lab", "") if ours else ""}


def details(
    client, join_tokens: bool = False, peers: dict[str, list[str]] | None = None, wait_seconds: float = 0
) -> dict[str, Any]:
    """What modules tell of a swarm: ``{"swarm", "nodes", "networks", "join_tokens", "error"}``.

    ``nodes`` is empty where this host is no manager, or ``error`` says why the managers do not answer. A node that
    comes up, managers that elect a leader, and ``peers`` (network -> addresses) to be heard of get ``wait_seconds``.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        swarm = read(client)
        nodes, error = _nodes(client) if swarm["manager"] else ([], swarm["error"])
        settled = swarm["state"] != "pending" and (bool(nodes) or not swarm["manager"])
        heard = not peers or not unheard(_networks(client), peers)
        if (settled and heard) or time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    tokens = {}
    if join_tokens and nodes:
        with reported("the swarm's join tokens"):
            tokens = {role.lower(): token for role, token in client.inspect_swarm()["JoinTokens"].items()}
    return {"swarm": swarm, "nodes": nodes, "networks": _networks(client), "join_tokens": tokens, "error": error}


def _networks(client) -> list[dict[str, Any]]:
    with reported("list of networks"):
        listed = [one for one in client.networks() if one["Scope"] == SCOPE]
    # A manager lists what the swarm knows of its networks; of whom this host has heard, inspecting one tells.
    inspected = [find(client.inspect_network, one["Id"]) or one for one in listed]
    return [
        {"name": one["Name"], "id": one["Id"], "peers": sorted(peer["IP"] for peer in one.get("Peers") or ())}
        for one in inspected
    ]


def check_peers(peers: dict[str, Any]) -> None:
    """The option of `docker_swarm_info`: LabError with every value that is not a list of addresses."""
    faults = [
        f"peers.{name}: {value!r} is not a list of addresses: give for example [10.0.0.116]"
        for name, value in peers.items()
        if not isinstance(value, list) or not all(isinstance(address, str) for address in value)
    ]
    if faults:
        raise LabError(faults)


def _nodes(client) -> tuple[list[dict[str, Any]], str]:
    try:
        with reported("list of the swarm's nodes"):
            return nodes_of(client.nodes()), ""
    except LabError as error:
        return [], str(error)


def nodes_of(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The swarm's nodes as modules show them, by host name; the shape is in docker_swarm_info's RETURN."""
    found = [
        {
            "id": node["ID"],
            "hostname": (node.get("Description") or {}).get("Hostname", ""),
            "address": _address(node),
            "role": node["Spec"]["Role"],
            "availability": node["Spec"]["Availability"],
            "state": node["Status"]["State"],
            "leader": bool((node.get("ManagerStatus") or {}).get("Leader")),
            # A manager that is lost keeps its role when another one founds the swarm anew.
            "voter": bool(node.get("ManagerStatus")),
            "reachable": (node.get("ManagerStatus") or {}).get("Reachability") == "reachable",
        }
        for node in listed
    ]
    return sorted(found, key=lambda node: (node["hostname"], node["id"]))


def _address(node: dict[str, Any]) -> str:
    """What it announces as a manager, or where the managers see it."""
    announced = (node.get("ManagerStatus") or {}).get("Addr", "").rpartition(":")[0]
    return announced or node["Status"].get("Addr", "")
