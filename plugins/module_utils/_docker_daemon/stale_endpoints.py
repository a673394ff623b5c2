# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Endpoints that dockerd keeps although their store has lost them, and how it forgets them.

After a crash of the host, dockerd (20.10) finds the endpoints of the containers that ran in its local database, and
their networks in the store. It fails at the first endpoint, because the namespace is gone; then no container can join
that network, and the other endpoints stay in the database, so a restart fails in the same way. A dockerd that does not
find the network when it starts deletes such endpoints: so it is started once without its store.

A dockerd that is stopped while its store is unreachable cannot remove its endpoints there, and keeps them as well. At
each later start it restores them as local, before it knows its own address, and answers other hosts' queries for these
addresses without an address; such a host then has no entry for the container that has the address.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import managed_files, systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

from . import daemon_json

_SIGN = "Failure during overlay endpoints restore"
# dockerd restores its networks before it is up.
_START_SECONDS = 120


def found(client, service: Unit) -> bool:
    """Whether the running dockerd lost its overlay networks' sandboxes. One that has a container on them has not."""
    lines = systemd.journal(service.name, service.started - 1, service.started + _START_SECONDS)
    if not any(_SIGN in line for line in lines):
        return False
    with reported("list of running containers"):
        overlays = {network["Name"] for network in client.networks(filters={"driver": "overlay"})}
        containers = client.containers()
    joined = {name for one in containers for name in (one.get("NetworkSettings") or {}).get("Networks") or {}}
    return not overlays & joined


def without_store(path: Path) -> managed_files.Plan:
    """daemon.json without the store's keys; undone once dockerd has been started with it."""
    text = path.read_text(encoding="utf-8")
    settings = daemon_json.read(text, str(path))
    kept = {key: value for key, value in settings.items() if key not in daemon_json.CLUSTER_STORE_KEYS}
    return managed_files.Plan([daemon_json.managed(path, kept)])
