# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which chains of a ruleset of nftables may refuse packets that come in (libnftables-json(5))."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any

Where = tuple[str, str, str]  # family, table, chain
# Hooks that a packet passes before the input hook.
BEFORE = ("prerouting", "ingress")
_EVERY_PORT = (0, 65535)


@dataclass(frozen=True)
class Refusal:
    """What a chain before the input hook refuses. ``protocol`` '': of any; ``sources``: networks, empty for all."""

    place: str
    protocol: str = ""
    ports: tuple[tuple[int, int], ...] = (_EVERY_PORT,)
    sources: tuple[str, ...] = ()

    def hits(self, sources: list[str], ports: dict[str, list[int]]) -> bool:
        """Whether it may refuse a packet from one of the addresses to one of the ports."""
        numbers = [one for protocol, some in ports.items() if self.protocol in ("", protocol) for one in some]
        to_one = any(low <= number <= high for low, high in self.ports for number in numbers)
        return to_one and (not self.sources or any(_is_in(one, self.sources) for one in sources))


@dataclass(frozen=True)
class Arrival:
    """Where the lab's packets come in: the interface and its address, '' for what is not known."""

    interface: str = ""
    address: str = ""


def input_chains(ruleset: str) -> list[str]:
    """Family, table and name of the chains in the input hook that may refuse a packet."""
    rules, chains = _read(ruleset)
    return [
        " ".join(where)
        for where, chain in chains.items()
        if chain.get("hook") == "input" and chain.get("type") == "filter"
        if chain.get("policy") == "drop" or _refuses(where, rules, set())
    ]


def refusals(ruleset: str, arrival: Arrival, hooks: tuple[str, ...] = BEFORE) -> list[Refusal]:
    """What the chains of some hooks refuse. A condition that is not understood counts as fulfilled."""
    rules, chains = _read(ruleset)
    found: list[Refusal] = []
    for where, chain in chains.items():
        if chain.get("hook") not in hooks or chain.get("type") != "filter" or where[0] == "ip6":
            continue
        devices = [chain["dev"]] if isinstance(chain.get("dev"), str) else chain.get("dev")
        if devices and arrival.interface and arrival.interface not in devices:
            continue
        everything = Refusal(" ".join(where))
        if chain.get("policy") == "drop":
            found.append(everything)
        found += _refusals(where, rules, arrival, everything, set())
    return list(dict.fromkeys(found))


def _read(ruleset: str) -> tuple[dict[Where, list[Any]], dict[Where, dict[str, Any]]]:
    """The rules by their chains, and the chains that see packets of IP."""
    objects = json.loads(ruleset).get("nftables", [])
    asleep = {
        (one["table"]["family"], one["table"]["name"])
        for one in objects
        if "table" in one and _is_dormant(one["table"].get("flags") or "")
    }
    maps = {
        (one["map"]["family"], one["map"]["table"], f"@{one['map']['name']}"): one["map"].get("elem")
        for one in objects
        if "map" in one
    }
    rules: dict[Where, list[Any]] = {}
    for rule in (one["rule"] for one in objects if "rule" in one):
        where = (rule["family"], rule["table"], rule["chain"])
        rules.setdefault(where, []).append([_with_elements(one, where, maps) for one in rule.get("expr") or []])
    chains = {(one["family"], one["table"], one["name"]): one for one in (o["chain"] for o in objects if "chain" in o)}
    return rules, {key: one for key, one in chains.items() if key[0] != "arp" and key[:2] not in asleep}


def _is_dormant(flags: Any) -> bool:
    """nft says one flag as a word, of which 1.0.6 prints the first letter only, and several as a list."""
    return any(str(one).startswith("d") for one in ([flags] if isinstance(flags, str) else flags))


def _with_elements(statement: Any, where: Where, maps: dict[Where, Any]) -> Any:
    """A statement with the verdicts of a map that it has by name."""
    given = statement.get("vmap") if isinstance(statement, dict) else None
    if not given or not isinstance(given.get("data"), str):
        return statement
    return {"vmap": {**given, "data": maps.get((*where[:2], given["data"]))}}


def _refuses(where: Where, rules: dict[Where, list[Any]], seen: set[Where]) -> bool:
    """Whether a chain, or one that it leads to, has a rule that refuses."""
    seen.add(where)
    for verdict, target in _verdicts(rules.get(where, [])):
        if verdict in ("drop", "reject"):
            return True
        beyond = (*where[:2], target)
        if verdict in ("jump", "goto") and beyond not in seen and _refuses(beyond, rules, seen):
            return True
    return False


def _refusals(
    where: Where, rules: dict[Where, list[Any]], arrival: Arrival, what: Refusal, seen: set[Where]
) -> Iterator[Refusal]:
    """``what``: which packets come to the chain at all."""
    for rule in rules.get(where, []):
        matched: Refusal | None = what
        for statement in rule:
            if matched and isinstance(statement, dict) and "match" in statement:
                matched = _narrowed(matched, statement["match"], arrival)
        for verdict, target in _verdicts(rule) if matched else ():
            if verdict in ("drop", "reject") and matched:
                yield matched
            beyond = (*where[:2], target)
            if verdict in ("jump", "goto") and matched and beyond not in seen:
                yield from _refusals(beyond, rules, arrival, matched, seen | {beyond})


@dataclass(frozen=True)
class _Condition:
    subject: str
    values: list[Any]
    is_not: bool


def _narrowed(what: Refusal, match: dict[str, Any], arrival: Arrival) -> Refusal | None:
    """What is left of it by one condition more; None where none of the lab's packets fulfils it."""
    condition = _Condition(_subject(match.get("left")), list(_values(match.get("right"))), match.get("op") == "!=")
    if condition.subject in ("ip6", "nfproto", "iifname", "daddr", "state"):
        return what if _may_be_fulfilled(condition, arrival) else None
    if condition.is_not or not condition.subject:
        return what
    if condition.subject == "saddr":
        networks = [_network(one) for one in condition.values]
        return replace(what, sources=tuple(map(str, networks))) if networks and all(networks) else what
    return _of_protocol(what, condition)


def _may_be_fulfilled(condition: _Condition, arrival: Arrival) -> bool:
    """By a packet of the lab's, which is of IPv4, new, and comes to the address at its interface."""
    values = condition.values
    if condition.subject == "ip6":
        return False
    if condition.subject == "nfproto":
        return ("ipv4" in values) != condition.is_not
    if condition.subject == "state":
        return not values or ("new" in values) != condition.is_not
    own = arrival.interface if condition.subject == "iifname" else arrival.address
    # A set by its name may hold ours.
    known = own and not any(str(one).startswith("@") for one in values)
    return not known or any(_fits(own, one) for one in values) != condition.is_not


def _of_protocol(what: Refusal, condition: _Condition) -> Refusal | None:
    """By the protocol itself, or by ports of one."""
    given = condition.values if condition.subject == "protocol" else [condition.subject]
    wanted = [one for one in ("tcp", "udp") if one in given or given == ["th"]]
    wanted = [one for one in wanted if what.protocol in ("", one)]
    if not wanted:
        return None
    left = replace(what, protocol=wanted[0]) if len(wanted) == 1 else what
    ports = [_range(one) for one in condition.values] if condition.subject != "protocol" else []
    return replace(left, ports=tuple(one for one in ports if one)) if ports and all(ports) else left


def _subject(left: Any) -> str:
    """Of what a condition is, in a word; '' for one that is not understood."""
    if not isinstance(left, dict):
        return ""
    if "payload" in left:
        protocol, field = left["payload"].get("protocol"), left["payload"].get("field")
        if protocol == "ip6":
            return "ip6"
        if protocol in ("tcp", "udp", "th") and field == "dport":
            return str(protocol)
        return str(field) if protocol == "ip" and field in ("saddr", "daddr", "protocol") else ""
    if "meta" in left:
        names = {"l4proto": "protocol", "nfproto": "nfproto", "iifname": "iifname", "iif": "iifname"}
        return names.get(left["meta"].get("key"), "")
    return "state" if left.get("ct", {}).get("key") == "state" else ""


def _values(right: Any) -> Iterator[Any]:
    if isinstance(right, list):
        yield from right
    elif isinstance(right, dict) and "set" in right:
        yield from right["set"] if isinstance(right["set"], list) else [right["set"]]
    else:
        yield right


def _fits(own: str, value: Any) -> bool:
    if isinstance(value, str) and value.endswith("*"):
        return own.startswith(value[:-1])
    network = _network(value)
    return own == value or (network is not None and _is_in(own, (str(network),)))


def _range(value: Any) -> tuple[int, int] | None:
    if isinstance(value, int):
        return value, value
    found = value.get("range") if isinstance(value, dict) else None
    return (found[0], found[1]) if found and all(isinstance(one, int) for one in found) else None


def _network(value: Any) -> Any:
    if isinstance(value, dict) and "prefix" in value:
        value = f"{value['prefix'].get('addr')}/{value['prefix'].get('len')}"
    try:
        return ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        return any(ip_address(address) in ip_network(one) for one in networks)
    except ValueError:
        return False


def _verdicts(value: Any) -> Iterator[tuple[str, str]]:
    """Every verdict in a rule, those in maps and those of iptables included, with the chain that a jump leads to."""
    if isinstance(value, list):
        for one in value:
            yield from _verdicts(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("jump", "goto"):
                yield key, inner["target"]
            elif key == "xt":
                yield str(inner and inner.get("name")).lower(), ""
            elif key in ("drop", "reject"):
                yield key, ""
            else:
                yield from _verdicts(inner)
