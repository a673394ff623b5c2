# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which packet is followed where a verification fails, and what is added to its faults. Pure functions.

One packet is followed: the first of what is most basic, since what is wrong there may be why all else fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_ipv4
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.model import NONE, OPEN

# At which containers answer while they are verified, and nobody afterwards.
ECHO_PORT = 61007
_NOT_PROBED = "not probed"


def question(lab: dict[str, Any], report: dict[str, Any], left: list[str]) -> dict[str, Any]:
    """What the trace is asked for: {"from", "to", "port", "network"}, texts; {} where no packet was lost.

    ``lab``: its value (_lab_file/value.py); ``report``: of verification.report; ``left``: the hosts that can be asked:
    one that has failed has told why. Without a port the trace follows echo requests, small and of full size, and asks
    for the name as well.
    """
    rows = report["pairs"]
    found = [
        *(_of_pair(row) for row in rows if not row["by_address"]),
        *(_of_pair(row) for row in rows if not (row["by_name"] and row["full_mtu"])),
        *(_of_pair(row, ECHO_PORT) for row in rows if not row["tcp"]),
        *_expected(lab, report["expected"]),
    ]
    hosts = {one["name"]: one["host"] for one in lab["containers"]} | {host: host for host in lab["hosts"]}
    # What is not of the lab has no host.
    return next((one for one in found if all(hosts.get(one[end]) in (None, *left) for end in ("from", "to"))), {})


def _of_pair(row: dict[str, Any], port: int | None = None) -> dict[str, str]:
    return {"from": row["from"], "to": row["to"], "port": str(port or ""), "network": row["network"]}


def _expected(lab: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Of what the lab file expects. What is reached, and should not be, is lost nowhere."""
    for row in rows:
        target = _target(lab, row["to"])
        is_lost = row["expected"] != NONE and row["found"] not in (OPEN, _NOT_PROBED)
        if not row["ok"] and is_lost and target:
            yield {"from": row["from"], "to": target, "port": str(row["port"] or ""), "network": ""}


def _target(lab: dict[str, Any], to: str) -> str:
    """A name of the lab or an address, as a trace takes them; '' for a name outside of the lab."""
    if to in lab["hosts"] or any(one["name"] == to for one in lab["containers"]):
        return to
    for container in lab["containers"]:
        if any(to in place.get("aliases", ()) for place in container["networks"]):
            return str(container["name"])
    return to if is_ipv4(to) else ""


def verdict(asked: dict[str, str], traced: dict[str, Any]) -> str:
    """The line that is added. ``traced``: of the filter trace_report."""
    is_refused = not traced["ok"] and traced["lost"] is None and traced["hops"]
    if asked["port"] == str(ECHO_PORT) and is_refused:
        return (
            f"{asked['from']} sends a SYN to {asked['to']}, and the answer is back: what TCP loses is larger, or its"
            " checksum is wrong"
        )
    return str(traced["verdict"])
