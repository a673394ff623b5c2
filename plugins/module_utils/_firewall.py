# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which packet filter guards a host, and how ports are opened in it, for some addresses only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

UFW, FIREWALLD, NFTABLES, IPTABLES, NONE = "ufw", "firewalld", "nftables", "iptables", ""
_SBIN = ":/usr/sbin:/sbin"

# A command's output, None where the program is missing or fails.
Run = Callable[[list[str]], str | None]


def run(command: list[str]) -> str | None:
    program = shutil.which(command[0], path=os.environ.get("PATH", "") + _SBIN)
    if program is None:
        return None
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def interface(address: str | None) -> str:
    """The interface of this host that has an address; '' if that cannot be told."""
    said = run(["ip", "-json", "address", "show", "to", address]) if address else None
    return next((link["ifname"] for link in json.loads(said or "[]") if link), "")


def detect(interface: str, ask: Run = run, ufw_config: Path = Path("/etc/ufw/ufw.conf")) -> dict[str, str]:
    """{"manager", "place"}: who decides what comes in at an interface, and where in its rules; '' for nobody.

    ``place``: a zone of firewalld's; family, table and chain of nftables; a chain of iptables.
    """
    if ufw_config.is_file() and "ENABLED=yes" in ufw_config.read_text(encoding="utf-8").splitlines():
        return {"manager": UFW, "place": ""}
    if ask(["firewall-cmd", "--state"]) is not None:
        zone = ask(["firewall-cmd", f"--get-zone-of-interface={interface}"])  # fails for one of no zone
        return {"manager": FIREWALLD, "place": (zone or ask(["firewall-cmd", "--get-default-zone"]) or "").strip()}
    chain = _refusing_chain(ask(["nft", "--json", "list", "ruleset"]) or "{}")
    if chain == "ip filter INPUT":
        return {"manager": IPTABLES, "place": "INPUT"}
    if chain:
        return {"manager": NFTABLES, "place": chain}
    rules = (ask(["iptables-legacy", "--list-rules", "INPUT"]) or "").splitlines()
    if [rule for rule in rules if rule not in ("", "-P INPUT ACCEPT")]:
        return {"manager": IPTABLES, "place": "INPUT"}
    return {"manager": NONE, "place": ""}


def _refusing_chain(ruleset: str) -> str:
    """Family, table and name of the first chain for incoming packets that may refuse some; '' if none does."""
    objects = json.loads(ruleset).get("nftables", [])
    for chain in (one["chain"] for one in objects if "chain" in one):
        if chain.get("hook") != "input" or chain.get("type") != "filter":
            continue
        where = (chain["family"], chain["table"], chain["name"])
        verdicts = {
            verdict
            for rule in (one["rule"] for one in objects if "rule" in one)
            if (rule["family"], rule["table"], rule["chain"]) == where
            for expression in rule.get("expr", ())
            for verdict in expression
        }
        if chain.get("policy") == "drop" or verdicts & {"drop", "reject", "jump", "goto"}:
            return " ".join(where)
    return ""


def openings(firewall: dict[str, Any], sources: list[str], ports: dict[str, list[int]]) -> str:
    """What a person types on the host to let ``sources`` in, and nobody else; with no filter, where to look.

    ``firewall``: from detect(); ``ports``: {"tcp": [...], "udp": [...]}.
    """
    wanted = {protocol: some for protocol, some in ports.items() if some}
    place, manager = firewall["place"], firewall["manager"]
    if manager == UFW:
        rules = "; ".join(
            f"ufw allow proto {protocol} from $peer to any port {','.join(map(str, some))}"
            for protocol, some in wanted.items()
        )
        return f"for peer in {' '.join(sources)}; do {rules}; done"
    if manager == FIREWALLD:
        listed = " ".join(f"{port}/{protocol}" for protocol, some in wanted.items() for port in some)
        return (
            f"for peer in {' '.join(sources)}; do for port in {listed}; do firewall-cmd --permanent --zone={place}"
            ' --add-rich-rule="rule family=ipv4 source address=$peer port port=${port%/*} protocol=${port#*/} accept";'
            " done; done; firewall-cmd --reload"
        )
    if manager == NFTABLES:
        return "; ".join(
            f"nft insert rule {place} ip saddr {{ {', '.join(sources)} }} {protocol} dport"
            f" {{ {', '.join(map(str, some))} }} accept"
            for protocol, some in wanted.items()
        )
    if manager == IPTABLES:
        return "; ".join(
            f"iptables -I {place} -s {','.join(sources)} -p {protocol} -m multiport --dports"
            f" {','.join(map(str, some))} -j ACCEPT"
            for protocol, some in wanted.items()
        )
    return "no packet filter of this host refuses them: look at the way between the hosts, its routers and filters"
