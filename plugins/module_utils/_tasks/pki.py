# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module pki: its options and what it does with them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import directory as pki_directory
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import spec as pki_spec

_ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "certificates": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": ["server", "peer", "client"], "required": True},
            "common_name": {"type": "str"},
            "dns": {"type": "list", "elements": "str", "default": []},
            "ip": {"type": "list", "elements": "str", "default": []},
            "days": {"type": "int", "default": 365},
        },
    },
    "only": {"type": "list", "elements": "str", "default": []},
    "cleared": {"type": "list", "elements": "str"},
    "uuid": {"type": "str"},
    "trusted": {"type": "list", "elements": "str", "default": []},
    "trusted_peers": {"type": "list", "elements": "str", "default": []},
    "new_ca": {"type": "bool", "default": False},
    "former_path": {"type": "path"},
    "ca_days": {"type": "int", "default": 3650},
    "renew_fraction": {"type": "float", "default": 0.3333},
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    absent = params["state"] == "absent"
    pki = pki_spec.parse(**{name: value for name, value in params.items() if name != "state"})
    plan = pki_directory.converge(pki, datetime.now(timezone.utc), check=check_mode, absent=absent)

    def shown(stem: str) -> str | None:
        return None if check_mode and plan.makes_authority(stem) else plan.authorities.get(stem)

    return {
        "differences": plan.differences,
        "ca": shown("ca"),
        "peer_ca": shown("peer-ca"),
        "certificates": plan.certificates,
        "others": plan.others,
        "warnings": plan.warnings,
    }


TASK = Task(_ARGUMENTS, _run, ("cryptography",))
