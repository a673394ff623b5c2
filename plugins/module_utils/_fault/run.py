# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The module fault: its options, and what it does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import Task
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost

from . import reading, record, scene, work

_NAMES = {"type": "list", "elements": "str", "default": []}
_ARGUMENTS = {
    "lab": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": _NAMES,
    "address": {"type": "str"},
    "peers": _NAMES,
    "containers": _NAMES,
    "cable": {
        "type": "dict",
        "options": {
            "host": {"type": "str", "required": True},
            "netns": {"type": "str", "required": True},
            "port": {"type": "str", "required": True},
        },
    },
}


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    cable, lab = params["cable"], params["lab"]
    path = record.of_host(cable["host"]) if cable else record.PATH
    if params["state"] == "absent":
        work.chosen(params["name"])
        return _told(work.mend(path, lab, params["name"], check_mode), path)
    faults = work.chosen(params["name"])
    if not faults:
        raise LabError("name: there is no fault to make: make break lists them")
    misplaced = [one.name for one in faults if one.on_controller != bool(cable)]
    if misplaced:
        where = "on the controller of simulated hosts, with the option cable" if not cable else "on the host itself"
        raise LabError(f"fault {name} is made {where}" for name in misplaced)
    _check_lab(lab, cable)

    def look() -> scene.Scene:
        if cable:
            return scene.of_cable(reading.read_underlay(), cable["netns"], cable["port"])
        return scene.of_host(reading.read(params["containers"]), params["address"] or "", params["peers"])

    return _told(work.make(path, lab, faults, look, check_mode), path)


def _check_lab(lab: str, cable: dict[str, str] | None) -> None:
    """Nothing but the lab's own hosts is broken."""
    if cable:
        owner, whose = SimulatedHost(cable["host"]).record().get("lab", ""), f"simulated host {cable['host']}"
    else:
        owner, whose = host_record.read().get("lab", ""), "this host"
    if owner != lab:
        belongs = f"belongs to the lab {owner}" if owner else "belongs to no lab"
        raise LabError(f"{whose} {belongs}, not to {lab}: only hosts of the lab are broken")


def _told(outcome: work.Outcome, path: Path) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "summary": outcome.summary,
        "facts": outcome.facts,
        "mended": outcome.mended,
        "record": str(path),
        "differences": outcome.differences,
    }


TASK = Task(_ARGUMENTS, _run)
