# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a topology is: frozen data, checked by its parser, without a look at the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import Any, Union

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import where

Address = Union[IPv4Interface, IPv6Interface]
Key = tuple[str, str]  # namespace, name

# A link that somebody else made, which is to be a bridge's port: it is enslaved and otherwise left alone.
PORT = "port"


@dataclass(frozen=True)
class Link:
    """One link, or one end of a veth. None means: not asked for, leave it as it is."""

    kind: str
    name: str
    netns: str
    addresses: frozenset[Address] | None = None
    mtu: int | None = None
    mac: str | None = None
    master: str | None = None  # "" is: no master
    up: bool | None = True
    peer: Key | None = None  # of a veth
    parent: Key | None = None  # of a macvlan or a VXLAN: the link below it
    exclusive_ports: bool = False  # of a bridge: release ports that nobody lists
    remotes: frozenset[str] | None = None  # of a VXLAN: the VTEPs to which it floods
    # What only one kind has: see link_kinds.
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return (self.netns, self.name)

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name} {where(self.netns)}"


@dataclass(frozen=True)
class Remote:
    """A VTEP to which a VXLAN floods, with what its entry has besides the address: such an entry is another one."""

    address: str
    port: int | None = None
    vni: int | None = None
    via: int | None = None  # index of an interface

    @property
    def is_plain(self) -> bool:
        return self == Remote(self.address)

    def __str__(self) -> str:
        more = {"port": self.port, "vni": self.vni, "via interface": self.via}
        return " ".join([self.address, *(f"{name} {value}" for name, value in more.items() if value is not None)])


@dataclass(frozen=True)
class Route:
    """A unicast route of the main table."""

    netns: str
    to: IPv4Network | IPv6Network
    via: str | None
    dev: str | None

    @property
    def title(self) -> str:
        return f"route to {self.to} {self.hop} {where(self.netns)}"

    @property
    def hop(self) -> str:
        return " ".join([f"via {self.via}"] * bool(self.via) + [f"dev {self.dev}"] * bool(self.dev))


@dataclass(frozen=True)
class Topology:
    """The desired state. ``name`` is the mark; None for the single-object modules, which manage by name."""

    name: str | None = None
    namespaces: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    routes: tuple[Route, ...] = ()
    # Bridges of the machine's own namespace that others are going to make.
    coming: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Every namespace that it speaks of, each once."""
        links = [place for link in self.links for place in (link.netns, *(key[0] for key in (link.parent,) if key))]
        return tuple(dict.fromkeys([*self.namespaces, *links, *(route.netns for route in self.routes)]))
