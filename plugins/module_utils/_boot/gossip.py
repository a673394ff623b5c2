# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether dockerd (20.10) knows its own address, which it learns from its store some seconds after it is up.

A container that starts before has no place in what it tells other hosts: to each question for the container's address
it answers with none. From then on it listens for gossip.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

_PORT = 7946
_SECONDS = 1


def check(settings: Mapping[str, Any]) -> None:
    """Raises LabError where it does not yet. ``settings``: of daemon.json; without a store it need not know."""
    address = own_address(settings)
    if not address:
        return
    if not answers(address):
        raise LabError(
            f"dockerd has not reached its store yet (nothing listens at {address}:{_PORT}): has etcd its majority?"
        )


def answers(address: str) -> bool:
    try:
        socket.create_connection((address, _PORT), _SECONDS).close()
    except OSError:
        return False
    return True


def own_address(settings: Mapping[str, Any]) -> str:
    """What dockerd announces; '' without a store, or where the name of an interface stands there."""
    address = settings.get("cluster-advertise", "").rpartition(":")[0] if "cluster-store" in settings else ""
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
