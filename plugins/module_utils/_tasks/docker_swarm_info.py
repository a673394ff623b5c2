# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module docker_swarm_info: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view as swarm_view

_ARGUMENTS = DOCKER_ARGUMENTS | {
    "join_tokens": {"type": "bool", "default": False, "no_log": False},
    "peers": {"type": "dict", "default": {}},
    "wait_seconds": {"type": "float", "default": 0},
}


def _run(params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
    swarm_view.check_peers(params["peers"])
    client = connect(params["docker_host"], params["timeout"])
    return swarm_view.details(client, params["join_tokens"], params["peers"], params["wait_seconds"])


TASK = Task(_ARGUMENTS, _run, ("docker",))
