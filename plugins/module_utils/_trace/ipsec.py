# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a host's kernel encrypts between hosts, as ip-xfrm(8) tells it: IPsec policies and states, and never a key."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import modules

_SECONDS = 10
# Further lines of an entry are indented.
_HEAD = re.compile(r"^src (\S+) dst (\S+)", re.MULTILINE)
_ESP = re.compile(r"\bproto esp (?:spi (0x[0-9a-f]+))?")
_DIRECTION = re.compile(r"^\s+dir (in|out|fwd)\b", re.MULTILINE)


def read() -> dict[str, Any] | None:
    """Of this thread's namespace: {"esp": whether the kernel has it (modules.py), "states": [{src, dst, spi}],
    "policies": [{src, dst, direction}]}; None where it cannot be read.
    """
    try:
        states = programs.run(["ip", "xfrm", "state", "list", "nokeys"], _SECONDS, cwd="/")
        policies = programs.run(["ip", "xfrm", "policy", "list"], _SECONDS, cwd="/")
    except LabError:
        return None
    if states.returncode or policies.returncode:
        return None
    esp = next(module for module in modules.MODULES if module.name == "esp4")
    known = modules.Kernel(os.uname().release).states([esp])
    return {
        "esp": known[esp.name],
        "states": parse_states(states.stdout),
        "policies": parse_policies(policies.stdout),
    }


def parse_states(text: str) -> list[dict[str, str]]:
    """What ``ip xfrm state`` writes: states of ESP. One without a number waits for a key that nobody brings."""
    found = []
    for source, target, body in _entries(text):
        esp = _ESP.search(body)
        if esp and esp[1] and int(esp[1], 16):
            found.append({"src": source, "dst": target, "spi": esp[1]})
    return found


def parse_policies(text: str) -> list[dict[str, str]]:
    """What ``ip xfrm policy`` writes: those that demand ESP between two addresses. What is for the sockets of a program
    has no direction.
    """
    found = []
    for source, target, body in _entries(text):
        direction = _DIRECTION.search(body)
        if direction and _ESP.search(body):
            found.append({"src": _address(source), "dst": _address(target), "direction": direction[1]})
    return found


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    heads = list(_HEAD.finditer(text))
    for head, end in zip(heads, [*(one.start() for one in heads[1:]), len(text)]):
        yield head[1], head[2], text[head.end() : end]


def _address(subnet: str) -> str:
    return subnet.removesuffix("/32")
