# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The owner of the hosts, for playbooks that change an existing lab: checked before their first change, as in
preflight.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import traits


def faults(hosts: dict[str, dict[str, Any]], lab: dict[str, Any], new_ca: bool) -> list[str]:
    """Why the hosts are not of this controller's lab, a line each: by name, UUID, and the CA that their etcd trusts.

    ``hosts``: name -> what host_info returned; ``lab``: its value (_lab_file/value.py), with "controller" as
    lab_identity has it; ``new_ca``: whether the run may give the lab one.
    """
    others = {name: info["record"]["lab"] for name, info in hosts.items()}
    found = [
        f"{name} belongs to the lab {other}, not to {lab['name']}: nothing is changed"
        for name, other in others.items()
        if other not in ("", lab["name"])
    ]
    run = {"new_ca": new_ca, "limited": False, "reads": True}
    return found or lab_identity.faults({**lab, "traits": traits(lab["engine"])}, hosts, run)
