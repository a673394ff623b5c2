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


def faults(hosts: dict[str, dict[str, Any]], lab: dict[str, Any]) -> list[str]:
    """Why the hosts are not of this controller's lab, a line each: by name, UUID, and the CA that their etcd trusts.

    ``hosts``: name -> what host_info returned; ``lab``: {"name", "engine", "etcd": {"tls"}, "new_ca", "controller"}.
    """
    others = {name: info["record"]["lab"] for name, info in hosts.items()}
    found = [
        f"{name} belongs to the lab {other}, not to {lab['name']}: nothing is changed"
        for name, other in others.items()
        if other not in ("", lab["name"])
    ]
    more = {"uses_etcd": traits(lab["engine"])["uses_etcd"], "limited": False, "reads": True}
    return found or lab_identity.faults({**lab, **more}, hosts)
