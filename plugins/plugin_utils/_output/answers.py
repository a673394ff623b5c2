# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a command answered in several places: equal answers once, with the places that gave it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import texts

Answer = tuple[int | None, str]
# More are told by the one that is not among them.
_MOST_NAMES = 3


def told(results: Mapping[str, Any], targets: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """{"lines": to show, "failed": [line], "data": [{"name", "host", "rc", "stdout", "stderr"}]}.

    ``targets``: as targets.chosen gives them; ``results``: host -> what the task returned that ran the command there in
    a loop over its targets. ``rc`` is None where it could not be run.
    """
    data = [
        {"name": target["name"], "host": host, **_answer(results.get(host, {}), number)}
        for host, of_host in targets.items()
        for number, target in enumerate(of_host)
    ]
    everyone = [one["name"] for one in data]
    groups: dict[Answer, list[str]] = {}
    for one in data:
        groups.setdefault((one["rc"], _said(one)), []).append(one["name"])
    lines = []
    for (code, said), names in groups.items():
        how = "" if code == 0 else ", could not be run" if code is None else f", exit code {code}"
        lines += [
            f"{_where(names, everyone)}{how}:",
            *(f"  {line}".rstrip() for line in said.splitlines() or ["(nothing)"]),
        ]
    failed = [
        f"{one['name']}: {'could not be run' if one['rc'] is None else 'exit code ' + str(one['rc'])}"
        for one in data
        if one["rc"] != 0
    ]
    return {"lines": lines, "failed": failed, "data": data}


def _where(names: list[str], everyone: list[str]) -> str:
    others = [name for name in everyone if name not in names]
    if len(names) > 1 and not others:
        return "everywhere"
    if len(others) == 1 and len(names) > _MOST_NAMES:
        return f"everywhere but {others[0]}"
    return ", ".join(names)


def _answer(result: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Of one target. A host that does not answer says so once for all."""
    items = result.get("results", [])
    item = items[number] if number < len(items) else result
    if "rc" not in item:
        return {"rc": None, "stdout": "", "stderr": "\n".join(texts.faults(item))}
    return {"rc": item["rc"], "stdout": item.get("stdout", ""), "stderr": item.get("stderr", "")}


def _said(one: Mapping[str, Any]) -> str:
    return "\n".join(filter(None, (one["stdout"], one["stderr"])))
