# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether the hosts are fit for the lab: every fault of every host, before the first change.

``lab``: that of chosen.considered(). ``hosts``: name -> what host_info returned there. ``run``: "limited" (whether it
is), "reads" (whether it does no more than that), "change_engine" (whether it may take another engine's networks away),
"missing" (hosts of the play that do not answer), "silent" (name -> what Ansible returned of the module where it failed
or did not reach the host), "image" (of containers that name none), "restart_allowed", "restore" (whether a damaged
daemon.json is put back), "clock_seconds" (by how much clocks may differ), "new_ca" (whether the lab may get one),
"confirmed" (whether links of real hosts may be made worse), "archive_files" and "archive_faults" (what the module
program_archive returned; empty where it was not asked).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_interface, ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import DOCKER_WITHOUT_STORE, parse_version
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import published_ports
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import names as image_names
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import links as shaped_links
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import shape
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import (
    docker_version,
    has_joined,
    record_back,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import (
    ENGINES,
    makes_containers_anew,
    named,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_cluster import scheme
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_plan import (
    foreign,
    lost_data_faults,
    with_members,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import site_switch

from . import access, clocks, programs, proxies

# An image that is to be cloned has one of these (machine-id(5)).
_NO_IDS = ("", "uninitialized")
# etcd makes two files of 64 MB for its log at its first start.
_ROOM_MB = 200
_FULL_MB = 1
# Bridges that Docker makes, and those of engines.
_BRIDGES = "|".join(
    ["docker0|docker_gwbridge|br-[0-9a-f]{12}", *(engine.bridges for engine in ENGINES.values() if engine.bridges)]
)

Run = dict[str, Any]


def faults(
    lab: dict[str, Any], hosts: dict[str, dict[str, Any]], run: Run, machine_missing: Mapping[str, str]
) -> list[str]:
    """Why the lab cannot be made on these hosts, a line each; empty if it can.

    ``machine_missing``: what the kernel lacks on which simulated hosts run.
    """
    engine = named(lab["engine"])
    away = access.faults(lab, run["silent"])
    run = {**run, "missing": [name for name in run["missing"] if name not in away]}
    if not hosts:
        return list(away.values()) or [f"none of the hosts answers: {', '.join(run['missing'])}"]
    found = [*away.values(), *lab["engine_faults"], *run["archive_faults"]]
    found += engine.faults(lab, hosts, run["missing"])
    found += lab_identity.faults(lab, hosts, run)
    found += site_switch.faults(lab, hosts, run)
    moving = site_switch.switch(lab, hosts)["hosts"]
    if not moving:
        found += clocks.faults(lab, hosts, run)
    if engine.uses_etcd and not moving:
        found += lost_data_faults(with_members(lab["hosts"], hosts, lab["name"]), hosts, lab["name"])
    for name, info in hosts.items():
        host = {"name": name, **lab["hosts"][name]}
        lines = _host_faults(lab, host, info, run, name in moving)
        lines += _link_faults(lab, host, info, run, machine_missing)
        lines += _image_faults(lab, name, info, run)
        found += [f"{name}: {line}" for line in lines]
    return found + _clone_faults(hosts) + _name_faults(lab, hosts)


def _host_faults(lab: dict[str, Any], host: dict[str, Any], info: dict[str, Any], run: Run, moving: bool) -> list[str]:
    member = host["etcd"] and lab["traits"]["uses_etcd"]
    return [
        *_record_faults(lab, info, run),
        *_address_faults(lab, host, info),
        # Where the lab runs already, the kernel has what it needs.
        *(() if info["record"]["lab"] else info["kernel"]["faults"]),
        *programs.faults(lab, member, info, run),
        *_room_faults(lab, info),
        *(_etcd_faults(lab, info) if member else ()),
        *_damaged_faults(info, run),
        *proxies.faults(lab, host, info, run),
        *_restart_faults(lab, info, moving, run["restart_allowed"]),
        *_port_faults(lab, member, info),
        *_published_faults(lab, host["name"], info, run),
        *_subnet_faults(lab, info, moving),
    ]


def _record_faults(lab: dict[str, Any], info: dict[str, Any], run: Run) -> list[str]:
    record = info["record"]
    if not record["lab"]:
        return []
    if record["lab"] != lab["name"]:
        return [f"this host belongs to the lab {record['lab']}, not to {lab['name']}: destroy that lab first"]
    found = []
    if record["machine_id"] != info["machine_id"]:
        found.append(
            f"the record is of the machine {record['machine_id']}, this one is {info['machine_id']}: a copy of a lab's"
            " host cannot join; remove /var/lib/overlay-lab there"
        )
    if record["engine"] not in ENGINES:
        found.append(
            f"this host is configured for the engine {record['engine']}, which this release does not have: use"
            " the release that made the lab"
        )
    elif record["engine"] != lab["engine"]:
        found += _engine_faults(lab, info, run)
    return found


def _engine_faults(lab: dict[str, Any], info: dict[str, Any], run: Run) -> list[str]:
    record = info["record"]
    told = f"this host is configured for the engine {record['engine']}, not for {lab['engine']}"
    if not run["change_engine"]:
        # The resolver that a container asks is chosen when it is made.
        renewed = makes_containers_anew(record["engine"], lab["engine"])
        kept = "creates the containers again" if renewed else "keeps the containers"
        return [
            f"{told}: run overlay.yml with -e change_engine=true, which removes the networks of {record['engine']}"
            f" first and {kept}"
        ]
    if run["limited"] or run["missing"]:
        return [f"{told}: the engine changes on all hosts at once; run without --limit, with every host up"]
    if record["moving_to"] or record["site"] != lab["site"]:
        return [
            f"{told}: the lab stands at {record['site']}: choose that site's inventory to change the engine, and move"
            " afterwards"
        ]
    # A dockerd that was upgraded cannot start with a store: the change of the engine removes the store's settings.
    upgraded = info["docker"]["store"] and parse_version(docker_version(info)) >= DOCKER_WITHOUT_STORE
    if not info["docker"]["active"] and not upgraded:
        return [f"{told}: dockerd does not run, and keeps the former networks: start it first"]
    etcd = info["etcd"]
    # If dockerd has no store any more, an interrupted run has changed it, after the backup.
    if etcd["lab"] == lab["name"] and not etcd["ready"] and info["docker"]["store"]:
        return [
            f"{told}: etcd does not answer clients here, and its keys have to be backed up first: run overlay.yml with"
            f" {record['engine']} in the lab file first"
        ]
    return []


def _address_faults(lab: dict[str, Any], host: dict[str, Any], info: dict[str, Any]) -> list[str]:
    site = lab["site"]
    wanted = host["addresses"][site]
    has = [one["address"] for one in info["addresses"]]
    # A simulated host that stands at another site is moved by the run.
    moved = lab["simulated"] and info["record"]["lab"] and any(one in has for one in host["addresses"].values())
    if wanted in has or moved:
        return []
    return [
        f"the address {wanted} of the site {site} is not configured on this host (it has {', '.join(has) or 'none'}):"
        " is it at that site?"
    ]


def _name_faults(lab: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> list[str]:
    """Networks and containers with names of the lab that are not the lab's. By IDs, because all hosts may see one
    network.
    """
    listed = [(host, one) for host, info in hosts.items() for one in info.get("networks", ())]
    ours = {one["id"] for _host, one in listed if one["lab"] == lab["name"]}
    wanted = {network["name"] for network in lab["networks"]}
    found = [
        f"{host}: the network {one['name']} ({one['id'][:12]}) exists and is not the lab's by the hosts' records:"
        f" give the lab's another name, or remove this one yourself (docker network rm {one['id'][:12]})"
        f"{record_back(lab['name'], hosts[host])}"
        for host, one in listed
        if one["name"] in wanted and one["id"] not in ours
    ]
    return found + [
        f"{container['host']}: the container {container['name']} exists and is not the lab's by the host's record:"
        f" give the lab's another name, or remove this one yourself (docker rm {container['name']})"
        f"{record_back(lab['name'], hosts[container['host']])}"
        for container in lab.get("containers", ())
        for one in hosts.get(container["host"], {}).get("containers", ())
        if one["name"] == container["name"] and one["lab"] != lab["name"]
    ]


def _room_faults(lab: dict[str, Any], info: dict[str, Any]) -> list[str]:
    """A host that has joined has what it needs; where its etcd or dockerd does not run, a disk may be the reason."""
    joined = has_joined(lab, info)
    member = lab["traits"]["uses_etcd"] and info["etcd"]["lab"]
    if joined and info["docker"]["active"] and (info["etcd"]["ready"] or not member):
        return []
    read_only = [
        f"{one['path']} is mounted read-only here, and the lab writes there: mount -o remount,rw {one['mount']}, or see"
        " why (dmesg)"
        for one in info["room"]
        if one["read_only"]
    ]
    return read_only + [
        f"{one['path']} is full here, and what runs there cannot write: make room in {one['mount']}"
        if joined
        else f"{one['path']} has {one['free']} MB free here, and the lab needs {_ROOM_MB} MB: make room there"
        for one in info["room"]
        if one["free"] < (_FULL_MB if joined else _ROOM_MB) and not one["read_only"]
    ]


def _clone_faults(hosts: dict[str, dict[str, Any]]) -> list[str]:
    """Of hosts with one machine id systemd gives the links one MAC, and records cannot tell them apart."""
    by_id: dict[str, list[str]] = {}
    for name, info in hosts.items():
        by_id.setdefault(info["machine_id"], []).append(name)
    renew = "rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup; reboot"
    found = []
    for machine_id, names in by_id.items():
        if machine_id in _NO_IDS:
            found += [f"{name}: it has no machine id ({machine_id or 'empty'}): {renew}" for name in names]
        elif len(names) > 1:
            found.append(
                f"{' and '.join(names)} have one machine id, {machine_id}, as clones have: give each its own on all but"
                f" the first ({renew})"
            )
    return found


def _etcd_faults(lab: dict[str, Any], info: dict[str, Any]) -> list[str]:
    etcd = info["etcd"]
    found = foreign(etcd, lab["name"])
    return found if found or etcd["lab"] != lab["name"] else _cluster_faults(lab, etcd)


def _cluster_faults(lab: dict[str, Any], etcd: dict[str, Any]) -> list[str]:
    """Settings with which a cluster was founded cannot be changed later."""
    config = etcd["config"]
    if not etcd["data"]["present"] and not etcd["active"]:
        return []
    remedy = "put it back, or found a new cluster with playbooks/etcd_reset.yml"
    founded = {
        "token": (config.get("ETCD_INITIAL_CLUSTER_TOKEN"), lab["etcd"]["token"]),
        "data directory": (config.get("ETCD_DATA_DIR"), etcd["data"]["path"]),
        "scheme": (config.get("ETCD_LISTEN_PEER_URLS", "").partition(":")[0] or None, scheme(lab["etcd"]["tls"])),
    }
    return [
        f"etcd was founded with the {what} {was}, and the lab now says {wanted}: {remedy}"
        for what, (was, wanted) in founded.items()
        if was is not None and was != wanted
    ]


def _image_faults(lab: dict[str, Any], host: str, info: dict[str, Any], run: Run) -> list[str]:
    """Without a default route or a proxy no registry is reached. What a stopped dockerd has is not known."""
    users: dict[str, list[str]] = {}
    for container in lab.get("containers", ()):
        image = container.get("image") or run["image"]
        if container["host"] == host:
            users.setdefault(image, []).append(container["name"])
    if not users or run["reads"] or info["default_route"] or info["docker"].get("proxies", {}).get("https"):
        return []
    known = info["docker"]["active"] or not info["docker"]["data"]["present"]
    missing = {
        image: names for image, names in users.items() if known and not image_names.is_among(image, info["images"])
    }
    no_busybox = info.get("busybox", {}).get("fault", "")
    found = []
    for image, names in missing.items():
        there = f"the image {image} of {', '.join(names)} is not on this host, which has no default route to a registry"
        if not image_names.is_made_here(image):
            found.append(
                f"{there}: put it there (make load IMAGE={image}, or docker load), or choose another; busybox needs no"
                " registry"
            )
        elif no_busybox:
            found.append(f"{there}, and cannot be made here: {no_busybox}")
    return found


def _port_faults(lab: dict[str, Any], member: bool, info: dict[str, Any]) -> list[str]:
    """On a host that joins, a port is taken by another program if it is in use while the lab's service does not run."""
    if has_joined(lab, info):
        return []
    wanted = [
        (protocol, port, who, info["docker"])
        for protocol, ports in ENGINES[lab["engine"]].ports.items()
        for port, who in ports.items()
    ]
    if member:
        wanted += [("tcp", port, "etcd", info["etcd"]) for port in (2379, 2380)]
    return [
        f"{protocol} port {port} is in use, and {who} needs it: find its owner with ss -lp and stop it"
        for protocol, port, who, service in wanted
        if port in info["listening"][protocol] and not service["active"]
    ]


def _published_faults(lab: dict[str, Any], host: str, info: dict[str, Any], run: Run) -> list[str]:
    """Ports that a host's containers publish, on a host that joins: on others the lab's own may hold them."""
    publishing = [one for one in lab.get("containers", ()) if one["host"] == host and one.get("published_ports")]
    if not publishing or info["record"]["lab"] or run["reads"]:
        return []
    held = [
        published_ports.Listener(port, protocol, ip, "a process of the host")
        for protocol, some in info.get("held", {}).items()
        for ip, port in some
    ]
    return [
        f"container {container['name']}: {line} (ss -lp shows by whom), or stop that"
        for container in publishing
        for line in published_ports.conflicts(published_ports.parse(container["published_ports"], []), held)
    ]


def _subnet_faults(lab: dict[str, Any], info: dict[str, Any], moving: bool) -> list[str]:
    """Besides the underlay, a host may be in other networks, such as a VPN: compare the subnets with its addresses."""
    if has_joined(lab, info) and not moving:
        return []
    return [
        f"the subnet {network['subnet']} of {network['name']} overlaps {there} on {one['interface']}: take another, or"
        " set allow_overlap: true if its containers need not reach that network"
        for one in info["addresses"]
        if not re.fullmatch(_BRIDGES, one["interface"])
        for there in [ip_interface(f"{one['address']}/{one['prefix']}").network]
        for network in lab["networks"]
        if not network["allow_overlap"] and ip_network(network["subnet"]).overlaps(there)
    ]


def _link_faults(
    lab: dict[str, Any], host: dict[str, Any], info: dict[str, Any], run: Run, machine_missing: Mapping[str, str]
) -> list[str]:
    """What keeps the lab from making the host's links what the lab file asks."""
    asked = lab.get("links", {}).get(host["name"], [])
    if not asked or run["reads"]:
        return []
    shapes = [shape.read(link, []) for link in asked]
    needed = {module: key for one in shapes for module, key in one.kernel_modules.items()}
    missing = {**machine_missing, **info["kernel"]["missing"]}
    found = [f"underlay: {key}: {missing[module]}" for module, key in needed.items() if module in missing]
    if any(one.loss for one in shapes) and not info["links"].get("nft", True):
        found.append("underlay: loss: there is no nft here, which drops the packets: install nftables")
    known, own = info["links"]["recorded"], host["addresses"][lab["site"]]
    if any(one.queued for one in shapes):
        if info["links"]["roots"] is None:
            found.append("underlay: there is no tc here: install iproute2 (Fedora and Red Hat: iproute-tc)")
        for device in [one["interface"] for one in info["addresses"] if one["address"] == own]:
            found += filter(None, [shaped_links.foreign(device, (info["links"]["roots"] or {}).get(device, ""), known)])
    if not lab["simulated"] and not run["confirmed"] and (known["links"] != asked or known["address"] != own):
        peers = ", ".join(f"{link['host']} ({link['address']})" for link in asked)
        found.append(
            f"underlay: this would make its links to {peers} slow or lossy on purpose: run it again with"
            f" -e confirm={lab['name']}"
        )
    return found


def _damaged_faults(info: dict[str, Any], run: Run) -> list[str]:
    """A run that only reads leaves the file as it is, and dockerd goes on with what it has read."""
    damaged = info["docker"]["damaged"]
    return [damaged] if damaged and not run["reads"] and not run["restore"] else []


def _restart_faults(lab: dict[str, Any], info: dict[str, Any], moving: bool, allowed: bool) -> list[str]:
    """A host that joins, moves or changes its engine needs a restart of dockerd. In other cases, docker_daemon asks."""
    foreign = [one for one in info["containers"] if one["running"] and not one["lab"]]
    engines = {lab["engine"], info["record"]["engine"]} & ENGINES.keys()
    configured = any(ENGINES[name].dockerd_store for name in engines)
    if not configured or (has_joined(lab, info) and not moving):
        return []
    passing = [one["name"] for one in foreign if one["passing"]]
    stopped = [one["name"] for one in foreign if not one["passing"]]
    found = []
    if passing:
        found.append(
            "dockerd has to be restarted, which would remove containers that were started with --rm and are not the"
            f" lab's: {', '.join(passing)}; stop them yourself first"
        )
    if stopped and not allowed:
        found.append(
            f"dockerd has to be restarted, and these containers are not the lab's and would stop: {', '.join(stopped)};"
            " run again with -e docker_engine_restart_allowed=true, then they are started again"
        )
    return found
