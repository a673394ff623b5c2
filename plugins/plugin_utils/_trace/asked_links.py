# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Loss and slowness that the lab file asks for, told from what is wrong: it is nobody's fault, and nothing repairs it.

What makes a link so is a table of nft(8) and queues of tc(8), which have names and numbers of the collection's own.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import loss as lossy
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import queues, shape

from . import ends
from .plan import Plan
from .world import CONTROLLER

_PEER = re.compile(r"ip saddr (\S+) ")
_TABLE = f"nft ip {lossy.TABLE}"
# What makes packets wait.
_SLOW = ("rate", "delay", "jitter")
# Of a host: more handles behind the root's are somebody else's.
_MOST_LINKS = 256


def dropped(plan: Plan, host: str, rule: dict[str, Any]) -> tuple[str, str] | None:
    """(why, remedy) where a rule or a queue that counted is one that makes a link of a host lossy or slow; else None.

    ``rule``: as the module packet_trace returns it.
    """
    how = f"{rule['table']} {rule['chain']} on {host} counted {rule['packets']} meanwhile"
    if rule["table"] == _TABLE:
        peer = _PEER.match(rule["rule"])
        other = next((one for one, address in plan.world.addresses.items() if peer and peer[1] == address), "")
        return _told(plan, host, other, ("loss",), how)
    number = _class_of(rule)
    if number is None:
        return None
    queued = [link for link in _links(plan, host) if shape.read(link, []).queued]
    other = queued[number - 1]["host"] if number <= len(queued) else ""
    return _told(plan, host, other, _SLOW, f"its queue was full, {how}")


def _class_of(rule: dict[str, Any]) -> int | None:
    """The number of a link's class, whose queue has the next handles behind the root's."""
    major = int(queues.HANDLE.rstrip(":"), 16)
    handle = rule["chain"].partition(":")[0]
    if not rule["table"].startswith("tc ") or not re.fullmatch("[0-9a-f]+", handle):
        return None
    number = int(handle, 16) - major
    return number if 0 < number <= _MOST_LINKS else None


def _told(plan: Plan, host: str, other: str, keys: tuple[str, ...], how: str) -> tuple[str, str]:
    if wanted := asked(plan, host, other, keys):
        return f"the lab file asks for {wanted} ({how})", ""
    between = f" on the link between {host} and {other}" if other else ""
    return f"the lab made it so, and its file asks for no {keys[0]}{between} any more ({how})", ends.AGAIN


def asked(plan: Plan, host: str, other: str, keys: tuple[str, ...]) -> str:
    """What the lab file asks of a link, of these keys, in a sentence; '' where it asks for none of them."""
    link = next((one for one in _links(plan, host) if one["host"] == other), {})
    words = [f"a {key} of {link[key]}" for key in keys if key in link]
    return f"{' and '.join(words)} on the link between {host} and {other}" if words else ""


def _links(plan: Plan, host: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = plan.lab.get("links", {}).get(host, [])
    return found


def slow_at(plan: Plan, number: int) -> str:
    """What the lab file asks of the link by which packets leave a host at a hop, if that makes them wait; else ''."""
    host = plan.hops[number].at.space.host
    hosts = [hop.at.space.host for hop in plan.hops if hop.at.space.host != CONTROLLER]
    others = [one for one in dict.fromkeys(hosts) if one != host]
    return next((text for other in others if (text := asked(plan, host, other, _SLOW))), "")
