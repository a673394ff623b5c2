# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Ports opened in ufw or firewalld, for some addresses only, and closed again.

What was added is written down in the host's record before it is added, so a rule that somebody else made, even the same
one, stays when ours go. A packet filter that nobody manages (nftables, iptables) is left alone: a table of ours cannot
accept what another one drops, and a foreign ruleset is not ours to write into.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_address
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import firewall as host_firewall
from . import record, section_owner

SECTION = "firewall"
# The peer in a rule of either manager.
_PEER = re.compile(r'from (\S+) to any |source address="([^"]+)"')


def let_in() -> list[str]:
    """The addresses that this host lets in by the lab's doing."""
    ours = record.section(SECTION)
    rules = ours.get("rules") if isinstance(ours, dict) else None
    return list(dict.fromkeys(filter(None, map(_peer, rules or []))))


def let_in_by() -> str:
    """The lab by whose doing that is; '' where nobody is let in, or that is not known."""
    return section_owner.lab_of(record.section(SECTION))


def _peer(rule: Any) -> str:
    found = _PEER.search(str(rule))
    return next(filter(None, found.groups())) if found else ""


@dataclass(frozen=True)
class Desired:
    """Which peers reach which ports: addresses, and (protocol, port) pairs."""

    peers: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, options: dict[str, Any]) -> Desired:
        """From a module's options. Raises LabError with every fault in them."""
        faults = [f"peers[{index}]: {peer} is not an IP address" for index, peer in enumerate(options["peers"])
                  if not is_address(peer)]  # fmt: skip
        faults += [
            f"ports[{index}].port: {one['port']} is not a port (1 to 65535)"
            for index, one in enumerate(options["ports"])
            if not 0 < one["port"] < 1 << 16
        ]
        if faults:
            raise LabError(faults)
        return cls(tuple(options["peers"]), tuple((one["protocol"], one["port"]) for one in options["ports"]))

    def numbers(self, protocol: str) -> str:
        return ",".join(str(port) for kind, port in sorted(self.ports) if kind == protocol)


class Ufw:
    """A rule each address and protocol. Its identity are ufw's own words for it, as `ufw show added` prints them."""

    name = host_firewall.UFW

    def __init__(self, _firewall: dict[str, Any], ask: host_firewall.Run) -> None:
        self._ask = ask

    def rules_for(self, desired: Desired) -> list[str]:
        return [
            f"allow from {peer} to any port {desired.numbers(protocol)} proto {protocol}"
            for peer in desired.peers
            for protocol in ("tcp", "udp")
            if desired.numbers(protocol)
        ]

    def present(self, _rules: list[str]) -> list[str]:
        lines = (self._ask(["ufw", "show", "added"]) or "").splitlines()
        return [re.sub(r" comment '.*'$", "", line.removeprefix("ufw ")) for line in lines if line.startswith("ufw ")]

    def in_vain(self, rules: list[str], present: list[str]) -> list[str]:
        """Of ``rules``, those that are there after one that refuses the same packets, a line each."""
        found = []
        for rule in (one for one in rules if one in present):
            before = present[: present.index(rule)]
            refusing = [one for one in before if one.startswith(("deny", "reject")) and _may_hit(one, rule)]
            if refusing:
                found.append(
                    f"ufw: `{rule}` stands after `{refusing[0]}`, which refuses first: move it"
                    f" (ufw delete {rule}; ufw prepend {rule})"
                )
        return found

    def add(self, rule: str) -> list[list[str]]:
        # Before any rule of the user's that refuses: of two, the first counts.
        return [["ufw", "prepend", *rule.split()]]

    def remove(self, rule: str) -> list[list[str]]:
        return [["ufw", "delete", *rule.split()]]


class Firewalld:
    """A rich rule each address and port, named "ZONE: RULE". It goes into the running and into the permanent
    configuration, without a reload, which would make Docker write its own rules anew."""

    name = host_firewall.FIREWALLD

    def __init__(self, firewall: dict[str, Any], ask: host_firewall.Run) -> None:
        self._firewall = firewall
        self._ask = ask

    def rules_for(self, desired: Desired) -> list[str]:
        return [
            f'{host_firewall.zone_of(self._firewall, peer)}: rule priority="{host_firewall.RICH_PRIORITY}"'
            f' family="ipv{ipaddress.ip_address(peer).version}" source address="{peer}"'
            f' port port="{port}" protocol="{protocol}" accept'
            for peer in desired.peers
            for protocol, port in sorted(desired.ports)
        ]

    def present(self, rules: list[str]) -> list[str]:
        """Those that are in both configurations, of the zones of ``rules``."""
        found = []
        for zone in dict.fromkeys(rule.partition(": ")[0] for rule in rules):
            running, permanent = (
                (self._ask(["firewall-cmd", *where, f"--zone={zone}", "--list-rich-rules"]) or "").splitlines()
                for where in ([], ["--permanent"])
            )
            found += [f"{zone}: {rule}" for rule in running if rule in permanent]
        return found

    def in_vain(self, _rules: list[str], _present: list[str]) -> list[str]:
        """None: what has a number comes before what refuses without one."""
        return []

    def add(self, rule: str) -> list[list[str]]:
        return self._both("--add-rich-rule", rule)

    def remove(self, rule: str) -> list[list[str]]:
        return self._both("--remove-rich-rule", rule)

    def _both(self, action: str, rule: str) -> list[list[str]]:
        zone, _colon, text = rule.partition(": ")
        return [["firewall-cmd", *where, f"--zone={zone}", f"{action}={text}"] for where in ([], ["--permanent"])]


_MANAGERS: dict[str, Callable[[dict[str, Any], host_firewall.Run], Ufw | Firewalld]] = {
    Ufw.name: Ufw,
    Firewalld.name: Firewalld,
}


class Plan:
    """What has to change so that these peers alone get through by rules of the lab. Made without touching anything.

    ``firewall``: from firewall.detect(); ``desired``: None opens nothing, and closes what lets in the addresses
    ``leaving``, or all; ``lab``: for whom. The record's section is {"manager": str, "rules": [str], "lab": str}.
    """

    def __init__(
        self,
        firewall: dict[str, Any],
        desired: Desired | None,
        ask: host_firewall.Run = host_firewall.run,
        leaving: tuple[str, ...] = (),
        lab: str = "",
    ) -> None:
        self._ask = ask
        ours = record.section(SECTION)
        section_owner.refuse_others(ours, lab, "openings in its firewall are")
        self._lab = lab
        self._former = ours
        # What was added goes by the words with which it came, whoever manages the filter by now.
        self.manager = ours.get("manager", "") if desired is None else firewall["manager"]
        self.managed = self.manager in _MANAGERS
        self.differences = Differences()
        self.rules: list[str] = []
        self._add: list[str] = []
        self._remove: list[str] = []
        if self.managed:
            self._manager = _MANAGERS[self.manager](firewall, ask)
            self._compare(ours["rules"] if ours.get("manager") == self.manager else [], desired, leaving)

    def _compare(self, former: list[str], desired: Desired | None, leaving: tuple[str, ...]) -> None:
        wanted = self._manager.rules_for(desired) if desired else []
        kept = [rule for rule in former if leaving and _peer(rule) not in leaving] if desired is None else []
        present = self._manager.present([*wanted, *former])
        in_vain = self._manager.in_vain(wanted, present)
        if in_vain:
            raise LabError(in_vain)
        self._add = [rule for rule in wanted if rule not in present]
        self._remove = [rule for rule in former if rule not in (*wanted, *kept)]
        self.rules = kept + [rule for rule in wanted if rule in self._add or rule in former]
        for rule in self._add:
            self.differences.add(f"{self.manager}: {rule}", None, "present")
        for rule in self._remove:
            self.differences.add(f"{self.manager}: {rule}", "present" if rule in present else None, None)

    def apply(self) -> None:
        """Raises LabError with the command that failed."""
        if not self.differences.changed:
            taken_over = section_owner.marked(self._former, self._lab)
            if self._former and taken_over != self._former:
                record.update(SECTION, taken_over)
            return
        # First: a rule that is written down and not there does no harm, the other way round it would stay for ever.
        self._write([*self.rules, *self._remove])
        for rule in self._add:
            self._run(self._manager.add(rule))
        for rule in self._remove:
            self._run(self._manager.remove(rule))
        self._write(self.rules)

    def _write(self, rules: list[str]) -> None:
        ours = {"manager": self.manager, "rules": rules}
        record.update(SECTION, section_owner.marked(ours, self._lab) if rules else None)

    def _run(self, commands: list[list[str]]) -> None:
        for command in commands:
            if self._ask(command) is None:
                raise LabError(f"{shlex.join(command)} failed: run it on this host to see why")


def _may_hit(refusing: str, rule: str) -> bool:
    """Whether a rule of ufw that refuses may hit what another lets in; what is not understood may."""
    one, other = (_conditions(text) for text in (refusing, rule))
    if one["proto"] and one["proto"] != other["proto"]:
        return False
    try:
        apart = one["from"] and ipaddress.ip_address(other["from"]) not in ipaddress.ip_network(
            one["from"], strict=False
        )
        ports = {int(port) for port in one["port"].split(",") if port}
        return not apart and (not ports or bool(ports & set(map(int, other["port"].split(",")))))
    except ValueError:
        return True


def _conditions(rule: str) -> dict[str, str]:
    """In either form of ufw's: `deny 2379/tcp`, or `deny from A to any port 2379 proto tcp`."""
    short = re.fullmatch(r"\w+ ([\d,]+)(?:/(tcp|udp))?", rule)
    if short:
        return {"from": "", "port": short[1], "proto": short[2] or ""}
    found = {word: re.search(rf"\b{word} (\S+)", rule) for word in ("from", "port", "proto")}
    values = {word: match[1] if match else "" for word, match in found.items()}
    return {**values, "from": values["from"].replace("any", "")}
