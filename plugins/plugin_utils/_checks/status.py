# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How a lab is, in a table and as data. Pure: from what the module lab_status returned on its hosts.

``lab`` is as in differences.py, its engine being that of the lab file; ``silent``: host -> why it did not answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import AUTO, ENGINES, choose

from . import verification
from .differences import Difference, Lab, Views, differences

AS_WANTED, DIFFERS, OFF = "as wanted", "differs", "off"
# Names in a cell of the table; more are counted.
_MOST_NAMES = 4


def as_it_stands(lab: Lab, views: Views) -> Lab:
    """``lab`` with what its hosts have decided: the engine that they recorded, or that Docker decides for auto, their
    indexes, and the addresses that this engine gives to containers."""
    recorded = [view["record"]["engine"] for view in views.values() if view["record"]["lab"] == lab["name"]]
    engine = next((name for name in recorded if name in ENGINES), lab["engine"])
    if engine == AUTO:
        docker = {host: {"docker": {**view["docker"], "available": ""}} for host, view in views.items()}
        engine = choose(AUTO, docker)["engine"]
    known = {**lab, "engine": engine, "hosts": _with_indexes(lab["hosts"], views)}
    return {**known, "containers": ENGINES[engine].containers(known)}


def _with_indexes(hosts: Mapping[str, Any], views: Views) -> dict[str, Any]:
    recorded = {name: view["record"]["index"] for name, view in views.items() if view["record"]["index"]}
    return {name: {**host, "index": recorded.get(name, host["index"])} for name, host in hosts.items()}


def report(lab: Lab, views: Views, silent: Mapping[str, str]) -> dict[str, Any]:
    """{"ok": bool, "table": [line], "lines": [a line for each difference], "data": the same as plain data}."""
    lab = as_it_stands(lab, views)
    found = differences(lab, views, silent)
    rows = [_row(lab, host, views.get(host), found) for host in lab["hosts"] if host in views or host in silent]
    return {
        "ok": not found,
        "table": _table(rows),
        "lines": [one.line for one in found],
        "data": {
            "ok": not found,
            "lab": lab["name"],
            "site": lab["site"],
            "engine": lab["engine"],
            "hosts": rows,
            "differences": [{"host": one.host, "element": one.element, "text": one.text} for one in found],
        },
    }


def _row(lab: Lab, host: str, view: dict[str, Any] | None, found: list[Difference]) -> dict[str, Any]:
    own = [one.text for one in found if one.host == host]
    if view is None:
        # Of a host that does not answer, nothing else is known.
        known: dict[str, Any] = {
            "site": "",
            "role": "",
            "docker": "",
            "containers": [],
            "networks": [],
            "seconds": None,
        }
        state = OFF
    else:
        known = {
            "site": view["record"]["site"],
            "role": role(lab, view),
            "docker": view["docker"]["version"],
            "containers": [one["name"] for one in view["containers"] if one["running"]],
            "networks": [one["name"] for one in view["networks"] if one["exists"]],
            "seconds": seconds(view),
        }
        state = DIFFERS if own else AS_WANTED
    address = lab["hosts"][host]["addresses"][lab["site"]]
    return {"host": host, "address": address, **known, "state": state, "differences": own}


def role(lab: Lab, view: Mapping[str, Any]) -> str:
    """The host's part in what the engine agrees by; "" where it has none."""
    engine = ENGINES[lab["engine"]]
    if engine.uses_etcd and view["units"]["etcd.service"]["active"]:
        return "etcd leader" if view["etcd"]["leader"] else "etcd member"
    return engine.role(view)


def seconds(view: Mapping[str, Any]) -> int | None:
    """For how long all that runs on the host has run: since the last of its services and containers started."""
    started = [unit["started"] for unit in view["units"].values() if unit["active"]]
    started += [one["started"] for one in view["containers"] if one["started"]]
    return max(0, round(view["time"] - max(started))) if started else None


def duration(passed: int | None) -> str:
    """A duration as people say it."""
    if passed is None:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= 2 * size or (size == 60 and passed >= size):
            return f"{passed // size} {unit}"
    return f"{passed} s"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    cells = [("HOST", "ADDRESS", "SITE", "ROLE", "CONTAINERS", "NETWORKS", "SINCE", "STATE")]
    for row in rows:
        number = len(row["differences"])
        state = f"{number} {'differs' if number == 1 else 'differ'}" if row["state"] == DIFFERS else row["state"]
        cells.append(
            (
                row["host"],
                row["address"],
                row["site"] or "-",
                row["role"] or "-",
                _names(row["containers"]),
                _names(row["networks"]),
                duration(row["seconds"]),
                state,
            )
        )
    return verification.aligned(cells)


def _names(names: list[str]) -> str:
    shown = names if len(names) <= _MOST_NAMES else [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} more"]
    return ", ".join(shown) or "-"
