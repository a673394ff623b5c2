# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Queues: what leaves the host for another one passes a class of its own, all else passes none. By tc(8).

The root is htb(8): each of its classes is a token bucket, and what belongs to no class is sent as it comes. tbf(8) has
no classes, so it would slow down everybody's packets. netem(8) is the queue of a class, where it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs

from .shape import Shape

# Of the root; handles of the leaves count on from it.
_MAJOR = 0x1AB0
HANDLE = f"{_MAJOR:x}:"
_ROOT = re.compile(r"^qdisc (\S+) ([0-9a-f]+:)(?: dev (\S+))? root\b", re.MULTILINE)
# What the kernel itself gave a link has this handle.
_KERNELS = "0:"
# Of a class that only delays.
_UNLIMITED = 100 * 10**9
_PACKET = 1514
# A queue holds what is sent in this time, and at least a burst of TCP in one segment that the card would cut.
_QUEUE_SECONDS = 0.1
_LEAST_QUEUE = 32768
# How much a class may send at once after a rest: what it sends in this time, and at least two packets.
_BURST_SECONDS = 0.001
_COUNTERS = re.compile(r" (?:refcnt|direct_packets_stat) \d+")


def roots() -> dict[str, str]:
    """Interface -> kind and handle of the queue that somebody gave it, in this network namespace."""
    text = _tc("qdisc", "show")
    return {device: f"{kind} {handle}" for kind, handle, device in _ROOT.findall(text) if handle != _KERNELS}


def is_ours(root: str) -> bool:
    """Of a value of `roots`: whether it has the kind and handle of a queue of this module."""
    return root == f"htb {HANDLE}"


def read(device: str) -> str:
    """All that hangs on our root at an interface, as tc(8) tells it; '' where there is no root of ours."""
    if not is_ours(roots().get(device, "")):
        return ""
    told = [_tc(kind, "show", "dev", device) for kind in ("qdisc", "class", "filter")]
    return _COUNTERS.sub("", "".join(told))


def commands(device: str, address: str, links: Sequence[tuple[str, Shape]]) -> list[list[str]]:
    """What makes the queues of an interface with no root of its own. ``links``: address of the other host, shape."""
    queued = [(peer, shape) for peer, shape in links if shape.queued]
    if not queued:
        return []
    made = [["qdisc", "add", "dev", device, "root", "handle", HANDLE, "htb"]]
    for number, (peer, shape) in enumerate(queued, 1):
        place = f"{HANDLE}{number:x}"
        leaf = ["qdisc", "add", "dev", device, "parent", place, "handle", f"{_MAJOR + number:x}:"]
        made += [
            ["class", "add", "dev", device, "parent", HANDLE, "classid", place, "htb", *_bucket(shape)],
            [*leaf, *(_netem(shape) if shape.emulated else ["bfifo", "limit", str(queue_bytes(shape.rate))])],
            [
                *("filter", "add", "dev", device, "parent", HANDLE, "protocol", "ip", "prio", "1", "u32"),
                *("match", "ip", "src", f"{address}/32", "match", "ip", "dst", f"{peer}/32", "flowid", place),
            ],
        ]
    return [["tc", *words] for words in made]


def removal(device: str) -> list[str]:
    return ["tc", "qdisc", "del", "dev", device, "root"]


def queue_bytes(rate: int) -> int:
    return max(_LEAST_QUEUE, int(rate / 8 * _QUEUE_SECONDS))


def burst_bytes(rate: int) -> int:
    return max(2 * _PACKET, int(rate / 8 * _BURST_SECONDS))


def _bucket(shape: Shape) -> list[str]:
    rate = shape.rate or _UNLIMITED
    burst = str(burst_bytes(rate))
    return ["rate", f"{rate}bit", "ceil", f"{rate}bit", "burst", burst, "cburst", burst, "quantum", str(_PACKET)]


def _netem(shape: Shape) -> list[str]:
    """Its limit counts packets: what comes while the first one waits, and what a queue holds behind that."""
    seconds = shape.delay + shape.jitter + _QUEUE_SECONDS
    words = ["netem", "limit", str(1000 + int((shape.rate or 10**9) / 8 * seconds / _PACKET))]
    if shape.delay:
        words += ["delay", _microseconds(shape.delay), *([_microseconds(shape.jitter)] if shape.jitter else [])]
    for key in ("duplicate", "corrupt", "reorder"):
        if share := getattr(shape, key):
            words += [key, f"{share * 100:g}%"]
    return words


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f}us"


def _tc(*words: str) -> str:
    try:
        return programs.output(["tc", *words])
    except programs.Missing as error:
        raise programs.Missing(f"{error}: install iproute2 (Fedora and Red Hat: iproute-tc)") from None
