# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `query`: what it picks, and one line for what it cannot."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleTemplatePluginError
from ansible_collections.emon.overlay_lab.plugins.filter.query import FilterModule

query = FilterModule().filters()["query"]

MEMBERS = {"members": [{"name": "emon", "healthy": True}, {"name": "emon2", "healthy": False}]}


class TaggedText(str):
    """Ansible's texts are of a type of its own, which jmespath's functions would refuse."""


@pytest.mark.parametrize(
    ("data", "expression", "picked"),
    [
        (MEMBERS, "members[?!healthy].name", ["emon2"]),
        (MEMBERS, "length(members)", 2),
        (MEMBERS, "leader", None),
        ({TaggedText("name"): TaggedText("emon")}, "starts_with(name, 'em')", True),
        (["b", "a"], "sort(@)", ["a", "b"]),
    ],
)
def test_picks(data: object, expression: str, picked: object) -> None:
    assert query(data, expression) == picked


@pytest.mark.parametrize("expression", ["members[", "length(leader)", "nope(@)", "", 7])
def test_one_line_for_what_cannot_be_evaluated(expression: object) -> None:
    with pytest.raises(AnsibleTemplatePluginError) as fault:
        query(MEMBERS, expression)
    message = str(fault.value)
    assert message.startswith("query: ")
    assert "\n" not in message
    assert repr(expression) in message
