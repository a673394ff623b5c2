# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The lab file: one text in, one lab out, or every fault of it at once."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import AUTO, ENGINES, for_lab_file

from . import archives, env_files
from .containers import MOST, ContainerReader
from .expectations import read_expectations
from .hosts import LAB_NAMES, read_hosts, read_sites
from .model import Archive, Lab
from .networks import check_capacity, read_networks
from .underlay import read_pairs
from .yaml_document import LARGEST_FILE, position, root
from .yaml_nodes import Item, Names

_KEYS = ("name", "sites", "hosts", "engine", "etcd", "docker", "networks", "containers", "expect", "underlay")
_EXAMPLES = {
    "name": "emon",
    "sites": "{home: {subnet: 192.168.1.0/24}}",
    "hosts": "{emon: {addresses: {home: 192.168.1.116}}}",
}
# Each is compared with each other of its kind.
_MOST = {"sites": 100, "hosts": 1000, "networks": 500, "containers": MOST, "expect": 5000, "underlay": 5000}
_TOKENS = Names(
    "etcd's token",
    re.compile(r"[a-zA-Z0-9._-]+"),
    128,
    "use letters, digits, dots, underscores and hyphens",
    {},
)


def text_of(file: Path, called: str) -> str:
    """What is in a file; LabError for one that cannot be read, which is ``called`` so."""
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(LARGEST_FILE + 1)  # so much is refused
    except OSError as error:
        raise LabError(f"{called}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        start = int(error.start)
        where = position(error.object[:start].decode("utf-8"), start)
        raise LabError(f"{called}: {where}: not text in UTF-8") from error


def load(text: str, folder: Path | None = None) -> Lab:
    """Read a lab file. Pure: no other file, no machine is looked at, except the files of variables in ``folder``.

    Raises LabError with one line for each fault, in the order of the file's sections, each with its path in the file:
    ``hosts.emon2.addresses.company: 10.0.0.300 is not an IPv4 address``.
    """
    faults: list[str] = []
    try:
        lab = read(root(text, faults))
    except RecursionError as error:
        raise LabError("an anchor refers to itself, or the file is nested too deeply") from error
    if folder is not None:
        lab = env_files.resolved(lab, folder, faults)
    if faults:
        raise LabError(faults)
    return lab


def read(file: Item) -> Lab:
    """The lab, which is of use only if there are no faults."""
    given = file.keys(_KEYS, required=_EXAMPLES)
    for key, most in _MOST.items():
        if key in given:
            given[key].at_most(most)
    name = (given["name"].name(LAB_NAMES) if "name" in given else None) or ""
    sites = read_sites(given["sites"]) if "sites" in given else {}
    readable_sites = [site for site in sites.values() if site is not None]
    hosts = read_hosts(given["hosts"], sites, name) if "hosts" in given else {}
    pairs = read_pairs(given["underlay"], hosts) if "underlay" in given else []
    engine = (given["engine"].choice((AUTO, *ENGINES)) if "engine" in given else None) or AUTO
    rules = for_lab_file(engine)
    tls, token, etcd = _read_etcd(given.get("etcd"), name)
    tcp_api, docker = _read_docker(given.get("docker"))
    networks = read_networks(given["networks"], readable_sites, engine, rules) if "networks" in given else {}
    # If the name of a network cannot be read, a reference to an unknown network is not reported.
    all_known = "networks" not in given or (
        given["networks"].is_list and len(given["networks"].items()) == len(networks)
    )
    reader = ContainerReader(hosts, networks if all_known else None, rules)
    containers = reader.read(given["containers"]) if "containers" in given else []
    expectations = read_expectations(given["expect"], containers, reader.replicas) if "expect" in given else []
    check_capacity(networks, containers, tuple(hosts.values()), rules)
    return Lab(
        name=name,
        sites=tuple(readable_sites),
        hosts=tuple(hosts.values()),
        engine=engine,
        etcd_tls=tls,
        etcd_token=token,
        docker_tcp_api=tcp_api,
        archives={kind: one for kind, one in (("docker", docker), ("etcd", etcd)) if one is not None},
        networks=tuple(one.network for one in networks.values() if one.network is not None),
        containers=tuple(containers),
        expectations=tuple(expectations),
        pairs=tuple(pairs),
    )


def _read_etcd(item: Item | None, name: str) -> tuple[bool, str, Archive | None]:
    given = item.keys(("tls", "token", *archives.KEYS)) if item else {}
    tls = given["tls"].boolean() if "tls" in given else True
    token = given["token"].name(_TOKENS) if "token" in given else f"{name}-etcd"
    return bool(tls), token or "", archives.read_archive(item, given, "etcd")


def _read_docker(item: Item | None) -> tuple[bool, Archive | None]:
    given = item.keys(("tcp_api", *archives.KEYS)) if item else {}
    tcp_api = bool(given["tcp_api"].boolean()) if "tcp_api" in given else False
    return tcp_api, archives.read_archive(item, given, "docker")
