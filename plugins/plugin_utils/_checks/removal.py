# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""From which hosts a lab may be removed, and what is left where it was not.

A host without a record and without anything of the lab was cleared before, or was never in the lab. A host without a
record that has something of the lab has lost its record.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import RECORD_PATH
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES


def refusal(info: dict[str, Any], lab: dict[str, Any], uuid: str) -> str:
    """Why nothing is removed from a host; '' where the lab may be taken off it.

    ``info``: what host_info returned there, or what Ansible did where it failed or did not reach the host; {} where it
    was not asked; ``lab``: its value (_lab_file/value.py); ``uuid``: the controller's, '' for none.
    """
    if "record" not in info:
        return _unknown(info)
    record = info["record"]
    if record["lab"] == "":
        signs = _signs(info, lab["name"])
        remedy = (
            f"put {RECORD_PATH} back there; if it is lost, playbooks/overlay.yml says what to move away, and writes a"
            " new one; then run this again"
        )
        return f"it has lost its record, and {' and '.join(signs)}: {remedy}" if signs else ""
    # An engine that this release does not have could not be removed.
    if record.get("engine", "") not in ("", *ENGINES):
        return (
            f"it has the engine {record['engine']}, which this release does not have: use the release that made the lab"
        )
    return of_others(record, lab, uuid)


def of_others(record: dict[str, Any], lab: dict[str, Any], uuid: str) -> str:
    """The fault of a host whose record belongs to another lab; '' if it belongs to the lab or to none."""
    if record["lab"] not in ("", lab["name"]):
        return f"it belongs to the lab {record['lab']}, not to {lab['name']}: destroy that lab with its own lab file"
    if "" not in (record["uuid"], uuid) and record["uuid"] != uuid:
        return (
            f"it belongs to another lab {lab['name']}, {record['uuid']}, not to {uuid}: destroy that from the"
            " controller that made it"
        )
    return ""


def left(hosts: dict[str, dict[str, Any]], lab: dict[str, Any], uuid: str, cleared: list[str]) -> list[str]:
    """What is left of the lab and how to complete its removal, a line each; empty where every host was cleared.

    ``hosts``: every host of the lab file -> as for refusal(), like ``lab`` and ``uuid``; ``cleared``: those that the
    lab was taken off.
    """
    found = [
        f"{name}: {refusal(info, lab, uuid) or 'it was not cleared, see above: fix that, and run destroy.yml again'}"
        for name, info in hosts.items()
        if name not in cleared
    ]
    if found:
        found.append(f"{lab['pki']} and the backups stay: the CA goes after the last host")
    return found


def _unknown(info: dict[str, Any]) -> str:
    words = str(info.get("msg", "")).removeprefix("Task failed: ").strip()
    if info.get("unreachable"):
        return f"it does not answer: {words}: what it has of the lab is left; run destroy.yml again once it is back"
    return f"{words or 'it was not asked'}: nothing is removed; fix that, and run destroy.yml again"


def _signs(info: dict[str, Any], lab: str) -> list[str]:
    found = ["etcd's configuration is the lab's"] if info["etcd"]["lab"] == lab else []
    containers = [one["name"] for one in info["containers"] if one["lab"] == lab]
    if containers:
        found.append(f"the containers {', '.join(containers)} are labelled as the lab's")
    return found + [sign for engine in ENGINES.values() for sign in engine.signs(info)]
