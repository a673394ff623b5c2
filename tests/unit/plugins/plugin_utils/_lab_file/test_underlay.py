# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab file asks of the links between hosts, and which entry counts for which of them."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.underlay import links


def text(home: str = "", hosts: tuple[str, str, str] = ("", "", ""), pairs: str = "[]") -> str:
    """A lab of three hosts; each piece as it stands behind `underlay: `, '' for no such key."""

    def key(piece: str) -> str:
        return f", underlay: {piece}" if piece else ""

    a, b, c = map(key, hosts)
    return f"""\
name: lossy
sites:
  home: {{subnet: 192.168.8.0/24{key(home)}}}
  company: {{subnet: 10.8.0.0/24}}
hosts:
  a: {{addresses: {{home: 192.168.8.11, company: 10.8.0.11}}{a}}}
  b: {{addresses: {{home: 192.168.8.12, company: 10.8.0.12}}{b}}}
  c: {{addresses: {{home: 192.168.8.13, company: 10.8.0.13}}{c}}}
underlay: {pairs}
"""


def asked(lab: str, site: str = "home") -> dict[str, str]:
    """The links of the first two hosts, in short."""
    found = {}
    for host, of_host in links(load(lab), site).items():
        for link in of_host:
            said = " ".join(f"{key}={value}" for key, value in link.items() if key not in ("host", "address"))
            if host < link["host"]:
                found[f"{host}-{link['host']}"] = said
    return found


@pytest.mark.parametrize(
    ("lab", "wanted"),
    [
        (text(), {}),
        (text(home="{loss: 1%}"), {"a-b": "loss=1%", "a-c": "loss=1%", "b-c": "loss=1%"}),
        (text(hosts=("{rate: 1mbit}", "", "")), {"a-b": "rate=1mbit", "a-c": "rate=1mbit"}),
        (
            text(home="{loss: 1%}", hosts=("{rate: 1mbit}", "", "")),
            {"a-b": "rate=1mbit", "a-c": "rate=1mbit", "b-c": "loss=1%"},
        ),
        # The worse of both.
        (
            text(hosts=("{rate: 1mbit, loss: 1%}", "{rate: 900kbit, delay: 5ms}", "")),
            {"a-b": "rate=900kbit delay=5ms loss=1%", "a-c": "rate=1mbit loss=1%", "b-c": "rate=900kbit delay=5ms"},
        ),
        (
            text(home="{loss: 1%}", pairs="[{between: [b, a], loss: 2%, rate: 1mbit}]"),
            {"a-b": "rate=1mbit loss=2%", "a-c": "loss=1%", "b-c": "loss=1%"},
        ),
        # Nothing is asked of a link by an entry that says nothing, or 0%.
        (text(home="{loss: 1%}", pairs="[{between: [a, b]}]"), {"a-c": "loss=1%", "b-c": "loss=1%"}),
        (text(home="{loss: 1%}", hosts=("", "", "{loss: 0%}")), {"a-b": "loss=1%"}),
    ],
)
def test_the_nearest_entry_says_everything(lab: str, wanted: dict[str, str]) -> None:
    assert asked(lab) == wanted


def test_a_site_is_asked_for_itself_alone() -> None:
    lab = text(home="{loss: 1%}", pairs="[{between: [a, b], rate: 1mbit}]")
    assert asked(lab, "company") == {"a-b": "rate=1mbit"}
    assert links(load(lab), "company") == {
        "a": [{"host": "b", "address": "10.8.0.12", "rate": "1mbit"}],
        "b": [{"host": "a", "address": "10.8.0.11", "rate": "1mbit"}],
    }


@pytest.mark.parametrize(
    ("lab", "faults"),
    [
        (
            text(home="{rate: 100, los: 1%}"),
            [
                "sites.home.underlay.los: unknown key; did you mean loss?",
                'sites.home.underlay.rate: 100 is a number to YAML: write "100"',
            ],
        ),
        (
            text(hosts=("{delay: 20}", "{loss: one}", "{loss: 60%}")),
            [
                'hosts.a.underlay.delay: 20 is a number to YAML: write "20"',
                "hosts.b.underlay.loss: one cannot be a share: write a number and %, such as 1%",
                "hosts.c.underlay.loss: 60% is not between 0% and 50%",
            ],
        ),
        (text(pairs="[{loss: 1%}]"), ["underlay[0].between: missing; for example [emon, emon2]"]),
        (text(pairs="[{between: [a, d]}]"), ["underlay[0].between: d is not a host of this lab; known: a, b, c"]),
        (
            text(pairs="[{between: [a, a]}, {between: [a]}, {between: [a, b]}, {between: [b, a], reorder: 1%}]"),
            [
                "underlay[0].between: a link is between two hosts: name two, such as [emon, emon2]",
                "underlay[1].between: a link is between two hosts: name two, such as [emon, emon2]",
                "underlay[3].reorder: packets can overtake only those that wait: give a delay as well",
                "underlay[3].between: this pair of hosts is given already: remove one",
            ],
        ),
    ],
)
def test_every_fault_is_a_line(lab: str, faults: list[str]) -> None:
    with pytest.raises(LabError) as caught:
        load(lab)
    assert caught.value.faults == faults
