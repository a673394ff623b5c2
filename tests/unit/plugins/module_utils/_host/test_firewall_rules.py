# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall_rules
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.firewall_rules import Desired, Plan

UFW = {"manager": "ufw", "places": []}
FIREWALLD = {"manager": "firewalld", "places": ["public"]}
PORTS = (("udp", 4789), ("tcp", 2380), ("tcp", 2379))
DESIRED = Desired(("10.0.0.116", "10.0.0.118"), PORTS)
SMALLER = Desired(("10.0.0.116",), (("udp", 4789),))


class FakeFirewall:
    """ufw and firewall-cmd, as far as rules are concerned: each keeps a list, firewalld two for each zone."""

    def __init__(self) -> None:
        self.rules: dict[str, list[str]] = {}
        self.calls: list[str] = []
        self.broken = ""

    def __call__(self, command: list[str]) -> str | None:
        self.calls.append(shlex.join(command))
        if self.broken and self.broken in self.calls[-1]:
            return None
        if command == ["ufw", "show", "added"]:
            listed = [f"ufw {rule}" for rule in self.rules.get("ufw", [])] or ["(None)"]
            return "\n".join(["Added user rules (see 'ufw status' for running firewall):", *listed, ""])
        if command[0] == "ufw":
            rule = " ".join(command[1:]).removeprefix("delete ").removeprefix("prepend ")
            return self.change("ufw", rule, command[1] == "delete")
        kept = " ".join(command[1:-1])
        action, _equals, rule = command[-1].partition("=")
        if action == "--list-rich-rules":
            return "\n".join(self.rules.get(kept, []))
        return self.change(kept, rule, action == "--remove-rich-rule")

    def change(self, kept: str, rule: str, gone: bool) -> str:
        rules = self.rules.setdefault(kept, [])
        if gone and rule in rules:
            rules.remove(rule)
        elif not gone and rule not in rules:
            rules.append(rule)
        return ""


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The host's record, kept in memory. ``lab`` in it: the lab that the host belongs to."""
    sections: dict[str, Any] = {}
    monkeypatch.setattr(host_record, "read", lambda: {"lab": sections.get("lab", "")})
    monkeypatch.setattr(host_record, "section", lambda name: dict(sections.get(name) or {}))
    monkeypatch.setattr(host_record, "update", lambda name, content: sections.update({name: content}))
    return sections


def changed(firewall: dict[str, Any], desired: Desired | None, fake: FakeFirewall) -> bool:
    plan = Plan(firewall, desired, fake)
    plan.apply()
    return plan.differences.changed


@pytest.mark.parametrize(
    ("firewall", "expected"),
    [
        (
            UFW,
            [
                "allow from 10.0.0.116 to any port 2379,2380 proto tcp",
                "allow from 10.0.0.116 to any port 4789 proto udp",
                "allow from 10.0.0.118 to any port 2379,2380 proto tcp",
                "allow from 10.0.0.118 to any port 4789 proto udp",
            ],
        ),
        (
            FIREWALLD,
            [
                f'public: rule priority="-100" family="ipv4" source address="{peer}" port port="{port}"'
                f' protocol="{protocol}" accept'
                for peer in ("10.0.0.116", "10.0.0.118")
                for protocol, port in (("tcp", 2379), ("tcp", 2380), ("udp", 4789))
            ],
        ),
    ],
)
def test_open_again_change_and_close(firewall: dict[str, Any], expected: list[str], record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    plan = Plan(firewall, DESIRED, fake)
    assert (plan.managed, plan.manager, plan.rules) == (True, firewall["manager"], expected)
    assert not any(fake.rules.values())
    plan.apply()
    assert record["firewall"] == {"manager": firewall["manager"], "rules": expected}
    assert not changed(firewall, DESIRED, fake)
    assert changed(firewall, SMALLER, fake)
    assert len(record["firewall"]["rules"]) == 1
    assert not changed(firewall, SMALLER, fake)
    assert changed(firewall, None, fake)
    assert not changed(firewall, None, fake)
    assert not any(fake.rules.values())
    assert record["firewall"] is None


@pytest.mark.parametrize("firewall", [UFW, FIREWALLD])
def test_who_left_is_let_in_no_longer(firewall: dict[str, Any], record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    changed(firewall, DESIRED, fake)
    assert firewall_rules.let_in() == ["10.0.0.116", "10.0.0.118"]
    by_hand = fake.rules[next(iter(fake.rules))].pop(0)
    left = Plan(firewall, None, fake, leaving=("10.0.0.118", "10.0.0.119"))
    left.apply()
    assert left.differences.changed
    assert firewall_rules.let_in() == ["10.0.0.116"]
    assert left.rules == record["firewall"]["rules"]
    rules = [rule for kept in fake.rules.values() for rule in kept]
    assert rules
    assert not [rule for rule in rules if "10.0.0.118" in rule]
    assert by_hand not in fake.rules[next(iter(fake.rules))]
    assert not Plan(firewall, None, fake, leaving=("10.0.0.118",)).differences.changed
    assert changed(firewall, None, fake)
    assert firewall_rules.let_in() == []


@pytest.mark.parametrize("section", [{}, {"manager": "ufw"}, {"rules": ["?"]}, {"rules": [1]}, {"rules": None}, ["x"]])
def test_a_record_that_says_nothing_of_peers(section: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_record, "section", lambda _name: section)
    assert firewall_rules.let_in() == []


@pytest.mark.parametrize("firewall", [UFW, FIREWALLD])
def test_the_same_rule_of_somebody_else_stays(firewall: dict[str, Any], record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    theirs = Plan(firewall, SMALLER, fake)
    for rule in theirs.rules:
        theirs._run(theirs._manager.add(rule))
    before = {kept: list(rules) for kept, rules in fake.rules.items()}
    assert not changed(firewall, SMALLER, fake)
    assert changed(firewall, DESIRED, fake)
    assert changed(firewall, None, fake)
    assert fake.rules == before


def test_a_comment_of_somebody_else_does_not_hide_a_rule() -> None:
    fake = FakeFirewall()
    fake.rules["ufw"] = ["allow from 10.0.0.116 to any port 4789 proto udp comment 'it''s mine'"]
    assert not changed(UFW, SMALLER, fake)


def test_a_rule_that_a_reload_would_lose_is_added_again() -> None:
    fake = FakeFirewall()
    changed(FIREWALLD, SMALLER, fake)
    fake.rules["--permanent --zone=public"].clear()
    assert changed(FIREWALLD, SMALLER, fake)
    assert fake.rules["--permanent --zone=public"] == fake.rules["--zone=public"]


def test_rules_follow_to_another_zone() -> None:
    fake = FakeFirewall()
    changed(FIREWALLD, SMALLER, fake)
    assert changed({**FIREWALLD, "places": ["home"]}, SMALLER, fake)
    assert {kept: len(rules) for kept, rules in fake.rules.items()} == {
        "--zone=public": 0,
        "--permanent --zone=public": 0,
        "--zone=home": 1,
        "--permanent --zone=home": 1,
    }


def test_a_run_that_is_killed_knows_its_rules(record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    fake.broken = "4789"
    with pytest.raises(LabError, match=r"ufw prepend allow .* 4789 proto udp failed: run it on this host"):
        changed(UFW, SMALLER, fake)
    assert record["firewall"]["rules"] == ["allow from 10.0.0.116 to any port 4789 proto udp"]
    fake.broken = ""
    assert changed(UFW, SMALLER, fake)
    assert changed(UFW, None, fake)
    assert not fake.rules["ufw"]


@pytest.mark.parametrize("manager", ["nftables", "iptables", ""])
def test_others_are_left_alone(manager: str) -> None:
    fake = FakeFirewall()
    plan = Plan({"manager": manager, "places": ["inet filter input"]}, DESIRED, fake)
    plan.apply()
    assert (plan.managed, plan.manager, plan.rules, plan.differences.changed) == (False, manager, [], False)
    assert fake.calls == []


def test_diff_shows_rules() -> None:
    plan = Plan(UFW, SMALLER, FakeFirewall())
    line = "ufw: allow from 10.0.0.116 to any port 4789 proto udp"
    assert plan.differences.diff == {"before": f"{line}: absent\n", "after": f"{line}: present\n"}


def test_faults_in_the_options() -> None:
    with pytest.raises(LabError) as error:
        firewall_rules.Desired.of({"peers": ["emon"], "ports": [{"protocol": "tcp", "port": 0}]})
    assert error.value.faults == ["peers[0]: emon is not an IP address", "ports[0].port: 0 is not a port (1 to 65535)"]


@pytest.mark.parametrize("desired", [SMALLER, None])
@pytest.mark.parametrize("lab", ["school", ""])
def test_openings_of_another_lab_are_left_alone(desired: Desired | None, lab: str, record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    Plan(UFW, DESIRED, fake, lab="emon").apply()
    before = list(fake.rules["ufw"])
    with pytest.raises(LabError, match="openings in its firewall are the lab emon's by this host's record") as fault:
        Plan(UFW, desired, fake, lab=lab)
    assert len(fault.value.faults) == 1 and fake.rules["ufw"] == before
    assert firewall_rules.let_in_by() == record["firewall"]["lab"] == "emon"


def test_a_record_that_names_no_lab_is_taken_over_once(record: dict[str, Any]) -> None:
    fake = FakeFirewall()
    assert firewall_rules.let_in_by() == ""
    changed(UFW, DESIRED, fake)
    record["lab"] = "emon"
    assert firewall_rules.let_in_by() == "emon"
    with pytest.raises(LabError, match="are the lab emon's"):
        Plan(UFW, None, fake, lab="school")
    plan = Plan(UFW, DESIRED, fake, lab="emon")
    plan.apply()
    assert not plan.differences.changed and record["firewall"]["lab"] == "emon"
    record["lab"] = ""
    assert firewall_rules.let_in_by() == "emon"


@pytest.mark.parametrize(
    ("refusing", "is_in_vain"),
    [
        ("deny 4789/udp", True),
        ("deny 4789", True),
        ("reject from 10.0.0.0/8", True),
        ("deny from any to any port 4789 proto udp", True),
        ("deny from 10.0.0.116 to any port 80,4789 proto udp", True),
        ("deny in on eth0", True),
        ("deny 4789/tcp", False),
        ("deny 80/udp", False),
        ("deny from 192.0.2.0/24", False),
        ("allow 4789/udp", False),
        ("limit 22/tcp", False),
    ],
)
def test_a_rule_of_ufw_that_stands_after_one_that_refuses_is_named(refusing: str, is_in_vain: bool) -> None:
    fake = FakeFirewall()
    rule = "allow from 10.0.0.116 to any port 4789 proto udp"
    fake.rules["ufw"] = [refusing, rule]
    if not is_in_vain:
        assert not Plan(UFW, SMALLER, fake).differences.changed
        return
    with pytest.raises(LabError) as caught:
        Plan(UFW, SMALLER, fake)
    assert caught.value.faults == [
        f"ufw: `{rule}` stands after `{refusing}`, which refuses first: move it (ufw delete {rule}; ufw prepend {rule})"
    ]


def test_ours_come_before_what_refuses() -> None:
    fake = FakeFirewall()
    assert changed(UFW, SMALLER, fake)
    assert fake.calls[-1].startswith("ufw prepend allow from 10.0.0.116 ")


def test_a_peer_is_let_in_where_its_zone_is() -> None:
    firewall = {**FIREWALLD, "sources": {"10.0.0.116": "internal"}}
    assert [rule.partition(": ")[0] for rule in Plan(firewall, DESIRED, FakeFirewall()).rules] == ["internal"] * 3 + [
        "public"
    ] * 3
