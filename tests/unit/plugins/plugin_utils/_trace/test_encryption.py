# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network whose packets are encrypted between the hosts, where IPsec is not as it has to be."""

# ruff: noqa: E501  # a fault is one line, so its expectation is one, too
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.plan import Plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.verdict import judge
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace import a_lab
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace.a_lab import HOSTS, States

VXLAN1, CARD1, PORT1, PORT2, CARD2 = 3, 4, 5, 6, 7
NOTE = "the network is encrypted: between the hosts, ESP packets cannot be told from each other"
AGAIN = "systemctl restart docker.service, by which dockerd writes its keys again"
Change = Callable[[States], Any]


def encrypted(change: Change | None = None) -> States:
    """Both hosts have a policy and a state of each direction, as dockerd writes them."""
    states = a_lab.states()
    for host in HOSTS:
        other = next(one for one in HOSTS if one != host)
        ways = [(HOSTS[host], HOSTS[other], "0xa"), (HOSTS[other], HOSTS[host], "0xb")]
        states[host]["networks"][0]["encrypted"] = True
        states[host]["ipsec"] = {
            "esp": "loaded",
            "states": [
                {"src": source, "dst": target, "spi": spi if host == "emon" else {"0xa": "0xb", "0xb": "0xa"}[spi]}
                for source, target, spi in ways
            ],
            "policies": [{"src": ways[0][0], "dst": ways[0][1], "direction": "out"}],
        }
    if change:
        change(states)
    return states


def sealed(made: Plan, hops: int) -> dict[str, dict[str, Any]]:
    """The request is heard at so many hops; those between the hosts hear an ESP packet."""
    results = a_lab.traced(made, forth=hops)
    for result in results.values():
        for one in result["sightings"]:
            if one["vni"]:
                one.update(kind="esp", index=None, vni=None, udp_port=None, layers=one["layers"][:1])
    return results


def without(host: str, what: str, source: str) -> Change:
    def change(states: States) -> None:
        entries = states[host]["ipsec"][what]
        entries[:] = [one for one in entries if one["src"] != HOSTS[source]]

    return change


def no_esp(host: str) -> Change:
    def change(states: States) -> None:
        states[host]["ipsec"].update(esp="missing", states=[])

    return change


def other_keys(states: States) -> None:
    for one in states["emon2"]["ipsec"]["states"]:
        one["spi"] = "0xc"


def test_it_arrives() -> None:
    made = a_lab.plan(encrypted())
    found = judge(made, sealed(made, 99))
    assert found.ok, found.line
    assert NOTE in found.notes


@pytest.mark.parametrize(
    ("change", "hops", "expected"),
    [
        pytest.param(
            no_esp("emon"),
            VXLAN1,
            "hop 4, eth0 on emon: emon has no IPsec state to encrypt what emon sends to emon2 (10.0.0.116 > 10.0.0.117):"
            " its kernel has no ESP (esp4); on emon: boot a kernel with esp4 and gcm, or take encrypted out of the lab"
            " file and make the network anew",
            id="a kernel without ESP",
        ),
        pytest.param(
            without("emon", "states", "emon"),
            VXLAN1,
            "hop 4, eth0 on emon: emon has no IPsec state to encrypt what emon sends to emon2 (10.0.0.116 > 10.0.0.117);"
            f" on emon: modprobe -a esp4 gcm, and {AGAIN}",
            id="no state of the sender's",
        ),
        pytest.param(
            without("emon2", "states", "emon"),
            CARD2,
            "hop 8, vxlan0 in demo on emon2: emon2 has no IPsec state to decrypt what emon sends to emon2 (10.0.0.116 >"
            f" 10.0.0.117); on emon2: modprobe -a esp4 gcm, and {AGAIN}",
            id="no state of the receiver's",
        ),
        pytest.param(
            without("emon", "policies", "emon"),
            CARD2,
            "hop 8, vxlan0 in demo on emon2: emon has no IPsec policy for what it sends to emon2 (10.0.0.116 >"
            f" 10.0.0.117): it leaves in plain, and emon2 drops it; on emon: {AGAIN}",
            id="no policy",
        ),
        pytest.param(
            other_keys,
            CARD2,
            "hop 8, vxlan0 in demo on emon2: emon encrypts for emon2 by the IPsec states 0xa, and emon2 has only 0xc for"
            f" it: they do not have the same keys; on emon2: {AGAIN}",
            id="other keys",
        ),
        pytest.param(
            None,
            CARD1,
            "hop 5, emon in underlay: ESP, IP protocol 50, passes eth0 on emon, and does not come to emon in underlay:"
            " something between them does not let it through, as firewalls do that know TCP and UDP alone; let IP"
            " protocol 50 through between the hosts, in both directions",
            id="ESP is filtered on the way",
        ),
    ],
)
def test_what_keeps_it_from_the_other_host(change: Change | None, hops: int, expected: str) -> None:
    made = a_lab.plan(encrypted(change))
    line = judge(made, sealed(made, hops)).line
    assert line.endswith(expected), line


class Lazy(dict):  # type: ignore[type-arg]
    """Like what Ansible hands a filter: what its items() gives is no set."""

    def items(self) -> Any:
        return ((key, self[key]) for key in self)


def test_what_ansible_hands_over_is_compared() -> None:
    states = encrypted()
    for host in HOSTS:
        for what in ("states", "policies"):
            states[host]["ipsec"][what] = [Lazy(one) for one in states[host]["ipsec"][what]]
    made = a_lab.plan(states)
    assert "IPsec" not in judge(made, sealed(made, VXLAN1)).line


def test_a_rule_that_drops_esp_is_named() -> None:
    made = a_lab.plan(encrypted())
    results = sealed(made, CARD2)
    rule = {"table": "iptables filter", "chain": "INPUT", "rule": "-p esp -j DROP", "packets": 6, "remove": "x"}
    results["emon2"]["counted"] = [{"netns": "", "rules": [rule], "uncounted": [], "stack": {}}]
    line = judge(made, results).line
    assert line.endswith("a packet filter in emon2 drops it: iptables filter INPUT: -p esp -j DROP (counted 6"
                         " meanwhile); on emon2: x")  # fmt: skip


def test_what_lies_elsewhere_than_the_loss_is_not_blamed() -> None:
    made = a_lab.plan(encrypted(without("emon2", "states", "emon")))
    assert "IPsec" not in judge(made, sealed(made, 1)).line


def test_esp_of_a_third_host_is_none_of_the_traces() -> None:
    made = a_lab.plan(encrypted(without("emon", "states", "emon")))
    results = sealed(made, 99)
    for host, result in results.items():
        result["sightings"] = [one for one in result["sightings"] if host == "emon"]
        for one in result["sightings"]:
            if one["kind"] == "esp":
                one["layers"] = [{**one["layers"][0], "dst": "10.0.0.118"}]
    assert "emon has no IPsec state to encrypt" in judge(made, results).line
