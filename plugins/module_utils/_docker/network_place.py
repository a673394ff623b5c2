# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Where a Docker network is on its host, by what an inspection shows of it: a bridge, or a namespace with one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

BRIDGE_NAME_OPTION = "com.docker.network.bridge.name"


def bridge_of(network: dict[str, Any]) -> str:
    """The name of the bridge's link on the host; empty for other drivers."""
    if network["Driver"] != "bridge":
        return ""
    return (network.get("Options") or {}).get(BRIDGE_NAME_OPTION) or f"br-{network['Id'][:12]}"


def sandbox_of(network: dict[str, Any], paths: Iterable[str]) -> str | None:
    """The namespace of an overlay network among ``paths``; None where the host has no part in it."""
    # N-ID: a number and the first ten digits of the network's id, in a store as in a swarm. Swarm's load balancer has
    # one of its own, lb_ID.
    own = re.compile(rf"/[0-9]+-{network['Id'][:10]}$")
    return next((path for path in paths if own.search(path)), None)
