# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What is going to be different on the host by the time a container is made, and cannot be seen there yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.listed_container import (
    labels_of,
    name_of,
    networks_of,
)

from . import published_ports as published
from .spec import DIGEST_LABEL, ContainerSpec


@dataclass(frozen=True)
class Ahead:
    """``containers``: that are made before it; ``networks``, ``images``: that earlier tasks make; ``addresses``:
    containers and networks where their present address is going to be free; ``ports``: (container, port of the host,
    protocol) that are going to be free.
    """

    containers: Collection[str] = ()
    networks: Collection[str] = ()
    images: Collection[str] = ()
    addresses: Collection[tuple[str, str]] = ()
    ports: Collection[tuple[str, int, str]] = ()


NOTHING = Ahead()


def freed(client, wanted: list[ContainerSpec], removed: Iterable[str]) -> Ahead:
    """What containers have now that is not theirs once all are as wanted. ``removed``: those that go."""
    if not any(spec.addresses or spec.ports for spec in wanted):
        return NOTHING
    with reported("list of containers"):
        listed = client.containers(all=True)
    specs_of = {spec.name: spec for spec in wanted if spec.state != "absent"}
    gone = {*removed, *(spec.name for spec in wanted if spec.state == "absent")}
    addresses, ports = set(), set()
    for one in listed:
        name = name_of(one)
        spec = specs_of.get(name)
        for network, settings in networks_of(one).items():
            if name in gone or (spec and _leaves(spec, network, settings.get("IPAddress"))):
                addresses.add((name, network))
        for port in one.get("Ports") or ():
            if port.get("PublicPort") and (name in gone or (spec and not _keeps(spec, one, port))):
                ports.add((name, port["PublicPort"], port["Type"]))
    return Ahead(addresses=addresses, ports=ports)


def _leaves(spec: ContainerSpec, network: str, address: str | None) -> bool:
    endpoint = next((one for one in spec.endpoints if one.network == network), None)
    if spec.image and endpoint is None:
        return True
    return endpoint is not None and endpoint.ipv4_address not in (None, address)


def _keeps(spec: ContainerSpec, listed: dict[str, Any], port: dict[str, Any]) -> bool:
    """Whether it will hold this port of the host as it does now. Made anew, it gets another where Docker chooses."""
    if spec.state == "stopped":
        return False
    as_it_is = not spec.image or labels_of(listed).get(DIGEST_LABEL) == spec.digest
    return as_it_is or any(published.is_held_by(one, port) for one in spec.ports)
