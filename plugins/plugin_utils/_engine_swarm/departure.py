# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""One host leaves the lab's swarm, dead or alive: what is in its way, and what the others know it by. Pure functions.

``lab`` and ``run`` are as in _checks/departure.py; "asked": host -> {"info": docker_swarm_info, where it answers}.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm.health import quorum_faults
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Infos, Lab

from . import membership


def departure(infos: Infos, lab: Lab, run: dict[str, Any]) -> dict[str, Any]:
    """``faults``: why the host may not leave; ``nodes``: the ids that it has; ``manager``: the host that told them."""
    host = run["host"]
    views = {name: {"swarm": info["swarm"], "nodes": [], **_info(run, name)} for name, info in infos.items()}
    others = {name: view for name, view in views.items() if name != host}
    faults = membership.owner_faults({name: view["swarm"] for name, view in views.items()}, lab["name"])
    listed, manager = membership.standing(others, lab)
    if not listed and host in views:
        listed, manager = views[host]["nodes"], host
    going = membership.ids_of(listed, host, lab)
    result: dict[str, Any] = {"nodes": going, "manager": manager if listed else ""}
    if faults:
        return {**result, "faults": faults}
    if not listed:
        lost = any(view["swarm"]["state"] not in ("", "inactive") for view in views.values())
        return {**result, "faults": [NO_MANAGER] if lost else []}
    if manager == host:
        return {**result, "faults": _heir_faults(listed, views, lab, host)}
    faults = [f"{host}: {line}" for line in quorum_faults(listed, going)]
    if host not in infos and not run["force"] and any(one["state"] == "ready" for one in listed if one["id"] in going):
        faults.append(
            f"{host} does not answer Ansible, but its node answers the swarm's managers: repair the connection to it,"
            " or run again with -e force=true"
        )
    return {**result, "faults": faults}


def _info(run: dict[str, Any], host: str) -> dict[str, Any]:
    info = run["asked"].get(host, {}).get("info", {})
    return info if "nodes" in info else {}


NO_MANAGER = (
    "no manager of the lab's swarm answers: start one; if the only one is lost, take its host out of the lab file and"
    " run playbooks/overlay.yml, which founds a new swarm"
)


def _heir_faults(listed: list[dict[str, Any]], views: Infos, lab: Lab, host: str) -> list[str]:
    """Faults of the only manager that answers: another one has to take over before it leaves."""
    going = membership.ids_of(listed, host, lab)
    others = [node["hostname"] for node in listed if node["id"] not in going]
    successor = membership.successor(views[host], host, lab)
    if not others:
        return []
    if successor["host"] not in views:
        return [
            f"{host} is the only manager of the swarm that answers, and no other host of the lab can take over: start"
            f" {' or '.join(others)}"
        ]
    return [] if successor["promote"] else [f"{host}: {line}" for line in quorum_faults(listed, going)]
