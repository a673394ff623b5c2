# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Before dockerd starts for the first time after a boot: the places that its containers had in a store's networks.

Their namespaces went with the former boot, and dockerd fails at the first of them (_docker_daemon.stale_endpoints).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import daemon_json, stale_endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd

_DAEMON_JSON = Path("/etc/docker/daemon.json")
_SERVICE = "docker.service"
# In a directory that a boot empties.
_MARK = Path("/run/overlay-lab/dockerd-has-started")


def forget(say: Callable[[str], None]) -> None:
    """Raises LabError where dockerd does not come up for it."""
    if _MARK.exists():
        return
    # A dockerd that was killed has containers that run, and they keep their places.
    _MARK.parent.mkdir(parents=True, exist_ok=True)
    _MARK.touch()
    try:
        settings = daemon_json.read(_DAEMON_JSON.read_text(encoding="utf-8"), str(_DAEMON_JSON))
    except FileNotFoundError:
        return
    if "cluster-store" not in settings:
        return
    began = time.monotonic()
    stale_endpoints.forget(systemd.units(_SERVICE)[0], _DAEMON_JSON)
    say(f"dockerd has forgotten its containers' places from before this boot ({time.monotonic() - began:.1f} s)")
