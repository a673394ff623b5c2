# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which packet filter guards a host, and how ports are opened in it, for some addresses only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs

UFW, FIREWALLD, NFTABLES, IPTABLES, NONE = "ufw", "firewalld", "nftables", "iptables", ""
# The chain of iptables, as nft lists it, and where iptables still has rules of its own.
_IPTABLES, _LEGACY = "ip filter INPUT", "iptables-legacy INPUT"

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


def detect(interface: str, ask: Run = run, ufw_config: Path = Path("/etc/ufw/ufw.conf")) -> dict[str, Any]:
    """{"manager", "places"}: what filters incoming packets at an interface, and where in its rules; '' for nothing.

    ``places``: the zone of firewalld; each chain that may refuse a packet, by family, table and name. More than one can
    be in the way: what one accepts, the next one may still refuse.
    """
    if ufw_config.is_file() and "ENABLED=yes" in ufw_config.read_text(encoding="utf-8").splitlines():
        return {"manager": UFW, "places": []}
    if ask(["firewall-cmd", "--state"]) is not None:
        zone = ask(["firewall-cmd", f"--get-zone-of-interface={interface}"])  # fails for one of no zone
        return {"manager": FIREWALLD, "places": [(zone or ask(["firewall-cmd", "--get-default-zone"]) or "").strip()]}
    places = _refusing_chains(ask(["nft", "--json", "list", "ruleset"]) or "{}")
    rules = (ask(["iptables-legacy", "--list-rules", "INPUT"]) or "").splitlines()
    if [rule for rule in rules if rule not in ("", "-P INPUT ACCEPT")]:
        places.append(_LEGACY)
    if set(places) - {_IPTABLES, _LEGACY}:
        return {"manager": NFTABLES, "places": places}
    return {"manager": IPTABLES if places else NONE, "places": places}


def _refusing_chains(ruleset: str) -> list[str]:
    """Family, table and name of the chains for incoming packets that may refuse some (libnftables-json(5))."""
    objects = json.loads(ruleset).get("nftables", [])
    rules: dict[tuple[str, str, str], list[Any]] = {}
    for rule in (one["rule"] for one in objects if "rule" in one):
        rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule.get("expr"))
    found = []
    for chain in (one["chain"] for one in objects if "chain" in one):
        if chain.get("hook") == "input" and chain.get("type") == "filter":
            where = (chain["family"], chain["table"], chain["name"])
            if chain.get("policy") == "drop" or _refuses(where, rules, set()):
                found.append(" ".join(where))
    return found


def _refuses(where: tuple[str, str, str], rules: dict[tuple[str, str, str], list[Any]], seen: set) -> bool:
    """Whether a chain, or one that it leads to, has a rule that refuses."""
    seen.add(where)
    for verdict, target in _verdicts(rules.get(where, [])):
        if verdict in ("drop", "reject"):
            return True
        beyond = (*where[:2], target)
        if verdict in ("jump", "goto") and beyond not in seen and _refuses(beyond, rules, seen):
            return True
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


def openings(firewall: dict[str, Any], sources: list[str], ports: dict[str, list[int]]) -> str:
    """What a person types on the host to let ``sources`` in, and nobody else; with no filter, where to look.

    ``firewall``: from detect(); ``ports``: {"tcp": [...], "udp": [...]}.
    """
    wanted = {protocol: some for protocol, some in ports.items() if some}
    peers = " ".join(sources)
    if firewall["manager"] == UFW:
        rules = "; ".join(
            f"ufw allow proto {protocol} from $peer to any port {','.join(map(str, some))}"
            for protocol, some in wanted.items()
        )
        return f"for peer in {peers}; do {rules}; done"
    if firewall["manager"] == FIREWALLD:
        listed = " ".join(f"{port}/{protocol}" for protocol, some in wanted.items() for port in some)
        return (
            f"for peer in {peers}; do for port in {listed}; do firewall-cmd --permanent"
            f' --zone={firewall["places"][0]} --add-rich-rule="rule family=ipv4 source address=$peer'
            ' port port=${port%/*} protocol=${port#*/} accept"; done; done; firewall-cmd --reload'
        )
    # What refuses IPv6 alone refuses nothing of the lab's, and takes no rule of IPv4.
    places = [place for place in firewall["places"] if not place.startswith("ip6 ")]
    rules = "; ".join(_rule(place, sources, protocol, some) for place in places for protocol, some in wanted.items())
    return rules or (
        "no rule in an input hook of this host refuses them: look at the other hooks (nft list ruleset), then at the"
        " path between the hosts, its routers and filters"
    )


def _rule(place: str, sources: list[str], protocol: str, ports: list[int]) -> str:
    if place not in (_IPTABLES, _LEGACY):
        named = f"ip saddr {{ {', '.join(sources)} }} {protocol} dport {{ {', '.join(map(str, ports))} }}"
        return f"nft insert rule {place} {named} accept"
    # nft could write there, too, but iptables would not understand the table any more.
    program = "iptables" if place == _IPTABLES else "iptables-legacy"
    named = f"-s {','.join(sources)} -p {protocol} -m multiport --dports {','.join(map(str, ports))}"
    return f"{program} -I INPUT {named} -j ACCEPT"
