# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Membership: the quorum arithmetic, interrupted joins, and what is sent to etcd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import member as etcd_member
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import NotYet
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.cluster import Answer, Cluster, Member

NAMES = ("emon", "emon2", "emon3", "emon4", "emon5")


def peer(name: str, site: int = 10) -> str:
    return f"http://{name}.{site}:2380"


def member(name: str, number: int, answers: bool = True, **changes: Any) -> Member:
    answer = Answer(f"http://{name}:2379", f"{number:x}", "c1", {"leader": "1"}, (), None, "")
    return Member(
        **{
            "id": f"{number:x}",
            "name": name,
            "peer_urls": (peer(name),),
            "client_urls": (f"http://{name}:2379",),
            "is_learner": False,
            "answer": answer if answers else None,
            "faults": () if answers else ("connection refused",),
            **changes,
        }
    )


def cluster(voters: int, dead: int = 0, **last: Any) -> Cluster:
    """So many voters, the last of them dead. ``last`` changes the last one."""
    members = [member(NAMES[index], 17 + index, answers=index < voters - dead) for index in range(voters)]
    members[-1] = replace(members[-1], **last)
    return Cluster("c1", tuple(members))


def plan(current: Cluster, name: str, **changes: Any) -> etcd_member.Plan:
    params = {"name": name, "peer_urls": [peer(name)], "state": "present", "force": False} | changes
    return etcd_member.plan(etcd_member.parse(params), current)


@pytest.mark.parametrize(
    ("voters", "dead", "refused"),
    [
        (1, 0, ""),
        (2, 0, ""),
        (3, 0, ""),
        (3, 1, "adding new makes 4 voters, of which 3 must answer, and only 2 would"),
        (4, 1, ""),
        (5, 2, "adding new makes 6 voters, of which 4 must answer, and only 3 would"),
    ],
)
def test_adding_keeps_quorum_until_the_new_one_starts(voters: int, dead: int, refused: str) -> None:
    if refused:
        with pytest.raises(LabError, match=refused) as fault:
            plan(cluster(voters, dead), "new")
        assert "connection refused" in str(fault.value) and "new: it has not started yet" in str(fault.value)
        assert plan(cluster(voters, dead), "new", force=True).path == "/v3/cluster/member/add"
    else:
        assert plan(cluster(voters, dead), "new").body == {"peerURLs": [peer("new")]}


def test_adding_the_second_is_announced() -> None:
    assert "takes no writes" in plan(cluster(1), "emon2").warnings[0]
    assert not plan(cluster(2), "emon3").warnings


@pytest.mark.parametrize(
    ("voters", "dead", "name", "refused"),
    [
        (2, 0, "emon2", ""),
        (3, 1, "emon3", ""),
        (3, 1, "emon", "removing emon leaves 2 voters, of which 2 must answer, and only 1 would"),
        (3, 0, "emon", ""),
        (5, 2, "emon", "removing emon leaves 4 voters, of which 3 must answer, and only 2 would"),
        (5, 2, "emon5", ""),
    ],
)
def test_removing_keeps_quorum(voters: int, dead: int, name: str, refused: str) -> None:
    if refused:
        with pytest.raises(LabError, match=refused):
            plan(cluster(voters, dead), name, state="absent")
        assert plan(cluster(voters, dead), name, state="absent", force=True).path
    else:
        result = plan(cluster(voters, dead), name, state="absent")
        assert result.path == "/v3/cluster/member/remove"
        assert result.body == {"ID": str(17 + NAMES.index(name))}


@pytest.mark.parametrize("force", [False, True])
def test_the_last_member_stays(force: bool) -> None:
    with pytest.raises(LabError, match="is the only one: removing it ends the cluster"):
        plan(cluster(1), "emon", state="absent", force=force)


@pytest.mark.parametrize("changes", [{"name": "new"}, {"name": "emon", "state": "absent"}])
def test_without_quorum_nothing_can_be_changed(changes: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="needs quorum, 2 of 2 voters, and there is none"):
        plan(cluster(2, 2), **changes, force=True)


def test_without_quorum_what_is_right_is_right() -> None:
    assert not plan(cluster(2, 2), "emon").differences.changed


def test_a_learner_leaves_without_arithmetic() -> None:
    assert plan(cluster(3, 1, is_learner=True), "emon3", state="absent").path


def test_what_is_absent_is_absent() -> None:
    result = plan(cluster(2), "emon5", state="absent")
    assert not result.path and etcd_member.data(result) is None


def test_an_interrupted_join_is_known_by_its_urls() -> None:
    current = cluster(2, 1, name="")
    result = plan(current, "emon2")
    assert not result.differences.changed
    data = etcd_member.data(result)
    assert data is not None and (data["id"], data["name"], data["started"]) == ("12", "emon2", False)
    assert result.initial_cluster == f"emon={peer('emon')},emon2={peer('emon2')}"


def test_an_interrupted_join_with_other_urls_is_brought_up_to_date() -> None:
    both = [peer("emon3", 192), peer("emon3")]
    result = plan(cluster(3, 1, name=""), "emon3", peer_urls=both)
    assert (result.path, result.body) == ("/v3/cluster/member/update", {"ID": "19", "peerURLs": sorted(both)})


@pytest.mark.parametrize(
    ("voters", "dead", "urls", "refused"),
    [
        (2, 0, [peer("emon"), peer("emon", 192)], False),
        (2, 0, [peer("emon", 192)], True),
        (3, 0, [peer("emon", 192)], False),
        (3, 1, [peer("emon", 192)], True),
        (1, 0, [peer("emon", 192)], False),
    ],
)
def test_moving_a_member_keeps_quorum(voters: int, dead: int, urls: list[str], refused: bool) -> None:
    if refused:
        with pytest.raises(LabError, match="keep an old URL beside the new ones"):
            plan(cluster(voters, dead), "emon", peer_urls=urls)
    else:
        result = plan(cluster(voters, dead), "emon", peer_urls=urls)
        assert result.path == "/v3/cluster/member/update"
        assert sorted(result.member.peer_urls if result.member else ()) == sorted(urls)


def test_the_order_of_urls_is_no_difference() -> None:
    urls = (peer("emon"), peer("emon", 192))
    current = Cluster("c1", (member("emon", 17, peer_urls=urls),))
    assert not plan(current, "emon", peer_urls=list(reversed(urls))).differences.changed


def test_a_url_of_another_member() -> None:
    with pytest.raises(LabError, match="is the peer URL of member emon2"):
        plan(cluster(2), "emon3", peer_urls=[peer("emon2")])


def test_two_members_of_one_name() -> None:
    current = Cluster("c1", (member("emon", 17), member("emon", 18)))
    with pytest.raises(LabError, match="11, 12 all have this name"):
        plan(current, "emon", state="absent")


def test_the_line_for_a_joining_member() -> None:
    result = plan(cluster(2), "emon3", peer_urls=[peer("emon3", 192), peer("emon3")])
    assert result.initial_cluster == ",".join(
        [f"emon={peer('emon')}", f"emon2={peer('emon2')}", f"emon3={peer('emon3')}", f"emon3={peer('emon3', 192)}"]
    )
    assert plan(cluster(2), "emon2", state="absent").initial_cluster == f"emon={peer('emon')}"


def test_a_cluster_that_does_not_answer() -> None:
    with pytest.raises(LabError, match="http://emon:2379: connection refused"):
        plan(Cluster(errors=("http://emon:2379: connection refused",)), "emon")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"peer_urls": ["10.0.0.118:2380"]}, "is not of the form https://HOST:PORT"),
        ({"peer_urls": ["http://10.0.0.118:2380/"]}, "without a slash at its end"),
        ({"peer_urls": []}, "state present needs them"),
        ({"name": "a=b"}, "must not be empty, nor contain"),
        ({"name": ""}, "must not be empty, nor contain"),
    ],
)
def test_faults(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError, match=fault):
        plan(cluster(1), **({"name": "emon"} | changes))


class Recorder:
    """etcd that refuses a few times, as it does while its members have just been connected."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls: list[tuple[str, dict[str, Any], bool]] = []

    def v3(self, path: str, body: dict[str, Any], repeatable: bool = True) -> dict[str, Any]:
        self.calls.append((path, body, repeatable))
        if len(self.calls) <= self.refusals:
            raise NotYet("unhealthy cluster")
        return {"member": {"ID": "255", "peerURLs": body["peerURLs"]}}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_member.time, "sleep", lambda _seconds: None)


def test_applying_waits_until_etcd_agrees() -> None:
    client, result = Recorder(2), plan(cluster(2), "emon3")
    etcd_member.apply(result, client)  # type: ignore[arg-type]
    assert client.calls == [("/v3/cluster/member/add", {"peerURLs": [peer("emon3")]}, False)] * 3
    data = etcd_member.data(result)
    assert data is not None and (data["id"], data["name"]) == ("ff", "emon3")


def test_applying_does_not_wait_for_a_dead_member() -> None:
    client, result = Recorder(2), plan(cluster(3, 1), "emon4", force=True)
    with pytest.raises(NotYet):
        etcd_member.apply(result, client)  # type: ignore[arg-type]
    assert len(client.calls) == 1


def test_applying_nothing_asks_nothing() -> None:
    client = Recorder(0)
    etcd_member.apply(plan(cluster(2), "emon"), client)  # type: ignore[arg-type]
    assert not client.calls
