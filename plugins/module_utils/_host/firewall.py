# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which packet filter guards a host, and how ports are opened in it, for some addresses only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Optional

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs

from .packet_filter import Arrival, Refusal, input_chains, refusals

UFW, FIREWALLD, NFTABLES, IPTABLES, NONE = "ufw", "firewalld", "nftables", "iptables", ""
# The chain of iptables, as nft lists it, and where iptables still has rules of its own.
_IPTABLES, _LEGACY = "ip filter INPUT", "iptables-legacy INPUT"
# Tables of iptables whose chain PREROUTING comes before the input hook.
_EARLY_TABLES = ("raw", "mangle")
# What firewalld refuses there, it refuses by what it is told of zones.
_FIREWALLDS = "inet firewalld "
# ufw's chains are among those of iptables, and firewalld's may be.
_OF_IPTABLES = (_IPTABLES, "ip6 filter INPUT", _LEGACY)
_UFW_IS_ON = re.compile(r"""^ENABLED=["']?yes["']?\s*$""", re.MULTILINE | re.IGNORECASE)
# Before what a zone refuses by rich rules, which stand without a number.
RICH_PRIORITY = -100

# A command's output, None where the program is missing or fails.
Run = Callable[[list[str]], Optional[str]]


def run(command: list[str]) -> str | None:
    try:
        done = programs.run(command)
    except programs.Missing:
        return None
    return done.stdout if done.returncode == 0 else None


def interface(address: str | None) -> str:
    """The interface of this host that has an address; '' if that cannot be told."""
    said = run(["ip", "-json", "address", "show", "to", address]) if address else None
    return next((link["ifname"] for link in json.loads(said or "[]") if link), "")


def detect(
    interface: str, ask: Run = run, ufw_config: Path = Path("/etc/ufw/ufw.conf"), address: str | None = None
) -> dict[str, Any]:
    """{"manager", "places", "sources", "before", "read"}: what filters packets that come in at an interface.

    ``places``: the zone of firewalld; each chain of the input hook that may refuse a packet, by family, table and name.
    More than one can be in the way: what one accepts, the next one may still refuse. ``sources``: network or address ->
    the zone of firewalld to which what comes from there belongs, whatever the interface. ``before``: what chains before
    the input hook may refuse, as packet_filter.Refusal, and chains of the input hook that are not the manager's.
    ``read``: the programs that told; none of them: nothing was looked at.
    """
    found: dict[str, Any] = {"manager": NONE, "places": [], "sources": {}, "before": [], "read": []}
    beside: list[Refusal] = []
    ruleset = ask(["nft", "--json", "list", "ruleset"])
    if ruleset:
        found["read"].append("nft")
        found["places"] = input_chains(ruleset)
        arrival = Arrival(interface, address or "")
        before = refusals(ruleset, arrival)
        # Beside a manager, whose own chains these are not.
        beside = [one for one in refusals(ruleset, arrival, ("input",)) if one.place not in _OF_IPTABLES]
        # Before 1.0.6 nft does not tell which targets of iptables' own there are.
        if re.search(r'"xt":\s*null', ruleset) and _refuses_input(ask(["iptables", "--list-rules"]) or ""):
            found["places"] = list(dict.fromkeys([*found["places"], _IPTABLES]))
    else:
        before = _by_iptables("iptables", _IPTABLES, "ip", found, ask)
    before += _by_iptables("iptables-legacy", _LEGACY, "iptables-legacy", found, ask)
    is_ufw = _is_on(ufw_config) and ask([UFW, "version"]) is not None
    is_firewalld = not is_ufw and ask(["firewall-cmd", "--state"]) is not None
    before += beside if is_ufw or is_firewalld else []
    found["before"] = [vars(one) for one in before if not one.place.startswith(_FIREWALLDS)]
    if is_ufw:
        return {**found, "manager": UFW, "places": [], "read": [UFW, *found["read"]]}
    if is_firewalld:
        zone = ask(["firewall-cmd", f"--get-zone-of-interface={interface}"])  # fails for one of no zone
        places = [(zone or ask(["firewall-cmd", "--get-default-zone"]) or "").strip()]
        sources = _source_zones(ask(["firewall-cmd", "--get-active-zones"]) or "")
        read = [FIREWALLD, *found["read"]]
        return {**found, "manager": FIREWALLD, "places": places, "sources": sources, "read": read}
    places = found["places"]
    if set(places) - {_IPTABLES, _LEGACY}:
        return {**found, "manager": NFTABLES}
    return {**found, "manager": IPTABLES if places else NONE}


def _is_on(ufw_config: Path) -> bool:
    return ufw_config.is_file() and bool(_UFW_IS_ON.search(ufw_config.read_text(encoding="utf-8", errors="replace")))


def _refuses_input(rules: str) -> bool:
    """Whether the chain INPUT, or one that it leads to, refuses, by iptables' list of all rules."""
    targets: dict[str, set[str]] = {}
    for chain, target in re.findall(r"^-A (\S+) (?:.* )?-[jg] (\S+)", rules, re.MULTILINE):
        targets.setdefault(chain, set()).add(target)
    seen: set[str] = set()
    ahead = {"INPUT"}
    while ahead:
        seen |= ahead
        ahead = {target for chain in ahead for target in targets.get(chain, ())} - seen
    return bool(seen & {"DROP", "REJECT"})


def _by_iptables(program: str, place: str, prefix: str, found: dict[str, Any], ask: Run) -> list[Refusal]:
    """What a program of iptables lists; its conditions are not read, so each chain that refuses anything may be it."""
    said = ask([program, "--list-rules", "INPUT"])
    if said is None:
        return []
    found["read"].append(program)
    if [rule for rule in said.splitlines() if rule not in ("", "-P INPUT ACCEPT")]:
        found["places"] = [*found["places"], place]
    listed = {table: ask([program, "--table", table, "--list-rules"]) or "" for table in _EARLY_TABLES}
    refusing = re.compile(r"^-P PREROUTING DROP|^-A .* -j (DROP|REJECT)\b", re.MULTILINE)
    return [Refusal(f"{prefix} {table} PREROUTING") for table, text in listed.items() if refusing.search(text)]


def _source_zones(said: str) -> dict[str, str]:
    """The sources of each zone, from `firewall-cmd --get-active-zones`: a zone's name, then indented lines."""
    found: dict[str, str] = {}
    zone = ""
    for line in said.splitlines():
        if line.strip() and not line[0].isspace():
            zone = line.split()[0]
        elif line.strip().startswith("sources:"):
            found |= dict.fromkeys(line.partition(":")[2].split(), zone)
    return found


def zone_of(firewall: dict[str, Any], peer: str) -> str:
    """The zone of firewalld that judges what comes from an address: that of a source before that of the interface."""
    networks = {
        source: ip_network(source, strict=False) for source in firewall.get("sources", {}) if _is_network(source)
    }
    inside = [source for source, network in networks.items() if ip_address(peer) in network]
    if inside:
        return str(firewall["sources"][max(inside, key=lambda source: networks[source].prefixlen)])
    return str(next(iter(firewall["places"]), ""))


def not_read(firewall: dict[str, Any]) -> list[str]:
    """Sources of zones that are no addresses: whether a peer is among them is not known here."""
    return [source for source in firewall.get("sources", {}) if not _is_network(source)]


def openings(firewall: dict[str, Any], sources: list[str], ports: dict[str, list[int]]) -> str:
    """What a person types on the host to let ``sources`` in, and nobody else; with no filter, where to look.

    ``firewall``: from detect(); ``ports``: {"tcp": [...], "udp": [...]}.
    """
    wanted = {protocol: some for protocol, some in ports.items() if some}
    before = [Refusal(**{**one, "ports": tuple(map(tuple, one["ports"]))}) for one in firewall.get("before", ())]
    early = list(dict.fromkeys(one.place for one in before if one.hits(sources, wanted)))
    if firewall["manager"] == UFW:
        rules = [_by_ufw(sources, wanted)]
    elif firewall["manager"] == FIREWALLD:
        rules = _by_firewalld(firewall, sources, wanted)
    else:
        # What refuses IPv6 alone refuses nothing of the lab's, and takes no rule of IPv4.
        early = [place for place in [*early, *firewall["places"]] if not place.startswith("ip6 ")]
        rules = []
    rules = [_rule(place, sources, protocol, some) for place in early for protocol, some in wanted.items()] + rules
    return "; ".join(rules) or _nothing_refuses(firewall)


def _nothing_refuses(firewall: dict[str, Any]) -> str:
    path = "the path between the hosts, its routers and filters"
    if not firewall.get("read"):
        return (
            "the packet filter of this host was not looked at, because neither nft nor iptables answers there: install"
            f" nftables and run again, or look yourself, then at {path}"
        )
    return (
        "no rule in the ingress, prerouting and input hooks of this host refuses them, as far as"
        f" {' and '.join(firewall['read'])} can tell: look at what was not read (tc filter show, bpftool net), then at"
        f" {path}"
    )


def _by_ufw(sources: list[str], wanted: dict[str, list[int]]) -> str:
    """Before any rule of the user's that refuses: of two, the first counts."""
    rules = "; ".join(
        f"ufw prepend allow proto {protocol} from $peer to any port {','.join(map(str, some))}"
        for protocol, some in wanted.items()
    )
    return f"for peer in {' '.join(sources)}; do {rules}; done"


def _by_firewalld(firewall: dict[str, Any], sources: list[str], wanted: dict[str, list[int]]) -> list[str]:
    listed = " ".join(f"{port}/{protocol}" for protocol, some in wanted.items() for port in some)
    by_zone: dict[str, list[str]] = {}
    for peer in sources:
        by_zone.setdefault(zone_of(firewall, peer), []).append(peer)
    rules = [
        f"for peer in {' '.join(peers)}; do for port in {listed}; do firewall-cmd --permanent --zone={zone}"
        f' --add-rich-rule="rule priority={RICH_PRIORITY} family=ipv4 source address=$peer'
        ' port port=${port%/*} protocol=${port#*/} accept"; done; done'
        for zone, peers in by_zone.items()
    ]
    unknown = not_read(firewall)
    note = f" # not looked at: whether they are in {', '.join(unknown)}, of a zone of its own" if unknown else ""
    return [*rules, f"firewall-cmd --reload{note}"]


def _rule(place: str, sources: list[str], protocol: str, ports: list[int]) -> str:
    family, *table, chain = place.split()
    is_iptables = family == "iptables-legacy" or (
        family == "ip" and (*table, chain) in (("filter", "INPUT"), *((one, "PREROUTING") for one in _EARLY_TABLES))
    )
    if not is_iptables:
        named = f"ip saddr {{ {', '.join(sources)} }} {protocol} dport {{ {', '.join(map(str, ports))} }}"
        return f"nft insert rule {place} {named} accept"
    # nft could write there, too, but iptables would not understand the table any more.
    program = "iptables" if family == "ip" else family
    where = f"{chain}" if table in ([], ["filter"]) else f"{chain} -t {table[0]}"
    named = f"-s {','.join(sources)} -p {protocol} -m multiport --dports {','.join(map(str, ports))}"
    return f"{program} -I {where} {named} -j ACCEPT"


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
