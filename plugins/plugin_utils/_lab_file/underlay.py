# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""What a lab file asks of the links between hosts: rate, delay, loss, for a site, a host or a pair of hosts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import shape

from .model import Host, Lab, Pair
from .yaml_nodes import Item, Names, shown, suggestion

_RATES = Names("a rate", shape.RATE, 16, shape.RATE_RULE, {})
_TIMES = Names("a time", shape.TIME, 16, shape.TIME_RULE, {})
_SHARES = Names("a share", shape.SHARE, 16, shape.SHARE_RULE, {})
_WRITTEN = {**dict.fromkeys(shape.KEYS, _SHARES), "rate": _RATES, "delay": _TIMES, "jitter": _TIMES}


def read_underlay(item: Item) -> dict[str, str]:
    """Key -> text, of a site's or a host's links."""
    return _texts(item, item.keys(shape.KEYS))


def _texts(item: Item, given: Mapping[str, Item]) -> dict[str, str]:
    read = {key: given[key].name(_WRITTEN[key]) for key in shape.KEYS if key in given}
    found = {key: text for key, text in read.items() if text is not None}
    faults: list[str] = []
    shape.read(found, faults)
    for line in faults:
        key, _colon, sentence = line.partition(": ")
        item.at(key).fault(sentence)
    return found


def read_pairs(item: Item, hosts: Collection[str]) -> list[Pair]:
    """Pairs in the order of the file."""
    found: list[Pair] = []
    for entry in item.items():
        given = entry.keys(("between", *shape.KEYS), required={"between": "[emon, emon2]"})
        pair = Pair(_between(given["between"], hosts) if "between" in given else frozenset(), _texts(entry, given))
        if len(pair.between) != 2:
            continue
        if pair.between in [other.between for other in found]:
            given["between"].fault("this pair of hosts is given already: remove one")
        found.append(pair)
    return found


def _between(item: Item, hosts: Collection[str]) -> frozenset[str]:
    names = [name for name in (one.text() for one in item.items()) if name is not None]
    unknown = [name for name in names if name not in hosts]
    for name in unknown:
        item.fault(f"{shown(name)} is not a host of this lab; {suggestion(name, hosts)}")
    if item.is_list and not unknown and not len(names) == len(set(names)) == 2:
        item.fault("a link is between two hosts: name two, such as [emon, emon2]")
    return frozenset(names)


def links(lab: Lab, site: str) -> dict[str, list[dict[str, str]]]:
    """Host -> its links to others that are asked to be anything at this site: {"host", "address", and what is asked}.

    Of a pair, its own entry says everything, else those of its hosts, else the site's.
    """
    of_pairs = {pair.between: pair.shape for pair in lab.pairs}
    of_site = next((one.underlay for one in lab.sites if one.name == site), None) or {}
    found: dict[str, list[dict[str, str]]] = {}
    if not (of_pairs or of_site or any(host.underlay for host in lab.hosts)):
        return found
    for host in lab.hosts:
        for other in lab.hosts:
            if other is host:
                continue
            asked = of_pairs.get(frozenset((host.name, other.name)))
            if asked is None:
                asked = _of_hosts(host, other)
            asked = _effective(of_site if asked is None else asked)
            if asked:
                entry = {"host": other.name, "address": str(other.addresses[site]), **asked}
                found.setdefault(host.name, []).append(entry)
    return found


def _of_hosts(*hosts: Host) -> Mapping[str, str] | None:
    """What is asked of the links of these two hosts; the worse of both, where both are."""
    asked = [host.underlay for host in hosts if host.underlay is not None]
    if len(asked) < 2:
        return asked[0] if asked else None
    worst = {}
    for key in shape.KEYS:
        texts = [one[key] for one in asked if key in one]
        if texts:
            worst[key] = (min if key == "rate" else max)(texts, key=lambda text: shape.meaning(key, text) or 0)
    return worst


def _effective(asked: Mapping[str, str]) -> dict[str, str]:
    """Without what asks for nothing, such as a loss of 0%."""
    return {key: text for key, text in asked.items() if shape.meaning(key, text)}
