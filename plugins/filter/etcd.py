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
)


def etcd_platform(os_family: str) -> dict[str, str]:
    found = family(os_family)
    return {"config": found.etcd_config, "unit": found.etcd_unit, "user": found.etcd_user}


class FilterModule:
    def filters(self) -> dict:
        return {
            "etcd_platform": etcd_platform,
            "etcd_founding_cluster": founding,
            "etcd_certificates": certificates,
            "etcd_plan": plan,
            "etcd_roll": rolling_restart,
            "etcd_strangers": unknown_members,
            "etcd_backups": of_lab,
            "etcd_complaint": logged_error,
            "etcd_foreign": all_foreign,
            "etcd_recovery_faults": recovery_faults,
        }
