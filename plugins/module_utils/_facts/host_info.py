# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a run needs to know of a host before it changes anything, read in one go."""

from __future__ import annotations

import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs as core_programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import FAULTS
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import NotThere
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import name_of, networks_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import configuration, damaged
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import busybox_image
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import owner as network_owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import files as etcd_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import (
    distributions,
    firewall_rules,
    lab_identity,
    owned,
    present,
    selinux,
    systemd,
    unit_command,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules as kernel_modules
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.sockets import PROC_NET, holding
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.vxlan import UDP_PORT
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import expiry as pki_expiry
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import links as shaped_links
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import loss, queues

from . import docker_variants, from_archive, installed, room

_ETCD_CLIENT_PORT = 2379
# Everything a lab listens on: etcd's clients and peers, the tutorial's Docker API, serf or Swarm, VXLAN, and names.
_DNS_PORT = 53
_PORTS = {"tcp": (_DNS_PORT, 2375, 2377, 2379, 2380, 7946), "udp": (_DNS_PORT, 4789, 7946, UDP_PORT)}
_UNITS = {
    "etcd": "etcd.service",
    "docker": "docker.service",
    "docker_socket": "docker.socket",
    "containerd": "containerd.service",
    "resolver": "overlay-lab-resolver.service",
    "vxlan": "overlay-lab-vxlan.service",
}
# Where a run writes, beside the data of etcd and of Docker.
_WRITTEN = ("/etc", "/var/lib")
_ETCD_CERTIFICATES = Path("/etc/overlay-lab/etcd")
# Each host of a lab has it.
_BOOT_UNIT = Path("/etc/systemd/system/overlay-lab-boot.service")


def read(
    packages: dict[str, str | None],
    etcd_config: str | None,
    etcd_data_dir: str,
    archives: dict[str, dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Everything about this host.

    ``packages``: {"etcd": package, "docker": package, "resolver": package}, what would be installed where the program
    is missing; None: the distribution's;
    ``etcd_config``: path of etcd's environment file, whose first line tells whose it is; None: the distribution's;
    ``archives``: {"docker" or "etcd": {"version", "sha256"}}, what is wanted from an archive and not from a package.
    """
    archives = archives or {}
    units = _units()
    etcd_dirs = units["etcd"].pop("data_dirs")
    distribution = distributions.read()
    record = host_record.read()
    lacking = kernel_modules.missing(kernel_modules.Kernel(os.uname().release))
    python = installed.python()
    config = Path(etcd_config or distributions.family(distribution.family).etcd_config)
    with ThreadPoolExecutor() as pool:
        # Each of these waits for another process.
        programs = pool.submit(installed.read, distribution, packages, python["distributions"])
        links = pool.submit(_ip, ["address"])
        routes = pool.submit(_ip, ["route", "show", "default"])
        vxlans = pool.submit(_ip, ["-details", "link", "show", "type", "vxlan"])
        roots = pool.submit(_roots)
        inherited = pool.submit(systemd.inherited)
        docker = pool.submit(_docker, units["docker"]["state"] == "active")
    found = _with_archives(programs.result(), archives)
    # By which dockerd's unit asks whether its store is there, and backups are made.
    etcdctl = found["programs"]["etcdctl"]
    version = found["programs"]["docker"]["version"]
    dockerd = configuration.read(units["docker"].pop("loaded"), version, inherited=inherited.result())
    etcd = units["etcd"].pop("loaded")
    etcds_environment = unit_command.environment(
        (*inherited.result(), *etcd.environment), etcd.environment_files, etcd.unset
    )
    # dockerd's own word where it runs, and its configuration where it does not.
    answered = docker.result()
    docker_files = docker_data(Path(answered.pop("data_root") or dockerd.data_root))
    ports = {protocol: listening(protocol, wanted) for protocol, wanted in _PORTS.items()}
    return {
        "hostname": socket.gethostname(),
        "os_family": distribution.family,
        "distribution": asdict(distribution),
        "machine": os.uname().machine,
        "python": python,
        "packages": {"faults": found["faults"]},
        "machine_id": host_record.machine_id(),
        "time": time.time(),
        "selinux": selinux.read(),
        "kernel": {"faults": kernel_modules.needed(lacking), "missing": lacking},
        "record": {key: record.get(key, "") for key in ("lab", "uuid", "machine_id", "site", "moving_to", "engine")},
        "index": record.get("index", 0),
        "left_by": left_by(record),
        "broken": FAULTS.exists(),
        "links": {"roots": roots.result(), "nft": loss.is_possible(), "recorded": shaped_links.recorded()},
        "let_in": firewall_rules.let_in(),
        "let_in_by": firewall_rules.let_in_by(),
        "etcd": {
            **found["programs"]["etcd"],
            "packages": sorted({*found["programs"]["etcd"]["packages"], *etcdctl["packages"]}),
            "archive": from_archive.read("etcd", archives),
            "etcdctl": bool(etcdctl["version"]),
            **units["etcd"],
            "user": present.is_user(distributions.family(distribution.family).etcd_user),
            # etcd listens for clients once it has seen a majority.
            "ready": units["etcd"]["active"] and _ETCD_CLIENT_PORT in ports["tcp"],
            "proxies": configuration.proxies_of(etcds_environment),
            "cas": lab_identity.fingerprints(_ETCD_CERTIFICATES),
            **etcd_files.read(config, Path(etcd_data_dir), units["etcd"]["started"], unit_dirs=etcd_dirs),
        },
        "certificates": pki_expiry.read(*pki_expiry.HOST_DIRECTORIES),
        "docker": {
            **found["programs"]["docker"],
            **units["docker"],
            "socket": units["docker_socket"],
            "variants": docker_variants.read(),
            "archive": from_archive.read("docker", archives),
            "store": dockerd.store,
            "proxies": dockerd.proxies,
            "damaged": damaged.fault(version),
            "data": docker_files,
            "holds_lab": holds_lab(record, docker_files, units["docker"]["active"]),
        },
        "containerd": {**units["containerd"], "package": containerd_package()},
        "resolver": {**found["programs"]["resolver"], **units["resolver"]},
        "vxlan": {**units["vxlan"], "links": _vxlans(vxlans.result())},
        "python_libraries": {name: one["there"] for name, one in found["libraries"].items()},
        "python_packages": {name: one["packages"] for name, one in found["libraries"].items()},
        "busybox": {"fault": busybox_image.fault()},
        "room": room.read([*_WRITTEN, etcd_data_dir, docker_files["path"]]),
        "archive_room": from_archive.free(),
        "addresses": _addresses(links.result()),
        "default_route": bool(routes.result()),
        "listening": ports,
        "held": {protocol: sorted({(one.ip, one.port) for one in holding(protocol)}) for protocol in _PORTS},
        **answered,
    }


def _with_archives(found: dict[str, Any], archives: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What is wanted from an archive comes by no package, and neither does what is in it."""
    known = found["programs"]
    wanted = {"docker": ("docker",), "etcd": ("etcd", "etcdctl")}
    for kind, archive in archives.items():
        for name in wanted[kind]:
            available = "" if known[name]["version"] else archive["version"]
            known[name] = {**known[name], "available": available, "packages": []}
    return found


def left_by(record: dict[str, Any], unit: Path = _BOOT_UNIT) -> str:
    """The lab that is still on a host without its record; '' where there is a record, or no lab."""
    return "" if record.get("lab") else etcd_files.config_owner(unit)


def containerd_package(directory: Path = Path("/var/lib/dpkg/info")) -> str:
    """Docker's own package of containerd, with which Debian's docker.io conflicts; '' where it is not installed.

    dpkg(1) keeps no checksums of a package that was removed.
    """
    package = "containerd.io"
    return package if (directory / f"{package}.md5sums").exists() else ""


def docker_data(path: Path) -> dict[str, Any]:
    """dockerd makes its directory for containers when it first starts."""
    return {"path": str(path), "present": (path / "containers").is_dir()}


def holds_lab(record: dict[str, Any], data: dict[str, Any], active: bool) -> bool:
    """Whether a dockerd that does not run has containers or networks of the lab, by the host's record."""
    containers, networks = (owned.of_kind_in(record, kind) for kind in (owned.CONTAINER, owned.NETWORK))
    # Nobody knows what was made before ids were recorded.
    known = containers is None or containers or networks
    return bool(not active and record.get("lab") and data["present"] and known)


def listening(protocol: str, ports: tuple[int, ...], proc_net: Path = PROC_NET) -> list[int]:
    """Which of the ports somebody listens on.

    That of DNS counts only where it is taken on all addresses: a resolver on an address of its own disturbs nobody.
    """
    return sorted(
        {
            one.port
            for one in holding(protocol, proc_net)
            if one.port in ports and (one.port != _DNS_PORT or ip_address(one.ip).is_unspecified)
        }
    )


def _roots() -> dict[str, str] | None:
    """None where nobody could give a link a queue."""
    try:
        return queues.roots()
    except LabError:
        return None


def _units() -> dict[str, dict[str, Any]]:
    properties = (
        "Id,LoadState,ActiveState,UnitFileState,ExecMainStartTimestamp,FragmentPath,Environment,EnvironmentFiles,"
        "UnsetEnvironment,ExecStart"
    )
    command = ["systemctl", "show", "--timestamp=us+utc", f"--property={properties}", *_UNITS.values()]
    found = {one.get("Id", ""): one for one in systemd.properties(systemd.run(command))}
    units = {key: _unit(found.get(unit, {})) for key, unit in _UNITS.items()}
    for key in ("etcd", "docker"):
        units[key]["loaded"] = systemd.unit_of(_UNITS[key], found.get(_UNITS[key], {}))
    units["etcd"]["data_dirs"] = etcd_files.data_dirs(found.get(_UNITS["etcd"], {}))
    return units


def _unit(properties: dict[str, str]) -> dict[str, Any]:
    """One unit. ``started``: seconds of the epoch by the clock of that moment; 0 where it does not run; ``unit_path``:
    the file that defines it."""
    state = properties.get("ActiveState", "inactive")
    active = state in ("active", "activating", "reloading")
    return {
        "unit": properties.get("LoadState") == "loaded",
        "masked": properties.get("LoadState") == "masked",
        "unit_path": properties.get("FragmentPath", ""),
        "active": active,
        "state": state,
        "enabled": properties.get("UnitFileState") == "enabled",
        "started": _moment(properties.get("ExecMainStartTimestamp", "")) if active else 0.0,
    }


def _moment(text: str) -> float:
    """Seconds of the epoch of systemd's "Sun 2026-11-22 11:10:30.924122 UTC"; 0 for an empty text."""
    # Python would look for the day's name in the language of the host.
    _day, _blank, moment = text.partition(" ")
    try:
        return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0


def _ip(arguments: list[str]) -> list[dict]:
    try:
        text = core_programs.run(["ip", "-json", *arguments]).stdout
    except core_programs.Missing as error:
        raise LabError(f"{error}: install iproute2") from None
    return json.loads(text or "[]")


def _addresses(links: list[dict]) -> list[dict[str, Any]]:
    return [
        {"interface": link["ifname"], "address": one["local"], "prefix": one["prefixlen"], "mtu": link["mtu"]}
        for link in links
        for one in link.get("addr_info", ())
        if one.get("scope") == "global"
    ]


def _vxlans(links: list[dict]) -> list[dict[str, Any]]:
    """By its group a VXLAN can be told to be a topology's. One that the kernel configures from outside has no VNI."""
    settings = {link["ifname"]: (link["group"], link["linkinfo"]["info_data"]) for link in links}
    return [
        {"name": name, "vni": data.get("id", 0), "port": data["port"], "group": group}
        for name, (group, data) in settings.items()
    ]


def _docker(active: bool) -> dict[str, Any]:
    """What dockerd has, and the host's part in a swarm."""
    if not active:
        return {"data_root": "", "containers": [], "networks": [], "images": [], "swarm": swarm_view.of_stopped()}
    with DockerSocket() as docker:
        known = owned.known(owned.CONTAINER)
        containers = [_container(docker, known, one) for one in docker.containers(all=True)]
        recorded = owned.known(owned.NETWORK)
        networks = [
            {"name": one["Name"], "id": one["Id"], "lab": network_owner.lab_of(recorded, one)}
            # dockerd lists them in any order, and what is read twice is compared.
            for one in sorted(docker.networks(), key=lambda one: str(one["Id"]))
        ]
        images = [name for one in docker.images() for name in _names_of_image(one)]
        return {
            "data_root": docker.info().get("DockerRootDir", ""),
            "containers": containers,
            "networks": networks,
            "images": images,
            "swarm": swarm_view.read(docker),
        }


def _container(docker, known: owned.Known, listed: dict[str, Any]) -> dict[str, Any]:
    lab = owner.lab_of(docker, known, owner.of_listed(listed))
    return {
        "name": name_of(listed),
        "running": listed["State"] == "running",
        "lab": lab,
        "networks": sorted(networks_of(listed)),
        "passing": not lab and _is_passing(docker, listed),
    }


def _names_of_image(listed: dict[str, Any]) -> list[str]:
    return [*(listed.get("RepoTags") or ()), *(listed.get("RepoDigests") or ()), listed["Id"]]


def _is_passing(docker, listed: dict[str, Any]) -> bool:
    """Whether Docker removes a container of somebody else's when it stops (--rm): its list does not tell."""
    if listed["State"] != "running":
        return False
    try:
        return bool(docker.inspect_container(listed["Id"])["HostConfig"].get("AutoRemove"))
    except NotThere:
        return False
