# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The lab as a run uses it: the variable `lab`, with what follows from it and from the facts of the hosts.

``lab``: the variable (plugin_utils/_lab_file/value.py says what is in it); ``infos``: host -> what the module host_info
returned there.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES, choose, traits
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_plan import with_members
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.indexes import with_indexes
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.site_switch import switch

Lab = dict[str, Any]
Infos = dict[str, dict[str, Any]]


def considered(infos: Infos, lab: Lab) -> Lab:
    """The lab that preflight checks: ``engine`` is a name, no longer auto, with ``engine_why`` and ``engine_faults`` of
    the choice, and its ``traits``; ``hosts`` have the indexes that they have recorded; ``controller`` is as
    lab_identity has it.
    """
    choice = choose(lab["engine"], infos)
    return {
        **lab,
        "engine": choice["engine"],
        "traits": traits(choice["engine"]),
        "engine_why": choice["why"],
        "engine_faults": choice["faults"],
        "hosts": with_indexes(lab["hosts"], infos, lab["name"]),
        "controller": controller(lab),
    }


def chosen(infos: Infos, lab: Lab) -> Lab:
    """The lab once preflight has no faults, as the variable `lab_chosen` has it.

    That of considered(), and ``uuid``, ``former_engine`` (which some hosts have instead; "" for none), ``switch``
    (_run.site_switch.switch), ``containers`` with what the engine gives them, and ``hosts`` with the members that etcd
    has.
    """
    found = considered(infos, lab)
    recorded = [info["record"]["engine"] for info in infos.values()]
    return {
        **found,
        "uuid": lab_identity.choose(found, infos),
        "former_engine": next((engine for engine in recorded if engine not in ("", found["engine"])), ""),
        "switch": switch(found, infos),
        "containers": ENGINES[found["engine"]].containers(found),
        "hosts": with_members(found["hosts"], infos, lab["name"]),
    }


def standing(infos: Infos, lab: Lab) -> Lab:
    """The lab as overlay.yml left it, by the records of its hosts: `lab_chosen` where there is no preflight.

    With ``engine`` (auto only where none has recorded one), ``uuid`` ('' likewise) and ``hosts`` with members.
    """
    records = [info["record"] for info in infos.values()]
    return {
        **lab,
        "engine": next((one["engine"] for one in records if one["engine"]), lab["engine"]),
        "uuid": next((one["uuid"] for one in records if one.get("uuid")), ""),
        "hosts": with_members(lab["hosts"], infos, lab["name"]),
    }


def on_host(lab: Lab, info: dict[str, Any], otherwise: str = "") -> Lab:
    """The lab as one host has it, to be taken off it: ``engine`` is that of the host's record.

    ``otherwise``: the engine of a host that has recorded none; "" for the lab's.
    """
    return {**lab, "engine": info["record"]["engine"] or otherwise or lab["engine"]}


def controller(lab: Lab) -> dict[str, Any]:
    """What the controller has of the lab."""
    return lab_identity.controller(lab["pki"], lab["former_pki"])
