# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which veth on which bridge belongs to which container's interface, without entering a namespace.

A container's own /sys shows its namespace's links, and is reached through /proc/PID/root. The host's links come from
``ip``, because a simulated host's /sys is not of its own namespace.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import inside as core_inside
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

_NET = "sys/class/net"
# A file of sysfs is a page.
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Link:
    """``index`` and ``peer``: interface numbers, the latter in the peer's namespace. ``master``: its bridge, or ''."""

    name: str
    mac: str
    index: int
    peer: int
    master: str = ""


def of_host() -> list[Link]:
    try:
        return parse(programs.output(["ip", "-json", "link", "show"]))
    except programs.Missing as error:
        raise LabError(f"{error}: install iproute2") from error


def parse(text: str) -> list[Link]:
    """The links of ``ip -json link show``."""
    return [
        Link(
            entry["ifname"],
            entry.get("address", ""),
            entry["ifindex"],
            entry.get("link_index", 0),
            entry.get("master", ""),
        )
        for entry in json.loads(text)
    ]


def of_process(pid: int, proc: Path = Path("/proc")) -> list[Link]:
    """The links in a container's network namespace, by its first process; none where that has ended."""
    try:
        with core_inside.opened(proc / str(pid) / "root") as root:
            return [link for name in core_inside.names(root, _NET) if (link := _of_name(root, name))]
    except OSError:
        return []


def _of_name(root: int, name: str) -> Link | None:
    try:
        mac, index, peer = (
            core_inside.read(root, f"{_NET}/{name}/{key}", _MOST_BYTES).decode("ascii").strip()
            for key in ("address", "ifindex", "iflink")
        )
        return Link(name, mac, int(index), int(peer))
    except (OSError, ValueError):
        # Gone since it was listed, a file such as bonding_masters, or something else that lies at /sys there.
        return None


def pair(mac: str, bridge: str, inside: list[Link], host: list[Link]) -> tuple[str, str]:
    """The container's interface of that MAC and its veth on the host's bridge; '' for what is not there.

    An overlay's veth is in the overlay's own namespace, so it has none on the host. Numbers alone could meet by chance.
    """
    interface = next((link for link in inside if link.mac == mac), None)
    if interface is None:
        return "", ""
    veth = next(
        (
            link.name
            for link in host
            if bridge and link.master == bridge and link.index == interface.peer and link.peer == interface.index
        ),
        "",
    )
    return interface.name, veth
