# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who founds a cluster, who joins it, and who restarts when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_plan import (
    all_foreign,
    changes,
    logged_error,
    lost_data_faults,
    plan,
    recovery_faults,
    rolling_restart,
    unknown_members,
    with_members,
)

FOUNDED = {
    "ETCD_INITIAL_CLUSTER": "emon=https://10.0.0.1:2380,emon2=https://10.0.0.2:2380",
    "ETCD_INITIAL_CLUSTER_STATE": "new",
}


def info(
    member_id: str = "", lab: str = "emon", ready: bool = True, lost: bool = False, claimed: bool = False, **etcd: Any
) -> dict[str, Any]:
    """A host with the data of a member, or without any."""
    data = {"path": "/d", "present": bool(member_id), "member_id": member_id, "lost": lost, "claimed": claimed}
    current = {"outdated": False, "outdated_ca": False}
    return {"etcd": {"lab": lab, "ready": ready, "data": data, "config": FOUNDED, **current, **etcd}}


EMPTY = info(lab="", ready=False, config={})


def hosts(**members: bool) -> dict[str, Any]:
    return {
        name: {"addresses": {"home": f"192.168.1.{index}"}, "etcd": etcd}
        for index, (name, etcd) in enumerate(members.items(), 1)
    }


def cluster(*members: tuple[str, str], quorum: bool = True, leader: str | None = None) -> dict[str, Any]:
    return {
        "quorum": quorum,
        "leader": leader,
        "errors": [] if quorum else ["https://10.0.0.1:2379: connection refused"],
        "members": [
            {"id": number, "name": name, "is_learner": False, "healthy": True, "raft_index": 7,
             "peer_urls": [f"https://192.168.1.{index}:2380"]}
            for index, (number, name) in enumerate(members, 1)
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("marked", "standing", "members"),
    [
        pytest.param({"a": True, "b": True, "c": True, "d": False}, [], "abc", id="the file alone"),
        pytest.param(
            {"z": True, "a": True, "b": True, "c": False}, "abc", "abc", id="a newcomer in front replaces nobody"
        ),
        pytest.param({"z": True, "a": True, "b": True, "c": False}, "ab", "zab", id="a free place, by the order"),
        pytest.param({"a": True, "b": False}, "ab", "ab", id="a member stays until it is removed by name"),
        pytest.param({"a": True, "b": True}, "", "ab", id="nobody stands yet"),
    ],
)
def test_members(marked: dict[str, bool], standing: str, members: str) -> None:
    infos = {name: info(name) if name in standing else EMPTY for name in marked}
    found = with_members(hosts(**marked), infos, "emon")
    assert [name for name, host in found.items() if host["etcd"]] == list(members)


def test_a_member_that_is_away_keeps_its_seat() -> None:
    file = hosts(emon=True, new=True, emon2=False)
    found = with_members(file, {"emon": info("a"), "new": EMPTY}, "emon")
    assert [name for name, host in found.items() if host["etcd"]] == ["emon", "emon2"]


THREE = {"emon": True, "emon2": True, "emon3": True}


@pytest.mark.parametrize(
    ("infos", "expected"),
    [
        pytest.param(
            {"emon": EMPTY, "emon2": EMPTY, "emon3": EMPTY},
            {"founders": ["emon", "emon2", "emon3"], "late": [], "ask": False},
            id="founded",
        ),
        pytest.param(
            {"emon": info("a"), "emon2": info("b"), "emon3": info("c")},
            {"founders": [], "late": [], "ask": False},
            id="a run without change asks nothing",
        ),
        pytest.param(
            {"emon": info("a"), "emon2": info("b"), "emon3": EMPTY}, {"late": ["emon3"], "ask": True}, id="one is new"
        ),
        pytest.param({"emon3": EMPTY}, {"founders": [], "late": ["emon3"], "ask": True}, id="limited to a new one"),
        pytest.param({"emon": info("a")}, {"here": ["emon"], "ask": False}, id="limited to a member"),
        pytest.param(
            {"emon": info("a"), "emon2": info("b"), "emon3": info("c", ready=False)},
            {"late": [], "ask": True},
            id="one does not run",
        ),
        pytest.param(
            {"emon": info("a", lab="other"), "emon2": EMPTY, "emon3": EMPTY},
            {"founders": ["emon", "emon2", "emon3"]},
            id="another lab's data counts for nothing",
        ),
    ],
)
def test_before_etcd_is_asked(infos: dict[str, Any], expected: dict[str, Any]) -> None:
    found = plan(infos, {"name": "emon", "hosts": hosts(**THREE)})
    assert {key: found[key] for key in expected} == expected


TWO_STAND = {"emon": info("a"), "emon2": info("b")}


@pytest.mark.parametrize(
    ("infos", "answer", "expected"),
    [
        pytest.param(
            {**TWO_STAND, "emon3": EMPTY}, cluster(("a", "emon"), ("b", "emon2")), (["emon3"], []), id="joins"
        ),
        pytest.param(
            {**TWO_STAND, "emon3": EMPTY},
            cluster(("a", "emon"), ("b", "emon2"), ("c", "")),
            (["emon3"], []),
            id="was added and never started",
        ),
        pytest.param(
            {**TWO_STAND, "emon3": info("c")},
            cluster(("a", "emon"), ("b", "emon2"), ("c", "")),
            ([], []),
            id="started, and has not told its name yet",
        ),
        pytest.param(
            {**TWO_STAND, "emon3": EMPTY},
            cluster(("a", "emon"), ("b", "emon2"), ("c", "emon3")),
            (["emon3"], ["emon3"]),
            id="lost its data",
        ),
        pytest.param(
            {**TWO_STAND, "emon3": info("old", ready=False)},
            cluster(("a", "emon"), ("b", "emon2")),
            (["emon3"], []),
            id="was removed while it was off",
        ),
        pytest.param(
            {"emon3": EMPTY}, cluster(("a", "emon"), ("b", "emon2")), (["emon3"], []), id="limited to the new one"
        ),
    ],
)
def test_joining(infos: dict[str, Any], answer: dict[str, Any], expected: tuple[list[str], list[str]]) -> None:
    found = plan(infos, {"name": "emon", "hosts": hosts(**THREE)}, answer)
    assert (found["joiners"], found["replaced"]) == expected
    assert found["founders"] == found["faults"] == []


def test_no_seat_is_left_for_a_limited_newcomer() -> None:
    four = hosts(z=True, emon=True, emon2=True, emon3=False)
    answer = cluster(("a", "emon"), ("b", "emon2"), ("c", "emon3"))
    assert plan({"z": EMPTY}, {"name": "emon", "hosts": four}, answer)["joiners"] == []


def test_an_interrupted_founding_goes_on() -> None:
    infos = {"emon": info("a", ready=False), "emon2": EMPTY}
    lab = {"name": "emon", "hosts": hosts(emon=True, emon2=True)}
    found = plan(infos, lab, cluster(quorum=False))
    assert (found["founders"], found["initial_cluster"]) == (["emon2"], FOUNDED["ETCD_INITIAL_CLUSTER"])
    assert found["faults"] == []


def test_a_member_that_lost_its_data_is_no_founder() -> None:
    infos = {"emon": info("a", ready=False, claimed=True), "emon2": info()}
    lab = {"name": "emon", "hosts": hosts(emon=True, emon2=True)}
    found = plan(infos, lab, cluster(quorum=False))
    assert found["founders"] == []
    assert "emon2 cannot join: the cluster has no quorum" in found["faults"][0]


GONE = info(lost=True, ready=False)


@pytest.mark.parametrize(
    ("infos", "told"),
    [
        pytest.param({"emon": info("a"), "emon2": info("b"), "emon3": info("c")}, "", id="nothing is lost"),
        pytest.param({"emon": info("a"), "emon2": info("b"), "emon3": GONE}, "", id="two of three replace it"),
        pytest.param({"emon": info("a"), "emon2": EMPTY, "emon3": EMPTY}, "", id="two that are to come"),
        pytest.param(
            {"emon": info("a"), "emon2": GONE, "emon3": GONE},
            "emon2, emon3: etcd's data is gone (/d): mount its disk, if it lies on one; else playbooks/etcd_recover.yml"
            " -e confirm=emon makes a new cluster from the data of emon, which the others join: its keys and networks"
            " are kept, and lost is what was acknowledged last and had not come to emon; a copy of its data stays",
            id="one of three",
        ),
        pytest.param(
            {"emon": info("a"), "emon3": GONE},
            "emon3: etcd's data is gone (/d), and emon2 did not answer: start what is off, and run without"
            " --limit; else playbooks/etcd_recover.yml -e confirm=emon makes",
            id="one lost, one off",
        ),
        pytest.param(
            {"emon": GONE, "emon2": GONE, "emon3": GONE},
            "emon, emon2, emon3: etcd's data is gone (/d): mount its disk, if it lies on one; else"
            " playbooks/etcd_restore.yml -e confirm=emon restores the newest backup, without what was written since;"
            " playbooks/etcd_reset.yml -e confirm=emon begins with no keys, and the networks are made anew",
            id="all",
        ),
    ],
)
def test_data_that_is_gone_is_named_where_nobody_can_replace_it(infos: dict[str, Any], told: str) -> None:
    found = lost_data_faults(hosts(**THREE), infos, "emon")
    assert len(found) == bool(told)
    assert "".join(found).startswith(told)


def test_a_run_tells_that_it_replaces_a_member_and_brings_back_a_program() -> None:
    lab = {"name": "emon", "hosts": hosts(**THREE), "etcd": {"tls": True}}
    standing = {"version": "3.4", "enabled": True}
    infos = {
        "emon": info("a", claimed=True, **standing),
        "emon2": info("b", claimed=True, etcdctl=False, **standing),
        "emon3": info(lost=True, **standing),
    }
    told = {
        "emon": [],
        "emon2": ["etcdctl: absent -> installed"],
        "emon3": ["etcd: data gone -> this member removed from the cluster, and added again"],
    }
    assert changes(lab, infos, None, []) == told
    answer = cluster(("a", "emon"), ("b", "emon2"), ("c", "emon3"))
    answer["members"] = [
        {**one, "peer_urls": [f"https://{address}:2380" for address in lab["hosts"][one["name"]]["addresses"].values()]}
        for one in answer["members"]
    ]
    assert changes(lab, infos, {**answer, "missing": []}, []) == told


def test_a_member_that_runs_without_its_data_is_asked_for() -> None:
    """etcd goes on for a while after its directory was removed."""
    infos = {"emon": info("a"), "emon2": info("b"), "emon3": info(lost=True)}
    assert plan(infos, {"name": "emon", "hosts": hosts(**THREE)})["ask"]


@pytest.mark.parametrize(
    "infos",
    [
        pytest.param({"emon": info("a"), "emon3": EMPTY}, id="no founder"),
        pytest.param({"emon": info("a", config={}), "emon3": EMPTY}, id="not founded as new"),
        pytest.param({"emon3": EMPTY}, id="limited"),
    ],
)
def test_nobody_joins_without_quorum(infos: dict[str, Any]) -> None:
    found = plan(infos, {"name": "emon", "hosts": hosts(**THREE)}, cluster(quorum=False))
    assert found["joiners"] == found["founders"] == []
    assert found["faults"] == [
        "emon3 cannot join: the cluster has no quorum (https://10.0.0.1:2379: connection refused): start its members"
        " and run without --limit, or recover it with playbooks/etcd_recover.yml"
    ]


ALL = {"emon": info("a"), "emon2": info("b"), "emon3": info("c")}
WHOLE = cluster(("a", "emon"), ("b", "emon2"), ("c", "emon3"), leader="emon")
CONFIG, CA, CERT = "/etc/default/etcd", "/etc/overlay-lab/etcd/ca.crt", "/etc/overlay-lab/etcd/server.crt"
PEER_CA, PEER = "/etc/overlay-lab/etcd/peer-ca.crt", "/etc/overlay-lab/etcd/peer.crt"


@pytest.mark.parametrize(
    ("infos", "changed", "answer", "expected"),
    [
        pytest.param(ALL, {}, {}, ([], [], False), id="nothing"),
        pytest.param(
            ALL,
            {name: [CONFIG] for name in ALL},
            WHOLE,
            (["emon2", "emon3", "emon"], ["emon2", "emon3", "emon"], False),
            id="the leader last",
        ),
        pytest.param(ALL, {"emon2": [CERT]}, WHOLE, (["emon2"], [], False), id="certificates restart nobody"),
        pytest.param(ALL, {"emon2": [CERT, CONFIG]}, WHOLE, (["emon2"], ["emon2"], False), id="one of both"),
        pytest.param(
            {**ALL, "emon3": info("c", outdated=True)},
            {},
            WHOLE,
            (["emon3"], ["emon3"], False),
            id="written by a run that was killed before the restart",
        ),
        pytest.param(
            {**ALL, "emon3": EMPTY}, {"emon3": [CA, CERT]}, WHOLE, ([], [], False), id="a host that joins is no matter"
        ),
        pytest.param(
            ALL,
            {name: [CA, CERT] for name in ALL},
            WHOLE,
            (["emon2", "emon3", "emon"], ["emon2", "emon3", "emon"], True),
            id="a new CA",
        ),
        pytest.param(
            ALL,
            {name: [CONFIG, PEER_CA, PEER] for name in ALL},
            WHOLE,
            (["emon2", "emon3", "emon"], ["emon2", "emon3", "emon"], True),
            id="a lab of one CA gets the peers'",
        ),
        pytest.param(ALL, {"emon2": [PEER]}, WHOLE, (["emon2"], [], False), id="a peer's is reread, too"),
        pytest.param(
            {name: info("abc"[number], outdated=True, outdated_ca=number > 0) for number, name in enumerate(ALL)},
            {},
            {},
            (["emon", "emon2", "emon3"], ["emon", "emon2", "emon3"], True),
            id="a new CA was written by a run that was killed before the restart",
        ),
    ],
)
def test_roll(infos: Any, changed: Any, answer: Any, expected: tuple[list[str], list[str], bool]) -> None:
    found = rolling_restart(infos, changed, "emon", answer)
    assert (found["hosts"], found["restart"], found["together"]) == expected


@pytest.mark.parametrize(
    ("changed", "answer", "expected"),
    [
        (CERT, cluster(("a", "emon"), ("b", "emon2")), ""),
        (CONFIG, WHOLE, ""),
        (
            CONFIG,
            cluster(("a", "emon"), ("b", "emon2")),
            "2 voters need 2: etcd takes no writes while a member restarts",
        ),
        (CA, WHOLE, "a new CA: all members restart at the same time, and etcd takes no writes for a few seconds"),
    ],
)
def test_an_outage_is_told_before(changed: str, answer: dict[str, Any], expected: str) -> None:
    assert rolling_restart(ALL, {"emon": [changed]}, "emon", answer)["outage"] == expected


def test_strangers() -> None:
    found = cluster(("a", "emon"), ("b", ""), ("c", "emon3"), ("d", ""))
    found["members"][2]["healthy"] = False
    assert unknown_members(found, hosts(emon=True, emon2=True)) == [
        "emon3 is an etcd member (not healthy) and not in the lab file: ansible-playbook playbooks/etcd_remove.yml"
        " -e member=emon3 removes it",
        "d is an etcd member (healthy) and not in the lab file: ansible-playbook playbooks/etcd_remove.yml -e"
        " member=NAME -e peer_url=https://192.168.1.4:2380 removes it",
    ]


@pytest.mark.parametrize(
    ("infos", "survivor", "answer", "expected"),
    [
        ({"emon": info("a"), "emon2": EMPTY}, "", {}, None),
        ({"emon": info("a"), "emon2": info("b")}, "emon2", cluster(quorum=False), None),
        ({"emon": EMPTY}, "", {}, "no host that answers holds etcd's data"),
        (ALL, "emon", WHOLE, "the cluster has quorum (emon, emon2, emon3 answer): nothing is lost"),
        ({"emon": info("a"), "emon2": EMPTY}, "emon2", {}, "survivor emon2 holds none of etcd's data"),
        (
            {"emon": info("a"), "emon2": info("b")},
            "",
            cluster(("a", "emon"), quorum=False),
            "several members hold data: emon (log up to 7), emon2 (log up to unknown)",
        ),
    ],
)
def test_recovery(infos: Any, survivor: str, answer: Any, expected: str | None) -> None:
    found = recovery_faults(infos, "emon", survivor, answer)
    assert found == [] if expected is None else len(found) == 1 and found[0].startswith(expected)


def journal(*entries: tuple[str, str, str]) -> str:
    return "\n".join(json.dumps({"_COMM": who, "PRIORITY": level, "MESSAGE": said}) for who, level, said in entries)


FATAL = {"level": "fatal", "msg": "discovery failed", "error": "listen tcp 10.0.0.9:2380: bind: cannot assign"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (journal(("etcd", "6", "elected leader"), ("systemd", "3", "Failed to start etcd.service")), ""),
        (
            journal(("etcd", "2", "listen tcp 10.0.0.116:2380: bind: address already in use"), ("systemd", "3", "x")),
            "listen tcp 10.0.0.116:2380: bind: address already in use",
        ),
        (
            journal(("etcd", "6", json.dumps(FATAL)), ("etcd", "6", json.dumps({"level": "info", "msg": "x"}))),
            "discovery failed: listen tcp 10.0.0.9:2380: bind: cannot assign",
        ),
    ],
)
def test_logged_error(text: str, expected: str) -> None:
    assert logged_error(text) == expected


# A unit that runs no more, of the distribution's package; its data is nowhere near the lab's.
STOPPED = {"lab": "", "active": False, "enabled": True, "data": {"present": False}}
VENDORS, OWN = "/usr/lib/systemd/system/etcd.service", "/etc/systemd/system/etcd.service"


def standing(name: str, **etcd: Any) -> dict[str, Any]:
    """A host on which etcd stands."""
    data = {"path": "/srv/etcd", "present": True, "lab": "emon", "member_id": "a1", "cluster_id": "c1"}
    base = {"lab": "emon", "active": True, "kubernetes": False, "data": {**data, **etcd.pop("data", {})}}
    return {name: {"etcd": {**base, **etcd}}}


@pytest.mark.parametrize(
    ("etcd", "said"),
    [
        pytest.param({}, "", id="the lab's"),
        pytest.param({"lab": "", "active": False, "data": {"present": False}}, "", id="none"),
        pytest.param({"lab": ""}, "an etcd of somebody else runs here", id="somebody's that runs"),
        pytest.param({"lab": "emon-2"}, "an etcd of the lab emon-2 runs here", id="another lab's"),
        pytest.param({"lab": "", "active": False}, "holds the data of an etcd of somebody else", id="somebody's data"),
        pytest.param({"data": {"lab": ""}}, "(member a1 of cluster c1)", id="somebody's data under our configuration"),
        pytest.param({"data": {"lab": "emon-2"}}, "(member a1 of cluster c1)", id="another lab's data"),
        pytest.param(
            {"data": {"lab": "", "member_id": "", "damaged": True}},
            "its log is damaged: systemctl stop etcd; mv /srv/etcd /srv/etcd.damaged and run again",
            id="the lab's, damaged",
        ),
        pytest.param({"lab": "", "active": False, "kubernetes": True}, "Kubernetes", id="Kubernetes'"),
        pytest.param({**STOPPED, "unit_path": VENDORS}, "", id="a package that starts at boot"),
        pytest.param(
            {**STOPPED, "unit_path": VENDORS, "elsewhere": ["/data/etcd"]},
            "an etcd of somebody else starts at boot here, and holds data in /data/etcd",
            id="stopped, with data elsewhere",
        ),
        pytest.param(
            {**STOPPED, "enabled": False, "unit_path": VENDORS, "elsewhere": ["/data/etcd"]},
            "",
            id="given up by its owner",
        ),
        pytest.param(
            {**STOPPED, "enabled": False, "unit_path": OWN}, f"{OWN} is a unit of somebody else's own", id="an own unit"
        ),
        pytest.param({"unit_path": OWN, "elsewhere": ["/data/etcd"]}, "", id="the lab's, by an own unit"),
    ],
)
@pytest.mark.parametrize("member", [True, False])
def test_what_is_not_the_labs(etcd: dict[str, Any], said: str, member: bool) -> None:
    found = all_foreign(standing("emon", **etcd), {"name": "emon", "hosts": {"emon": {"etcd": member}}})
    # A host that is no member is met only where the lab has configured its etcd.
    expected = bool(said) and (member or etcd.get("lab", "emon") == "emon")
    assert len(found) == expected
    assert not expected or (found[0].startswith("emon: ") and said in found[0])
