# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What an etcd cluster looks like now: its members, what each says, and whether there is quorum."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import parse_version

from .client import Access, Client, Endpoint, EndpointFault, Refused, encode, hex_id, in_parallel

_ALARM = re.compile(r"memberID:(\d+) alarm:(\w+)")
_QUOTA = re.compile(rb"^etcd_server_quota_backend_bytes (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """What one client URL said. ``fault`` is empty where the member can read through quorum."""

    url: str
    member_id: str
    cluster_id: str
    status: dict[str, Any]
    members: tuple[dict[str, Any], ...]
    db_size_quota: int | None
    fault: str


@dataclass(frozen=True)
class Member:
    """One member as the cluster lists it, and its own answer if it gave one."""

    id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    is_learner: bool
    answer: Answer | None
    alarms: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def started(self) -> bool:
        """A member that was added and never started has no name yet."""
        return bool(self.name)

    @property
    def healthy(self) -> bool:
        return self.answer is not None and not self.errors

    @property
    def errors(self) -> list[str]:
        said = [self.answer.fault] if self.answer and self.answer.fault else []
        return [*self.faults, *said, *(f"alarm {alarm}" for alarm in self.alarms)]

    def data(self) -> dict[str, Any]:
        """As etcd_info returns it: the same keys for a member that answers and for one that does not."""
        status = self.answer.status if self.answer else {}
        return {
            "id": self.id,
            "name": self.name,
            "peer_urls": list(self.peer_urls),
            "client_urls": list(self.client_urls),
            "is_leader": bool(self.answer) and hex_id(status.get("leader")) == self.id,
            "is_learner": self.is_learner,
            "started": self.started,
            "healthy": self.healthy,
            "version": status.get("version"),
            "db_size": int(status["dbSize"]) if "dbSize" in status else None,
            "db_size_quota": self.answer.db_size_quota if self.answer else None,
            "raft_term": int(status["raftTerm"]) if "raftTerm" in status else None,
            "raft_index": int(status["raftIndex"]) if "raftIndex" in status else None,
            "errors": self.errors,
        }


@dataclass(frozen=True)
class Cluster:
    """The members of one cluster; empty if nothing answered. ``errors`` belong to no member."""

    id: str | None = None
    members: tuple[Member, ...] = ()
    errors: tuple[str, ...] = field(default=())

    @property
    def reachable(self) -> bool:
        return self.id is not None

    @property
    def voters(self) -> list[Member]:
        return [member for member in self.members if not member.is_learner]

    @property
    def healthy_voters(self) -> list[Member]:
        """Voters that take part: they read through quorum, alarm or not."""
        return [member for member in self.voters if member.answer and not member.answer.fault]

    @property
    def quorum(self) -> bool:
        """A read through quorum is the proof; one member that can is enough."""
        return bool(self.healthy_voters)

    @property
    def quorum_survives_one_loss(self) -> bool:
        return self.quorum and len(self.healthy_voters) - 1 >= majority(len(self.voters))

    @property
    def leader(self) -> str | None:
        """The leader's name, as members tell it that see quorum."""
        leaders = {hex_id(member.answer.status.get("leader")) for member in self.healthy_voters if member.answer}
        return next((member.name for member in self.members if member.id in leaders), None)

    @property
    def health(self) -> bool:
        return self.quorum and not self.errors and all(member.healthy for member in self.members)

    def data(self) -> dict[str, Any]:
        """As etcd_info returns it."""
        versions = [member.answer.status["version"] for member in self.members if member.answer]
        return {
            "reachable": self.reachable,
            "cluster_id": self.id,
            "members": [member.data() for member in self.members],
            "leader": self.leader,
            "quorum": self.quorum,
            "quorum_survives_one_loss": self.quorum_survives_one_loss,
            "health": self.health,
            "version": min(versions, key=parse_version, default=None),
            "alarms": [{"member": one.name, "alarm": alarm} for one in self.members for alarm in one.alarms],
            "errors": list(self.errors),
        }

    def remedies(self, access: Access) -> list[str]:
        """What ends an alarm that a person has to end, with the commands to type on the member."""
        full = [member for member in self.members if "NOSPACE" in member.alarms and member.answer]
        if not full:
            return []
        first = full[0]
        size, revision = first.data()["db_size"], first.answer.status["header"]["revision"] if first.answer else ""
        urls = [url for member in self.members for url in member.client_urls[:1]]
        return [_full([member.name for member in full], size, revision, urls, access)]

    def stuck(self, expected: Sequence[str]) -> bool:
        """Whether alarms alone keep it from being healthy: no waiting ends these."""
        calm = replace(self, members=tuple(replace(member, alarms=()) for member in self.members))
        return bool(self.missing(expected)) and not calm.missing(expected)

    def missing(self, expected: Sequence[str]) -> list[str]:
        """Why the cluster is not healthy, one line each. All members count if none is named."""
        if not self.reachable:
            return list(self.errors)
        found = {member.name: member for member in self.members}
        lines = [f"member {name} is not in the cluster" for name in expected if name not in found]
        lines += [
            f"member {member.name or member.id}: {'; '.join(member.errors)}"
            for member in self.members
            if not member.healthy and (not expected or member.name in expected)
        ]
        if not lines and self.leader is None:
            lines.append("no member sees a leader")
        return [*lines, *self.errors]


def read(client: Client) -> Cluster:
    """The cluster as its members see it now. What cannot be reached is data; raises nothing for it."""
    given = client.access.endpoints
    asked: dict[str, Answer | str] = dict(zip(given, in_parallel(lambda url: _ask(client, url), given)))
    answers = [one for one in asked.values() if isinstance(one, Answer)]
    if not answers:
        return Cluster(errors=tuple(f"{url}: {said}" for url, said in asked.items()))
    cluster_id = answers[0].cluster_id
    errors = [
        f"{one.url} belongs to cluster {one.cluster_id}, {answers[0].url} to cluster {cluster_id}: "
        "one of them was not started as a member of the other"
        for one in answers
        if one.cluster_id != cluster_id
    ]
    own = [one for one in answers if one.cluster_id == cluster_id]
    # A member that lags behind may list members that have left: the list of the member with the highest index counts.
    best = max(own, key=lambda one: (bool(one.members), _number(one, "raftTerm"), _number(one, "raftIndex")))
    by_id = {one.member_id: one for one in own}

    def complete(listed: dict[str, Any]) -> Member:
        known = by_id.get(hex_id(listed["ID"]))
        answer, faults = (known, []) if known else _find(client, listed, asked)
        return _member(listed, answer, faults, _alarms(one.status for one in own))

    members = in_parallel(complete, best.members)
    order = sorted(members, key=lambda member: (not member.started, member.name, member.id))
    return Cluster(cluster_id, tuple(order), tuple(errors))


def wait(
    client: Client, expected: Sequence[str], seconds: float, quorum_only: bool = False, fail: bool = True
) -> Cluster:
    """Read until every expected member is healthy and there is a leader; ``quorum_only``: until a read through quorum
    works. In the end, LabError says what is missing, or without ``fail`` the cluster is returned as it is.
    """
    deadline = time.monotonic() + seconds
    while True:
        cluster = read(client)
        missing = cluster.missing(expected)
        if not missing or (quorum_only and cluster.quorum):
            return cluster
        if time.monotonic() >= deadline or cluster.stuck(expected):
            if not fail:
                return cluster
            told = [*missing, *cluster.remedies(client.access)]
            raise LabError(f"etcd is not healthy after {seconds:g} s: {'; '.join(told)}")
        time.sleep(0.2)


def _ask(client: Client, url: str) -> Answer | str:
    """The answer of one client URL, or what was wrong."""
    endpoint = client.endpoint(url)
    try:
        status = endpoint.v3("/v3/maintenance/status", {})
        return Answer(
            url=url,
            member_id=hex_id(status["header"]["member_id"]),
            cluster_id=hex_id(status["header"]["cluster_id"]),
            status=status,
            members=_list(endpoint),
            db_size_quota=_quota(endpoint),
            fault=read_fault(endpoint, status),
        )
    except EndpointFault as fault:
        return fault.what
    except Refused as refusal:
        return refusal.message


def _list(endpoint: Endpoint) -> tuple[dict[str, Any], ...]:
    """The members that this one knows. Not through quorum, so that a cluster without quorum can be looked at."""
    try:
        return tuple(endpoint.v3("/v3/cluster/member/list", {})["members"])
    except EndpointFault as fault:
        if "learner" in fault.what:
            return ()
        raise


def _quota(endpoint: Endpoint) -> int | None:
    """Only the metrics tell the quota; an etcd may serve them elsewhere, or not at all."""
    status, text = endpoint.request("GET", "/metrics")
    found = _QUOTA.search(text)
    return int(float(found[1])) if found and status == 200 else None


def own_remedy(endpoint: Endpoint, status: dict[str, Any], access: Access) -> str:
    """As Cluster.remedies, for the member that gave this status alone; '' where it has no alarm that a person ends."""
    own = hex_id(status["header"]["member_id"])
    if "NOSPACE" not in _alarms([status]).get(own, ()):
        return ""
    listed = _list(endpoint)
    name = next((one.get("name", "") for one in listed if hex_id(one["ID"]) == own), own)
    urls = [url for one in listed for url in one.get("clientURLs", ())[:1]]
    return _full([name], int(status["dbSize"]), status["header"]["revision"], urls, access)


def _full(names: Sequence[str], size: int | None, revision: str, urls: Sequence[str], access: Access) -> str:
    settings = {
        "API": "3",
        "ENDPOINTS": ",".join(urls),
        "CACERT": access.ca_cert,
        "CERT": access.client_cert,
        "KEY": access.client_key,
    }
    told = " ".join(f"ETCDCTL_{name}={value}" for name, value in settings.items() if value)
    return (
        f"etcd's database on {', '.join(names)} has reached its quota ({size} bytes), and etcd takes no writes of its"
        " v3 API; Docker's networks are in the v2 API, and go on. Remove keys that nobody needs (etcdctl del KEY), then"
        f" type on {names[0]}: export {told}; etcdctl compact {revision}; etcdctl defrag; etcdctl alarm disarm"
    )


def read_fault(endpoint: Endpoint, status: dict[str, Any]) -> str:
    """What keeps the member from a read through quorum, which is what etcdctl calls healthy. Empty if nothing does."""
    if not int(status.get("leader", 0)):
        return "it sees no leader"
    try:
        endpoint.v3("/v3/kv/range", {"key": encode(b"health"), "keys_only": True})
    except EndpointFault as fault:
        return "" if "learner" in fault.what else fault.what
    except Refused as refusal:
        # With etcd's own users switched on, a refusal still went through quorum.
        return "" if "permission denied" in refusal.message else refusal.message
    return ""


def _find(client: Client, listed: dict[str, Any], asked: dict[str, Answer | str]) -> tuple[Answer | None, list[str]]:
    """Ask the URLs that a member announces; believe only an answer that carries its own id.

    The tutorial's members announce http://localhost:2379 too, where whoever is local answers.
    """
    if not listed.get("name"):
        return None, ["it was added, and has not started yet"]
    faults = []
    for url in listed.get("clientURLs", ()):
        said = asked[url] if url in asked else _ask(client, url)
        if isinstance(said, str):
            faults.append(f"{url}: {said}")
        elif said.member_id == hex_id(listed["ID"]):
            return said, []
    return None, faults or ["none of the client URLs that it advertises leads to it"]


def _member(listed: dict[str, Any], answer: Answer | None, faults: list[str], alarms: dict[str, list[str]]) -> Member:
    return Member(
        id=hex_id(listed["ID"]),
        name=listed.get("name", ""),
        peer_urls=tuple(listed.get("peerURLs", ())),
        client_urls=tuple(listed.get("clientURLs", ())),
        is_learner=listed.get("isLearner", False),
        answer=answer,
        alarms=tuple(alarms.get(hex_id(listed["ID"]), ())),
        faults=tuple(faults),
    )


def _alarms(statuses: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Alarms by member, from the members' status: etcd's own alarm call is a write to the log, even to read."""
    found = {pair for one in statuses for error in one.get("errors", ()) for pair in _ALARM.findall(error)}
    alarms: dict[str, list[str]] = {}
    for number, alarm in sorted(found):
        alarms.setdefault(hex_id(number), []).append(alarm)
    return alarms


def _number(answer: Answer, name: str) -> int:
    return int(answer.status.get(name, 0))
