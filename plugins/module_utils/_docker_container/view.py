# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Containers as they are: found by name, and shown in one shape by every module."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import exactly, find

from .spec import DIGEST_LABEL


def named(client, name: str) -> dict[str, Any] | None:
    """The container of exactly that name or id."""
    return exactly(name, find(client.inspect_container, name))


def inspect(client, name: str) -> dict[str, Any] | None:
    """The container of exactly that name."""
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
                "aliases": list(endpoints.from_api(name, settings, container).aliases),
            }
            for name, settings in sorted(joined.items())
        },
        "labels": {key: value for key, value in (container["Config"]["Labels"] or {}).items() if key != DIGEST_LABEL},
    }


def digest_of(container: dict[str, Any]) -> str:
    """The digest of the options that it was made with; empty for a container that this collection did not make."""
    return (container["Config"].get("Labels") or {}).get(DIGEST_LABEL, "")
