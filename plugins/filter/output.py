# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the playbooks' own: what they show of a lab, a switch of sites, and links."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import links, next_steps
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import site_switch


def next_steps_of(lab: dict, run: dict) -> list[str]:
    playbooks = run["playbooks"]
    here = {
        "inventories": [os.path.relpath(one) for one in run["inventories"]],
        "playbooks": os.path.relpath(playbooks),
    }
    return next_steps.lines(lab, {**run, **here, "root": str(Path(playbooks).parent)})


def switch_completed(lab: dict, seconds: float, etcd_seconds: float | str | None) -> str:
    # A fact of a template is a text before Ansible 2.19.
    return site_switch.completed(lab, seconds, None if etcd_seconds is None else float(etcd_seconds))


class FilterModule:
    def filters(self) -> dict:
        return {
            "links_shown": links.lines,
            "next_steps": next_steps_of,
            "switch_announced": site_switch.announced,
            "switch_completed": switch_completed,
        }
