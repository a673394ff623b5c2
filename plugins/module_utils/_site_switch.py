# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a run moves a lab to another site, and what has to be so before it may.

A host's record says at which site the lab was proven last, and to which it is being moved since. So a switch that was
interrupted, forward or back, is told from one that was not.
"""

from __future__ import annotations

from typing import Any

# TLS, leases and logs bear a few seconds; a clock that is off by more is not kept by anybody.
_CLOCK_SECONDS = 60


def switch(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """{"moving": bool, "from": site, "to": site, "carried": bool, "interrupted": bool}.

    ``lab``: {"name", "site", "hosts" (lab_hosts)}; ``infos``: host -> what the module host_info returned there.
    ``carried``: the hosts have their addresses of the new site already; else, simulated ones are moved by the run.
    """
    records = {name: info["record"] for name, info in infos.items() if info["record"]["lab"] == lab["name"]}
    others = [one["site"] for one in records.values() if one["site"] not in ("", lab["site"])]
    others += [one["moving_to"] for one in records.values() if one["moving_to"] not in ("", lab["site"])]
    return {
        "moving": bool(others) or any(one["moving_to"] for one in records.values()),
        "from": others[0] if others else lab["site"],
        "to": lab["site"],
        "carried": all(at_site(lab, name, info) for name, info in infos.items()),
        "interrupted": any(one["moving_to"] for one in records.values()),
    }


def at_site(lab: dict[str, Any], name: str, info: dict[str, Any]) -> bool:
    """Whether a host has its address of the lab's site."""
    return lab["hosts"][name]["addresses"][lab["site"]] in [one["address"] for one in info["addresses"]]


def faults(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> list[str]:
    """Why the lab cannot be moved now, a line each; empty if it can, or need not.

    ``lab``: as for `switch`, and {"limited": whether the run is, "uses_etcd": bool}.
    """
    told = switch(lab, infos)
    if not told["moving"]:
        return []
    where = f"the switch from {told['from']} to {told['to']}"
    if lab["limited"]:
        return [f"{where} takes the whole lab: run it without --limit"]
    return [*_clock_faults(infos), *(_data_faults(lab, infos, where) if lab["uses_etcd"] else ())]


def _clock_faults(infos: dict[str, dict[str, Any]]) -> list[str]:
    clocks = {name: info["time"] for name, info in infos.items()}
    first, last = min(clocks, key=clocks.__getitem__), max(clocks, key=clocks.__getitem__)
    apart = clocks[last] - clocks[first]
    if apart <= _CLOCK_SECONDS:
        return []
    return [f"the clocks of {first} and {last} are {apart:.0f} s apart: set them, better by NTP, before the switch"]


def _data_faults(lab: dict[str, Any], infos: dict[str, dict[str, Any]], where: str) -> list[str]:
    members = [name for name, host in lab["hosts"].items() if host["etcd"]]
    lost = [
        name
        for name in members
        if name in infos and infos[name]["etcd"]["lab"] == lab["name"] and not infos[name]["etcd"]["data"]["present"]
    ]
    return [
        f"{name}: etcd's data is missing ({infos[name]['etcd']['data']['path']}): {where} would lose it; restore it"
        " first, with playbooks/etcd_restore.yml or playbooks/etcd_recover.yml"
        for name in lost
    ]
