# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A container's place in a network: what it is, in the API's words, and how it is joined and left."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

_SHORT_ID = 12


@dataclass(frozen=True)
class Endpoint:
    """``ipv4_address``/``ipv6_address``: fixed ones, None where Docker chooses. ``links``: "container:alias"."""

    network: str
    ipv4_address: str | None = None
    ipv6_address: str | None = None
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    driver_opts: dict[str, str] = field(default_factory=dict)

    def to_api(self) -> dict[str, Any]:
        config: dict[str, Any] = {}
        addresses = {"IPv4Address": self.ipv4_address, "IPv6Address": self.ipv6_address}
        fixed = {key: address for key, address in addresses.items() if address}
        if fixed:
            config["IPAMConfig"] = fixed
        if self.aliases:
            config["Aliases"] = list(self.aliases)
        if self.links:
            config["Links"] = list(self.links)
        if self.driver_opts:
            config["DriverOpts"] = self.driver_opts
        return config


def aliases_of_dockers(container: dict[str, Any]) -> set[str]:
    """What Docker adds to a container's aliases by itself: its short id, and a hostname that it was given."""
    return {container["Id"][:_SHORT_ID], container["Config"].get("Hostname") or ""}


def from_api(network: str, settings: dict[str, Any], container: dict[str, Any]) -> Endpoint:
    """The endpoint as the inspection of ``container`` shows it in ``settings``, under NetworkSettings.Networks."""
    fixed = settings.get("IPAMConfig") or {}
    added = aliases_of_dockers(container)
    return Endpoint(
        network=network,
        ipv4_address=canonical(fixed.get("IPv4Address")),
        ipv6_address=canonical(fixed.get("IPv6Address")),
        aliases=tuple(alias for alias in settings.get("Aliases") or () if alias not in added),
        links=tuple(settings.get("Links") or ()),
        driver_opts=settings.get("DriverOpts") or {},
    )


def connect(client, container: str, network_id: str, endpoint: Endpoint) -> None:
    """Join the network. The SDK's errors pass.

    Raises LabError for driver options that the SDK does not know: 4.1, which Debian 11 has, knows none.
    """
    options: dict[str, Any] = {"driver_opt": endpoint.driver_opts} if endpoint.driver_opts else {}
    try:
        client.connect_container_to_network(
            container,
            network_id,
            ipv4_address=endpoint.ipv4_address,
            ipv6_address=endpoint.ipv6_address,
            aliases=list(endpoint.aliases) or None,
            links=[tuple(link.split(":", 1)) for link in endpoint.links] or None,
            **options,
        )
    except TypeError:
        if not options:
            raise
        raise LabError(
            f"{container} is on {endpoint.network} with driver options ({', '.join(endpoint.driver_opts)}), which this"
            " host's Python library docker does not know: connect it yourself (docker network connect --driver-opt),"
            " or install a later one"
        ) from None


def canonical(address: str | None) -> str | None:
    """One spelling of an address, so that two can be compared; None for none."""
    return str(ip_address(address)) if address else None
