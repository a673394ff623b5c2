# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A swarm's worker, whose dockerd asks a manager to gossip with it once, and then a minute later only.

Where both boot at once, the manager may not be there yet for the first question, and until the second no packet
crosses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import foreign
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd

from . import gossip

# dockerd was restarted for it. In a directory that a boot empties.
MARK = Path("/run/overlay-lab/dockerd-was-restarted")
_SERVICE = "docker.service"
# What dockerd says of the first question.
_IN_VAIN = "Error in joining gossip cluster"
_REMOTES = "state.json"
# A host alone starts its other containers within 30 s.
_PATIENCE_SECONDS = 15
_POLL_SECONDS = 0.2


def of_worker(directory: Path = view.DIRECTORY) -> list[str]:
    """The addresses of the managers that a worker knows; [] for a manager, and for a host in no swarm."""
    if view.keeps_services(directory):
        return []
    try:
        known = json.loads((directory / _REMOTES).read_text(encoding="utf-8"))
        return sorted({one["addr"].rpartition(":")[0] for one in known})
    except (OSError, ValueError, TypeError, KeyError):
        return []


def wait(say: Callable[[str], None], addresses: list[str]) -> None:
    """Return when one of them gossips, or after a while."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while addresses and not any(map(gossip.answers, addresses)):
        if time.monotonic() > deadline:
            say(f"no manager of the swarm gossips yet ({', '.join(addresses)}): dockerd starts without")
            return
        time.sleep(_POLL_SECONDS)


def ask_again(say: Callable[[str], None], addresses: list[str]) -> None:
    """Where dockerd asked in vain and a manager gossips now, have it ask at once: by a restart, if nobody loses by it.

    It ends this process as well, and the unit begins anew; so once in a boot.
    """
    service = systemd.units(_SERVICE)[0]
    in_vain = any(_IN_VAIN in line for line in systemd.journal(_SERVICE, service.started))
    if not (addresses and in_vain and any(map(gossip.answers, addresses))):
        return
    asked = "dockerd asked for gossip before a manager of the swarm was there"
    if MARK.exists():
        say(f"{asked}, and a restart did not help: see journalctl -u docker")
    elif others := _others():
        say(f"{asked}, and asks again within a minute; it is not restarted, because {', '.join(others)} would stop")
    else:
        say(f"{asked}: it is restarted")
        MARK.parent.mkdir(parents=True, exist_ok=True)
        MARK.touch()
        programs.output(["systemctl", "restart", "--no-block", _SERVICE])


def _others() -> list[str]:
    client = connect()
    try:
        return [one.name for one in foreign.running(client)]
    finally:
        client.close()
