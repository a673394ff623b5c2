# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a dockerd with a store remembers of the time before a boot.

The namespaces of its containers went with the former boot, and dockerd fails at the first place in a network that it
remembers of them (_docker_daemon.stale_endpoints). And it would start them before it knows its own address (gossip):
so the lab's are left to the unit, which starts them when it does, and gives them back their restart policy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import owner
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.view import inspect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import stale_endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned, systemd

from . import settings
from .desired import Desired, read

_SERVICE = "docker.service"


def forget(say: Callable[[str], None]) -> None:
    """Of a dockerd that does not run. Raises LabError where it does not come up for it."""
    began = time.monotonic()
    stale_endpoints.forget(systemd.units(_SERVICE)[0], settings.PATH, partial(_leave_to_the_unit, read()))
    say(f"dockerd has forgotten its containers' places from before this boot ({time.monotonic() - began:.1f} s)")


def _leave_to_the_unit(desired: Desired, docker_host: str) -> None:
    faults: list[str] = []
    client = connect(docker_host)
    try:
        for spec in desired.specs():
            try:
                hold(client, desired.lab, spec.name)
            except LabError as error:
                faults.extend(error.faults)
    finally:
        client.close()
    if faults:
        raise LabError(faults)


def hold(client, lab: str, name: str) -> None:
    """Keep dockerd from starting a container of the lab's. One of somebody else is not touched."""
    found = inspect(client, name)
    if found is None or owner.fault(client, owned.known(owned.CONTAINER), owner.of_inspected(found), lab):
        return
    with reported(f"container {name}: restart policy"):
        client.update_container(found["Id"], restart_policy={"Name": "no"})
