# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall as host_firewall

NOWHERE = Path("/no/such/file")


def ruleset(*objects: dict[str, Any]) -> str:
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *objects]})


def chain(family: str, table: str, name: str, hook: str | None = "input", policy: str = "accept") -> dict[str, Any]:
    base = {"type": "filter", "hook": hook, "prio": 0, "policy": policy} if hook else {}
    return {"chain": {"family": family, "table": table, "name": name, "handle": 1, **base}}


def rule(family: str, table: str, name: str, *expressions: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"family": family, "table": table, "chain": name, "handle": 2, "expr": list(expressions)}}


MATCH = {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 4789}}
INET = ("inet", "filter", "input")
IPTABLES = ("ip", "filter", "INPUT")


XT_REJECT = {"xt": {"type": "target", "name": "REJECT"}}
XT_MATCH = {"xt": {"type": "match", "name": "multiport"}}
VMAP = {
    "vmap": {
        "key": {"ct": {"key": "state"}},
        "data": {"set": [["established", {"accept": None}], ["new", {"drop": None}]]},
    }
}
NAMED = {"map": {"family": "inet", "table": "filter", "name": "m", "map": "verdict", "elem": [[2379, {"drop": None}]]}}
VMAP_BY_NAME = {"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@m"}}


def dormant(flags: Any) -> dict[str, Any]:
    return {"table": {"family": "inet", "name": "filter", "handle": 1, "flags": flags}}


@pytest.mark.parametrize(
    ("said", "manager", "places"),
    [
        pytest.param({}, "", [], id="nothing installed"),
        pytest.param({"nft": ruleset()}, "", [], id="no rules"),
        pytest.param({"nft": ruleset(chain(*INET), rule(*INET, MATCH, {"accept": None}))}, "", [], id="all accepted"),
        pytest.param(
            {"nft": ruleset(chain(*INET), rule(*INET, MATCH, {"drop": None}))},
            "nftables",
            ["inet filter input"],
            id="a rule drops",
        ),
        pytest.param(
            {"nft": ruleset(chain(*INET), rule(*INET, VMAP))}, "nftables", ["inet filter input"], id="a map drops"
        ),
        pytest.param(
            {"nft": ruleset(chain(*INET), NAMED, rule(*INET, VMAP_BY_NAME))},
            "nftables",
            ["inet filter input"],
            id="a map that has a name drops",
        ),
        pytest.param(
            {"nft": ruleset(chain(*INET, policy="drop"))}, "nftables", ["inet filter input"], id="the policy drops"
        ),
        pytest.param({"nft": ruleset(chain("arp", "filter", "in", policy="drop"))}, "", [], id="of ARP"),
        pytest.param({"nft": ruleset(dormant("dormant"), chain(*INET, policy="drop"))}, "", [], id="a dormant table"),
        pytest.param({"nft": ruleset(dormant("d"), chain(*INET, policy="drop"))}, "", [], id="as nft 1.0.6 says it"),
        pytest.param({"nft": ruleset(dormant(["dormant"]), chain(*INET, policy="drop"))}, "", [], id="several flags"),
        pytest.param(
            {
                "nft": ruleset(
                    chain(*INET),
                    chain("inet", "filter", "in", hook=None),
                    rule(*INET, {"jump": {"target": "in"}}),
                    rule("inet", "filter", "in", {"jump": {"target": "in"}}),
                    rule("inet", "filter", "in", {"reject": {"type": "tcp reset"}}),
                )
            },
            "nftables",
            ["inet filter input"],
            id="a chain that it leads to rejects",
        ),
        pytest.param(
            {"nft": ruleset(chain(*IPTABLES), rule(*IPTABLES, {"jump": {"target": "ufw-before-input"}}))},
            "",
            [],
            id="what ufw leaves",
        ),
        pytest.param(
            {"nft": ruleset(chain("ip", "filter", "FORWARD", hook="forward", policy="drop"))}, "", [], id="Docker's"
        ),
        pytest.param(
            {"nft": ruleset(chain("ip", "x", "y", hook=None), rule("ip", "x", "y", {"drop": None}))},
            "",
            [],
            id="a chain that nobody enters",
        ),
        pytest.param(
            {"nft": ruleset(chain(*IPTABLES, policy="drop"))}, "iptables", ["ip filter INPUT"], id="policy of iptables"
        ),
        pytest.param(
            {"nft": ruleset(chain(*IPTABLES), rule(*IPTABLES, XT_MATCH, XT_REJECT))},
            "iptables",
            ["ip filter INPUT"],
            id="rule of iptables",
        ),
        pytest.param(
            {"nft": ruleset(chain(*IPTABLES), rule(*IPTABLES, XT_MATCH, {"xt": None}))}, "", [], id="unknown to nft"
        ),
        pytest.param(
            {
                "nft": ruleset(chain(*IPTABLES), rule(*IPTABLES, {"xt": None})),
                "iptables --list-rules": "-P INPUT ACCEPT\n-N in\n-A INPUT -i eth0 -j in\n-A in -p tcp -j REJECT\n",
            },
            "iptables",
            ["ip filter INPUT"],
            id="known to iptables",
        ),
        pytest.param(
            {
                "nft": ruleset(chain(*IPTABLES), rule(*IPTABLES, {"xt": None})),
                "iptables --list-rules": "-P INPUT ACCEPT\n-A INPUT -p tcp -j ACCEPT\n-A FORWARD -o virbr0 -j REJECT\n",
            },
            "",
            [],
            id="refused on another way",
        ),
        pytest.param(
            {"nft": ruleset(chain(*IPTABLES, policy="drop"), chain(*INET, policy="drop"))},
            "nftables",
            ["ip filter INPUT", "inet filter input"],
            id="two in the way",
        ),
        pytest.param({"iptables-legacy --list-rules": "-P INPUT ACCEPT\n"}, "", [], id="iptables-legacy, no rules"),
        pytest.param(
            {"nft": ruleset(), "iptables-legacy --list-rules": "-P INPUT ACCEPT\n-A INPUT -j DROP\n"},
            "iptables",
            ["iptables-legacy INPUT"],
            id="iptables-legacy",
        ),
        pytest.param(
            {"firewall-cmd --state": "running\n", "firewall-cmd --get-zone": "internal\n", "nft": ruleset()},
            "firewalld",
            ["internal"],
            id="firewalld",
        ),
        pytest.param(
            {"firewall-cmd --state": "running\n", "firewall-cmd --get-default-zone": "public\n"},
            "firewalld",
            ["public"],
            id="firewalld, an interface of no zone",
        ),
    ],
)
def test_detect(said: dict[str, str], manager: str, places: list[str]) -> None:
    def ask(command: list[str]) -> str | None:
        return next((text for start, text in said.items() if " ".join(command).startswith(start)), None)

    found = host_firewall.detect("eth0", ask, NOWHERE)
    assert (found["manager"], found["places"], found["before"]) == (manager, places, [])


@pytest.mark.parametrize(
    ("enabled", "program", "expected"),
    [
        ("yes", "ufw 0.36\n", "ufw"),
        ('"yes"', "ufw 0.36\n", "ufw"),
        ("Yes", "ufw 0.36\n", "ufw"),
        ("no", "ufw 0.36\n", ""),
        # The package was removed, and its configuration stays.
        ("yes", None, ""),
    ],
)
def test_detect_ufw(tmp_path: Path, enabled: str, program: str | None, expected: str) -> None:
    config = tmp_path / "ufw.conf"
    config.write_text(f"# set to yes to start on boot\nENABLED={enabled}\nLOGLEVEL=low\n")
    found = host_firewall.detect("eth0", lambda command: program if command[0] == "ufw" else None, config)
    assert found["manager"] == expected


@pytest.mark.parametrize(
    ("said", "own", "remedy"),
    [
        ({"ufw": "ufw 0.36\n"}, ("ip", "filter", "INPUT"), "ufw prepend"),
        ({"firewall-cmd --state": "running\n"}, ("inet", "firewalld", "filter_INPUT"), "firewall-cmd --permanent"),
    ],
)
def test_what_refuses_beside_a_manager_is_opened_as_well(
    tmp_path: Path, said: dict[str, str], own: tuple[str, str, str], remedy: str
) -> None:
    config = tmp_path / "ufw.conf"
    config.write_text("ENABLED=yes\n")
    other = ("inet", "guard", "in")
    rules = ruleset(*(chain(*where, policy="drop") for where in (own, other, ("ip6", "guard", "in"))))
    found = host_firewall.detect("eth0", asking({**said, "nft": rules}), config)
    line = host_firewall.openings(found, ["10.0.0.1"], {"tcp": [], "udp": [4789]})
    assert line.startswith("nft insert rule inet guard in ip saddr { 10.0.0.1 } udp dport { 4789 } accept; for peer in")
    assert remedy in line
    assert line.count("nft insert") == 1


@pytest.mark.parametrize(("device", "is_hit"), [("eth0", True), (["eth1", "eth0"], True), ("eth1", False)])
def test_an_ingress_chain_is_of_its_devices(device: Any, is_hit: bool) -> None:
    of_device = chain(*INGRESS, hook="ingress", policy="drop")
    of_device["chain"]["dev"] = device
    found = host_firewall.detect("eth0", asking({"nft": ruleset(of_device)}), NOWHERE)
    assert bool(found["before"]) == is_hit


def test_a_program_that_is_missing_or_fails_says_nothing() -> None:
    assert host_firewall.run(["no-such-program"]) is None
    assert host_firewall.run(["false"]) is None
    assert host_firewall.run(["echo", "x"]) == "x\n"


NO_FILTER = (
    "no rule in the ingress, prerouting and input hooks of this host refuses them, as far as nft can tell: look at what"
    " was not read (tc filter show, bpftool net), then at the path between the hosts, its routers and filters"
)


@pytest.mark.parametrize(
    ("manager", "places", "expected"),
    [
        (
            "ufw",
            [],
            "for peer in 10.0.0.1 10.0.0.2; do ufw prepend allow proto tcp from $peer to any port 2379,2380;"
            " ufw prepend allow proto udp from $peer to any port 4789; done",
        ),
        (
            "firewalld",
            ["public"],
            "for peer in 10.0.0.1 10.0.0.2; do for port in 2379/tcp 2380/tcp 4789/udp; do firewall-cmd --permanent"
            ' --zone=public --add-rich-rule="rule priority=-100 family=ipv4 source address=$peer port port=${port%/*}'
            ' protocol=${port#*/} accept"; done; done; firewall-cmd --reload',
        ),
        (
            "nftables",
            ["inet filter input"],
            "nft insert rule inet filter input ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport { 2379, 2380 } accept;"
            " nft insert rule inet filter input ip saddr { 10.0.0.1, 10.0.0.2 } udp dport { 4789 } accept",
        ),
        (
            "iptables",
            ["ip filter INPUT"],
            "iptables -I INPUT -s 10.0.0.1,10.0.0.2 -p tcp -m multiport --dports 2379,2380 -j ACCEPT;"
            " iptables -I INPUT -s 10.0.0.1,10.0.0.2 -p udp -m multiport --dports 4789 -j ACCEPT",
        ),
        (
            "iptables",
            ["ip filter INPUT", "ip6 filter INPUT"],
            "iptables -I INPUT -s 10.0.0.1,10.0.0.2 -p tcp -m multiport --dports 2379,2380 -j ACCEPT;"
            " iptables -I INPUT -s 10.0.0.1,10.0.0.2 -p udp -m multiport --dports 4789 -j ACCEPT",
        ),
        ("nftables", ["ip6 filter INPUT"], NO_FILTER),
        ("", [], NO_FILTER),
    ],
)
def test_openings(manager: str, places: list[str], expected: str) -> None:
    firewall = {"manager": manager, "places": places, "read": ["nft"]}
    assert host_firewall.openings(firewall, ["10.0.0.1", "10.0.0.2"], {"tcp": [2379, 2380], "udp": [4789]}) == expected


def test_a_protocol_without_ports_needs_no_rule() -> None:
    nftables = {"manager": "nftables", "places": ["inet filter input"]}
    said = host_firewall.openings(nftables, ["10.0.0.1"], {"tcp": [], "udp": [4789]})
    assert said == "nft insert rule inet filter input ip saddr { 10.0.0.1 } udp dport { 4789 } accept"


def test_every_chain_that_is_in_the_way_is_opened_by_its_own_program() -> None:
    both = {"manager": "nftables", "places": ["ip filter INPUT", "inet filter input", "iptables-legacy INPUT"]}
    assert host_firewall.openings(both, ["10.0.0.1"], {"tcp": [], "udp": [4789]}) == (
        "iptables -I INPUT -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT;"
        " nft insert rule inet filter input ip saddr { 10.0.0.1 } udp dport { 4789 } accept;"
        " iptables-legacy -I INPUT -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT"
    )


def asking(said: dict[str, str]) -> host_firewall.Run:
    def ask(command: list[str]) -> str | None:
        return next((text for start, text in said.items() if " ".join(command).startswith(start)), None)

    return ask


RAW = ("ip", "raw", "PREROUTING")
INGRESS = ("netdev", "guard", "in")
DPORT = {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 4789}}


def condition(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def ip(field: str) -> dict[str, Any]:
    return {"payload": {"protocol": "ip", "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


STATE = {"ct": {"key": "state"}}
TCP = {"payload": {"protocol": "tcp", "field": "dport"}}


@pytest.mark.parametrize(
    ("conditions", "is_hit"),
    [
        pytest.param([], True, id="everything"),
        pytest.param([DPORT], True, id="a port of the lab's"),
        pytest.param([condition(TCP, 2379)], False, id="one that is reached"),
        pytest.param([condition(TCP, {"set": [22, {"range": [2000, 2999]}]})], False, id="ports of the other protocol"),
        pytest.param(
            [condition({"payload": {"protocol": "th", "field": "dport"}}, {"range": [4000, 5000]})], True, id="a range"
        ),
        pytest.param([condition(meta("l4proto"), "tcp")], False, id="the other protocol"),
        pytest.param([condition(meta("l4proto"), {"set": ["tcp", "udp"]})], True, id="both protocols"),
        pytest.param([condition(ip("protocol"), "icmp")], False, id="a third one"),
        pytest.param([condition(ip("saddr"), "10.0.0.1")], True, id="from a peer"),
        pytest.param(
            [condition(ip("saddr"), {"prefix": {"addr": "10.0.0.0", "len": 24}})], True, id="from its network"
        ),
        pytest.param([condition(ip("saddr"), {"set": ["192.0.2.1"]})], False, id="from others"),
        pytest.param([condition(ip("saddr"), "@trusted", "!=")], True, id="not from a set that is not read"),
        pytest.param([condition(ip("daddr"), "10.0.0.9")], True, id="to this host"),
        pytest.param(
            [condition(ip("daddr"), "172.17.0.2"), condition(meta("iifname"), "docker0", "!=")], False, id="Docker's"
        ),
        pytest.param([condition(meta("iifname"), "eth1")], False, id="at another interface"),
        pytest.param([condition(meta("iifname"), "eth*")], True, id="at such an interface"),
        pytest.param([condition(meta("iifname"), "eth1", "!=")], True, id="at any but another"),
        pytest.param([condition(meta("nfproto"), "ipv6")], False, id="the other family"),
        pytest.param([condition({"payload": {"protocol": "ip6", "field": "saddr"}}, "fd00::1")], False, id="from IPv6"),
        pytest.param([condition(STATE, "invalid", "in")], False, id="what belongs to nothing"),
        pytest.param([condition(STATE, ["new", "untracked"], "in")], True, id="new connections"),
        pytest.param([condition({"fib": {"result": "oif"}}, False)], True, id="what is not understood"),
    ],
)
@pytest.mark.parametrize(
    ("where", "hook", "remedy"),
    [
        (RAW, "prerouting", "iptables -I PREROUTING -t raw -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT"),
        (INGRESS, "ingress", "nft insert rule netdev guard in ip saddr { 10.0.0.1 } udp dport { 4789 } accept"),
        (
            ("inet", "early", "pre"),
            "prerouting",
            "nft insert rule inet early pre ip saddr { 10.0.0.1 } udp dport { 4789 } accept",
        ),
    ],
)
def test_what_is_refused_before_the_input_hook(
    where: tuple[str, str, str], hook: str, remedy: str, conditions: list[dict[str, Any]], is_hit: bool
) -> None:
    rules = ruleset(chain(*where, hook=hook), rule(*where, *conditions, {"counter": None}, {"drop": None}))
    found = host_firewall.detect("eth0", asking({"nft": rules}), NOWHERE, "10.0.0.9")
    assert host_firewall.openings(found, ["10.0.0.1"], {"tcp": [], "udp": [4789]}) == (remedy if is_hit else NO_FILTER)


def test_a_chain_that_the_hook_leads_to_refuses() -> None:
    inner = ("inet", "early", "inner")
    pre = ("inet", "early", "pre")
    rules = ruleset(
        chain(*pre, hook="prerouting"),
        chain(*inner, hook=None),
        rule(*pre, condition(ip("saddr"), "10.0.0.1"), {"jump": {"target": "inner"}}),
        rule(*inner, {"jump": {"target": "inner"}}),
        rule(*inner, DPORT, {"drop": None}),
    )
    found = host_firewall.detect("eth0", asking({"nft": rules}), NOWHERE)
    assert "inet early pre" in host_firewall.openings(found, ["10.0.0.1"], {"tcp": [], "udp": [4789]})
    assert host_firewall.openings(found, ["10.0.0.2"], {"tcp": [], "udp": [4789]}) == NO_FILTER
    policy = ruleset(chain(*pre, hook="prerouting", policy="drop"))
    found = host_firewall.detect("eth0", asking({"nft": policy}), NOWHERE)
    assert "inet early pre" in host_firewall.openings(found, ["10.0.0.2"], {"tcp": [1], "udp": []})


def test_without_nft_iptables_is_asked() -> None:
    said = {
        "iptables --list-rules": "-P INPUT DROP\n",
        "iptables --table raw": "-P PREROUTING ACCEPT\n-A PREROUTING -p udp -j DROP\n",
        "iptables --table mangle": "-P PREROUTING ACCEPT\n",
    }
    found = host_firewall.detect("eth0", asking(said), NOWHERE)
    assert (found["manager"], found["places"], found["read"]) == ("iptables", ["ip filter INPUT"], ["iptables"])
    assert host_firewall.openings(found, ["10.0.0.1"], {"tcp": [], "udp": [4789]}) == (
        "iptables -I PREROUTING -t raw -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT;"
        " iptables -I INPUT -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT"
    )


def test_what_was_not_looked_at_is_not_denied() -> None:
    found = host_firewall.detect("eth0", lambda _command: None, NOWHERE)
    said = host_firewall.openings(found, ["10.0.0.1"], {"tcp": [1], "udp": []})
    assert said.startswith("the packet filter of this host was not looked at, because neither nft nor iptables answers")


def test_a_manager_opens_only_what_it_guards(tmp_path: Path) -> None:
    config = tmp_path / "ufw.conf"
    config.write_text("ENABLED=yes\n")
    rules = ruleset(chain(*RAW, hook="prerouting"), rule(*RAW, DPORT, {"drop": None}))
    found = host_firewall.detect("eth0", asking({"nft": rules, "ufw": "ufw 0.36\n"}), config)
    assert host_firewall.openings(found, ["10.0.0.1"], {"tcp": [], "udp": [4789]}) == (
        "iptables -I PREROUTING -t raw -s 10.0.0.1 -p udp -m multiport --dports 4789 -j ACCEPT;"
        " for peer in 10.0.0.1; do ufw prepend allow proto udp from $peer to any port 4789; done"
    )


def test_a_source_has_a_zone_of_its_own() -> None:
    said = {
        "firewall-cmd --state": "running\n",
        "firewall-cmd --get-zone": "public\n",
        "firewall-cmd --get-active-zones": (
            "internal\n  sources: 10.0.0.0/24 ipset:trusted\ntight (default)\n  sources: 10.0.0.7\n"
            "public\n  interfaces: eth0\n"
        ),
        "nft": ruleset(),
    }
    found = host_firewall.detect("eth0", asking(said), NOWHERE)
    assert [host_firewall.zone_of(found, peer) for peer in ("10.0.0.1", "10.0.0.7", "192.0.2.1")] == [
        "internal",
        "tight",
        "public",
    ]
    typed = host_firewall.openings(found, ["10.0.0.1", "192.0.2.1"], {"tcp": [1], "udp": []})
    assert "for peer in 10.0.0.1; do for port in 1/tcp; do firewall-cmd --permanent --zone=internal " in typed
    assert "for peer in 192.0.2.1; do for port in 1/tcp; do firewall-cmd --permanent --zone=public " in typed
    assert typed.endswith(
        "firewall-cmd --reload # not looked at: whether they are in ipset:trusted, of a zone of its own"
    )
