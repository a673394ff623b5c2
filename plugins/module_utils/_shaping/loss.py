# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Loss: of what comes from another host of the lab, a share is dropped before anything else sees it. By nft(8).

On arrival, because a packet that is dropped where it is sent is an error to its sender, who sends it again at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .shape import Shape

TABLE = "overlay_lab_links"
_OF = 1_000_000


def read() -> str:
    """The lab's table as nft(8) tells it, without its counters; '' where there is none."""
    try:
        done = programs.run(["nft", "--stateless", "list", "table", "ip", TABLE])
    except programs.Missing:
        return ""
    return done.stdout if done.returncode == 0 else ""


def commands(address: str, links: Sequence[tuple[str, Shape]]) -> list[list[str]]:
    """What makes the table, in one step. ``links``: address of the other host, shape."""
    rules = [
        f"ip saddr {peer} ip daddr {address} numgen random mod {_OF} < {round(shape.loss * _OF)} counter drop;"
        for peer, shape in links
        if shape.loss
    ]
    if not rules:
        return []
    # Before conntrack, so that it is as on the wire.
    chain = f"chain arriving {{ type filter hook prerouting priority raw; policy accept; {' '.join(rules)} }};"
    return [["nft", f"table ip {TABLE} {{ {chain} }};"]]


def removal() -> list[str]:
    return ["nft", "delete", "table", "ip", TABLE]


def is_possible() -> bool:
    """Whether the program is here that drops packets."""
    try:
        programs.check(["nft"])
    except programs.Missing:
        return False
    return True


def check() -> None:
    """Raise LabError where the program is missing."""
    try:
        programs.run(["nft", "--version"])
    except programs.Missing as error:
        raise LabError(f"{error}, and drops packets for loss: install nftables") from None
