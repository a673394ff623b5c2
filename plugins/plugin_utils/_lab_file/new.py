# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The files of a new lab: a lab file that is right, with subnets that no other lab has, and its inventories."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from itertools import cycle
from textwrap import indent
from typing import Any

import yaml
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import AUTO, ENGINES, for_lab_file

from .compose import Imported
from .load import load
from .model import Lab
from .yaml_nodes import shown

SITES = ("company", "home")
MOST_HOSTS = 200
# The subnets to choose from, by number. A host's address ends in 11 for the first.
_SITES = {"home": "192.168.{}.0/24", "company": "10.{}.0.0/24"}
_NETWORK = "10.2{:02d}.0.0/%d"
_NUMBERS = range(10, 56)
_FIRST_HOST = 11
_LAB = """\
# yaml-language-server: $schema=schema.json
# {hosts}. Each key: docs/lab-file.md. `make validate LAB={name}` checks the file.
name: {name}

# Places with an underlay of their own.
sites:
  home: {{subnet: {home}}}
  company: {{subnet: {company}}}

hosts:
{addresses}

engine: {engine}

networks:
{networks}

{containers}
"""
_CONTAINERS = """\
# test-{name}-1 and so on: one on each host.
containers:
  - {{name: test, hosts: all, networks: [demo]}}"""
_INVENTORY = """\
# labs/{name}.yml on simulated hosts, at {place}.
plugin: emon.overlay_lab.lab
lab: ../../labs/{name}.yml
site: {site}
simulated: true
"""


def files(
    name: str, hosts: int, engine: str, others: Iterable[Lab], imported: Imported | None = None
) -> dict[str, str]:
    """Path from the root of a checkout -> text. Raises LabError with what is wrong, or if every subnet is taken.

    ``imported``: the containers and networks; by default a test container on each host.
    """
    if not 1 <= hosts <= MOST_HOSTS:
        raise LabError(f"HOSTS={hosts}: a new lab has 1 to {MOST_HOSTS} hosts")
    if not _is_text(name):
        raise LabError(f"LAB={shown(name)}: YAML does not take it for this text: choose another name")
    taken = [subnet for lab in others for subnet in _subnets(lab)]
    subnets = {what: _free(form, taken) for what, form in _SITES.items()}
    networks = dict(imported.networks) if imported else {"demo": ""}
    for network, subnet in networks.items():
        networks[network] = subnet or str(_free(_NETWORK % _length(hosts, engine), taken))
        taken += [IPv4Network(networks[network], strict=False)]
    host_names = [f"{name}-{number}" for number in range(1, hosts + 1)]
    addresses = [
        f"  {host}: {{addresses: {{home: {subnets['home'][number]}, company: {subnets['company'][number]}}}}}"
        for number, host in enumerate(host_names, _FIRST_HOST)
    ]
    text = _LAB.format(
        name=name,
        hosts="One host" if hosts == 1 else f"{hosts} hosts",
        engine=engine,
        addresses="\n".join(addresses),
        networks="\n".join(f"  - {{name: {network}, subnet: {subnet}}}" for network, subnet in networks.items()),
        containers=_placed(imported.containers, host_names) if imported else _CONTAINERS.format(name=name),
        **subnets,
    )
    load(text)
    made = {f"labs/{name}.yml": text}
    for site in SITES:
        place = "home" if site == "home" else f"the {site}"
        made[f"inventories/simulated/{name}-{site}.yml"] = _INVENTORY.format(name=name, place=place, site=site)
    return made


def _placed(containers: list[dict[str, Any]], hosts: list[str]) -> str:
    """The containers by turns on the hosts, replicas on all; those that wait for each other are on one host."""
    group_of = {one["name"]: {one["name"]} for one in containers}
    for one in containers:
        for other in one.get("depends_on", ()):
            group = group_of[one["name"]] | group_of[other]
            group_of.update(dict.fromkeys(group, group))
    host_of: dict[str, str] = {}
    turn = cycle(hosts)
    for one in containers:
        alone = len(group_of[one["name"]]) == 1
        if one["name"] not in host_of and not ("replicas" in one and alone):
            host_of.update(dict.fromkeys(group_of[one["name"]], next(turn)))
    made = [
        {"name": one["name"], **({"host": host_of[one["name"]]} if one["name"] in host_of else {"hosts": "all"}), **one}
        for one in containers
    ]
    dumped = yaml.safe_dump(made, sort_keys=False, default_flow_style=None, width=140)
    return "containers:\n" + indent(dumped.rstrip("\n"), "  ")


def _is_text(name: str) -> bool:
    try:
        return bool(yaml.safe_load(name) == name)
    except yaml.YAMLError:
        return False


def _length(hosts: int, engine: str) -> int:
    """Of the prefix of the smallest network, from 256 addresses on, that has room for a container on each host."""
    indexes = {str(index): index for index in range(1, hosts + 1)}
    rules = for_lab_file(engine if engine in ENGINES else AUTO)
    lengths = range(24, 15, -1)
    fitting = (one for one in lengths if not rules.room_faults(IPv4Network((0, one)), "", hosts, indexes))
    return next(fitting, lengths[-1])


def _subnets(lab: Lab) -> list[IPv4Network]:
    return [*(site.subnet for site in lab.sites), *(network.subnet for network in lab.networks)]


def _free(form: str, taken: list[IPv4Network]) -> IPv4Network:
    for number in _NUMBERS:
        subnet = IPv4Network(form.format(number))
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise LabError(f"every subnet like {form.format(_NUMBERS[0])} belongs to a lab in labs/: copy a lab file yourself")
