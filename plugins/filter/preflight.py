# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: they decide from the lab and what M(emon.overlay_lab.host_info) returned."""

from __future__ import annotations

import json
import os

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import predict
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules as kernel_modules
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import archives, owner, preflight
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import chosen as lab_chosen
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import plan as lab_plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import removal as lab_removal
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.departure import departure
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import said
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import named, traits


def preflight_faults(hosts: dict, lab: dict, run: dict) -> list[str]:
    # Facts that are read while another run changes the hosts are of no use.
    locked = lock_faults(hosts)
    if locked:
        return locked
    # Simulated hosts have this machine's kernel, and do not see its list of modules.
    lacking = (
        kernel_modules.missing(kernel_modules.Kernel(os.uname().release)) if lab["simulated"] and lab["links"] else {}
    )
    return preflight.faults(lab_chosen.considered(hosts, lab), hosts, run, lacking)


def archives_needed(hosts: dict, lab: dict) -> list[dict]:
    return archives.needed(lab_chosen.considered(hosts, lab), hosts)


def plan_steps(options: list[dict], part: str, module: str) -> list[dict]:
    return [{"part": part, "module": module, "options": one} for one in options]


def pki_changes(options: dict) -> list[str]:
    # Ansible's workers load every file of filters, each anew, and this takes a quarter of a second: cryptography.
    from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import pki

    # Ansible's own dictionaries evaluate templates when they are read, and cannot be copied before that.
    told = predict(pki.TASK, json.loads(json.dumps(options)))
    made = [line for line in told["lines"] if "a new private key" not in line]
    return told["faults"] or (made[:1] if "absent -> directory" in "".join(made[:1]) else made)


def engine_networks(lab: dict, host: str) -> list[dict]:
    return named(lab["engine"]).networks(lab, host)


def lock_faults(hosts: dict) -> list[str]:
    # A host that does not answer has no lock.
    return lab_lock.faults({host: info["lock"] for host, info in hosts.items() if "lock" in info})


def owner_faults(hosts: dict, lab: dict, new_ca: bool) -> list[str]:
    return owner.faults(hosts, {**lab, "controller": lab_chosen.controller(lab)}, new_ca)


def module_faults(results: dict[str, list[dict]]) -> list[str]:
    return [line for host, of_host in results.items() for result in of_host for line in said(result, host)]


class FilterModule:
    def filters(self) -> dict:
        return {
            "lab_chosen": lab_chosen.chosen,
            "lab_on_host": lab_chosen.on_host,
            "lab_standing": lab_chosen.standing,
            "preflight_faults": preflight_faults,
            "archives_needed": archives_needed,
            "engine_traits": traits,
            "controller_identity": lab_chosen.controller,
            "owner_faults": owner_faults,
            "removal_refusal": lab_removal.refusal,
            "removal_left": lab_removal.left,
            "lock_faults": lock_faults,
            "plan_steps": plan_steps,
            "pki_changes": pki_changes,
            "planned_changes": lab_plan.changes,
            "confirmed_parts": lab_plan.confirmed,
            "engine_networks": engine_networks,
            "host_departure": departure,
            "module_faults": module_faults,
        }
