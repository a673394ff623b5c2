# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which fault is made on which host: as asked for, or at random. Pure."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import BY_NAME, FAULTS, Fault
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import AUTO
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._simulated.underlay import port_name

from . import table

Lab = dict[str, Any]


def asked(question: dict[str, str], lab: Lab) -> dict[str, Any]:
    """{"faults": what is wrong with the question, a line each, "table": the catalogue where nothing is asked for,
    "host", "told": whether the fault may be named, "options": of the module fault for that host}.

    ``question``: {"fault", "host", "seed", "confirm"}, each may be ''; ``lab``: its value
    (_lab_file/value.py).
    """
    name, seed = question["fault"], question["seed"]
    found: dict[str, Any] = {
        "faults": _faults(question, lab),
        "table": [],
        "host": "",
        "told": bool(name),
        "options": {},
    }
    if found["faults"]:
        return found
    if not name and not seed:
        return {**found, "table": table.lines()}
    chance = random.Random(seed)
    names = [name] if name else _shuffled(chance, lab)
    host = question["host"] or (chance.choice(sorted(lab["hosts"])) if not name else next(iter(lab["hosts"])))
    return {**found, "host": host, "options": options(lab, host, names)}


def options(lab: Lab, host: str, names: list[str]) -> dict[str, Any]:
    """Of the module fault. The first name says whether it is made on the host, or outside of it."""
    outside = BY_NAME[names[0]].on_controller
    fitting = [name for name in names if BY_NAME[name].on_controller == outside]
    if outside:
        return {"name": fitting, "cable": cable(lab, host)}
    addresses = {one: known["addresses"][lab["site"]] for one, known in lab["hosts"].items()}
    return {
        "name": fitting,
        "address": addresses[host],
        "peers": [address for one, address in addresses.items() if one != host],
        "containers": [one["name"] for one in lab["containers"] if one["host"] == host],
    }


def cable(lab: Lab, host: str) -> dict[str, str]:
    """The other end of a simulated host's network card, on the controller."""
    return {"host": host, "netns": f"{lab['name']}-underlay", "port": port_name(host)}


def told(mended: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Host -> what the module returned as mended; a line each."""
    found = [
        f"{host}: {one['name']}: {one['summary']}; " + ("mended" if one["was_there"] else "it was gone already")
        for host, ones in mended.items()
        for one in ones
    ]
    return found or ["nothing is broken by make break"]


def _faults(question: dict[str, str], lab: Lab) -> list[str]:
    name, host = question["fault"], question["host"]
    found = []
    if name and name not in BY_NAME:
        found.append(f"FAULT={name}: there is no such fault; choose one of {', '.join(BY_NAME)}")
    elif name:
        found += _unfit(BY_NAME[name], lab)
    if host and host not in lab["hosts"]:
        found.append(f"HOST={host}: no host of the lab has that name; choose one of {', '.join(lab['hosts'])}")
    if name and question["seed"]:
        found.append(f"SEED={question['seed']}: a seed chooses a fault, and FAULT={name} is one; give one of both")
    if (name or question["seed"]) and not lab["simulated"] and question["confirm"] != lab["name"]:
        found.append(
            f"this would break {host or 'a host'} of the lab {lab['name']}, whose hosts are real: run it again with"
            f" -e confirm={lab['name']}"
        )
    return found


def _unfit(fault: Fault, lab: Lab) -> list[str]:
    found = []
    if lab["engine"] not in (AUTO, *table.engines(fault)):
        found.append(
            f"FAULT={fault.name} is not for the engine {lab['engine']}: it is for {', '.join(table.engines(fault))}"
        )
    if fault.simulated_only and not lab["simulated"]:
        found.append(f"FAULT={fault.name} is for simulated hosts: {fault.simulated_only}")
    if fault.real_only and lab["simulated"]:
        found.append(f"FAULT={fault.name} is for real hosts: simulated ones have the machine's clock")
    return found


def _shuffled(chance: random.Random, lab: Lab) -> list[str]:
    fitting = [fault.name for fault in FAULTS if not _unfit(fault, lab) and not fault.real_only]
    chance.shuffle(fitting)
    return fitting
