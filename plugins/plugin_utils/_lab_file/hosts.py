# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The underlay's half of a lab file: sites, and hosts with an address at each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .connection import read_variables
from .model import Host, Site
from .underlay import read_underlay
from .yaml_nodes import Item, Names, suggestion

DEFAULT_MTU = 1500
# IPv6 demands 1280 of every link; with less, VXLAN would leave containers too little.
SMALLEST_MTU = 1280
LARGEST_MTU = 65535
_SMALLEST_SITE = 30
# Used in place of a faulty MTU, so that it causes no second fault.
_UNLIMITED = LARGEST_MTU
_WANTED_MEMBERS = 3
_NOT_FOR_HOSTS = {
    "loopback": IPv4Network("127.0.0.0/8"),
    "link-local": IPv4Network("169.254.0.0/16"),
    "multicast": IPv4Network("224.0.0.0/4"),
    "reserved": IPv4Network("240.0.0.0/4"),
    "this-network": IPv4Network("0.0.0.0/8"),
}
_HOST_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_HOST_RULE = "use lower-case letters, digits and hyphens, a letter first and no hyphen last"
# A lab's name is followed by "-underlay" in the name of a namespace, which is a host's name as well.
LAB_NAMES = Names("a lab's name", _HOST_NAME, 54, _HOST_RULE, {})
SITE_NAMES = Names("a site's name", _HOST_NAME, 63, _HOST_RULE, {})
HOST_NAMES = Names(
    "a host's name",
    _HOST_NAME,
    63,
    _HOST_RULE,
    {
        "localhost": "it is the machine that runs Ansible",
        "all": "it is a group of Ansible's",
        "ungrouped": "it is a group of Ansible's",
        "lo": "each namespace has a link of that name",
        "underlay": "the underlay's bridge has that name",
        "lab": "it is the group of the lab's hosts",
    },
)


@dataclass(frozen=True)
class _Draft:
    """A host before its index and membership are determined."""

    name: str
    addresses: dict[str, IPv4Address]
    index: int | None
    etcd: bool | None
    ansible: dict
    underlay: dict[str, str] | None


def not_for_hosts(subnet: IPv4Network) -> str:
    """The kind of address range that this subnet touches and no host can have; empty if none."""
    return next((kind for kind, block in _NOT_FOR_HOSTS.items() if subnet.overlaps(block)), "")


def read_sites(item: Item) -> dict[str, Site | None]:
    """Sites by name; None for one whose subnet cannot be read, so that its name is known all the same."""
    sites: dict[str, Site | None] = {}
    for name, entry in item.entries().items():
        entry.check_name(name, SITE_NAMES)
        given = entry.keys(("subnet", "mtu", "underlay"), required={"subnet": "10.0.0.0/24"})
        subnet = given["subnet"].subnet() if "subnet" in given else None
        mtu = given["mtu"].integer(SMALLEST_MTU, LARGEST_MTU) if "mtu" in given else DEFAULT_MTU
        underlay = read_underlay(given["underlay"]) if "underlay" in given else None
        sites[name] = None
        if subnet is None:
            continue
        kind = not_for_hosts(subnet)
        if kind:
            given["subnet"].fault(f"{subnet} is {kind}: no host can have such an address")
        elif subnet.prefixlen > _SMALLEST_SITE:
            given["subnet"].fault(f"{subnet} is too small: at least a /{_SMALLEST_SITE} has room for two hosts")
        else:
            for other in filter(None, sites.values()):
                if subnet.overlaps(other.subnet):
                    given["subnet"].fault(
                        f"{subnet} overlaps the site {other.name} ({other.subnet}): an address must identify the site"
                    )
            sites[name] = Site(name, subnet, _UNLIMITED if mtu is None else mtu, underlay)
    item.not_empty("the lab has no site; for example home: {subnet: 192.168.1.0/24}")
    return sites


def read_hosts(item: Item, sites: dict[str, Site | None], lab: str) -> dict[str, Host]:
    """Hosts by name, in the order of their index, each with its index and whether it is an etcd member."""
    drafts: list[_Draft] = []
    holders: dict[IPv4Address, str] = {}
    indexes: dict[int, str] = {}
    for name, entry in item.entries().items():
        if entry.check_name(name, HOST_NAMES) and name == f"{lab}-underlay":
            entry.fault(f"{name} cannot be a host's name: it is the namespace of the lab's underlay; choose another")
        drafts.append(_read_host(name, entry, sites, holders, indexes))
    item.not_empty("the lab has no host; for example emon: {addresses: {home: 192.168.1.116}}")
    if drafts and all(draft.etcd is False for draft in drafts):
        item.fault("every host says etcd: false, so etcd has no member; remove that from one host, better from three")
    return _settle(drafts)


def _read_host(
    name: str, entry: Item, sites: dict[str, Site | None], holders: dict[IPv4Address, str], indexes: dict[int, str]
) -> _Draft:
    given = entry.keys(
        ("addresses", "etcd", "index", "ansible", "underlay"), required={"addresses": "{home: 192.168.1.116}"}
    )
    addresses = _read_addresses(given["addresses"], sites, holders) if "addresses" in given else {}
    index = given["index"].integer(1) if "index" in given else None
    if index is not None and indexes.setdefault(index, name) != name:
        given["index"].fault(f"{index} is the index of {indexes[index]} as well: each host needs one of its own")
    etcd = given["etcd"].boolean() if "etcd" in given else None
    underlay = read_underlay(given["underlay"]) if "underlay" in given else None
    ansible = read_variables(given["ansible"], name) if "ansible" in given else {}
    return _Draft(name, addresses, index, etcd, ansible, underlay)


def _read_addresses(
    item: Item, sites: dict[str, Site | None], holders: dict[IPv4Address, str]
) -> dict[str, IPv4Address]:
    entries = item.entries()
    addresses = {}
    for site_name, entry in entries.items():
        address = entry.address()
        if sites and site_name not in sites:
            entry.fault(f"{site_name} is not a site of this lab; {suggestion(site_name, sites)}")
            continue
        site = sites.get(site_name)
        if address is None:
            continue
        if (
            site is not None
            and _belongs(entry, address, site)
            and holders.setdefault(address, entry.path) != entry.path
        ):
            entry.fault(f"{address} is given at {holders[address]} as well: two hosts cannot share it")
        addresses[site_name] = address
    if item.is_mapping:
        for site_name in sites:
            if site_name not in entries:
                item.fault(f"no address for the site {site_name}")
    return addresses


def _belongs(entry: Item, address: IPv4Address, site: Site) -> bool:
    """Tell whether a host can have the address at the site; a fault if not."""
    if address not in site.subnet:
        entry.fault(f"{address} is outside the subnet of the site {site.name} ({site.subnet})")
    elif address == site.subnet.network_address:
        entry.fault(f"{address} is the network address of {site.subnet}: no host can have it")
    elif address == site.subnet.broadcast_address:
        entry.fault(f"{address} is the broadcast address of {site.subnet}: no host can have it")
    else:
        return True
    return False


def _settle(drafts: list[_Draft]) -> dict[str, Host]:
    """Give each host its index and decide who is a member.

    Hosts without an index take the free numbers in the order of the file. Members are the hosts that ask for it,
    filled up to three with those that do not decline.
    """
    taken = {draft.index for draft in drafts}
    free = (number for number in range(1, len(drafts) * 2 + 1) if number not in taken)
    numbered = [(next(free) if draft.index is None else draft.index, draft) for draft in drafts]
    numbered.sort(key=lambda pair: pair[0])
    room = _WANTED_MEMBERS - sum(draft.etcd is True for draft in drafts)
    hosts = {}
    for index, draft in numbered:
        member = draft.etcd
        if member is None:
            member = room > 0
            room -= 1
        hosts[draft.name] = Host(draft.name, draft.addresses, index, member, draft.ansible, draft.underlay)
    return hosts
