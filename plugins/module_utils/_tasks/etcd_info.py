# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module etcd_info: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import cluster as etcd_cluster

_ARGUMENTS = {
    **etcd_client.ARGUMENTS,
    "wait_seconds": {"type": "float", "default": 0},
    "expect_members": {"type": "list", "elements": "str", "default": []},
    "wait_for": {"type": "str", "choices": ["health", "quorum"], "default": "health"},
    "fail": {"type": "bool", "default": True},
}


def _run(params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
    client = etcd_client.Client(etcd_client.parse(params))
    if params["wait_seconds"] > 0:
        quorum_only = params["wait_for"] == "quorum"
        cluster = etcd_cluster.wait(
            client, params["expect_members"], params["wait_seconds"], quorum_only, params["fail"]
        )
    else:
        cluster = etcd_cluster.read(client)
    return {
        "missing": cluster.missing(params["expect_members"]),
        "remedies": cluster.remedies(client.access),
        **cluster.data(),
    }


TASK = Task(_ARGUMENTS, _run, rules={"required_together": etcd_client.REQUIRED_TOGETHER})
