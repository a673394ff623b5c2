# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Containers that tell their segments where they are, as a virtual machine does that has moved.

A container that came from another host, or that took over another's address, is silent until it has something to say.
Until then, bridges and VXLANs that learn send its packets to where the address was, for up to five minutes.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import observed as topology_observed

_ETHERNET, _ARP = struct.Struct("!6s6sH"), struct.Struct("!HHBBH6s4s6s4s")
_ETHERTYPE_ARP, _ETHERTYPE_IPV4 = 0x0806, 0x0800
_HARDWARE_ETHERNET, _REQUEST = 1, 1
_EVERYBODY, _NOBODY = b"\xff" * 6, b"\0" * 6


def announce(containers: Iterable[dict[str, Any]]) -> None:
    """``containers``: as modules show them (docker_container's RETURN).

    One that ended meanwhile has nothing to say, and none has where the caller is not root, but in the group docker.
    """
    with suppress(PermissionError), Namespaces() as namespaces:
        for container in containers:
            if container["pid"]:
                with suppress(FileNotFoundError, ProcessLookupError):
                    _announce(namespaces, f"/proc/{container['pid']}/ns/net", container["networks"])


def _announce(namespaces: Namespaces, netns: str, networks: dict[str, dict[str, Any]]) -> None:
    place = topology_observed.read(namespaces, [netns]).places.get(netns)
    interfaces = {link.mac: link.name for link in place.links.values()} if place else {}
    for settings in networks.values():
        interface = interfaces.get(settings["mac"])
        if interface and settings["ipv4_address"]:
            with namespaces.inside(netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as here:
                here.bind((interface, 0))
                here.send(frame(settings["mac"], settings["ipv4_address"]))


def frame(mac: str, address: str) -> bytes:
    """An ARP announcement (RFC 5227, 3): a request for one's own address, to everybody."""
    hardware, protocol = bytes.fromhex(mac.replace(":", "")), IPv4Address(address).packed
    return _ETHERNET.pack(_EVERYBODY, hardware, _ETHERTYPE_ARP) + _ARP.pack(
        _HARDWARE_ETHERNET, _ETHERTYPE_IPV4, 6, 4, _REQUEST, hardware, protocol, _NOBODY, protocol
    )
