# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Distributions as data: what each calls what a lab needs. Hosts read it here, and the controller does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DOCKER_SOCKET = "/run/docker.sock"
# os-release(5): of the two the first that is there.
OS_RELEASES = (Path("/etc/os-release"), Path("/usr/lib/os-release"))


@dataclass(frozen=True)
class Source:
    """``packages``: what brings a program, all of them, the first with the program's version; ``also``: what belongs to
    it where the host's package sources have that.
    """

    packages: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Of each program the sources in the order in which they are taken, the distribution's own first.

    Versions of one family differ in what is to be had, not in names: a host asks its own package sources.
    ``etcd_config``: the environment file that etcd's unit reads; ``elsewhere``: where to look for what a family may not
    have, as half a sentence.
    """

    docker: tuple[Source, ...]
    etcd: tuple[Source, ...]
    etcdctl: tuple[Source, ...]
    resolver: tuple[Source, ...]
    libraries: dict[str, tuple[Source, ...]]
    etcd_config: str
    elsewhere: dict[str, str]
    etcd_unit: str = "etcd.service"
    etcd_user: str = "etcd"


@dataclass(frozen=True)
class Distribution:
    """What os-release(5) says; ``family``: '' where it is neither of those below."""

    id: str = ""
    version: str = ""
    name: str = ""
    family: str = ""


# https://docs.docker.com/engine/install: the names are the same in every distribution.
_DOCKER_CE = Source(("docker-ce", "docker-ce-cli", "containerd.io"))
_LIBRARIES: dict[str, tuple[Source, ...]] = {name: (Source((f"python3-{name}",)),) for name in ("docker", "pyroute2")}

FAMILIES = {
    "Debian": Family(
        # From Debian 13 on the client is a package of its own, and Ubuntu has it in docker.io.
        docker=(Source(("docker.io",), also=("docker-cli",)), _DOCKER_CE),
        etcd=(Source(("etcd-server", "etcd-client")),),
        etcdctl=(Source(("etcd-client",)),),
        resolver=(Source(("dnsmasq-base",)),),
        libraries=_LIBRARIES,
        etcd_config="/etc/default/etcd",
        elsewhere={"etcd": "on Ubuntu it is in universe"},
    ),
    "RedHat": Family(
        # Not the package docker: since RHEL 8 that is podman's.
        docker=(Source(("moby-engine",), also=("docker-cli",)), _DOCKER_CE),
        etcd=(Source(("etcd",)),),
        etcdctl=(Source(("etcd",)),),
        resolver=(Source(("dnsmasq",)),),
        libraries=_LIBRARIES,
        etcd_config="/etc/etcd/etcd.conf",
        elsewhere={
            "docker": "RHEL, Rocky and Alma have none of their own: add the repository of docker-ce",
            "etcd": "RHEL, Rocky and Alma have none of their own: it needs a unit etcd.service that reads"
            " /etc/etcd/etcd.conf; or set etcd: false for this host, or choose an engine without etcd",
        },
    ),
}
_LIKE = {"Debian": {"debian", "ubuntu"}, "RedHat": {"rhel", "fedora", "centos"}}


def family(name: str) -> Family:
    """That of this name; of one that is not known, Debian's: it has the files where upstream's examples do."""
    return FAMILIES.get(name, FAMILIES["Debian"])


def read(*paths: Path) -> Distribution:
    """Raises nothing: a host that does not say what it is, is of no family."""
    there = [path for path in paths or OS_RELEASES if path.exists()]
    text = there[0].read_text(encoding="utf-8", errors="replace") if there else ""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    fields = {key.strip(): value.strip().strip("\"'") for key, value in pairs}
    # The first that fits: Amazon's are like both, and nearer to what they name first.
    names = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    families = (family for name in names for family, like in _LIKE.items() if name in like)
    return Distribution(
        id=fields.get("ID", ""),
        version=fields.get("VERSION_ID", ""),
        name=fields.get("PRETTY_NAME", "") or fields.get("NAME", ""),
        family=next(families, ""),
    )
