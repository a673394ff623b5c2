# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The catalogue of faults as people read it: in a terminal, and in docs/break.md. Pure."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._fault import catalogue
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import FAULTS, Fault
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

_ALL = "all"


def engines(fault: Fault) -> list[str]:
    """The names of the engines that it is for."""
    return [name for name in ENGINES if fault.needs <= _has(name)]


def _has(name: str) -> set[str]:
    engine = ENGINES[name]
    having = {
        catalogue.OVERLAY: engine.docker_overlay,
        catalogue.LEARNING: not engine.docker_overlay,
        catalogue.ETCD: engine.uses_etcd,
        catalogue.RESOLVER: engine.own_resolver,
    }
    return {word for word, has in having.items() if has}


def for_whom(fault: Fault) -> str:
    found = engines(fault)
    text = _ALL if len(found) == len(ENGINES) else ", ".join(found)
    marks = {
        "simulated hosts only": fault.simulated_only,
        "real hosts only": fault.real_only,
        "may heal by itself": fault.heals,
    }
    return "; ".join([text, *(mark for mark, has in marks.items() if has)])


def lines() -> list[str]:
    """For a terminal: what it does, what it looks like, and for which engines, if not for all."""
    width = max(len(fault.name) for fault in FAULTS)
    found = [f"{'FAULT':<{width}}  WHAT IT DOES, WHAT IT LOOKS LIKE, AND FOR WHOM IT IS"]
    for fault in FAULTS:
        whom = for_whom(fault)
        about = [fault.summary, fault.symptom, *([] if whom == _ALL else [f"engines: {whom}"])]
        found += [f"{'' if row else fault.name:<{width}}  {line}" for row, line in enumerate(about)]
    return found


def markdown() -> list[str]:
    """For the documentation."""
    found = ["| fault | what it does | what it looks like | `make trace` | engines |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        way = f"{fault.traced} the host: "
        says = (
            "nothing shows: it says *arrived*"
            if fault.nothing and "..." not in fault.says
            else way + _quoted(fault.says)
        )
        found.append(f"| `{fault.name}` | {fault.summary} | {fault.symptom} | {says} | {for_whom(fault)} |")
    return found


def _quoted(says: str) -> str:
    return f"`{says}`"
