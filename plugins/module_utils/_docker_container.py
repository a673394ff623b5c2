# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A container compared with what is wanted: the plan finds every fault and touches nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _docker_endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils import _docker_network_view as networks
from ansible_collections.emon.overlay_lab.plugins.module_utils import _published_ports as published
from ansible_collections.emon.overlay_lab.plugins.module_utils._differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_client import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container_spec import (
    DIGEST_LABEL,
    OWN_NAMESPACE,
    ContainerSpec,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_endpoint import Endpoint
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError


@dataclass(frozen=True)
class Plan:
    """The steps, in the order in which they are done. ``run``: "", "start", "restart", "unpause" or "stop"."""

    spec: ContainerSpec
    before: dict[str, Any] | None
    differences: Differences
    remove: bool = False
    create: bool = False
    leave: tuple[str, ...] = ()
    join: tuple[Endpoint, ...] = ()
    restart_policy: str = ""
    run: str = ""


def plan(client, spec: ContainerSpec, state: str) -> Plan:
    """Read what is there and compare. ``state``: present, started, stopped or absent.

    LabError with every fault; nothing is changed.
    """
    before = inspect(client, spec.name)
    if before and not _label(before):
        raise LabError(
            f"container {spec.name}: is there and was not made by this module:"
            " choose another name, or remove it yourself"
        )
    found = Differences()
    if state == "absent":
        if before:
            found.add(f"container {spec.name}", before["State"]["Status"], None)
        return Plan(spec, before, found, remove=before is not None)
    if not spec.image:
        return _plan_running_state(spec, before, state, found)
    faults: list[str] = []
    known = networks.list_networks(client)
    _check_networks(spec, known, faults)
    other = _other_container(client, spec, faults)
    if before is None:
        create = True
        found.add(f"container {spec.name}", None, f"{spec.image} on {_networks_text(spec)}")
        _check_creation(client, spec, faults)
    else:
        create = _compare_fixed(client, spec, before, other, found, faults)
    if create or before is None:
        made = _plan_creation(spec, before, state, found)
    else:
        made = _plan_changes(spec, before, state, found, known)
        if not made.run and state == "started" and _namespace_is_stale(before, other, found):
            made = replace(made, run="restart")
    if made.run == "start" and other and not other["State"]["Running"]:
        faults.append(f"network_mode: container {other['Name'].lstrip('/')} does not run: start it first")
    if made.run in ("start", "restart") and spec.ports:
        faults.extend(_port_conflicts(client, spec, before))
    if faults:
        raise LabError(f"container {spec.name}: {fault}" for fault in faults)
    return made


def inspect(client, name: str) -> dict[str, Any] | None:
    """The container of exactly that name. Docker would also take the beginning of an id for one."""
    container = find(client.inspect_container, name)
    return container if container and container["Name"] == f"/{name}" else None


def shown(container: dict[str, Any] | None) -> dict[str, Any]:
    """What modules return of a container; the shape is in docker_container's RETURN."""
    if container is None:
        return {}
    joined = container["NetworkSettings"]["Networks"] or {}
    return {
        "id": container["Id"],
        "name": container["Name"].lstrip("/"),
        "state": container["State"]["Status"],
        "pid": container["State"]["Pid"],
        "image": container["Config"]["Image"],
        "network_mode": container["HostConfig"]["NetworkMode"],
        "networks": {
            name: {
                "ipv4_address": settings.get("IPAddress", ""),
                "ipv6_address": settings.get("GlobalIPv6Address", ""),
                "mac": settings.get("MacAddress", ""),
                "gateway": settings.get("Gateway", ""),
                "aliases": list(endpoints.from_api(name, settings, container["Id"]).aliases),
            }
            for name, settings in sorted(joined.items())
        },
        "labels": {key: value for key, value in (container["Config"]["Labels"] or {}).items() if key != DIGEST_LABEL},
    }


def expected(made: Plan) -> dict[str, Any]:
    """What apply will return, as far as it can be foretold."""
    if made.remove and not made.create:
        return {}
    if not made.differences.changed:
        return shown(made.before)
    running = bool(made.before and made.before["State"]["Running"] and not made.create)
    if made.run:
        running = made.run != "stop"
    known = shown(made.before) or {"id": "", "pid": 0}
    return known | {
        "name": made.spec.name,
        "state": "running" if running else "exited" if made.before else "created",
        "image": made.spec.image or known["image"],
        "network_mode": known.get("network_mode", made.spec.mode),
        "networks": known.get("networks", {})
        | {
            one.network: {
                "ipv4_address": one.ipv4_address or "",
                "ipv6_address": one.ipv6_address or "",
                "mac": "",
                "gateway": "",
                "aliases": list(one.aliases),
            }
            for one in (made.spec.endpoints if made.create else made.join)
        },
        "labels": made.spec.fixed["Labels"] if made.spec.image else known["labels"],
    }


def _plan_running_state(spec: ContainerSpec, before: dict[str, Any] | None, state: str, found: Differences) -> Plan:
    """Without an image only start and stop are asked for. What is not there is stopped enough."""
    if before is None:
        if state == "stopped":
            return Plan(spec, None, found)
        raise LabError(f"container {spec.name}: is not there: give image to make it")
    return Plan(spec, before, found, run=_compare_running(before["State"], state, found))


def _plan_creation(spec: ContainerSpec, before: dict[str, Any] | None, state: str, found: Differences) -> Plan:
    was_running = bool(before and before["State"]["Running"])
    run = "start" if state == "started" or (state == "present" and was_running) else ""
    return Plan(spec, before, found, remove=before is not None, create=True, join=spec.endpoints[1:], run=run)


def _plan_changes(
    spec: ContainerSpec, before: dict[str, Any], state: str, found: Differences, known: list[dict[str, Any]]
) -> Plan:
    policy = (before["HostConfig"].get("RestartPolicy") or {}).get("Name") or "no"
    policy_differs = found.compare("restart_policy", policy, spec.restart_policy)
    leave, join = _compare_networks(spec, before, known, found)
    return Plan(
        spec,
        before,
        found,
        leave=leave,
        join=join,
        restart_policy=spec.restart_policy if policy_differs else "",
        run=_compare_running(before["State"], state, found),
    )


def _compare_running(now: dict[str, Any], state: str, found: Differences) -> str:
    """What has to be done to its process."""
    if state == "present":
        return ""
    if state == "stopped":
        return "stop" if now["Running"] and found.compare("state", now["Status"], "exited") else ""
    if now.get("Paused"):
        found.add("state", "paused", "running")
        return "unpause"
    return "start" if not now["Running"] and found.compare("state", now["Status"], "running") else ""


def _compare_fixed(
    client,
    spec: ContainerSpec,
    before: dict[str, Any],
    other: dict[str, Any] | None,
    found: Differences,
    faults: list[str],
) -> bool:
    """Whether it has to be made anew, with the reasons in ``found``."""
    reasons = len(found.found)
    if _label(before) != spec.digest:
        _name_differences(spec, before, found)
        if len(found.found) == reasons:
            found.add("options fixed at creation", _label(before), spec.digest, recreate=True)
    image = find(client.inspect_image, spec.image)
    if image:
        found.compare("image id", before["Image"], image["Id"], recreate=True)
    elif len(found.found) > reasons:
        faults.append(_image_missing(spec))
    if other:
        found.compare("network_mode", before["HostConfig"]["NetworkMode"], f"container:{other['Id']}", recreate=True)
    if spec.links:
        # Docker drops a link when the container at its other end is removed, and does not make it again.
        live = sorted(_link_text(link) for link in before["HostConfig"].get("Links") or ())
        found.compare("links", live, sorted(spec.links), recreate=True)
    return len(found.found) > reasons


def _name_differences(spec: ContainerSpec, before: dict[str, Any], found: Differences) -> None:
    """The digest says that something differs; this says what, for the person who reads the diff."""
    host_config = spec.fixed["HostConfig"]
    wanted = {key: value for key, value in spec.fixed.items() if key not in ("HostConfig", "Labels", "ExposedPorts")}
    for key, value in wanted.items():
        have = before["Config"].get(key)
        # What is not set is filled in from the image, or by Docker.
        if value or key == "StopTimeout":
            found.compare(key.lower(), have, value, recreate=True)
    for key, value in host_config.items():
        found.compare(key.lower(), before["HostConfig"].get(key) or type(value)(), value, recreate=True)
    labels = before["Config"].get("Labels") or {}
    for key, value in spec.fixed["Labels"].items():
        found.compare(f"labels[{key}]", labels.get(key), value, recreate=True)
    mode = before["HostConfig"]["NetworkMode"].partition(":")[0]
    live = mode if mode in ("host", "none", "container") else OWN_NAMESPACE
    found.compare("network_mode", live, spec.mode.partition(":")[0], recreate=True)


def _compare_networks(
    spec: ContainerSpec, before: dict[str, Any], known: list[dict[str, Any]], found: Differences
) -> tuple[tuple[str, ...], tuple[Endpoint, ...]]:
    """Networks to leave and to join; one that has to be joined differently is in both."""
    if spec.mode != OWN_NAMESPACE:
        return (), ()
    live = before["NetworkSettings"]["Networks"] or {}
    wanted = {endpoint.network: endpoint for endpoint in spec.endpoints}
    leave = [name for name in live if name not in wanted]
    for name in leave:
        found.add(f"networks[{name}]", "joined", None)
    join = []
    ids = {network["Name"]: network["Id"] for network in known}
    for name, endpoint in wanted.items():
        if name not in live:
            found.add(f"networks[{name}]", None, "joined")
            join.append(endpoint)
        elif _endpoint_differs(endpoint, live[name], before["Id"], ids.get(name, ""), found):
            leave.append(name)
            join.append(endpoint)
    return tuple(leave), tuple(join)


def _endpoint_differs(
    wanted: Endpoint, settings: dict[str, Any], container_id: str, network_id: str, found: Differences
) -> bool:
    what = f"networks[{wanted.network}]"
    now = endpoints.from_api(wanted.network, settings, container_id)
    differs = [
        found.compare(f"{what}.aliases", sorted(now.aliases), sorted(wanted.aliases)),
        found.compare(f"{what}.links", sorted(now.links), sorted(wanted.links)),
    ]
    for key in ("ipv4_address", "ipv6_address"):
        # An address that is not asked for may be any.
        if getattr(wanted, key):
            differs.append(found.compare(f"{what}.{key}", getattr(now, key), getattr(wanted, key)))
    # Of a network that was removed and made again under the same name, a stopped container knows the former id.
    if settings.get("NetworkID") and network_id:
        differs.append(found.compare(f"{what}.id", settings["NetworkID"], network_id))
    return any(differs)


def _namespace_is_stale(before: dict[str, Any], other: dict[str, Any] | None, found: Differences) -> bool:
    """Whether it stayed behind in the namespace that the other container had before that started again."""
    if other is None or not before["State"]["Pid"] or not other["State"]["Pid"]:
        return False
    try:
        mine, wanted = (Path(f"/proc/{one['State']['Pid']}/ns/net").stat().st_ino for one in (before, other))
    except FileNotFoundError:
        # One of the two ended since it was inspected.
        return False
    return found.compare("network namespace", mine, wanted)


def _check_networks(spec: ContainerSpec, known: list[dict[str, Any]], faults: list[str]) -> None:
    for endpoint in spec.endpoints:
        try:
            network = networks.pick(known, endpoint.network)
        except LabError as error:
            faults.extend(error.faults)
            continue
        if network is None:
            faults.append(f"network {endpoint.network} is not on this host: make it with docker_network first")
            continue
        subnets = networks.spec_of(network).subnets
        for address in filter(None, (endpoint.ipv4_address, endpoint.ipv6_address)):
            if subnets and not any(ip_address(address) in subnet for subnet in subnets):
                among = ", ".join(str(subnet) for subnet in subnets)
                faults.append(f"{address} is not inside {among} of network {endpoint.network}")


def _port_conflicts(client, spec: ContainerSpec, before: dict[str, Any] | None) -> list[str]:
    with reported("list of running containers"):
        others = [one for one in client.containers() if before is None or one["Id"] != before["Id"]]
    listeners = published.listeners_of(others)
    own = {
        (binding["HostPort"], port.partition("/")[2])
        for port, bindings in ((before or {}).get("NetworkSettings", {}).get("Ports") or {}).items()
        for binding in bindings or ()
    }
    # The proxies of the container itself listen on the host as well.
    on_host = [one for one in published.listeners_on_host() if (str(one.port), one.protocol) not in own]
    return published.conflicts(spec.ports, [*listeners, *on_host])


def _check_creation(client, spec: ContainerSpec, faults: list[str]) -> None:
    if find(client.inspect_image, spec.image) is None:
        faults.append(_image_missing(spec))
    for link in spec.links:
        name = link.partition(":")[0]
        if find(client.inspect_container, name) is None:
            faults.append(f"links: container {name} is not there")


def _other_container(client, spec: ContainerSpec, faults: list[str]) -> dict[str, Any] | None:
    """The one whose namespace is shared, if one is."""
    if not spec.mode.startswith("container:"):
        return None
    name = spec.mode.partition(":")[2]
    other = find(client.inspect_container, name)
    if other is None:
        faults.append(f"network_mode: container {name} is not there")
    return other


def _image_missing(spec: ContainerSpec) -> str:
    return f"image {spec.image} is not on this host: make it with busybox_image, or docker pull it"


def _networks_text(spec: ContainerSpec) -> str:
    return ", ".join(endpoint.network for endpoint in spec.endpoints) or spec.mode


def _link_text(link: str) -> str:
    """Docker's "/test1:/test2/alias" as "test1:alias"."""
    container, _, path = link.partition(":")
    return f"{container.lstrip('/')}:{path.rpartition('/')[2]}"


def _label(container: dict[str, Any]) -> str:
    return (container["Config"].get("Labels") or {}).get(DIGEST_LABEL, "")
