# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Carries out a container's plan. What fails leaves the container that was there before."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import wait_until_up
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported, unanswered
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

from . import environment, owner, readiness, repair, startup
from .plan import Plan
from .spec import COMING, FORMER, ContainerSpec
from .view import digest_of, inspect, shown


def apply(
    client, made: Plan, settle: bool = True, patience: float = readiness.PATIENCE_SECONDS
) -> tuple[dict[str, Any], list[str]]:
    """Returns the container as modules show it ({} where it is absent), and what had to be healed, a line each.

    ``settle``: wait a moment for a container that fails right after its start; without it, call check_running later.
    ``patience``: seconds in which containers that it depends on become ready.
    """
    name = made.spec.name
    healed: list[str] = []
    if not made.differences.changed:
        return shown(made.before), healed
    if made.run in ("start", "restart"):
        # Before anything is touched: one that runs is not stopped for a successor that may not start.
        readiness.await_ready(client, name, made.spec.depends_on, patience)
    if made.unfinished:
        _remove(client, made.unfinished, f"{name}{COMING}")
    # A container that was renamed for one that was never created is kept until that one runs.
    if made.leftover and not (made.create and made.before is None):
        _remove(client, made.leftover, f"{name}{FORMER}")
    if made.spec.state == "absent":
        if made.before:
            _remove(client, made.before["Id"], name)
        return {}, healed
    if made.create:
        _create(client, made, healed, settle)
    else:
        _change(client, made, healed, settle)
    container = inspect(client, name)
    if container is None:
        raise LabError(f"container {name}: is gone again: does somebody else manage it?")
    return shown(container), healed


def _create(client, made: Plan, healed: list[str], settle: bool) -> None:
    """Create and start it. A container that it replaces runs until the new one is created, and is removed once that
    runs.
    """
    name = made.spec.name
    created = ""
    named = f"{name}{COMING}" if made.before else name
    labels = made.spec.fixed["Labels"]
    owner.begin(client, named, made.spec.digest, labels)
    try:
        with reported(f"container {name}: creation"):
            created = client.create_container_from_config(made.spec.to_api(), named)["Id"]
        owner.made(named, created, labels)
        for endpoint in made.join:
            repair.join(client, name, created, endpoint)
        if made.before:
            _take_the_place(client, made, created)
        if made.run:
            # After a failed first start, the container is removed, but its endpoint may be left in the network.
            healed.extend(repair.start(client, name, created, made.spec.endpoints))
            _settle_and_check(client, made.spec, created, settle)
    except LabError as error:
        undone = _undo(client, made, created, unanswered(error))
        if not undone:
            owned.not_made(owned.CONTAINER, named)
        raise LabError([*error.faults, *undone]) from error
    former = made.before["Id"] if made.before else made.leftover
    if former:
        _remove(client, former, f"{name}{FORMER}")


def _change(client, made: Plan, healed: list[str], settle: bool) -> None:
    name, container_id = made.spec.name, made.former["Id"]
    if made.run == "stop":
        _stop(client, name, container_id)
    if made.restart_policy:
        with reported(f"container {name}: restart policy"):
            client.update_container(container_id, restart_policy={"Name": made.restart_policy})
    for network in made.leave:
        with reported(f"container {name}: leaving network {network}"):
            client.disconnect_container_from_network(container_id, network, force=False)
    for endpoint in made.join:
        repair.join(client, name, container_id, endpoint)
    if made.run == "start":
        healed.extend(repair.start(client, name, container_id, made.spec.endpoints))
        _settle_and_check(client, made.spec, container_id, settle)
    elif made.run == "restart":
        with reported(f"container {name}: restart"):
            client.restart(container_id, timeout=made.spec.fixed["StopTimeout"])
    elif made.run == "unpause":
        with reported(f"container {name}: unpause"):
            client.unpause(container_id)


def _take_the_place(client, made: Plan, created: str) -> None:
    """Rename and stop the container that has the name, the ports and the addresses, so that it can be restored."""
    name = made.spec.name
    _stop(client, name, made.former["Id"])
    with reported(f"container {name}: putting the former one aside"):
        client.rename(made.former["Id"], f"{name}{FORMER}")
    with reported(f"container {name}: taking the former one's name"):
        client.rename(created, name)


def _undo(client, made: Plan, created: str, unsure: bool) -> list[str]:
    """Leave what was there before; returns what went wrong with that, a line each.

    ``unsure``: dockerd may have made the container without coming to say so.
    """
    try:
        wait_until_up(client)
        for name in (f"{made.spec.name}{COMING}", made.spec.name):
            standing = inspect(client, name)
            if standing and (standing["Id"] == created or (unsure and digest_of(standing) == made.spec.digest)):
                _remove(client, standing["Id"], name)
        if made.before:
            _bring_back(client, made)
    except LabError as second:
        return [f"{fault} (while what was there before was brought back)" for fault in second.faults]
    return []


def _bring_back(client, made: Plan) -> None:
    with reported(f"container {made.spec.name}: bringing the former one back"):
        now = client.inspect_container(made.former["Id"])
        if now["Name"] != made.former["Name"]:
            client.rename(made.former["Id"], made.spec.name)
        if made.former["State"]["Running"] and not now["State"]["Running"]:
            client.start(made.former["Id"])


def _stop(client, name: str, container_id: str) -> None:
    with reported(f"container {name}: stop"):
        # Without a timeout here the container's own one counts, which is short.
        client.stop(container_id)


def _remove(client, container_id: str, name: str) -> None:
    with reported(f"container {name}: removal"):
        # Its volumes stay, those without a name as well: what is in them is nobody's but their owner's to throw away.
        client.remove_container(container_id, v=False, force=True)
    owned.gone(owned.CONTAINER, {container_id})


def _settle_and_check(client, spec: ContainerSpec, container_id: str, settle: bool) -> None:
    if settle:
        with reported(f"container {spec.name}: its state after the start"):
            startup.settle(client, container_id)
        check_running(client, spec, container_id)


def check_running(client, spec: ContainerSpec, container_id: str) -> None:
    """LabError with its last words for a container that failed."""
    name = spec.name
    with reported(f"container {name}: its state after the start"):
        state = client.inspect_container(container_id)["State"]
        if state["Running"] or not state["ExitCode"]:
            return
        words = client.logs(container_id, tail=1).decode(errors="replace").strip()
    words = environment.without_secrets(words, spec.secrets)
    raise LabError(f"container {name}: ended at once with exit code {state['ExitCode']}{words and f': {words}'}")
