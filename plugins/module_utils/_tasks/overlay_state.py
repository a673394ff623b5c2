# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module overlay_state: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import health
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import overlay_state
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import reachability

_NAMES = {"type": "list", "elements": "str", "default": []}
_ARGUMENTS = {"networks": _NAMES, "containers": _NAMES, "probes": reachability.PROBES}


def _run(params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
    probes = reachability.parse(params["probes"])
    with DockerSocket() as docker:
        state = overlay_state.read(docker, params["networks"], params["containers"])
    return {"probes": reachability.run(probes), **state, "boot": health.read()}


TASK = Task(_ARGUMENTS, _run)
