# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.


"""Whether what a lab needs of programs is on a host, or can be brought there, and is of the kind that it needs."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import DOCKER_SOCKET, FAMILIES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import has_joined, without_library

from . import archives


def faults(lab: dict[str, Any], member: bool, info: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """A line each. ``lab``, ``info`` and ``run``: as in preflight.py; ``member``: whether the host is one of etcd's."""
    missing = _missing(member, info)
    return [
        *archives.faults(lab, member, info, run),
        *missing,
        *_broken(member, info),
        *_packages(member, info, bool(missing)),
        *_variants(lab, info),
        *_containerd(info),
        *_labels(info),
    ]


def _labels(info: dict[str, Any]) -> list[str]:
    """With SELinux, systemd starts only programs that are labelled as such."""
    selinux = info.get("selinux", {"mode": "disabled"})
    unpacked = any(archives.state(info, key)["wanted"] for key in ("docker", "etcd"))
    if selinux["mode"] == "disabled" or selinux["restorecon"] or not unpacked:
        return []
    return [
        f"SELinux is {selinux['mode']} here, and restorecon, which labels programs from an archive, is missing: install"
        " policycoreutils"
    ]


def _missing(member: bool, info: dict[str, Any]) -> list[str]:
    """What is missing and stays so. A distribution that is not known is taken as it is where nothing is missing."""
    needed = [("etcd", "etcd"), ("docker", "Docker")] if member else [("docker", "Docker")]
    known = FAMILIES.get(info["os_family"])
    found = []
    for key, title in needed:
        if info[key]["version"] or info[key]["available"]:
            continue
        if known:
            where = f" ({known.elsewhere[key]})" if key in known.elsewhere else ""
            found.append(
                f"{title} is neither installed nor available from this host's package sources: install it, or add a"
                f" source{where}"
            )
        else:
            name = info["distribution"]["name"] or "a system without /etc/os-release"
            found.append(f"{title} is not installed, and packages of {name} are not known here: install it yourself")
    return found + without_library("docker", info)


def _broken(member: bool, info: dict[str, Any]) -> list[str]:
    """What is there, and cannot be started or installed as it is."""
    docker, etcd = info["docker"], info["etcd"]
    unpacked = {key: bool(archives.state(info, key)["wanted"]) for key in ("docker", "etcd")}
    units = {"docker.service": docker, "docker.socket": docker["socket"], "containerd.service": info["containerd"]}
    if not (docker["version"] or unpacked["docker"]):
        units = {}
    if member and (etcd["version"] or unpacked["etcd"]):
        units["etcd.service"] = etcd
    found = [
        f"{unit} is masked here, and the lab has to start it: systemctl unmask {unit}"
        for unit, state in units.items()
        if state["masked"]
    ]
    found += [
        f"{name} is installed here without the unit {unit}, by which the lab starts it: install its package, or give"
        " it that unit"
        for name, unit, key in (("Docker", "docker.service", "docker"), ("etcd", "etcd.service", "etcd"))
        if unit in units and not unpacked[key] and not (units[unit]["unit"] or units[unit]["masked"])
    ]
    if member and etcd["version"] and not etcd["user"] and not unpacked["etcd"]:
        found.append("etcd is installed here without a user etcd, whose its keys and data are: useradd --system etcd")
    if member and etcd["version"] and not (etcd["etcdctl"] or etcd["packages"] or unpacked["etcd"]):
        found.append(
            "etcd is installed here without etcdctl, by which dockerd's unit asks for its store and backups are made,"
            " and no package source has it: put it beside etcd"
        )
    return found


def _packages(member: bool, info: dict[str, Any], missing: bool) -> list[str]:
    """Why what is needed cannot be installed, or nobody knows whether it can."""
    etcd = info["etcd"]["packages"] if member else ()
    wanted = [*info["docker"]["packages"], *info["python_packages"]["docker"], *etcd]
    what = f" (to be installed: {', '.join(wanted)})" if wanted else ""
    return [f"{line}{what}" for line in info["packages"]["faults"] if wanted or missing]


def _variants(lab: dict[str, Any], info: dict[str, Any]) -> list[str]:
    """A Docker of another kind: a second one beside it, or in its place, is what somebody has to decide."""
    if has_joined(lab, info):
        return []
    docker, variants = info["docker"], info["docker"]["variants"]
    found = []
    if variants["snap"]:
        found.append(
            "Docker is here as a snap, which keeps its configuration and data where no lab looks: snap remove docker,"
            " with which its containers and images go, and the run installs the distribution's"
        )
    podmans = [path for path in variants["podman"] if path == DOCKER_SOCKET or not docker["version"]]
    if podmans:
        found.append(
            f"{' and '.join(podmans)} {'are' if podmans[1:] else 'is'} podman's here, which has no overlay networks:"
            " remove the package podman-docker, and these where they stay, and the run installs Docker; podman itself"
            " can stay"
        )
    if variants["rootless"] and not (docker["active"] or docker["enabled"]):
        found.append(
            f"Docker runs here without root, as {', '.join(variants['rootless'])}, where no overlay network can be, and"
            " no dockerd runs as root: start one beside it (systemctl enable --now docker, where it is installed), or"
            " end the other (dockerd-rootless-setuptool.sh uninstall, as that user)"
        )
    return found


def _containerd(info: dict[str, Any]) -> list[str]:
    """Another user of containerd, such as a kubelet, would lose its containers."""
    if info["docker"]["version"] or archives.state(info, "docker")["wanted"]:
        return []
    containerd = info["containerd"]
    found = f"{containerd['package']} is installed" if containerd["package"] else "containerd runs"
    if not (containerd["package"] or containerd["active"]):
        return []
    return [
        f"{found} here without Docker, whose package may replace or restart it below whatever uses it: install Docker"
        " yourself so that it stays, or remove it where nothing uses it"
    ]
