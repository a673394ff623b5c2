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
            {"nft": ruleset(chain(*INET, policy="drop"))}, "nftables", ["inet filter input"], id="the policy drops"
        ),
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
            {"nft": ruleset(chain(*IPTABLES, policy="drop"), chain(*INET, policy="drop"))},
            "nftables",
            ["ip filter INPUT", "inet filter input"],
            id="two in the way",
        ),
        pytest.param({"iptables-legacy": "-P INPUT ACCEPT\n"}, "", [], id="iptables-legacy, no rules"),
        pytest.param(
            {"nft": ruleset(), "iptables-legacy": "-P INPUT ACCEPT\n-A INPUT -j DROP\n"},
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

    assert host_firewall.detect("eth0", ask, NOWHERE) == {"manager": manager, "places": places}


@pytest.mark.parametrize(("enabled", "expected"), [("yes", "ufw"), ("no", "")])
def test_detect_ufw(tmp_path: Path, enabled: str, expected: str) -> None:
    config = tmp_path / "ufw.conf"
    config.write_text(f"# set to yes to start on boot\nENABLED={enabled}\nLOGLEVEL=low\n")
    assert host_firewall.detect("eth0", lambda _command: None, config)["manager"] == expected


def test_a_program_that_is_missing_or_fails_says_nothing() -> None:
    assert host_firewall.run(["no-such-program"]) is None
    assert host_firewall.run(["false"]) is None
    assert host_firewall.run(["echo", "x"]) == "x\n"


NO_FILTER = (
    "no rule in an input hook of this host refuses them: look at the other hooks (nft list ruleset), then at the path"
    " between the hosts, its routers and filters"
)


@pytest.mark.parametrize(
    ("manager", "places", "expected"),
    [
        (
            "ufw",
            [],
            "for peer in 10.0.0.1 10.0.0.2; do ufw allow proto tcp from $peer to any port 2379,2380;"
            " ufw allow proto udp from $peer to any port 4789; done",
        ),
        (
            "firewalld",
            ["public"],
            "for peer in 10.0.0.1 10.0.0.2; do for port in 2379/tcp 2380/tcp 4789/udp; do firewall-cmd --permanent"
            ' --zone=public --add-rich-rule="rule family=ipv4 source address=$peer port port=${port%/*}'
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
    firewall = {"manager": manager, "places": places}
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
