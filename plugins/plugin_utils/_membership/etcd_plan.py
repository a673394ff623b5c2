# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which hosts are members of a lab's etcd cluster, found it and join it, and in which order members restart.

Pure functions. ``infos``: host -> what the module host_info returned there, for the hosts of the play;
``hosts``: the variable lab_hosts; ``cluster``: what the module etcd_info returned.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.quorum import majority
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import RECORD_PATH

from .etcd_cluster import scheme

# etcd reads its CAs once, so a change needs a restart. Certificates are read again for every connection.
_CA_FILES = ("/ca.crt", "/peer-ca.crt")
_REREAD = ("/server.crt", "/server.key", "/peer.crt", "/peer.key", "/client.crt", "/client.key")
# Where packages install units; units of an administrator are elsewhere (systemd.unit(5)).
_PACKAGED = ("/usr/lib/systemd/", "/lib/systemd/")
# Suffixes of the names of a host's certificates.
_USES = ("-peer", "-client", "-docker")
# Entries of the journal with this priority or a lower number are errors (syslog(3)).
_ERROR = 3


def with_members(hosts: Mapping[str, Any], infos: Mapping[str, Any], lab: str) -> dict[str, Any]:
    """``hosts`` with `etcd` as it is to be: a host that is a member stays one.

    The cluster has as many members as hosts are marked in the file; by default, the first three are. A host that is
    put in front of them later becomes a member only if one is missing.
    """
    marked = [name for name, host in hosts.items() if host["etcd"]]
    holding = [info for info in infos.values() if holds_data(info, lab)]
    # A member that does not answer stays one: it is in the configuration of the others.
    named = {name for info in holding for name in _initial_members(info)}
    standing = [name for name in hosts if (holds_data(infos[name], lab) if name in infos else name in named)]
    return _with_members(hosts, marked, standing)


def _initial_members(info: Mapping[str, Any]) -> list[str]:
    """The members of the cluster when this one founded or joined it."""
    return [entry.partition("=")[0] for entry in info["etcd"]["config"].get("ETCD_INITIAL_CLUSTER", "").split(",")]


def _with_members(hosts: Mapping[str, Any], marked: list[str], standing: list[str]) -> dict[str, Any]:
    free = max(0, len(marked) - len(standing))
    members = {*standing, *[name for name in marked if name not in standing][:free]}
    return {name: {**host, "etcd": name in members} for name, host in hosts.items()}


def holds_data(info: Mapping[str, Any], lab: str) -> bool:
    """Whether the host holds data that this lab's etcd wrote there."""
    return info["etcd"]["lab"] == lab and info["etcd"]["data"]["present"]


def plan(infos: Mapping[str, Any], lab: Mapping[str, Any], cluster: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How each host of the play becomes a member.

    ``lab``: {"name": str, "hosts": lab_hosts with members as they are to be}; ``cluster``: what etcd_info returned once
    etcd was asked.

    Returns lists of hosts, in the order of the file: ``here`` (members of the play), ``founders`` (start a new cluster
    together), ``late`` (are configured only after etcd was asked for its members), ``joiners`` (are added to the
    cluster), ``replaced`` (joiners whose former membership is removed first); ``ask``: whether etcd has to be asked;
    ``initial_cluster``: the configuration that founders of a half-founded cluster use; ``faults``: why a host cannot
    become a member, a line each.
    """
    members = [name for name, host in lab["hosts"].items() if host["etcd"]]
    here = [name for name in members if name in infos]
    standing = [name for name in here if holds_data(infos[name], lab["name"])]
    new = [name for name in here if name not in standing]
    founding = not standing and here == members
    result: dict[str, Any] = {
        "here": here,
        "founders": new if founding else [],
        "late": [] if founding else new,
        # A member whose data was removed may still answer.
        "ask": not founding and (bool(new) or not all(infos[name]["etcd"]["ready"] for name in here)),
        "joiners": [],
        "replaced": [],
        "initial_cluster": "",
        "faults": [],
    }
    if not cluster:
        return result
    if not cluster["quorum"]:
        return {**result, **_finish_founding(infos, standing, new, cluster)}
    return {**result, **_join(infos, lab, here, standing, cluster)}


def _join(infos: Mapping, lab: Mapping, here: list[str], standing: list[str], cluster: Mapping) -> dict[str, Any]:
    ids = {member["id"] for member in cluster["members"]}
    listed = {member["name"] for member in cluster["members"]}
    own = {name: infos[name]["etcd"]["data"]["member_id"] for name in standing}
    # A host whose data is of a member that was removed meanwhile joins anew.
    staying = [name for name in lab["hosts"] if own.get(name) in ids or (name not in infos and name in listed)]
    marked = [name for name, host in lab["hosts"].items() if host["etcd"]]
    chosen = _with_members(lab["hosts"], marked, staying)
    joiners = [name for name in here if name not in staying and chosen[name]["etcd"]]
    return {"joiners": joiners, "replaced": [name for name in joiners if name in listed]}


def _finish_founding(infos: Mapping, standing: list[str], new: list[str], cluster: Mapping) -> dict[str, Any]:
    """No member answers: continue a founding that was interrupted. etcd itself refuses if there was none."""
    config = infos[standing[0]]["etcd"]["config"] if standing else {}
    initial = config.get("ETCD_INITIAL_CLUSTER", "")
    # Ids are recorded of a cluster that was whole once: what is missing since then is no founding.
    founded = any(infos[name]["etcd"]["data"]["claimed"] for name in standing)
    founding = config.get("ETCD_INITIAL_CLUSTER_STATE") == "new" and not founded
    named = {one.partition("=")[0] for one in initial.split(",")} if founding else set()
    said = "; ".join(cluster["errors"]) or "no member sees a leader"
    faults = [
        f"{name} cannot join: the cluster has no quorum ({said}): start its members and run without --limit,"
        " or recover it with playbooks/etcd_recover.yml"
        for name in new
        if name not in named
    ]
    return {"founders": [name for name in new if name in named], "initial_cluster": initial, "faults": faults}


def rolling_restart(
    infos: Mapping[str, Any], changed: Mapping[str, list[str]], lab: str, cluster: Mapping[str, Any]
) -> dict[str, Any]:
    """How members take over a changed configuration.

    ``changed``: host -> paths that differ there; ``cluster``: {} as long as etcd was not asked.

    Returns ``hosts`` with a change, the leader last; ``restart``: the hosts among them where etcd has to be restarted;
    ``together``: whether all restart at the same time, because a member with a new CA cannot talk to those without;
    ``outage``: why etcd loses its quorum meanwhile, '' if it does not.
    """
    standing = [name for name in infos if holds_data(infos[name], lab) and infos[name]["etcd"]["ready"]]
    hosts = [name for name in standing if changed.get(name) or infos[name]["etcd"]["outdated"]]
    hosts.sort(key=lambda name: name == cluster.get("leader"))
    restart = [name for name in hosts if infos[name]["etcd"]["outdated"] or _read_once(changed.get(name, ()))]
    together = any(
        infos[name]["etcd"]["outdated_ca"] or any(path.endswith(_CA_FILES) for path in changed.get(name, ()))
        for name in hosts
    )
    return {"hosts": hosts, "restart": restart, "together": together, "outage": _outage(restart, together, cluster)}


def changes(
    lab: Mapping[str, Any], infos: Mapping[str, Any], cluster: Mapping[str, Any] | None, pki_changes: list[str]
) -> dict[str, list[str]]:
    """Host -> what a run would change of etcd there, beside what differs in its files, a line each.

    ``lab``: its value, with members as they are to be; ``cluster``: what etcd_info returned, None where it was not
    asked; ``pki_changes``: lines of what would change in the PKI directory.
    """
    intended = plan(infos, lab)
    found = {host: _member_changes(infos[host]["etcd"], lab["name"]) for host in intended["here"]}
    first = intended["here"][0] if intended["here"] else next(iter(infos))
    for line in pki_changes:
        # A certificate belongs to a host; the CAs and the directory are shown with the first one.
        found.setdefault(_holder(line, infos) or first, []).append(line)
    if cluster:
        end = "healthy" if not cluster.get("remedies") else "by hand, as the run says"
        # A member that does not run is the reason why the others see no leader.
        found[first] += [] if any(found.values()) else [f"{line} -> {end}" for line in cluster["missing"]]
        found[first] += unknown_members(cluster, lab["hosts"])
        for host in intended["here"]:
            found[host] += _membership(infos[host]["etcd"]["data"], cluster, host, lab)
    return found


def _holder(line: str, infos: Mapping[str, Any]) -> str:
    """The host to which a line about the PKI directory belongs by its certificate's name, "" for none."""
    stem = line.partition(".")[0]
    return next((host for host in infos if stem in (host, *(f"{host}{use}" for use in _USES))), "")


def _member_changes(etcd: Mapping[str, Any], lab: str) -> list[str]:
    archive = etcd.get("archive", {}).get("wanted")
    if not etcd["version"]:
        source = f"{etcd['available']} from an archive, " if archive else "installed and "
        return [f"etcd: absent -> {source}started"]
    if etcd["data"]["lost"]:
        return ["etcd: data gone -> this member removed from the cluster, and added again"]
    if etcd["lab"] != lab or not etcd["data"]["present"]:
        return ["etcd: no member -> a member of the cluster"]
    found = [f"etcd: {what}: false -> true" for what in ("ready", "enabled") if not etcd[what]]
    if not (archive or etcd.get("etcdctl", True)):
        found.append("etcdctl: absent -> installed")
    if etcd["outdated"]:
        found.append("etcd: started before its files -> restarted")
    return found if etcd["data"]["claimed"] else [*found, "record of etcd's data: absent -> its ids"]


def _membership(data: Mapping[str, Any], cluster: Mapping[str, Any], host: str, lab: Mapping[str, Any]) -> list[str]:
    wanted = {f"{scheme(lab['etcd']['tls'])}://{address}:2380" for address in lab["hosts"][host]["addresses"].values()}
    found = []
    for member in cluster["members"]:
        if member["name"] == host and set(member["peer_urls"]) != wanted:
            found.append(f"peer URLs: {', '.join(member['peer_urls'])} -> {', '.join(sorted(wanted))}")
        if member["name"] == host and member["id"] != data["member_id"] and not data["lost"]:
            found.append(f"record of etcd's data: member {data['member_id'] or 'unknown'} -> {member['id']}")
    return found


def _read_once(paths: Iterable[str]) -> bool:
    return any(not path.endswith(_REREAD) for path in paths)


def _outage(restart: list[str], together: bool, cluster: Mapping[str, Any]) -> str:
    voters = len([member for member in cluster.get("members", ()) if not member["is_learner"]])
    if not restart:
        return ""
    if together:
        return "a new CA: all members restart at the same time, and etcd takes no writes for a few seconds"
    if voters and voters - 1 < majority(voters):
        return f"{voters} voters need {majority(voters)}: etcd takes no writes while a member restarts"
    return ""


def foreign(etcd: Mapping[str, Any], lab: str) -> list[str]:
    """Why an etcd on a host is not the lab's, a line each. Such an etcd is never reconfigured, its data never touched.

    ``etcd``: what host_info returned of it.
    """
    data, other = etcd["data"], etcd["lab"] != lab
    owner = f"the lab {etcd['lab']}" if other and etcd["lab"] else "somebody else"
    if other and etcd["kubernetes"]:
        return ["Kubernetes runs an etcd of its own here: it is left alone; give this host etcd: false"]
    if other and etcd["active"]:
        return [f"an etcd of {owner} runs here: it is left alone; stop it, or give this host etcd: false"]
    # The lab's package is enabled at boot where a run that installed it was interrupted, and has no data yet.
    path, elsewhere = etcd.get("unit_path", ""), etcd.get("elsewhere", ())
    if other and path and not path.startswith(_PACKAGED) and not etcd.get("archive", {}).get("sha256"):
        return [
            f"{path} is a unit of {owner}'s own: it is left alone; remove it where it is no longer used, or give this"
            " host etcd: false"
        ]
    if other and elsewhere and etcd["enabled"]:
        return [
            f"an etcd of {owner} starts at boot here, and holds data in {', '.join(elsewhere)}: it is left alone;"
            " disable its unit where it is no longer used, or give this host etcd: false"
        ]
    if not data["present"] or (not other and data["lab"] == lab):
        return []
    ids = f" (member {data['member_id']} of cluster {data['cluster_id']})" if data["member_id"] else ""
    # Without the record, the lab's own data cannot be distinguished from other data.
    back = "" if other else f", put this host's record back ({RECORD_PATH})"
    theirs = (
        f"{data['path']} holds the data of an etcd of {owner}{ids}: it is left alone; move it away{back}, or give"
        " this host etcd: false"
    )
    damaged = (
        f"etcd's data in {data['path']} cannot be read, as its log is damaged: systemctl stop etcd; mv"
        f" {data['path']} {data['path']}.damaged and run again: a majority of the others replaces it"
    )
    return [damaged if not other and data.get("damaged") else theirs]


def all_foreign(infos: Mapping[str, Any], lab: Mapping[str, Any]) -> list[str]:
    """foreign() of every member and every host with the lab's configuration, each line with the host's name."""
    touched = [name for name, info in infos.items() if lab["hosts"][name]["etcd"] or info["etcd"]["lab"] == lab["name"]]
    return [f"{name}: {line}" for name in touched for line in foreign(infos[name]["etcd"], lab["name"])]


def unknown_members(cluster: Mapping[str, Any], hosts: Mapping[str, Any]) -> list[str]:
    """A line for each member that is no host of the lab file, with the command that removes it."""
    known = {address for host in hosts.values() for address in host["addresses"].values()}
    lines = []
    for member in cluster["members"]:
        if member["name"] in hosts:
            continue
        at = {urlsplit(url).hostname for url in member["peer_urls"]}
        if not member["name"] and at & known:
            continue  # a member of the lab that has not started yet
        name = member["name"] or f"NAME -e peer_url={member['peer_urls'][0]}"
        health = "healthy" if member["healthy"] else "not healthy"
        lines.append(
            f"{member['name'] or member['id']} is an etcd member ({health}) and not in the lab file:"
            f" ansible-playbook playbooks/etcd_remove.yml -e member={name} removes it"
        )
    return lines


def lost_data_faults(hosts: Mapping[str, Any], infos: Mapping[str, Any], lab: str) -> list[str]:
    """Why members whose data is gone cannot be replaced, with the command that recovers, and what it costs.

    ``hosts``: with members as they are to be. With quorum, a run replaces them.
    """
    members = [name for name, host in hosts.items() if host["etcd"]]
    lost = [name for name in members if name in infos and infos[name]["etcd"]["data"]["lost"]]
    holding = [name for name in members if name in infos and holds_data(infos[name], lab)]
    silent = [name for name in members if name not in infos]
    if not lost or len(holding) >= majority(len(members)):
        return []
    gone = f"{', '.join(lost)}: etcd's data is gone ({infos[lost[0]]['etcd']['data']['path']})"
    if silent:
        gone += f", and {', '.join(silent)} did not answer: start what is off, and run without --limit; else"
    else:
        gone += ": mount its disk, if it lies on one; else"
    if not holding:
        return [
            f"{gone} playbooks/etcd_restore.yml -e confirm={lab} restores the newest backup, without what was written"
            f" since; playbooks/etcd_reset.yml -e confirm={lab} begins with no keys, and the networks are made anew"
        ]
    survivor = f" -e survivor={holding[0]}" if len(holding) > 1 else ""
    return [
        f"{gone} playbooks/etcd_recover.yml -e confirm={lab}{survivor} makes a new cluster from the data of"
        f" {holding[0]}, which the others join: its keys and networks are kept, and lost is what was acknowledged last"
        f" and had not come to {holding[0]}; a copy of its data stays"
    ]


def recovery_faults(infos: Mapping[str, Any], lab: str, survivor: str, cluster: Mapping[str, Any]) -> list[str]:
    """Why no new cluster is made of one member's data, a line each. ``survivor``: '' if the user named none."""
    holding = [name for name in infos if holds_data(infos[name], lab)]
    if not holding:
        return ["no host that answers holds etcd's data: playbooks/etcd_restore.yml restores a backup"]
    if cluster and cluster["quorum"]:
        healthy = [member["name"] for member in cluster["members"] if member["healthy"]]
        return [
            f"the cluster has quorum ({', '.join(healthy)} answer): nothing is lost; playbooks/overlay.yml repairs what"
            " is missing"
        ]
    if survivor and survivor not in holding:
        return [
            f"survivor {survivor} holds none of etcd's data, or does not answer: choose one of {', '.join(holding)}"
        ]
    if len(holding) > 1 and not survivor:
        indexes = {one["name"]: one["raft_index"] for one in cluster.get("members", ())}
        told = ", ".join(f"{name} (log up to {indexes.get(name) or 'unknown'})" for name in holding)
        return [
            f"several members hold data: {told}: start the others if quorum comes back with them, or choose the one"
            f" whose log is longest, with -e survivor={holding[0]}"
        ]
    return []


def logged_error(journal: str) -> str:
    """The last error that etcd logged, from `journalctl --output=json`; '' if there is none.

    etcd 3.4 gives each line a priority of the journal's, 3.5 writes JSON with a level.
    """
    for line in reversed(journal.splitlines()):
        entry = json.loads(line)
        text = str(entry.get("MESSAGE", ""))
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        if isinstance(said, dict):
            if said.get("level") in ("fatal", "panic", "error"):
                return ": ".join(str(said[key]) for key in ("msg", "error") if said.get(key))
        elif int(entry.get("PRIORITY", 6)) <= _ERROR and entry.get("_COMM") == "etcd":
            return text
    return ""
