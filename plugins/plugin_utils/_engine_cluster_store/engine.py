# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The engine cluster_store: dockerd keeps overlay networks in the lab's etcd and finds its peers by gossip (serf)."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import DOCKER_WITHOUT_STORE, parse_version
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import (
    Engine,
    Infos,
    Lab,
    Lines,
    Told,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import (
    docker_version,
    foreign_vxlans,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.networks import (
    ids_on,
    missing_networks,
    options,
    split_networks,
)

_FIRST_VNI = 256
# By _etcd.client. And etcd 3.6 has no v2 API, which is all that Docker's cluster store speaks.
_FIRST_WITH_JSON = (3, 3)
_FIRST_WITHOUT_V2 = (3, 6)


def faults(lab: Lab, infos: Infos, missing: Lines) -> list[str]:
    too_new = [
        f"{name}: Docker {docker_version(info)} cannot serve the engine cluster_store: Docker 23.0 removed it;"
        " use Docker 20.10, or the engine vxlan, which any Docker serves"
        for name, info in infos.items()
        if parse_version(docker_version(info)) >= DOCKER_WITHOUT_STORE
    ]
    # With auto, the lab file could not know.
    encrypted = [
        f"the network {network['name']} is to be encrypted, and the engine cluster_store has no keys to encrypt with:"
        " choose the engine swarm, or remove encrypted"
        for network in lab["networks"]
        if network.get("encrypted")
    ]
    return [
        *(too_new or _mixed(infos)),
        *encrypted,
        *_unfit_etcd(lab, infos),
        *_one_name(infos),
        *_without_quorum(lab, infos, missing),
        *foreign_vxlans(lab, infos, _FIRST_VNI),
    ]


def _mixed(infos: Infos) -> list[str]:
    # A host that has none is a fault of its own.
    versions = {name: docker_version(info) for name, info in infos.items() if docker_version(info)}
    if len({parse_version(version)[:2] for version in versions.values()}) < 2:
        return []
    listed = ", ".join(f"{version} on {name}" for name, version in versions.items())
    return [
        f"Docker differs between the hosts: {listed}; install one version on all, they may not understand each other,"
        " or set engine: vxlan, which serves them all"
    ]


def _unfit_etcd(lab: Lab, infos: Infos) -> list[str]:
    versions = {
        name: info["etcd"]["version"] or info["etcd"]["available"]
        for name, info in infos.items()
        if lab["hosts"][name]["etcd"]
    }
    found = []
    for name, version in versions.items():
        if not version or _FIRST_WITH_JSON <= parse_version(version) < _FIRST_WITHOUT_V2:
            continue
        why = (
            "the lab asks etcd by its JSON API, as it is since 3.3"
            if parse_version(version) < _FIRST_WITH_JSON
            else "etcd 3.6 removed the v2 API that Docker's store speaks"
        )
        found.append(f"{name}: etcd {version} cannot serve the engine cluster_store: {why}; use etcd 3.3 to 3.5")
    return found


def _one_name(infos: Infos) -> list[str]:
    """serf calls a node by its host's name, and takes one name twice for a conflict: no packet crosses (moby#19301)."""
    named: dict[str, list[str]] = {}
    for host, info in infos.items():
        named.setdefault(info["hostname"], []).append(host)
    return [
        f"{' and '.join(hosts)} have one host name, {name}, by which dockers of the engine cluster_store know each"
        f" other: hostnamectl set-hostname {hosts[-1]} on {hosts[-1]}"
        for name, hosts in named.items()
        if len(hosts) > 1
    ]


def _without_quorum(lab: Lab, infos: Infos, missing: Lines) -> list[str]:
    """Hosts that do not answer may be away, as long as the cluster that stands has its majority without them."""
    away = [name for name in missing if lab["hosts"][name]["etcd"]]
    if not away:
        return []
    members = [name for name, host in lab["hosts"].items() if host["etcd"]]
    there = [name for name in members if name in infos and infos[name]["etcd"]["data"]["present"]]
    needed = majority(len(members))
    if len(there) >= needed:
        return []
    return [
        f"{', '.join(away)} not reached: etcd needs {needed} of its {len(members)} members, and {len(there)} would be"
        " there: start the missing hosts (containers without an overlay keep running meanwhile); if they are lost for"
        " good, run playbooks/etcd_recover.yml"
    ]


def networks(lab: Lab, _host: str) -> list[dict[str, Any]]:
    return [
        options(lab, network, driver="overlay", subnet=network["subnet"], mtu=network["underlay_mtu"])
        for network in lab["networks"]
    ]


def keeper(lab: Lab, infos: Infos) -> str:
    """The host that makes and removes the networks for all: one that knows them for the lab's, else the first."""
    return next((host for host, info in infos.items() if not unrecorded(lab, info)), next(iter(infos)))


def unrecorded(lab: Lab, info: dict[str, Any]) -> list[str]:
    """The names of the networks of the lab file that a host does not know for the lab's by their ids."""
    known = {one["name"] for one in info["networks"] if one["lab"] == lab["name"]}
    return [network["name"] for network in lab["networks"] if network["name"] not in known]


def changes(lab: Lab, infos: Infos, _told: Told) -> dict[str, Lines]:
    """Each host records the ids of the networks that one has made. A dockerd that does not run tells of none."""
    return {
        host: [f"record of the network {name}: absent -> its id" for name in unrecorded(lab, info)]
        for host, info in infos.items()
        if info["docker"]["active"]
    }


def evidence(told: Told) -> dict[str, list[str]] | None:
    """As tasks/cluster_store/observe.yml."""
    read = [result for results in told.values() for result in results.get("etcd_key", ())]
    clusters = [result for results in told.values() for result in results.get("etcd_info", ())]
    if not read:
        return None
    return {
        "keys": [entry["key"] for entry in read[0]["values"]],
        "remedies": clusters[0]["remedies"] if clusters else [],
    }


def checks(lab: Lab, states: Infos, evidence: dict[str, list[str]]) -> list[str]:
    """``evidence``: the keys below /docker in etcd's v2 API, and what ends an alarm of etcd, as etcd_info tells it."""
    keys = evidence["keys"] if evidence else []
    return [
        *missing_networks(lab, states),
        *split_networks(lab, states),
        *_not_stored(lab, states, keys),
        *_not_announced(lab, states, keys),
        # Packets cross meanwhile: what is said of them comes first.
        *(evidence["remedies"] if evidence else []),
    ]


def _not_stored(lab: Lab, states: Infos, store: list[str]) -> list[str]:
    ids = {
        identity: None
        for network in lab["networks"]
        for state in states.values()
        for identity in ids_on(state, network["name"])
    }
    return [
        f"the store has no key docker/network/v1.0/network/{identity}: is etcd the one that dockerd uses?"
        for identity in ids
        if not any(key.endswith(f"/docker/network/v1.0/network/{identity}") for key in store)
    ]


def _not_announced(lab: Lab, states: Infos, store: list[str]) -> list[str]:
    nodes = [key.rpartition("/")[2] for key in store if "/docker/nodes/" in key]
    addresses = {host: lab["hosts"][host]["addresses"][lab["site"]] for host in states}
    return [
        f"{host}: its dockerd is not in the store (docker/nodes/{address}:*): see its journal"
        for host, address in addresses.items()
        if not any(node.startswith(f"{address}:") for node in nodes)
    ]


ENGINE = Engine(
    uses_etcd=True,
    dockerd_store=True,
    docker_overlay=True,
    pauses=True,
    move="Containers pause",
    no_encryption="has no keys to encrypt with",
    ports={"tcp": {7946: "Docker's gossip"}, "udp": {7946: "Docker's gossip"}},
    peer_ports={"tcp": (7946,), "udp": (4789, 7946)},
    faults=faults,
    networks=networks,
    changes=changes,
    evidence=evidence,
    checks=checks,
)
