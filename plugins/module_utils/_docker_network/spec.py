# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A wanted Docker network: parsed once, all faults at once, into frozen values. Touches nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Union

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

MTU_OPTION = "com.docker.network.driver.mtu"
PREDEFINED = ("bridge", "host", "none")
# These put their containers on the parent's own segment, so they share its subnet by design.
ON_THE_PARENT = ("macvlan", "ipvlan")
# The least MTU that IPv4 allows, the most that Linux takes.
MTU_RANGE = range(68, 65536)

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")
Subnet = Union[IPv4Network, IPv6Network]


@dataclass(frozen=True)
class Pool:
    """One entry of IPAM. Only ``subnet`` is needed; what is None is left to Docker and not compared."""

    subnet: str
    gateway: str | None = None
    ip_range: str | None = None
    aux_addresses: dict[str, str] | None = None

    def to_api(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"Subnet": self.subnet}
        if self.gateway:
            entry["Gateway"] = self.gateway
        if self.ip_range:
            entry["IPRange"] = self.ip_range
        if self.aux_addresses:
            entry["AuxiliaryAddresses"] = self.aux_addresses
        return entry


@dataclass(frozen=True)
class NetworkSpec:
    """What is wanted. None, and an empty ``pools``, mean: Docker's default, not compared.

    ``options`` and ``labels`` are compared key by key; keys that are not named here are left alone.
    """

    name: str
    driver: str = "bridge"
    pools: tuple[Pool, ...] = ()
    ipam_driver: str | None = None
    enable_ipv6: bool | None = None
    internal: bool | None = None
    attachable: bool | None = None
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def subnets(self) -> list[Subnet]:
        return [ip_network(pool.subnet) for pool in self.pools]


def parse(params: dict[str, Any]) -> NetworkSpec:
    """The module's parameters as a spec; LabError with every fault in them."""
    faults: list[str] = []
    name = params["name"]
    if not _NAME.match(name):
        faults.append(
            f"name: {name!r} is no Docker network name: letters, digits, '_', '.' and '-', a letter or digit first"
        )
    elif name in PREDEFINED:
        faults.append(f"name: {name} is one of Docker's own networks, which cannot be made, changed or removed")
    pools = _pools(params, faults)
    options = {key: _text(value) for key, value in (params.get("driver_options") or {}).items()}
    mtu = params.get("mtu")
    if mtu is not None:
        if mtu not in MTU_RANGE:
            faults.append(f"mtu: {mtu} is not between {MTU_RANGE[0]} and {MTU_RANGE[-1]}")
        if options.get(MTU_OPTION, str(mtu)) != str(mtu):
            faults.append(
                f"mtu: {mtu} contradicts driver_options[{MTU_OPTION}]={options[MTU_OPTION]}: give one of them"
            )
        options[MTU_OPTION] = str(mtu)
    if faults:
        raise LabError(faults)
    return NetworkSpec(
        name=name,
        driver=params.get("driver") or "bridge",
        pools=pools,
        ipam_driver=params.get("ipam_driver"),
        enable_ipv6=params.get("enable_ipv6"),
        internal=params.get("internal"),
        attachable=params.get("attachable"),
        options=options,
        labels={key: _text(value) for key, value in (params.get("labels") or {}).items()},
    )


def _pools(params: dict[str, Any], faults: list[str]) -> tuple[Pool, ...]:
    entries = params.get("ipam_config") or []
    if params.get("subnet"):
        if entries:
            faults.append("subnet: is the short form of ipam_config: give one of them")
        entries = [{"subnet": params["subnet"]}]
    pools = []
    for index, entry in enumerate(entries):
        where = "subnet" if params.get("subnet") else f"ipam_config[{index}]"
        pool = _pool(entry, where, faults)
        if pool is None:
            continue
        if ip_network(pool.subnet).version == 6 and not params.get("enable_ipv6"):
            faults.append(f"{where}: {pool.subnet} is IPv6: set enable_ipv6 to true")
        pools.append(pool)
    nets = [ip_network(pool.subnet) for pool in pools]
    for index, net in enumerate(nets):
        faults.extend(
            f"ipam_config: {net} and {other} overlap"
            for other in nets[:index]
            if net.version == other.version and net.overlaps(other)
        )
    return tuple(pools)


def _pool(entry: dict[str, Any], where: str, faults: list[str]) -> Pool | None:
    """One pool in canonical spelling; None where the subnet itself is wrong."""
    net = _network(entry["subnet"], where, faults)
    if net is None:
        return None
    addresses = {"gateway": entry.get("gateway")}
    aux = entry.get("aux_addresses") or {}
    addresses |= {f"aux_addresses[{name}]": address for name, address in aux.items()}
    canonical = {
        what: _address_in(net, address, f"{where}.{what}", faults) for what, address in addresses.items() if address
    }
    ip_range = _network(entry["ip_range"], f"{where}.ip_range", faults) if entry.get("ip_range") else None
    if ip_range is not None and (ip_range.version != net.version or not ip_range.subnet_of(net)):  # type: ignore[arg-type]
        faults.append(f"{where}.ip_range: {ip_range} is not inside {net}")
    return Pool(
        subnet=str(net),
        gateway=canonical.get("gateway"),
        ip_range=str(ip_range) if ip_range else None,
        aux_addresses={name: canonical[f"aux_addresses[{name}]"] for name in aux} or None,
    )


def _network(text: str, where: str, faults: list[str]) -> Subnet | None:
    try:
        network = ip_network(text)
        if "/" in text:
            return network
        faults.append(f"{where}: {text} has no prefix length; write for example {text}/24")
        return None
    except ValueError as error:
        remedy = ""
        if "host bits" in str(error):
            remedy = f": did you mean {ip_network(text, strict=False)}?"
        faults.append(
            f"{where}: {text} is no subnet{remedy}" if remedy else f"{where}: {text!r} is no subnet such as 10.1.0.0/24"
        )
        return None


def _address_in(net: Subnet, text: str, where: str, faults: list[str]) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        faults.append(f"{where}: {text!r} is no IP address")
        return text
    if address not in net:
        faults.append(f"{where}: {address} is not inside {net}")
    return str(address)


def _text(value: Any) -> str:
    """Docker's options and labels are text; YAML's booleans are written as Go writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
