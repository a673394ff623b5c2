# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A live container compared with what is wanted: pure functions of what Docker said, which fill the differences."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.endpoint import Endpoint

from . import environment
from .spec import OWN_NAMESPACE, ContainerSpec
from .view import digest_of

# The module's options, and where Docker shows them.
_CONFIG_KEYS = {"image": "Image", "command": "Cmd", "hostname": "Hostname", "stop_timeout": "StopTimeout"}
_HOST_CONFIG_KEYS = {
    "published_ports": "PortBindings",
    "extra_hosts": "ExtraHosts",
    "dns": "Dns",
    "capabilities": "CapAdd",
    "drop_capabilities": "CapDrop",
    "sysctls": "Sysctls",
    "init": "Init",
}
# Where they are not asked for, the image or Docker has its own; shown like that when an option is taken back.
_CONFIG_DEFAULTS = {"entrypoint": "Entrypoint", "user": "User", "healthcheck": "Healthcheck"}
_HOST_DEFAULTS = {"volumes": "Binds", "memory": "Memory", "cpus": "NanoCpus"}
# What `docker update` changes.
_LIMITS = ("memory", "cpus")


def running(now: dict[str, Any], state: str, found: Differences) -> str:
    """What has to be done to its process: "", "start", "unpause" or "stop". ``now``: the inspection's State."""
    if state == "present":
        return ""
    if state == "stopped":
        return "stop" if now["Running"] and found.compare("state", now["Status"], "exited") else ""
    if now.get("Paused"):
        found.add("state", "paused", "running")
        return "unpause"
    return "start" if not now["Running"] and found.compare("state", now["Status"], "running") else ""


def restart_policy(spec: ContainerSpec, live: dict[str, Any], found: Differences) -> bool:
    policy = (live["HostConfig"].get("RestartPolicy") or {}).get("Name") or "no"
    return found.compare("restart_policy", policy, spec.restart_policy)


def fixed(
    spec: ContainerSpec,
    live: dict[str, Any],
    image: dict[str, Any] | None,
    other: dict[str, Any] | None,
    found: Differences,
) -> bool:
    """Whether it has to be made anew, with the reasons in ``found``.

    ``image``: the wanted image, None where it is not on the host; ``other``: whose namespace is wanted, None for none.
    """
    reasons = len(found.found)
    if digest_of(live) != spec.digest:
        _name_differences(spec, live, image, found)
        if len(found.found) == reasons:
            found.add("options fixed at creation", digest_of(live), spec.digest, recreate=True)
    environment.compare_secrets(spec.secrets, live, found)
    _compare_limits(spec, live, found)
    if image:
        found.compare("image id", live["Image"], image["Id"], recreate=True)
    if other:
        found.compare("network_mode", live["HostConfig"]["NetworkMode"], f"container:{other['Id']}", recreate=True)
    if spec.links:
        # Docker drops a link when the container at its other end is removed, and does not make it again.
        links = sorted(_link_text(link) for link in live["HostConfig"].get("Links") or ())
        found.compare("links", links, sorted(spec.links), recreate=True)
    return len(found.found) > reasons


def networks(
    spec: ContainerSpec, live: dict[str, Any], ids: dict[str, str], found: Differences
) -> tuple[tuple[str, ...], tuple[Endpoint, ...]]:
    """Networks to leave and to join; one that has to be joined differently is in both. ``ids``: of all networks."""
    if spec.mode != OWN_NAMESPACE:
        return (), ()
    joined = live["NetworkSettings"]["Networks"] or {}
    wanted = {endpoint.network: endpoint for endpoint in spec.endpoints}
    leave = [name for name in joined if name not in wanted]
    for name in leave:
        found.add(f"networks[{name}]", "joined", None)
    join = []
    for name, endpoint in wanted.items():
        if name not in joined:
            found.add(f"networks[{name}]", None, "joined")
            join.append(endpoint)
        elif _endpoint_differs(endpoint, joined[name], live, ids.get(name, ""), found):
            leave.append(name)
            join.append(endpoint)
    return tuple(leave), tuple(join)


def _compare_limits(spec: ContainerSpec, live: dict[str, Any], found: Differences) -> None:
    """Whoever changes them leaves the digest as it is."""
    for option in _LIMITS:
        key = _HOST_DEFAULTS[option]
        if spec.fixed["HostConfig"].get(key) and not any(one.what == option for one in found.found):
            found.compare(option, live["HostConfig"].get(key) or 0, spec.fixed["HostConfig"][key], recreate=True)


def _name_differences(
    spec: ContainerSpec, live: dict[str, Any], image: dict[str, Any] | None, found: Differences
) -> None:
    """The digest shows that something differs; this finds what, for the diff."""
    for option, key in _CONFIG_KEYS.items():
        wanted = spec.fixed[key]
        # What is not set is filled in from the image, or by Docker.
        if wanted:
            found.compare(option, live["Config"].get(key), wanted, recreate=True)
    for option, key in _HOST_CONFIG_KEYS.items():
        wanted = spec.fixed["HostConfig"][key]
        found.compare(option, live["HostConfig"].get(key) or type(wanted)(), wanted, recreate=True)
    own = (image or {}).get("Config") or {}
    for option, key in _CONFIG_DEFAULTS.items():
        wanted = spec.fixed.get(key) or own.get(key) or None
        found.compare(option, live["Config"].get(key) or None, wanted, recreate=True)
    for option, key in _HOST_DEFAULTS.items():
        wanted = spec.fixed["HostConfig"].get(key) or None
        found.compare(option, live["HostConfig"].get(key) or None, wanted, recreate=True)
    environment.compare(environment.of_api(spec.fixed.get("Env")), spec.secrets, live, image, found)
    labels = live["Config"].get("Labels") or {}
    for label, wanted in spec.fixed["Labels"].items():
        found.compare(f"labels[{label}]", labels.get(label), wanted, recreate=True)
    mode = live["HostConfig"]["NetworkMode"].partition(":")[0]
    kind = mode if mode in ("host", "none", "container") else OWN_NAMESPACE
    found.compare("network_mode", kind, spec.mode.partition(":")[0], recreate=True)


def _endpoint_differs(
    wanted: Endpoint, settings: dict[str, Any], live: dict[str, Any], network_id: str, found: Differences
) -> bool:
    what = f"networks[{wanted.network}]"
    now = endpoints.from_api(wanted.network, settings, live)
    aliases = set(wanted.aliases) - endpoints.aliases_of_dockers(live)
    differs = [
        found.compare(f"{what}.aliases", sorted(now.aliases), sorted(aliases)),
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


def _link_text(link: str) -> str:
    """Docker's "/test1:/test2/alias" as "test1:alias"."""
    container, _separator, path = link.partition(":")
    return f"{container.lstrip('/')}:{path.rpartition('/')[2]}"
