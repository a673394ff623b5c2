# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module etcd_key: its options and what it does with them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import key as etcd_key
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import store as etcd_store

_KEY = {
    "key": {"type": "str", "no_log": False},
    "value": {"type": "str"},
    "value_base64": {"type": "str"},
}
_ARGUMENTS = {
    **etcd_client.ARGUMENTS,
    **_KEY,
    "entries": {
        "type": "list",
        "elements": "dict",
        "options": {**_KEY, "key": {"type": "str", "required": True, "no_log": False}},
    },
    "prefix": {"type": "bool", "default": False},
    "api": {"type": "str", "choices": ["v3", "v2"], "default": "v3"},
    "state": {"type": "str", "choices": ["present", "absent", "query"]},
    "create_only": {"type": "bool", "default": False},
    "previous_value": {"type": "str"},
    "previous_revision": {"type": "int"},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    request = etcd_key.parse(params)
    client = etcd_client.Client(etcd_client.parse(params))
    store = etcd_store.V2Store(client) if params["api"] == "v2" else etcd_store.V3Store(client)
    plan = etcd_key.plan(request, store)
    if not check_mode:
        etcd_key.apply(plan, store)
    return {
        "differences": plan.differences,
        "values": [entry.data() for entry in plan.entries],
    }


TASK = Task(
    _ARGUMENTS,
    _run,
    rules={
        "required_together": etcd_client.REQUIRED_TOGETHER,
        "required_one_of": [("key", "entries")],
        "mutually_exclusive": [
            ("value", "value_base64"),
            ("key", "entries"),
            ("entries", "create_only", "previous_value", "previous_revision"),
        ],
    },
)
