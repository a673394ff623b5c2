# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a namespace's packet filters, queues and IP stack count, read before and after, so that a drop has a name.

iptables, nft and tc write what they have as text; what is not counted there cannot be told from what nobody dropped.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

_LEGACY_TABLES = Path("/proc/thread-self/net/ip_tables_names")
_SECONDS = 10
_QDISC = re.compile(r"qdisc (\S+) ([0-9a-f]+:) dev (\S+) (root|parent (\S+))(.*)")
_REFERENCES = re.compile(r" refcnt \d+")
_DROPPED = re.compile(r"\(dropped (\d+),")
# What the kernel itself gave a link has this handle.
_KERNELS = "0:"
_RULE = re.compile(r"\[(\d+):\d+\] -A (\S+) (.*)")
_POLICY = re.compile(r":(\S+) DROP \[(\d+):\d+\]")
_COUNTER = re.compile(r"counter packets (\d+) bytes \d+ ?")
_HANDLE = re.compile(r"\s*# handle (\d+)$")
_NFT_POLICY = re.compile(r"hook (\w+) .*policy drop;")
# Comments and prefixes of log lines may have any word in them; chains and sets any name.
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_NFT_VERDICT = re.compile(
    r"(?:^|(?<!jump)(?<!goto)\s)(?:drop|reject(?: with .+)?)(?: comment)?\s*$|vmap \{[^}]*: drop\b"
)
_IPTABLES_TABLES = frozenset({"filter", "nat", "mangle", "raw", "security"})
# Of /proc/net/snmp, netstat and xfrm_stat: what the kernel dropped, and why (linux/snmp.h).
_STACK = {
    "Xfrm.OutNoStates": "no IPsec state to encrypt with",
    "Xfrm.OutPolBlock": "an IPsec policy that blocks",
    "Xfrm.OutStateProtoError": "an IPsec state that cannot encrypt",
    "Xfrm.AcquireError": "no IPsec key",
    "Xfrm.InNoStates": "ESP for which there is no IPsec state",
    "Xfrm.InStateProtoError": "ESP that the key here does not decrypt",
    "Xfrm.InStateMismatch": "ESP for another IPsec state",
    "Xfrm.InTmplMismatch": "plain packets that should be encrypted",
    "Xfrm.InNoPols": "encrypted packets without an IPsec policy",
    "TcpExt.IPReversePathFilter": "reverse path filter",
    "Ip.InAddrErrors": "address of another host",
    "IpExt.InNoRoutes": "no route",
    "Ip.OutNoRoutes": "no route",
    "Ip.FragFails": "fragmentation needed",
    "IpExt.InCsumErrors": "wrong checksum",
    "TcpExt.ListenDrops": "queue of the listening socket full",
}


@dataclass(frozen=True)
class Rule:
    """A rule that drops or rejects. ``packets``: None where it has no counter; ``remove``: the command to type, which
    no other rule has.
    """

    table: str
    chain: str
    text: str
    packets: int | None
    remove: str


def rules() -> list[Rule]:
    """The rules and queues that drop, of this thread's namespace. A program that is not installed has none."""
    found: dict[str, Rule] = {}
    spoken = ""
    for program in _savers():
        text = _output([program, "-c"])
        spoken += text
        found.update({one.remove: one for one in parse_iptables(text)})
    nft = _output(["nft", "-a", "list", "ruleset"])
    # What iptables has written into nftables is shown by both.
    known = frozenset() if "incompatible" in spoken or not found else _IPTABLES_TABLES
    found.update({one.remove: one for one in parse_nft(nft, known)})
    found.update({one.remove: one for one in parse_tc(_output(["tc", "-s", "qdisc", "show"]))})
    return list(found.values())


def _savers() -> list[str]:
    """One program for each of the two places where iptables keeps rules; the old one only where it has any here."""
    try:
        legacy = bool(_LEGACY_TABLES.read_text(encoding="ascii").strip())
    except OSError:
        legacy = False
    return ["iptables-save", *(["iptables-legacy-save"] if legacy else [])]


def _output(command: list[str]) -> str:
    try:
        done = programs.run(command, _SECONDS, cwd="/")
    except (programs.Missing, programs.Overdue, LabError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def parse_iptables(text: str) -> list[Rule]:
    """What ``iptables-save -c`` writes."""
    found = []
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif policy := _POLICY.match(line):
            chain, packets = policy.groups()
            remove = f"iptables -t {table} -P {chain} ACCEPT"
            found.append(Rule(f"iptables {table}", chain, "policy DROP", int(packets), remove))
        elif rule := _RULE.match(line):
            packets, chain, what = rule.groups()
            words = shlex.split(what)
            target = words[words.index("-j") + 1] if "-j" in words else ""
            if target in ("DROP", "REJECT"):
                remove = f"iptables -t {table} -D {chain} {what}"
                found.append(Rule(f"iptables {table}", chain, what, int(packets), remove))
    return _summed(found)


def _summed(rules: list[Rule]) -> list[Rule]:
    """What stands twice in a chain cannot be told apart: its counters together say what was dropped."""
    packets: dict[Rule, int] = {}
    for one in rules:
        alone = replace(one, packets=0)
        packets[alone] = packets.get(alone, 0) + (one.packets or 0)
    return [replace(one, packets=count) for one, count in packets.items()]


def parse_nft(text: str, without: Iterable[str] = ()) -> list[Rule]:
    """What ``nft -a list ruleset`` writes, but for the tables of the family ip in ``without``."""
    found: list[Rule] = []
    family = table = chain = ""
    for raw in text.splitlines():
        line = raw.strip()
        handle = _HANDLE.search(line)
        words = _HANDLE.sub("", line).split()
        if words[:1] == ["table"]:
            family, table = words[1:3]
        elif words[:1] == ["chain"]:
            chain = words[1]
        elif family in ("ip", "inet", "arp", "bridge", "netdev") and not (family == "ip" and table in without):
            what = _HANDLE.sub("", line)
            bare = _QUOTED.sub("", what)
            name = f"nft {family} {table}"
            if policy := _NFT_POLICY.search(bare):
                remove = f"nft chain {family} {table} {chain} '{{ policy accept; }}'"
                found.append(Rule(name, chain, f"policy drop of the {policy[1]} hook", None, remove))
            elif _NFT_VERDICT.search(bare) and handle:
                counter = _COUNTER.search(what)
                remove = f"nft delete rule {family} {table} {chain} handle {handle[1]}"
                packets = int(counter[1]) if counter else None
                found.append(Rule(name, chain, _COUNTER.sub("", what).strip(), packets, remove))
    return found


def parse_tc(text: str) -> list[Rule]:
    """What ``tc -s qdisc show`` writes: the queues that somebody gave a link, each a rule that drops when it is full.

    A queue counts what those in it dropped as well, so only the innermost ones are told.
    """
    found, outer = [], set()
    heads = list(_QDISC.finditer(text))
    for head, end in zip(heads, [*(one.start() for one in heads[1:]), len(text)]):
        kind, handle, device, place, parent, options = head.groups()
        dropped = _DROPPED.search(text, head.end(), end)
        if parent:
            outer.add((device, f"{parent.partition(':')[0]}:"))
        if handle != _KERNELS and dropped:
            what = f"{kind}{_REFERENCES.sub('', options)}".strip()
            remove = f"tc qdisc del dev {device} {place}"
            found.append((handle, Rule(f"tc {device}", handle, what, int(dropped[1]), remove)))
    return [one for handle, one in found if (one.table.partition(" ")[2], handle) not in outer]


def stack(proc_net: Path = Path("/proc/thread-self/net")) -> dict[str, int]:
    """What the IP stack of this thread's namespace dropped, by its words for it."""
    found: dict[str, int] = {}
    for name in ("snmp", "netstat"):
        try:
            lines = (proc_net / name).read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        # Each group is two lines: the names, and the values.
        for names, values in zip(lines[::2], lines[1::2]):
            group = names.partition(":")[0]
            for key, value in zip(names.split()[1:], values.split()[1:]):
                if words := _STACK.get(f"{group}.{key}"):
                    found[words] = found.get(words, 0) + int(value)
    return {**found, **_ipsec(proc_net / "xfrm_stat")}


def _ipsec(path: Path) -> dict[str, int]:
    """Of a line a counter, which begins with Xfrm."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    counted = [(line.split()[0].replace("Xfrm", "Xfrm.", 1), int(line.split()[1])) for line in lines]
    return {_STACK[name]: value for name, value in counted if name in _STACK}


def difference(
    netns: str, before: tuple[list[Rule], dict[str, int]], after: tuple[list[Rule], dict[str, int]]
) -> dict[str, Any]:
    """What has counted meanwhile, and the rules that drop and do not count: {netns, rules, uncounted, stack}."""
    former = {one.remove: one.packets or 0 for one in before[0]}
    counted, uncounted = [], []
    for one in after[0]:
        shown = {"table": one.table, "chain": one.chain, "rule": one.text, "remove": one.remove}
        if one.packets is None:
            uncounted.append({**shown, "packets": None})
        elif (more := one.packets - former.get(one.remove, 0)) > 0:
            counted.append({**shown, "packets": more})
    stack_difference = {words: count - before[1].get(words, 0) for words, count in after[1].items()}
    return {
        "netns": netns,
        "rules": counted,
        "uncounted": uncounted,
        "stack": {words: count for words, count in stack_difference.items() if count > 0},
    }
