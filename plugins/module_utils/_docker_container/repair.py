# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Starting a container, also where a crash or a lost store has left something in its way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL

from .spec import FORMER

# After a crash of the host, a container's sandbox in the store names a namespace that went with the host.
_LOST_SANDBOX = ("could not get network sandbox", "failed get network namespace")
# A container holds on to a network by its id, which goes with the network; a swarm's ids are the shorter ones. And
# after a crash of the host, dockerd (26.1) may hold an attachment of before that never gets an answer; by the name it
# gets a new one.
_LOST_PLACE = re.compile(r"network (?:[a-z0-9]{25}|[0-9a-f]{64}) not found|attaching to network failed")
# What a swarm's worker says when no manager answers it.
_NO_MANAGER = re.compile(r"Could not attach to network \S+: context deadline exceeded")
# When the last container leaves a network, dockerd 20.10 may keep a thread in the namespace, which is then removed
# (moby/libnetwork#1838). The next request is mostly served by another thread.
_STRAY_THREAD = re.compile(r"etcd cluster is unavailable.*network is unreachable", re.DOTALL)
_ATTEMPTS, _PAUSE_SECONDS = 5, 1.0
# A dockerd that stopped or started without its store could not remove the container's endpoint from it.
_STALE_ENDPOINT = re.compile(r"endpoint with name (\S+) already exists in network (\S+)")


def start(client, name: str, container_id: str, wanted: Iterable[endpoints.Endpoint] = ()) -> list[str]:
    """Start it; what is in the way is mended, and told, a line each.

    ``wanted``: how it is to join networks again, where that is known; else as it was joined.
    """
    healed: list[str] = []
    joined_again = False
    while True:
        try:
            _ask(f"container {name}: start", lambda: client.start(container_id))
            return healed
        except LabError as error:
            lost = _lost(error)
            stale = _stale_endpoint(client, container_id, error)
            told = f"container {name}: its former place in network {stale} was left in the store; it is gone"
            if stale and told not in healed:
                _forget(client, name, container_id, stale)
                healed.append(told)
            elif lost and not joined_again:
                healed.extend(_join_again(client, name, container_id, wanted, lost))
                joined_again = True
            elif _sandbox_is_lost(error):
                raise LabError(
                    f"container {name}: start: its network's sandbox was lost in a crash of the host, and dockerd holds"
                    " on to it: run docker_daemon, which makes dockerd forget it"
                ) from error
            elif _NO_MANAGER.search(str(error)):
                raise LabError(
                    f"container {name}: start: no manager of the swarm answers: start the managers, or see whether this"
                    " host reaches their tcp port 2377"
                ) from error
            else:
                raise


def join(client, name: str, container_id: str, endpoint: endpoints.Endpoint) -> None:
    _ask(
        f"container {name}: joining network {endpoint.network}",
        lambda: endpoints.connect(client, container_id, endpoint.network, endpoint),
    )


def _ask(what: str, request: Callable[[], object]) -> None:
    """Make a request of dockerd, again where a thread of its own served it that cannot reach the store."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            with reported(what):
                request()
            return
        except LabError as error:
            if not left or not _STRAY_THREAD.search(str(error)):
                raise
            time.sleep(_PAUSE_SECONDS)


def _stale_endpoint(client, container_id: str, error: LabError) -> str:
    """The network in which an endpoint of the lab's container is left; '' if the error is another one. Names are unique
    in a lab. Outside of labs, the endpoint may belong to a running container on any host of the store.
    """
    found = _STALE_ENDPOINT.search(str(error))
    if not found:
        return ""
    with reported(f"network {found[2]}: inspection"):
        # Docker's filter also matches parts of a name.
        networks = [one for one in client.networks(names=[found[2]]) if one["Name"] == found[2]]
        labels = client.inspect_container(container_id)["Config"].get("Labels") or {}
    lab = labels.get(LAB_LABEL)
    ours = lab and any((network.get("Labels") or {}).get(LAB_LABEL) == lab for network in networks)
    return found[2] if ours else ""


def _forget(client, name: str, container_id: str, network: str) -> None:
    """Take the endpoint out of the store, its address with it.

    Docker does that for a name that no container of the host has, so the container has another one meanwhile.
    """
    with reported(f"container {name}: removing its former place in network {network}"):
        client.rename(container_id, f"{name}{FORMER}")
        try:
            client.disconnect_container_from_network(name, network, force=True)
        finally:
            client.rename(container_id, name)


def _sandbox_is_lost(error: LabError) -> bool:
    return any(sign in str(error) for sign in _LOST_SANDBOX)


def _lost(error: LabError) -> str:
    """Why its networks have to be joined again; '' where that would not help."""
    if _sandbox_is_lost(error):
        return "its sandbox was lost in a crash of the host"
    return "its place in the network was lost" if _LOST_PLACE.search(str(error)) else ""


def _join_again(client, name: str, container_id: str, wanted: Iterable[endpoints.Endpoint], lost: str) -> list[str]:
    """Leave every network and join it again with the same addresses and names; returns what was done, a line each."""
    done = []
    by_network = {endpoint.network: endpoint for endpoint in wanted}
    with reported(f"container {name}: inspection"):
        container = client.inspect_container(container_id)
    for network, settings in container["NetworkSettings"]["Networks"].items():
        endpoint = by_network.get(network) or endpoints.from_api(network, settings, container)
        with reported(f"container {name}: leaving network {network}: {lost}"):
            client.disconnect_container_from_network(container_id, network, force=True)
        join(client, name, container_id, endpoint)
        done.append(f"container {name}: {lost}; it joined network {network} again")
    return done
