# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""What a lab file expects of its containers: whom they reach, and whom they must not reach."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_ipv4

from .model import OPEN, REFUSED, RESULTS, Container, Expectation
from .yaml_nodes import Item, shown, suggestion

# A name as DNS has it, or an IPv4 address; then a TCP port.
_TARGET = re.compile(r"([a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?)(?::([0-9]{1,5}))?")
_LAST_PORT = 65535
_LONGEST_WAIT = 120


def read_expectations(
    item: Item, containers: Collection[Container], replicas: Mapping[str, Sequence[str]]
) -> list[Expectation]:
    """Expectations in the order of the file. ``replicas``: a container's name there -> those that it became."""
    names = [container.name for container in containers]
    found = [_expectation(entry, names, replicas) for entry in item.items()]
    return [one for one in found if one is not None]


def _expectation(entry: Item, names: Collection[str], replicas: Mapping[str, Sequence[str]]) -> Expectation | None:
    given = entry.keys(("from", "to", "result", "within"), required={"from": "test1", "to": '"test2:80"'})
    source = given["from"].text() if "from" in given else None
    if source is not None and source in replicas:
        # One row of the file is one line of the verdict: which of them asks is for the person to say.
        given["from"].fault(f"{source} has replicas, which ask one by one: name one, such as {replicas[source][0]}")
    elif source is not None and source not in names:
        given["from"].fault(f"{shown(source)} is not a container of this lab; {suggestion(source, names)}")
    target = _target(given["to"]) if "to" in given else None
    result = (given["result"].choice(RESULTS) if "result" in given else None) or OPEN
    within = given["within"].integer(1, _LONGEST_WAIT) if "within" in given else None
    if result != OPEN and within is not None:
        given["within"].fault(f"is for result: {OPEN}; what is {result} is not waited for: remove it")
    if target is None or source is None:
        return None
    to, port = target
    if result == REFUSED and port is None:
        given["result"].fault(f'{REFUSED} is the answer of a TCP port: write to: "{to}:PORT"')
    return Expectation(source, to, port, result, within or 0)


def _target(item: Item) -> tuple[str, int | None] | None:
    text = item.text()
    if text is None:
        return None
    parts = _TARGET.fullmatch(text)
    if parts is None:
        item.fault(f"{shown(text)} is no target; write a name or an IPv4 address, and a TCP port after a colon")
        return None
    to, port = parts[1], parts[2]
    # No top-level domain is a number.
    if "." in to and to.rpartition(".")[2].isdecimal() and not is_ipv4(to):
        item.fault(f"{to} is no IPv4 address")
        return None
    if port is not None and not 1 <= int(port) <= _LAST_PORT:
        item.fault(f"{port} is no TCP port: write 1 to {_LAST_PORT}")
        return None
    return to, None if port is None else int(port)
