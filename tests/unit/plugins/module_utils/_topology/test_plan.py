# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans against a machine that is made up: what is sent, in which order, and why."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import netns
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.link_mark import doomed, is_mark, mark_of
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._topology.fake_machine import (  # noqa: F401  (a fixture)
    LAB,
    RecordingClient,
    machine,
)

Options = dict[str, Any]

# What a_machine() has of the topology "lab", as options.
AS_IT_IS: Options = {
    "name": "lab",
    "state": "present",
    "prune": True,
    "namespaces": [{"name": "ours"}, {"name": "ours2"}],
    "bridges": [{"name": "br0", "netns": "ours", "addresses": ["10.1.0.1/24"], "stp": False}],
    "veths": [
        {
            "name": "v0",
            "netns": "ours",
            "master": "br0",
            "peer": {"name": "e0", "netns": "ours2", "addresses": ["10.1.0.3/24"]},
        }
    ],
    "vxlans": [{"name": "vx0", "netns": "ours", "vni": 7, "port": 4789, "remotes": ["10.1.0.2"]}],
}


def changed(path: str, value: Any) -> Options:
    """AS_IT_IS with one value changed: "bridges.mtu" is that of the first bridge."""
    kind, *keys = path.split(".")
    item = {**AS_IT_IS[kind][0]}
    inner = item
    for key in keys[:-1]:
        inner[key] = {**inner[key]}
        inner = inner[key]
    inner[keys[-1]] = value
    return {**AS_IT_IS, kind: [item]}


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_as_wanted_is_left_alone(machine: RecordingClient, check_mode: bool) -> None:  # noqa: F811
    assert run(AS_IT_IS, check_mode) == {
        "changed": False,
        "diff": {"before": "", "after": ""},
        "plan": [],
        "reverts_in": None,
        "mark": LAB,
    }
    assert machine.untouched


@pytest.mark.parametrize(
    ("path", "value", "steps"),
    [
        ("bridges.mtu", 9000, ["set mtu of bridge br0 in namespace ours to 9000"]),
        ("bridges.mac", "02:00:00:00:00:99", ["set mac of bridge br0 in namespace ours to 02:00:00:00:00:99"]),
        ("bridges.stp", True, ["set stp of bridge br0 in namespace ours"]),
        (
            "bridges.up",
            False,
            ["set bridge br0 in namespace ours down", "add 10.1.0.1/24 to bridge br0 in namespace ours"],
        ),
        (
            "bridges.addresses",
            ["10.1.0.9/24"],
            [
                "remove 10.1.0.1/24 from bridge br0 in namespace ours",
                "add 10.1.0.9/24 to bridge br0 in namespace ours",
            ],
        ),
        ("veths.master", "", ["release veth v0 in namespace ours from br0"]),
        ("veths.mtu", 1400, ["set mtu of veth v0 in namespace ours to 1400"]),
        ("veths.peer.mac", "02:00:00:00:00:98", ["set mac of veth e0 in namespace ours2 to 02:00:00:00:00:98"]),
        (
            "vxlans.remotes",
            ["10.1.0.4"],
            [
                "remove remote 10.1.0.2 from vxlan vx0 in namespace ours",
                "add remote 10.1.0.4 to vxlan vx0 in namespace ours",
            ],
        ),
        ("vxlans.learning", False, ["set learning of vxlan vx0 in namespace ours"]),
    ],
)
def test_what_can_change_in_place_does(
    machine: RecordingClient,  # noqa: F811
    path: str,
    value: Any,
    steps: list[str],
) -> None:
    predicted = run(changed(path, value), check_mode=True)
    assert machine.untouched
    done = run(changed(path, value), check_mode=False)
    assert predicted == done
    assert done["changed"] is True
    assert done["plan"] == steps
    assert [request.step for request in machine.sent] == steps


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("vxlans.vni", 8, "vxlan vx0 in namespace ours: vni is 7, wanted 8"),
        ("vxlans.port", 4790, "vxlan vx0 in namespace ours: port is 4789, wanted 4790"),
        ("vxlans.local", "10.1.0.1", "vxlan vx0 in namespace ours: local is None, wanted '10.1.0.1'"),
        ("veths.peer.name", "e1", "its peer is missing"),
    ],
)
def test_what_cannot_is_made_anew_and_the_plan_says_why(
    machine: RecordingClient,  # noqa: F811
    path: str,
    value: Any,
    why: str,
) -> None:
    name = changed(path, value)[path.split(".", maxsplit=1)[0]][0]["name"]
    plan = run(changed(path, value), check_mode=False)["plan"]
    assert any(step.startswith("remove ") and step.endswith(why) for step in plan), plan
    removals = [number for number, one in enumerate(machine.sent) if one.operation == "dellink"]
    births = [number for number, one in enumerate(machine.sent) if one.operation == "newlink" and one.flags]
    assert removals and births and max(removals) < min(births)
    assert name in {link for number in removals for link in machine.sent[number].links}


def test_a_namespace_comes_before_its_links_and_a_veth_is_born_in_both(machine: RecordingClient) -> None:  # noqa: F811
    wanted = {
        **AS_IT_IS,
        "namespaces": [*AS_IT_IS["namespaces"], {"name": "new"}],
        "veths": [
            *AS_IT_IS["veths"],
            {
                "name": "e0",
                "netns": "new",
                "mac": "02:00:00:00:00:50",
                "peer": {"name": "v1", "netns": "ours", "master": "br0"},
            },
        ],
    }
    run(wanted, check_mode=False)
    assert machine.made == ["new"]
    assert [request.step for request in machine.sent] == [
        "make veth v1 in namespace ours, its peer e0 in namespace new",
        "set veth e0 in namespace new up",
    ]


def test_what_is_no_longer_wanted_goes_together(machine: RecordingClient) -> None:  # noqa: F811
    """All of a group at once, a part of it by way of a group of its own."""
    run({**AS_IT_IS, "veths": [], "vxlans": [], "bridges": []}, check_mode=False)
    assert [(one.operation, one.links) for one in machine.sent] == [
        ("dellink", ("br0", "v0", "vx0")),
        ("dellink", ("e0",)),
    ]
    machine.sent.clear()
    run({**AS_IT_IS, "veths": [], "vxlans": []}, check_mode=False)
    assert [(one.operation, dict(one.attributes).get("IFLA_GROUP")) for one in machine.sent if one.netns == "ours"] == [
        ("doomlink", doomed(LAB)),
        ("doomlink", doomed(LAB)),
        ("dellink", doomed(LAB)),
    ]


def test_without_prune_nothing_goes(machine: RecordingClient) -> None:  # noqa: F811
    run({"name": "lab", "state": "present", "prune": False}, check_mode=False)
    assert machine.untouched


def test_absent_takes_what_is_marked_and_recorded_and_nothing_else(machine: RecordingClient) -> None:  # noqa: F811
    done = run({"name": "lab", "state": "absent"}, check_mode=False)
    assert machine.removed == ["ours", "ours2"]
    assert machine.sent == [], "what is in a namespace goes with it"
    assert done["diff"]["after"].count("absent") == 6


def test_absent_takes_links_from_a_namespace_that_a_process_keeps(
    machine: RecordingClient,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(netns, "inhabited", lambda: frozenset({(4, 4)}))
    run({"name": "lab", "state": "absent"}, check_mode=False)
    assert machine.removed == ["ours", "ours2"]
    assert [(request.netns, request.links) for request in machine.sent] == [("ours2", ("e0",))]


def test_adopted_things_carry_the_mark(machine: RecordingClient) -> None:  # noqa: F811
    wanted = {
        "name": "lab",
        "state": "present",
        "adopt": True,
        "namespaces": [{"name": "theirs"}],
        "bridges": [{"name": "br0", "netns": "theirs"}],
    }
    assert run(wanted, check_mode=False)["changed"] is True
    assert [(request.step, dict(request.attributes)["IFLA_GROUP"]) for request in machine.sent] == [
        ("adopt bridge br0 in namespace theirs", LAB)
    ]


@pytest.mark.parametrize(
    ("options", "operations"),
    [
        ({"bridges": [{"name": "br0"}]}, [("dellink", ("br0",))]),
        ({"bridges": [{"name": "no-such"}]}, []),
        ({"veths": [{"name": "e0", "netns": "ours2"}]}, [("dellink", ("e0",))]),
    ],
)
def test_single_objects_go_by_name(
    machine: RecordingClient,  # noqa: F811
    options: Options,
    operations: list[Any],
) -> None:
    done = run({"name": None, "state": "absent", **options}, check_mode=False)
    assert [(request.operation, request.links) for request in machine.sent] == operations
    assert done["changed"] is bool(operations)


def test_exclusive_ports_are_released_when_nobody_lists_them(machine: RecordingClient) -> None:  # noqa: F811
    wanted = {"name": None, "state": "present", "bridges": [{"name": "br0", "netns": "ours", "exclusive_ports": True}]}
    assert run(wanted, check_mode=False)["plan"] == ["release veth v0 in namespace ours from br0"]
    wanted["bridges"][0]["ports"] = ["v0"]
    assert run(wanted, check_mode=False)["changed"] is False


def test_a_vxlan_takes_the_mtu_that_its_underlay_leaves(machine: RecordingClient) -> None:  # noqa: F811
    wanted = {
        "name": None,
        "state": "present",
        "vxlans": [{"name": "x", "netns": "ours", "vni": 9, "port": 1, "local": "10.1.0.1"}],
    }
    run(wanted, check_mode=False)
    assert dict(machine.sent[0].attributes)["IFLA_MTU"] == 1450


def test_a_bridge_gets_its_mtu_before_its_ports_can_give_it_another(machine: RecordingClient) -> None:  # noqa: F811
    run({"name": None, "state": "present", "bridges": [{"name": "b", "mtu": 1400}]}, check_mode=False)
    assert [dict(request.attributes)["IFLA_MTU"] for request in machine.sent] == [1401, 1400]


def test_an_address_moves_from_the_port_to_its_bridge(machine: RecordingClient) -> None:  # noqa: F811
    wanted = {
        "name": None,
        "state": "present",
        "force": True,
        "bridges": [{"name": "b", "ports": ["eth0"], "addresses": ["192.168.1.5/24"]}],
    }
    done = run(wanted, check_mode=True)
    assert done["plan"] == [
        "make bridge b in the machine's own namespace",
        "add 192.168.1.5/24 to bridge b in the machine's own namespace",
        "make port eth0 in the machine's own namespace a port of b",
        "remove 192.168.1.5/24 from port eth0 in the machine's own namespace, as b has it",
    ]
    assert done["reverts_in"] == 60


def test_in_check_mode_a_bridge_that_others_make_is_there(machine: RecordingClient) -> None:  # noqa: F811
    options = {
        "name": "new",
        "state": "present",
        "vxlans": [{"name": "vx9", "vni": 9, "port": 4789, "master": "br9"}],
        "coming_bridges": ["br9"],
    }
    assert run(options, True)["plan"] == ["make vxlan vx9 in the machine's own namespace"]
    for given, check_mode in ((options, False), ({**options, "coming_bridges": []}, True)):
        with pytest.raises(LabError, match="master br9: there is no such bridge"):
            run(given, check_mode)


def test_marks_are_far_from_what_people_use() -> None:
    marks = {mark_of(f"topology-{number}") for number in range(2000)}
    assert len(marks) == 2000
    for mark in marks:
        assert is_mark(mark) and is_mark(doomed(mark)) and mark != doomed(mark) < 2**31
    assert not any(is_mark(group) for group in (0, 1, 1000, 65535))
