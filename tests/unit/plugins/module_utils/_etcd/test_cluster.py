# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster looks like, from canned answers of its members."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import cluster as etcd_cluster
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import Access, EndpointFault, Refused

NAMES = ("emon", "emon2", "emon3")


def url(name: str) -> str:
    return f"http://{name}:2379"


class Node:
    """One member: what it would answer. ``leader`` 0 means that it sees none."""

    def __init__(self, name: str, number: int, **changes: Any) -> None:
        self.name, self.number = name, number
        self.leader, self.cluster, self.index, self.version = 1, 0xC1, 10, "3.4.23"
        self.alive, self.learner, self.read_fault, self.metrics = True, False, None, b""
        self.members: list[dict[str, Any]] = []
        self.errors: list[str] = []
        for key, value in changes.items():
            setattr(self, key, value)

    @property
    def listed(self) -> dict[str, Any]:
        return {
            "ID": str(self.number),
            "name": self.name,
            "peerURLs": [f"http://{self.name}:2380"],
            "clientURLs": [url(self.name)],
            **({"isLearner": True} if self.learner else {}),
        }

    def v3(self, path: str, _body: dict[str, Any]) -> dict[str, Any]:
        header = {"member_id": str(self.number), "cluster_id": str(self.cluster), "revision": "12"}
        if path == "/v3/maintenance/status":
            status = {"version": self.version, "dbSize": "20480", "raftTerm": "2", "raftIndex": str(self.index)}
            return {"header": header, "errors": self.errors, "leader": str(self.leader), **status}
        if self.learner:
            raise EndpointFault(url(self.name), "etcdserver: rpc not supported for learner")
        if path == "/v3/cluster/member/list":
            return {"header": header, "members": self.members}
        assert path == "/v3/kv/range"
        if self.read_fault:
            raise self.read_fault
        return {"header": header}

    def request(self, _method: str, path: str) -> tuple[int, bytes]:
        assert path == "/metrics"
        return (200, self.metrics) if self.metrics else (404, b"")


class Dead:
    def __init__(self, address: str) -> None:
        self.address = address

    def v3(self, _path: str, _body: dict[str, Any]) -> dict[str, Any]:
        raise EndpointFault(self.address, "connection refused")


class Client:
    def __init__(self, nodes: list[Node], *endpoints: str) -> None:
        self.nodes = {url(node.name): node for node in nodes}
        self.access = Access(endpoints or tuple(self.nodes))

    def endpoint(self, address: str) -> Node | Dead:
        node = self.nodes.get(address)
        return node if node and node.alive else Dead(address)


def nodes(count: int = 3, **changes: dict[str, Any]) -> list[Node]:
    result = [Node(name, number, **changes.get(name, {})) for number, name in enumerate(NAMES[:count], start=1)]
    for node in result:
        node.members = [one.listed for one in result]
    return result


def read(*arguments: Any) -> etcd_cluster.Cluster:
    return etcd_cluster.read(Client(*arguments))  # type: ignore[arg-type]


def test_a_healthy_cluster() -> None:
    data = read(nodes(emon={"metrics": b"x 1\netcd_server_quota_backend_bytes 2.147483648e+09\n"})).data()
    assert data["reachable"] and data["quorum"] and data["health"] and data["quorum_survives_one_loss"]
    assert (data["leader"], data["cluster_id"], data["version"]) == ("emon", "c1", "3.4.23")
    assert [member["name"] for member in data["members"]] == list(NAMES)
    assert [member["is_leader"] for member in data["members"]] == [True, False, False]
    assert data["members"][0]["db_size_quota"] == 2147483648
    assert data["members"][1]["db_size_quota"] is None


def test_members_are_found_through_one_endpoint() -> None:
    assert read(nodes(), url("emon2")).health


@pytest.mark.parametrize(
    ("count", "dead", "quorum", "survives"),
    [(1, 0, True, False), (2, 0, True, False), (3, 0, True, True), (3, 1, True, False)],
)
def test_quorum_after_one_more_loss(count: int, dead: int, quorum: bool, survives: bool) -> None:
    cluster = nodes(count)
    for node in cluster[count - dead :]:
        node.alive = False
    found = read(cluster)
    assert (found.quorum, found.quorum_survives_one_loss, found.health) == (quorum, survives, not dead)


def test_a_member_that_does_not_answer_is_data() -> None:
    data = read(nodes(emon2={"alive": False})).data()
    dead = data["members"][1]
    assert dead["errors"] == ["http://emon2:2379: connection refused"]
    assert dead["healthy"] is False and dead["started"] is True and dead["version"] is None
    assert set(dead) == set(data["members"][0])


def test_nothing_answers() -> None:
    data = read([], url("emon"), url("emon2")).data()
    assert data["reachable"] is False and data["members"] == [] and data["quorum"] is False
    assert data["errors"] == ["http://emon:2379: connection refused", "http://emon2:2379: connection refused"]
    assert set(data) == set(read(nodes()).data())


def test_no_leader_is_no_quorum() -> None:
    cluster = read(nodes(2, emon={"leader": 0}, emon2={"alive": False}))
    assert not cluster.quorum and cluster.leader is None
    assert cluster.members[0].errors == ["it sees no leader"]


@pytest.mark.parametrize(
    ("fault", "healthy"),
    [
        (EndpointFault("u", "no answer within 5 s"), False),
        (Refused("u", "etcdserver: permission denied", 7), True),
        (Refused("u", "etcdserver: corrupt", 15), False),
    ],
)
def test_a_read_through_quorum_decides(fault: Exception, healthy: bool) -> None:
    assert read(nodes(emon={"read_fault": fault})).members[0].healthy == healthy


def test_a_learner_has_no_vote() -> None:
    cluster = read(nodes(emon3={"learner": True}))
    assert cluster.health and len(cluster.voters) == 2
    assert not cluster.quorum_survives_one_loss
    assert cluster.data()["members"][2]["is_learner"]


def test_a_member_that_has_not_started() -> None:
    cluster = nodes(2)
    cluster[0].members.append({"ID": "3", "peerURLs": ["http://emon3:2380"]})
    found = read(cluster)
    waiting = found.members[-1].data()
    assert (waiting["id"], waiting["name"], waiting["started"]) == ("3", "", False)
    assert waiting["errors"] == ["it was added, and has not started yet"]
    assert found.quorum and not found.quorum_survives_one_loss and not found.health


def test_an_answer_counts_only_for_whom_it_names() -> None:
    """The tutorial's members announce localhost, where another may answer."""
    cluster = nodes(2, emon2={"alive": False})
    for node in cluster:
        for member in node.members:
            member["clientURLs"] = [url("emon")]
    errors = read(cluster, url("emon")).members[1].errors
    assert errors == ["none of the client URLs that it advertises leads to it"]


def test_the_list_of_the_member_whose_log_is_furthest() -> None:
    cluster = nodes(3, emon3={"index": 3})
    for node in cluster[:2]:
        node.members = node.members[:2]
    assert [member.name for member in read(cluster, url("emon3"), url("emon")).members] == ["emon", "emon2"]


def test_two_clusters_are_told_apart() -> None:
    cluster = read(nodes(2, emon2={"cluster": 0xC2}))
    assert cluster.errors[0].startswith("http://emon2:2379 belongs to cluster c2, http://emon:2379 to cluster c1")
    assert not cluster.health


def test_alarms_come_with_the_status() -> None:
    cluster = read(nodes(emon2={"errors": ["memberID:3 alarm:NOSPACE ", "etcdserver: no leader"]}))
    assert cluster.data()["alarms"] == [{"member": "emon3", "alarm": "NOSPACE"}]
    assert cluster.quorum and not cluster.health and not cluster.members[2].healthy


def test_an_alarm_is_not_waited_for() -> None:
    """No waiting ends it; the line has the commands that do."""
    client = Client(nodes(emon2={"errors": ["memberID:3 alarm:NOSPACE "]}))
    begun = time.monotonic()
    with pytest.raises(LabError) as fault:
        etcd_cluster.wait(client, [], 30)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 10
    assert "member emon3: alarm NOSPACE; etcd's database on emon3 has reached its quota" in str(fault.value)
    assert "type on emon3: export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=" in str(fault.value)
    cluster = etcd_cluster.wait(client, [], 30, fail=False)  # type: ignore[arg-type]
    assert [
        line.endswith("compact 12; etcdctl defrag; etcdctl alarm disarm") for line in cluster.remedies(client.access)
    ] == [True]
    assert not read(nodes(3)).remedies(client.access)


def test_a_member_tells_what_ends_its_own_alarm() -> None:
    """As the whole cluster's line; that of the members without one is empty."""
    several = nodes(emon={"errors": ["memberID:3 alarm:NOSPACE "]}, emon3={"errors": ["memberID:3 alarm:NOSPACE "]})
    client = Client(several)
    own = [
        etcd_cluster.own_remedy(node, node.v3("/v3/maintenance/status", {}), client.access)  # type: ignore[arg-type]
        for node in several
    ]
    assert own == ["", "", *etcd_cluster.read(client).remedies(client.access)]  # type: ignore[arg-type]
    assert own[2]


def test_the_oldest_version_counts() -> None:
    assert read(nodes(emon2={"version": "3.4.9"})).data()["version"] == "3.4.9"


@pytest.mark.parametrize(
    ("expected", "changes", "line"),
    [
        (["emon", "emon4"], {}, "member emon4 is not in the cluster"),
        (["emon2"], {"emon2": {"alive": False}}, "member emon2: http://emon2:2379: connection refused"),
        ([], {"emon2": {"alive": False}}, "member emon2: http://emon2:2379: connection refused"),
    ],
)
def test_waiting_says_in_one_line_who_is_missing(expected: list[str], changes: dict[str, Any], line: str) -> None:
    with pytest.raises(LabError) as fault:
        etcd_cluster.wait(Client(nodes(**changes)), expected, 0.01)  # type: ignore[arg-type]
    assert str(fault.value) == f"etcd is not healthy after 0.01 s: {line}"


def test_waiting_is_for_the_expected_alone() -> None:
    client = Client(nodes(emon2={"alive": False}))
    assert etcd_cluster.wait(client, ["emon", "emon3"], 0.01).quorum  # type: ignore[arg-type]


def test_waiting_for_nothing_that_answers() -> None:
    with pytest.raises(LabError, match="s: http://emon:2379: connection refused"):
        etcd_cluster.wait(Client([], url("emon")), ["emon"], 0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize(("voters", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_majority(voters: int, needed: int) -> None:
    assert etcd_cluster.majority(voters) == needed
