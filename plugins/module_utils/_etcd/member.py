# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One member of an etcd cluster as desired state: parse -> plan (with the quorum arithmetic) -> apply."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority

from .client import Client, NotYet, hex_id
from .cluster import Cluster, Member

# etcd changes no membership before every member was connected for 5 s, so a cluster that has just started has to wait.
_SETTLE_SECONDS = 15.0


@dataclass(frozen=True)
class Request:
    """What is wanted of one member. ``force`` overrides our arithmetic, never etcd's own check."""

    name: str
    peer_urls: frozenset[str]
    present: bool
    force: bool


@dataclass
class Plan:
    """One call at most: ``path`` is empty where nothing is to be done. ``patience``: seconds to try it for."""

    request: Request
    member: Member | None = None
    others: tuple[Member, ...] = ()
    patience: float = 0.0
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    differences: Differences = field(default_factory=Differences)
    warnings: list[str] = field(default_factory=list)

    @property
    def initial_cluster(self) -> str:
        """ETCD_INITIAL_CLUSTER for a member that joins, or for whoever is left."""
        known = [(member.name or member.id, url) for member in self.others for url in member.peer_urls]
        own = (
            [(self.request.name, url) for url in self.member.peer_urls] if self.request.present and self.member else []
        )
        return ",".join(f"{name}={url}" for name, url in sorted(known + own))


def parse(params: Mapping[str, Any]) -> Request:
    """Check a module's parameters; all faults in one LabError."""
    faults = []
    for url in params["peer_urls"]:
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.path
        except ValueError:
            fits = False
        if not fits:
            faults.append(f"peer_urls: {url!r} is not of the form https://HOST:PORT, without a slash at its end")
    if not params["name"] or any(character in params["name"] for character in "=, "):
        faults.append(f"name: {params['name']!r} must not be empty, nor contain '=', ',' or a space")
    present = params["state"] == "present"
    if present and not params["peer_urls"]:
        faults.append("peer_urls: state present needs them")
    if faults:
        raise LabError(faults)
    return Request(params["name"], frozenset(params["peer_urls"]), present, params["force"])


def plan(request: Request, cluster: Cluster) -> Plan:
    """What has to be done, after every reason against it was looked for. Touches nothing."""
    if not cluster.reachable:
        raise LabError(cluster.errors)
    member = _find(request, cluster)
    others = tuple(one for one in cluster.members if one is not member)
    # With a member down, waiting would not help: etcd's check stays as it is.
    all_healthy = len(cluster.healthy_voters) == len(cluster.voters)
    result = Plan(request, member, others, _SETTLE_SECONDS if all_healthy else 0.0)
    if request.present:
        _plan_present(result, cluster)
    elif member is not None:
        _plan_absent(result, member, cluster)
    return result


def apply(plan: Plan, client: Client) -> None:
    """Carry out the one call. Not repeated where it may have been done: run again, the plan then sees what stands."""
    if not plan.path:
        return
    deadline = time.monotonic() + plan.patience
    while True:
        try:
            answer = client.v3(plan.path, plan.body, repeatable=False)
            break
        except NotYet:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.5)
    if "member" in answer:
        plan.member = _unstarted(answer["member"]["ID"], plan.request)


def data(plan: Plan) -> dict[str, Any] | None:
    """As etcd_member returns it. The id is None for what check mode predicts."""
    member = plan.member
    if member is None:
        return None
    return {
        "id": member.id or None,
        "name": plan.request.name,
        "peer_urls": list(member.peer_urls),
        "client_urls": list(member.client_urls),
        "is_learner": member.is_learner,
        "started": member.started,
    }


def _find(request: Request, cluster: Cluster) -> Member | None:
    named = [member for member in cluster.members if member.name == request.name]
    if len(named) > 1:
        ids = ", ".join(member.id for member in named)
        raise LabError(f"member {request.name}: {ids} all have this name; remove the wrong ones with etcdctl, by id")
    if named:
        return named[0]
    # Added and never started, a member has no name yet: an interrupted join is known by its URLs.
    waiting = (one for one in cluster.members if not one.started and request.peer_urls & set(one.peer_urls))
    return next(waiting, None)


def _plan_present(result: Plan, cluster: Cluster) -> None:
    request, member = result.request, result.member
    peer_urls = sorted(request.peer_urls)
    for other in result.others:
        for url in request.peer_urls & set(other.peer_urls):
            raise LabError(f"member {request.name}: {url} is the peer URL of member {other.name or other.id}")
    if member is None:
        _require_quorum(cluster, f"adding {request.name}")
        _check_add(result, cluster)
        result.path, result.body = "/v3/cluster/member/add", {"peerURLs": peer_urls}
        result.member = _unstarted(None, request)
        result.differences.add(f"member {request.name}", None, peer_urls)
    elif request.peer_urls != set(member.peer_urls):
        _require_quorum(cluster, f"updating {request.name}")
        _check_update(request, member, cluster)
        result.path = "/v3/cluster/member/update"
        result.body = {"ID": str(int(member.id, 16)), "peerURLs": peer_urls}
        result.differences.add(f"member {request.name}: peer URLs", sorted(member.peer_urls), peer_urls)
        result.member = replace(member, peer_urls=tuple(peer_urls))


def _plan_absent(result: Plan, member: Member, cluster: Cluster) -> None:
    name = result.request.name
    if len(cluster.members) == 1:
        raise LabError(f"member {name} is the only one: removing it ends the cluster; etcd_reset.yml does that")
    _require_quorum(cluster, f"removing {name}")
    if not member.is_learner:
        voters = [one for one in cluster.voters if one is not member]
        healthy = [one for one in cluster.healthy_voters if one is not member]
        _check(result.request, f"removing {name} leaves", voters, healthy)
    result.path, result.body = "/v3/cluster/member/remove", {"ID": str(int(member.id, 16))}
    result.differences.add(f"member {name}", [member.id, *member.peer_urls], None)


def _check_add(result: Plan, cluster: Cluster) -> None:
    name = result.request.name
    if len(cluster.voters) == 1:
        # There is no other way from one to two; etcd allows it, too.
        result.warnings.append(f"until {name} has started, the cluster takes no writes: 2 voters need 2")
        return
    joining = _unstarted(None, result.request)
    _check(result.request, f"adding {name} makes", [*cluster.voters, joining], cluster.healthy_voters)


def _check_update(request: Request, member: Member, cluster: Cluster) -> None:
    """Without a URL in common the others lose the member until it listens on a new one."""
    if not member.started or member.is_learner or len(cluster.voters) == 1 or request.peer_urls & set(member.peer_urls):
        return
    healthy = [one for one in cluster.healthy_voters if one is not member]
    what = f"until {request.name} listens on a new peer URL, there are"
    _check(request, what, cluster.voters, healthy, "keep an old URL beside the new ones until it has moved")


def _check(request: Request, what: str, voters: list[Member], healthy: list[Member], remedy: str = "") -> None:
    """The arithmetic of quorum, in the message."""
    needed = majority(len(voters))
    if len(healthy) >= needed or request.force:
        return
    silent = (one for one in voters if one not in healthy)
    raise LabError(
        f"{what} {len(voters)} voters, of which {needed} must answer, and only {len(healthy)} would "
        f"({_errors(silent, request.name)}): {remedy or 'repair those first'}, "
        "or set force: true and risk the loss of quorum"
    )


def _require_quorum(cluster: Cluster, what: str) -> None:
    """Membership is itself written through quorum, so force cannot help."""
    if cluster.quorum:
        return
    voters = cluster.voters
    raise LabError(
        f"{what} needs quorum, {majority(len(voters))} of {len(voters)} voters, "
        f"and there is none ({_errors(voters, '')}): "
        "start the missing members, or recover with etcd_recover.yml if they are lost"
    )


def _errors(members: Iterable[Member], joining: str) -> str:
    """What each said, in one line; the member that joins has neither name nor id yet."""
    return " | ".join(f"{one.name or one.id or joining}: {'; '.join(one.errors) or 'it moves'}" for one in members)


def _unstarted(number: str | None, request: Request) -> Member:
    return Member(
        id=hex_id(number) if number else "",
        name="",
        peer_urls=tuple(sorted(request.peer_urls)),
        client_urls=(),
        is_learner=False,
        answer=None,
        faults=("it has not started yet",),
    )
