# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of the role containers: what runs on a host."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL


def container_options(containers: list[dict], host: str, role: dict) -> list[dict]:
    return [
        {
            "name": one["name"],
            "image": one["image"] or role["image"],
            "command": one["command"] or role["command"],
            "networks": one["networks"],
            "dns": one.get("dns", []),
            "restart_policy": role["restart_policy"],
            "labels": {LAB_LABEL: role["lab"]},
        }
        for one in containers
        if one["host"] == host
    ]


class FilterModule:
    def filters(self) -> dict:
        return {"container_options": container_options}
