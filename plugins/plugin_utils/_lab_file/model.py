# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a lab is, once its file was found to be right: plain frozen data, no reading and no checking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import vxlan as kernel_vxlan

# What Docker takes off for ESP on an encrypted network; what is left it makes a multiple of 4 (libnetwork, overlay).
ENCRYPTION_OVERHEAD = 26
ENCRYPTED_MULTIPLE = 4
# What may be expected of a target: it answers, it refuses the connection, nothing comes back.
OPEN, REFUSED, NONE = RESULTS = ("open", "refused", "none")


@dataclass(frozen=True)
class Site:
    """A place with an underlay of its own. ``underlay``: what is asked of each link there, by key; None: nothing."""

    name: str
    subnet: IPv4Network
    mtu: int
    underlay: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Host:
    """A machine, real or simulated.

    ``addresses`` has one for each site. ``index`` is unique in the lab and orders its hosts. ``etcd``: is a member.
    ``ansible`` are the variables by which Ansible reaches the real machine. ``underlay``: as a site's, of its links.
    """

    name: str
    addresses: Mapping[str, IPv4Address]
    index: int
    etcd: bool
    ansible: Mapping[str, Any]
    underlay: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Pair:
    """What is asked of the link between two hosts: the keys of a site's underlay."""

    between: frozenset[str]
    shape: Mapping[str, str]


@dataclass(frozen=True)
class Network:
    """An overlay network. ``mtu`` is what containers see, in bytes."""

    name: str
    subnet: IPv4Network
    mtu: int
    allow_overlap: bool
    allow_public: bool
    encrypted: bool

    @property
    def gateway(self) -> IPv4Address:
        """The first address, as Docker takes it."""
        return self.subnet[1]

    @property
    def underlay_mtu(self) -> int:
        """What Docker is told of the underlay; it takes the share of VXLAN, and of encryption, off by itself."""
        return self.mtu + kernel_vxlan.OVERHEAD[4] + (ENCRYPTION_OVERHEAD if self.encrypted else 0)


@dataclass(frozen=True)
class Attachment:
    """A container's place in a network; Docker chooses the address where ``ipv4_address`` is None."""

    network: str
    ipv4_address: IPv4Address | None
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """How a container runs, in the words of the lab file; what is empty is left to Docker, the image or the role.

    ``env_file``: files on the controller, from the lab file's folder. ``secret_env``: names of the variables in them.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    env_file: tuple[str, ...] = ()
    secret_env: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    published_ports: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    restart_policy: str = ""
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    memory: str = ""
    cpus: str = ""
    healthcheck: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """``image`` and ``command`` are empty where the lab leaves the choice to the role. ``depends_on``: container on the
    same host -> condition, empty where its health check decides.
    """

    name: str
    host: str
    image: str
    command: tuple[str, ...]
    networks: tuple[Attachment, ...]
    service: Service = field(default_factory=Service)
    depends_on: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """What a container gets back from a target, a name or an IPv4 address, at a TCP port, or of a ping without one.

    ``result`` is one of RESULTS. ``within``: seconds in which it may become OPEN.
    """

    source: str
    to: str
    port: int | None
    result: str
    within: int


@dataclass(frozen=True)
class Archive:
    """``source``: a path, relative to the lab file or not, or a URL; ``version``: as the file's name says."""

    source: str
    sha256: str
    version: str

    @property
    def is_url(self) -> bool:
        return "://" in self.source


@dataclass(frozen=True)
class Lab:
    """Everything the lab file says, with its defaults filled in. ``hosts`` are ordered by index.

    ``archives``: of docker and etcd, where they do not come from packages.
    """

    name: str
    sites: tuple[Site, ...]
    hosts: tuple[Host, ...]
    engine: str
    etcd_tls: bool
    etcd_token: str
    docker_tcp_api: bool
    archives: Mapping[str, Archive]
    networks: tuple[Network, ...]
    containers: tuple[Container, ...]
    expectations: tuple[Expectation, ...]
    pairs: tuple[Pair, ...] = ()

    @property
    def members(self) -> tuple[Host, ...]:
        """The hosts that hold etcd's data, in order."""
        return tuple(host for host in self.hosts if host.etcd)
