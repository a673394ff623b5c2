# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Faults of packet filters: rules that drop. Pure."""

from __future__ import annotations

from .planned import Planned
from .scene import Scene
from .step import Step

_TABLE = "overlay_lab_fault"
# Another program may be writing.
_IPTABLES = ("iptables", "-w", "5")


def vxlan(scene: Scene) -> Planned:
    return Planned((_rule("-I", "INPUT", ("-p", "udp", "--dport", _port(scene), "-j", "DROP")),))


def some(scene: Scene) -> Planned:
    """Every third VXLAN packet, by the extension statistic."""
    third = ("-m", "statistic", "--mode", "nth", "--every", "3", "--packet", "0")
    return Planned((_rule("-I", "INPUT", ("-p", "udp", "--dport", _port(scene), *third, "-j", "DROP")),))


def inside(scene: Scene) -> Planned:
    inner = scene.link("inner")
    step = _rule("-A", "INPUT", ("-p", "icmp", "-j", "DROP"), inner.netns, inner.identity)
    return Planned((step,))


def nftables(scene: Scene) -> Planned:
    """A rule without a counter, in a table of its own."""
    text = (
        f"table inet {_TABLE} {{ chain input {{ type filter hook input priority 0;"
        f" udp dport {_port(scene)} drop; }}; }}"
    )
    step = Step(
        what=f"nft table inet {_TABLE}",
        before="not there",
        after=f"drops UDP {_port(scene)}",
        do=(("nft", text),),
        undo=(("nft", "delete", "table", "inet", _TABLE),),
        ask=("nft", "list", "tables"),
        shows=rf"(?m)^table inet {_TABLE}$",
    )
    return Planned((step,))


def _port(scene: Scene) -> str:
    return str(scene.link("vxlan").settings.get("port", 4789))


def _rule(how: str, chain: str, rule: tuple[str, ...], netns: str = "", identity: tuple[int, ...] = ()) -> Step:
    return Step(
        what=f"iptables {chain}: {' '.join(rule)}",
        before="not there",
        after="there",
        do=((*_IPTABLES, how, chain, *rule),),
        undo=((*_IPTABLES, "-D", chain, *rule),),
        ask=(*_IPTABLES, "-C", chain, *rule),
        netns=netns,
        identity=identity,
    )
