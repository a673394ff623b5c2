# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether a run moves a lab to another site, and the faults that prevent it.

A host's record has the site where the lab was verified last, and the site to which it has been moving since. This
distinguishes an interrupted switch, in either direction, from a complete one, and a host that missed the switch from
the others.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority


def switch(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """{"moving": bool, "hosts": [host], "from": site, "to": site, "carried": bool, "interrupted": bool}.

    ``lab``: its value (_lab_file/value.py); ``infos``: host -> what the module host_info returned there.
    ``moving``: the whole lab moves; ``hosts``: those that come from another site: all, or those that come later, once
    the lab was proven here on most of its hosts. ``carried``: the hosts have their addresses of the new site already;
    else, simulated ones are moved by the run.
    """
    records = {name: info["record"] for name, info in infos.items() if info["record"]["lab"] == lab["name"]}
    here = {name for name, one in records.items() if one["site"] == lab["site"] and not one["moving_to"]}
    away = [name for name, one in records.items() if name not in here and (one["site"] or one["moving_to"])]
    others = [records[name][key] for key in ("site", "moving_to") for name in away]
    carried = all(at_site(lab, name, info) for name, info in infos.items())
    moving = bool(away) and not (carried and len(here) >= majority(len(lab["hosts"])))
    return {
        "moving": moving,
        "hosts": list(infos) if moving else away,
        "from": next((site for site in others if site not in ("", lab["site"])), lab["site"]),
        "to": lab["site"],
        "carried": carried,
        "interrupted": any(one["moving_to"] for one in records.values()),
    }


def at_site(lab: dict[str, Any], name: str, info: dict[str, Any]) -> bool:
    """Whether a host has its address of the lab's site."""
    return lab["hosts"][name]["addresses"][lab["site"]] in [one["address"] for one in info["addresses"]]


def faults(lab: dict[str, Any], infos: dict[str, dict[str, Any]], run: dict[str, Any]) -> list[str]:
    """Why the lab cannot be moved now, a line each; empty if it can, or need not.

    ``lab``: as for `switch`, with "traits" of its engine; ``run``: {"limited", "clock_seconds"}, as in
    _checks/preflight.py.
    """
    told = switch(lab, infos)
    if not told["moving"]:
        return _unknown_place(lab, infos) if run["limited"] else []
    where = f"the switch from {told['from']} to {told['to']}"
    if run["limited"]:
        return [f"{where} needs all hosts of the lab: run it without --limit"]
    return [
        *_clock_faults(infos, run["clock_seconds"]),
        *(_data_faults(lab, infos, where) if lab["traits"]["uses_etcd"] else ()),
        *_docker_faults(infos, where),
    ]


def _unknown_place(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> list[str]:
    """Newcomers alone cannot know where the lab stands."""
    if any(info["record"]["lab"] == lab["name"] for info in infos.values()):
        return []
    return [
        f"{', '.join(infos)}: no host of the lab {lab['name']} is in this run, so the lab's site is not known: run"
        " without --limit, or with one of its hosts"
    ]


def _clock_faults(infos: dict[str, dict[str, Any]], allowed: float) -> list[str]:
    clocks = {name: info["time"] for name, info in infos.items()}
    first, last = min(clocks, key=clocks.__getitem__), max(clocks, key=clocks.__getitem__)
    apart = clocks[last] - clocks[first]
    if apart <= allowed:
        return []
    return [f"the clocks of {first} and {last} are {apart:.0f} s apart: set them, better by NTP, before the switch"]


def _data_faults(lab: dict[str, Any], infos: dict[str, dict[str, Any]], where: str) -> list[str]:
    members = [name for name, host in lab["hosts"].items() if host["etcd"]]
    lost = [
        name
        for name in members
        if name in infos and infos[name]["etcd"]["lab"] == lab["name"] and not infos[name]["etcd"]["data"]["present"]
    ]
    holders = [
        name
        for name in members
        if name in infos and infos[name]["etcd"]["lab"] == lab["name"] and infos[name]["etcd"]["data"]["present"]
    ]
    unread = [name for name in members if name not in infos]
    if not lost and holders and len(holders) < majority(len(members)) and unread:
        return [
            f"{where} needs etcd's data on {majority(len(members))} of its {len(members)} members: {', '.join(holders)}"
            f" has it, {', '.join(unread)} was not read: run again when every host is reached"
        ]
    if not lost and holders and len(holders) < majority(len(members)):
        return [
            f"{where} needs etcd's data on {majority(len(members))} of its {len(members)} members, and only"
            f" {', '.join(holders)} has it: let the others join at {infos[holders[0]]['record']['site']} first, or make"
            " a new cluster of that data, with playbooks/etcd_recover.yml"
        ]
    return [
        f"{name}: etcd's data is missing ({infos[name]['etcd']['data']['path']}): {where} would lose it; restore it"
        " first, with playbooks/etcd_restore.yml or playbooks/etcd_recover.yml"
        for name in lost
    ]


def _docker_faults(infos: dict[str, dict[str, Any]], where: str) -> list[str]:
    """A dockerd that is configured with a store has run, and so has created its data directory."""
    return [
        f"{name}: Docker's data is missing ({info['docker']['data']['path']}): {where} would create the lab's"
        f" containers again; mount its disk, or run once at {info['record']['site']}, which creates them there"
        for name, info in infos.items()
        if info["docker"]["store"] and not info["docker"]["data"]["present"]
    ]


def announced(lab: dict[str, Any], check: bool) -> str:
    """What is said before the switch. ``lab``: that of _checks/chosen.chosen(); ``check``: whether nothing is done."""
    told, traits = lab["switch"], lab["traits"]
    if told["moving"]:
        begun = " (an earlier switch did not finish)" if told["interrupted"] else ""
        when = "are there already" if told["carried"] else "move in this run"
        said = (
            f"The lab {lab['name']} {'would move' if check else 'moves'} from {told['from']} to {told['to']}{begun}."
            f" Its hosts {when}. {traits['move']}"
        )
    else:
        come = "would come" if check else "comes" if len(told["hosts"]) == 1 else "come"
        pause = "Only containers there pause" if traits["pauses"] else traits["move"]
        said = (
            f"The lab {lab['name']} is at {told['to']} already; {', '.join(told['hosts'])} {come} now, from"
            f" {told['from']}. {pause}"
        )
    return said + ("; what follows cannot be predicted in check mode." if check else ".")


def completed(lab: dict[str, Any], seconds: float, etcd_seconds: float | None) -> str:
    """What is said after the switch. ``seconds``: since it began; ``etcd_seconds``: for which etcd took no writes, None
    where it was not paused.
    """
    told = lab["switch"]
    who = f"The lab {lab['name']}" if told["moving"] else ", ".join(told["hosts"])
    has = "has" if told["moving"] or len(told["hosts"]) == 1 else "have"
    since = (
        "The hosts had moved before; from the first change of this run"
        if told["carried"]
        else "From the first container that stopped"
    )
    pause = "" if etcd_seconds is None else f"; etcd took no writes for {etcd_seconds:.1f} s"
    return (
        f"{who} {has} moved from {told['from']} to {told['to']}. {since} to the last packet that was proven it took"
        f" {seconds:.1f} s{pause}."
    )
