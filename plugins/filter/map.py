# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around M(emon.overlay_lab.lab_status): how a lab is, in a table and as a map."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import status
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import formats, model
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import texts


def _read(results: dict) -> tuple[dict[str, dict], dict[str, str]]:
    """What was read of the hosts that answered, and what those that did not said."""
    views = {host: result for host, result in results.items() if "units" in result}
    silent = {host: _reason(result) for host, result in results.items() if host not in views}
    return views, silent


def _reason(result: dict) -> str:
    return " ".join("; ".join(texts.faults(result)).split())


def status_report(results: dict, lab: dict) -> dict:
    return status.report(lab, *_read(results))


def lab_map(results: dict, lab: dict, read: str) -> dict:
    return model.build(lab, *_read(results), read)


def map_faults(name: str) -> list[str]:
    faults = []
    try:
        formats.ending(name)
    except LabError as error:
        faults += error.faults
    if not Path(name).parent.is_dir():
        faults.append(f"map_file: {name}: there is no folder {Path(name).parent}: make it, or choose another one")
    return faults


class FilterModule:
    def filters(self) -> dict:
        return {
            "status_report": status_report,
            "lab_map": lab_map,
            "map_faults": map_faults,
            "map_content": formats.render,
        }
