# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The engine swarm: Docker's own distributed engine keeps overlay networks, and its gossip finds the peers."""

from __future__ import annotations

from typing import Any

USES_ETCD = False
CONFIGURES_DOCKERD = False
PORTS: dict[str, dict[int, str]] = {"tcp": {}, "udp": {}}
PEER_PORTS: dict[str, tuple[int, ...]] = {"tcp": (2377, 7946), "udp": (4789, 7946)}


def faults(lab: dict[str, Any], infos: dict[str, dict]) -> list[str]:
    return [f"engine {lab['engine']} is not served yet: use hosts with Docker below 23 and engine cluster_store"]


def containers(lab: dict[str, Any]) -> list[dict[str, Any]]:
    return lab["containers"]


def checks(lab: dict[str, Any], states: dict[str, dict], evidence: Any) -> list[str]:
    return []
