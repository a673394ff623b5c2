# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""A lab file's text as a document of YAML, refused before it costs anything where it is too much or none."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .yaml_nodes import TAG, Item

# A lab of a thousand hosts has 60 KB and 16,000 nodes.
LARGEST_FILE = 256 * 1024
_MOST_NODES = 50_000
_MOST_TEXT = 1 << 20
_DEEPEST = 20


class _Loader(yaml.SafeLoader):
    """Stops at a depth that no lab has: the parser takes ever longer for each further level."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LabError("the file is nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def root(text: str, faults: list[str]) -> Item:
    """The whole document. Raises LabError, with line and column, where the text is not YAML at all, or is too much."""
    if len(text) > LARGEST_FILE:
        raise LabError(f"the file is larger than {LARGEST_FILE // 1024} KiB: it is not a lab file, or split it")
    if text.startswith("$ANSIBLE_VAULT;"):
        raise LabError(
            "the file is encrypted by ansible-vault: decrypt it, and keep what is secret in host_vars beside the"
            " inventory"
        )
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise LabError(_syntax_fault(error)) from error
    except yaml.reader.ReaderError as error:
        where = position(text, error.position)
        raise LabError(f"{where}: not YAML: the character U+{error.character:04X} is not allowed here") from error
    except RecursionError as error:  # in the parser, before there is a node
        raise LabError("the file is nested too deeply") from error
    if node is None or node.tag == TAG + "null":
        raise LabError("the file is empty")
    try:
        nodes, characters = _expanded(node, {})
    except RecursionError as error:
        raise LabError("an anchor refers to itself, or the file is nested too deeply") from error
    if nodes > _MOST_NODES or characters > _MOST_TEXT:
        raise LabError(
            f"the file has more than {_MOST_NODES} values, or {_MOST_TEXT} characters, with its aliases written out:"
            " use fewer aliases, or split the lab"
        )
    return Item(node, "", faults)


def _expanded(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many nodes and characters there are below a node where each alias stands for all that its anchor has.

    Each node is counted once, however often it is meant: nine lines can mean a thousand million values. RecursionError
    for an anchor that refers to itself.
    """
    if id(node) not in known:
        if isinstance(node, yaml.ScalarNode):
            known[id(node)] = 1, len(node.value)
        else:
            pairs = isinstance(node, yaml.MappingNode)
            below = [_expanded(one, known) for child in node.value for one in (child if pairs else (child,))]
            known[id(node)] = 1 + sum(one[0] for one in below), sum(one[1] for one in below)
    return known[id(node)]


def _syntax_fault(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = (error.problem or error.context or "").removeprefix("but ")
    # What is not closed shows up at the end of the file: its beginning helps more.
    since = error.context_mark
    began = f" ({error.context}, from line {since.line + 1})" if since and since.line != mark.line else ""
    return f"{where}not YAML: {problem}{began}"


def position(text: str, offset: int) -> str:
    """Where a person's editor shows the character at this offset."""
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}"
