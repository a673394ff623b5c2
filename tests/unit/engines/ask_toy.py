# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller's functions make of the engine none, as JSON. It runs with the copy that has this engine.

Standard input: a lab file with the engine. test_toy.py asks, and looks at the answers.
"""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import departure, ports, preflight, verification
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines import choice
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._checks import (
    test_departure,
    test_preflight,
    test_verification,
)

NAME = "none"


def of_lab_file(text: str) -> dict[str, Any]:
    def faults(changed: str) -> list[str]:
        try:
            load(changed)
        except LabError as error:
            return error.faults
        return []

    return {
        "engine": load(text).engine,
        "encrypted": faults(text.replace("/24}]", "/24, encrypted: true}]")),
        "unknown": faults(text.replace(f"engine: {NAME}", "engine: mesh")),
    }


def of_preflight() -> dict[str, Any]:
    infos = {name: test_preflight.info(name) for name in ("emon", "emon2")}
    chosen = choice.choose(NAME, infos)
    lab, run = test_preflight.asked(engine=NAME, engine_faults=chosen["faults"])
    (peer,) = ports.plan({**lab, "ports": []}, infos)["emon"]["peers"]
    return {"chosen": chosen, "faults": preflight.faults(lab, infos, run, {}), "ports": peer["ports"]}


def of_verification() -> dict[str, Any]:
    lab = {**test_verification.LAB, "engine": NAME}
    lab["containers"] = [*lab["containers"], {**lab["containers"][0], "name": "test3"}]
    states = test_verification.states()
    third = test_verification.container("test1")
    states["emon"]["containers"].append({**third, "name": "test3"})
    works = {"emon": [one for _pair in range(2) for one in test_verification.answers("test1")], "emon2": []}
    lost = deepcopy(works)
    lost["emon"][0].update(ok=False, error="no route to host")
    return {
        "pairs": [(one.source, one.target) for one in verification.pairs(lab, states)],
        "works": verification.report(lab, states, works, [])["faults"],
        "lost": verification.report(lab, states, lost, [])["faults"],
    }


def of_departure() -> list[str]:
    infos = {name: test_departure.info(NAME) for name in test_departure.NAMES}
    return departure.departure(infos, *test_departure.asked())["faults"]


if __name__ == "__main__":
    answers = {
        "lab_file": of_lab_file(sys.stdin.read()),
        "preflight": of_preflight(),
        "verification": of_verification(),
        "departure": of_departure(),
        "traits": choice.traits(NAME),
    }
    print(json.dumps(answers))
