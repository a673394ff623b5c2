# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the role etcd: who is a member, who joins, in which order members restart, and where its files are."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.archive import of_lab
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import family
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_cluster import certificates, founding
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_plan import (
    all_foreign,
    logged_error,
    plan,
    recovery_faults,
    rolling_restart,
    unknown_members,
    with_members,
)


def lab_members(hosts: dict, infos: dict, lab: str) -> dict:
    return with_members(hosts, infos, lab)


def etcd_platform(os_family: str) -> dict[str, str]:
    found = family(os_family)
    return {"config": found.etcd_config, "unit": found.etcd_unit, "user": found.etcd_user}


def etcd_founding_cluster(hosts: dict, tls: bool) -> str:
    return founding(hosts, tls)


def etcd_certificates(hosts: dict) -> list[dict]:
    return certificates(hosts)


def etcd_plan(infos: dict, lab: dict) -> dict:
    return plan(infos, lab)


def etcd_roll(infos: dict, changed: dict, lab: str, cluster: dict) -> dict:
    return rolling_restart(infos, changed, lab, cluster)


def etcd_strangers(cluster: dict, hosts: dict) -> list[str]:
    return unknown_members(cluster, hosts)


def etcd_foreign(infos: dict, lab: dict) -> list[str]:
    return all_foreign(infos, lab)


def etcd_recovery_faults(infos: dict, lab: str, survivor: str, cluster: dict) -> list[str]:
    return recovery_faults(infos, lab, survivor, cluster)


def etcd_backups(paths: list, lab: str, lab_uuid: str) -> dict[str, list[str]]:
    return of_lab(paths, lab, lab_uuid)


def etcd_complaint(journal: str) -> str:
    return logged_error(journal)


class FilterModule:
    def filters(self) -> dict:
        return {
            "lab_members": lab_members,
            "etcd_platform": etcd_platform,
            "etcd_founding_cluster": etcd_founding_cluster,
            "etcd_certificates": etcd_certificates,
            "etcd_plan": etcd_plan,
            "etcd_roll": etcd_roll,
            "etcd_strangers": etcd_strangers,
            "etcd_backups": etcd_backups,
            "etcd_complaint": etcd_complaint,
            "etcd_foreign": etcd_foreign,
            "etcd_recovery_faults": etcd_recovery_faults,
        }
