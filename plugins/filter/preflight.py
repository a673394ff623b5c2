# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: they decide from what M(emon.overlay_lab.host_info) returned."""

from __future__ import annotations

import json
import os

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import predict
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity, lab_lock
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules as kernel_modules
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import archives, departure, owner
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import plan as lab_plan
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import removal as lab_removal
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.preflight import faults
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import said
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES, choose, named, traits
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.indexes import with_indexes
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.site_switch import switch


def preflight_faults(hosts: dict, lab: dict) -> list[str]:
    # Simulated hosts have this machine's kernel, and do not see its list of modules.
    lacking = (
        kernel_modules.missing(kernel_modules.Kernel(os.uname().release)) if lab["simulated"] and lab["links"] else {}
    )
    return faults({**lab, "machine_missing": lacking}, hosts)


def archives_needed(hosts: dict, lab: dict) -> list[dict]:
    return archives.needed(lab, hosts)


def chosen_engine(hosts: dict, wanted: str) -> dict:
    return choose(wanted, hosts)


def lab_indexes(hosts: dict, infos: dict, lab: str) -> dict:
    return with_indexes(hosts, infos, lab)


def engine_traits(name: str) -> dict:
    return traits(name)


def engine_containers(lab: dict) -> list[dict]:
    return ENGINES[lab["engine"]].containers(lab)


def site_switch(hosts: dict, lab: dict) -> dict:
    return switch(lab, hosts)


def plan_steps(options: list[dict], part: str, module: str) -> list[dict]:
    return [{"part": part, "module": module, "options": one} for one in options]


def pki_changes(options: dict) -> list[str]:
    # Ansible's workers load every file of filters, each anew, and this takes a quarter of a second: cryptography.
    from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks import pki

    # Ansible's own dictionaries evaluate templates when they are read, and cannot be copied before that.
    told = predict(pki.TASK, json.loads(json.dumps(options)))
    made = [line for line in told["lines"] if "a new private key" not in line]
    return told["faults"] or (made[:1] if "absent -> directory" in "".join(made[:1]) else made)


def planned_changes(infos: dict, lab: dict, steps: dict) -> dict:
    return lab_plan.changes(lab, infos, steps)


def confirmed_parts(infos: dict, planned: dict, parts: list[str]) -> list[str]:
    return lab_plan.confirmed(infos, planned, parts)


def engine_networks(lab: dict, host: str) -> list[dict]:
    return named(lab["engine"]).networks(lab, host)


def lock_faults(hosts: dict) -> list[str]:
    # A host that does not answer has no lock.
    return lab_lock.faults({host: info["lock"] for host, info in hosts.items() if "lock" in info})


def controller_identity(paths: dict) -> dict:
    return lab_identity.controller(paths["pki"], paths["former"])


def lab_uuid(hosts: dict, lab: dict) -> str:
    return lab_identity.choose(lab, hosts)


def owner_faults(hosts: dict, lab: dict) -> list[str]:
    return owner.faults(hosts, lab)


def removal_refusal(host: dict, lab: dict) -> str:
    return lab_removal.refusal(host, lab)


def removal_left(hosts: dict, lab: dict) -> list[str]:
    return lab_removal.left(hosts, lab["cleared"], lab, lab["pki"])


def module_faults(results: dict[str, list[dict]]) -> list[str]:
    return [line for host, of_host in results.items() for result in of_host for line in said(result, host)]


def host_departure(hosts: dict, lab: dict) -> dict:
    return departure.departure(hosts, lab)


class FilterModule:
    def filters(self) -> dict:
        return {
            "preflight_faults": preflight_faults,
            "archives_needed": archives_needed,
            "chosen_engine": chosen_engine,
            "engine_containers": engine_containers,
            "engine_traits": engine_traits,
            "lab_indexes": lab_indexes,
            "site_switch": site_switch,
            "controller_identity": controller_identity,
            "lab_uuid": lab_uuid,
            "owner_faults": owner_faults,
            "removal_refusal": removal_refusal,
            "removal_left": removal_left,
            "lock_faults": lock_faults,
            "plan_steps": plan_steps,
            "pki_changes": pki_changes,
            "planned_changes": planned_changes,
            "confirmed_parts": confirmed_parts,
            "engine_networks": engine_networks,
            "host_departure": host_departure,
            "module_faults": module_faults,
        }
