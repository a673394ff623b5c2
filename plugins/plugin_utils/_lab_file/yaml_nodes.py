# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Typed reading of YAML nodes that collects faults instead of stopping at the first.

It reads nodes, not Python values, because only a node still knows what the person wrote: ``name: on`` has become
True, and ``1.10`` has become 1.1, by the time there are values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import yaml
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

TAG = "tag:yaml.org,2002:"
_VAULT_TAGS = ("!vault", "!vault-encrypted")
_LONGEST_SHOWN = 60
# No number, date or truth value of a lab is longer; Python and PyYAML take long for those of thousands of digits.
_LONGEST_VALUE = 64
_MOST_FAULTS = 200
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Shape(str):
    """A fault that one value shows by itself, so that the schema of lab files finds it as well."""


@dataclass(frozen=True)
class Names:
    """What a name has to look like, and the sentence that says so."""

    kind: str
    pattern: re.Pattern[str]
    longest: int
    rule: str
    reserved: Mapping[str, str]


@dataclass(frozen=True)
class Item:
    """A node of the file, where it stands, and the list that its faults go to.

    Readers return None where they found a fault; the fault is in the list by then.
    """

    node: yaml.Node
    path: str
    faults: list[str]

    @property
    def source(self) -> str:
        """The scalar as the person wrote it."""
        return str(self.node.value)

    @property
    def is_null(self) -> bool:
        return self.node.tag == TAG + "null"

    @property
    def is_encrypted(self) -> bool:
        """By ansible-vault, whose values mean nothing here."""
        return self.node.tag in _VAULT_TAGS

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and not self.is_encrypted

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def fault(self, sentence: str) -> None:
        """A fault that shows only beside what else is in the file, or by a rule that no pattern holds."""
        self._add(f"{self.path}: {sentence}" if self.path else sentence)

    def refuse(self, sentence: str) -> None:
        """A fault that the schema of lab files finds as well: of a kind, a pattern, a range or a key."""
        self._add(Shape(f"{self.path}: {sentence}" if self.path else sentence))

    def _add(self, line: str) -> None:
        if len(self.faults) >= _MOST_FAULTS:
            raise LabError([*self.faults, "there are more faults than these: fix these first"])
        self.faults.append(line)

    def at(self, key: str) -> Item:
        """This node again, under the path of one of its keys: for faults of a key that is not there."""
        return Item(self.node, f"{self.path}.{key}".lstrip("."), self.faults)

    def entries(self, known: Iterable[str] = ()) -> dict[str, Item]:
        """The values of a mapping by key. A key that stands twice is a fault; the first one counts.

        ``known``: the only ones that the caller takes; it refuses others in words of its own.
        """
        if self.is_null:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            self._wrong_kind("a mapping")
            return {}
        found: dict[str, Item] = {}
        lines: dict[str, int] = {}
        merged: dict[str, Item] = {}
        for key_node, value_node in self.node.value:
            if key_node.tag == TAG + "merge":
                sources = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                for source in sources:
                    for key, item in Item(source, self.path, self.faults).entries().items():
                        merged.setdefault(key, item)
                continue
            written = Item(key_node, self.path, self.faults).text("the key ")
            if written is None:
                continue
            item = Item(value_node, f"{self.path}.{shown(written)}".lstrip("."), self.faults)
            line = key_node.start_mark.line + 1
            if written in found:
                item.fault(f"given twice, in lines {lines[written]} and {line}: remove one")
            else:
                found[written], lines[written] = item, line
        return merged | found

    def keys(
        self,
        known: Iterable[str],
        required: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, str] | None = None,
    ) -> dict[str, Item]:
        """The values of a mapping whose keys are fixed, without those left empty.

        ``required``: key -> an example for the person who left it out. ``elsewhere``: what people know by another
        name -> its name here.
        """
        entries = self.entries()
        known = tuple(known)
        for key in entries:
            if key not in known:
                meant = (elsewhere or {}).get(key)
                entries[key].refuse(f"unknown key; {f'here it is {meant}' if meant else suggestion(key, known)}")
        given = {key: item for key, item in entries.items() if key in known and not item.is_null}
        if self.is_mapping or self.is_null:
            for key, example in (required or {}).items():
                if key not in given:
                    self.at(key).refuse(f"missing; for example {example}")
        return given

    def not_empty(self, sentence: str) -> None:
        """Refuse a mapping or a list that has nothing in it."""
        if (self.is_mapping or self.is_list) and not self.node.value:
            self.refuse(sentence)

    def at_most(self, most: int) -> None:
        """Raise LabError for a mapping or a list that is larger than any lab's."""
        if not self.is_scalar and len(self.node.value) > most:
            raise LabError(f"{self.path}: {len(self.node.value)} are too many: a lab has at most {most}")

    def exactly_one(self, given: Mapping[str, Item], examples: Mapping[str, str]) -> None:
        """Refuse a mapping that has none of these keys, or more than one. ``examples``: key -> what it may be."""
        found = [key for key in examples if key in given]
        if not found and self.is_mapping:
            key, example = next(iter(examples.items()))
            self.at(key).refuse(f"missing; for example {example}")
        for key in found[1:]:
            given[key].refuse(f"{found[0]} is given as well: remove one")

    def items(self) -> list[Item]:
        """The items of a list, each with its position in its path."""
        if self.is_null:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            self._wrong_kind("a list")
            return []
        return [Item(node, f"{self.path}[{n}]", self.faults) for n, node in enumerate(self.node.value)]

    def text(self, prefix: str = "") -> str | None:
        """A scalar that YAML, too, takes for text, and not empty."""
        if not self.is_scalar:
            self._wrong_kind("text", prefix)
        elif self.is_null or not self.source.strip():
            self.refuse(f"{prefix}is empty")
        elif self.node.tag != TAG + "str":
            written = shown(self.source)
            self.refuse(f'{prefix}{written} is {self._reading()} to YAML: write "{written}"')
        else:
            return self.source
        return None

    def plain(self) -> str | None:
        """Text, which may be empty, or a number as the person wrote it."""
        value = self._value()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.source
        if not self.is_scalar or self.is_null:
            self._wrong_kind("text or a number")
        elif self.node.tag != TAG + "str":
            written = shown(self.source)
            self.refuse(f'{written} is {self._reading()} to YAML: write "{written}"')
        else:
            return self.source
        return None

    def number(self, low: float, high: float) -> str | None:
        """A number from ``low`` to ``high`` as the person wrote it, in plain decimal."""
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._wrong_kind("a number")
        elif not low <= value <= high:
            self.refuse(f"{shown(self.source)} is not between {low} and {high}")
        elif not _DECIMAL.fullmatch(self.source) or float(self.source) != value:
            self.refuse(f"{shown(self.source)} is {value} to YAML: write the number you mean in plain decimal")
        else:
            return self.source
        return None

    def name(self, names: Names) -> str | None:
        """Text that can serve as this kind of name."""
        text = self.text()
        return text if text is not None and self.check_name(text, names) else None

    def written_name(self, names: Names) -> str | None:
        """Text that is to serve as this kind of name, also where it cannot: others may refer to it."""
        text = self.text()
        if text is not None:
            self.check_name(text, names)
        return text

    def check_name(self, text: str, names: Names) -> bool:
        """Tell whether this text, which may be this item's key, can be the name; a fault if not."""
        if text in names.reserved:
            self.refuse(f"{text} cannot be {names.kind}: {names.reserved[text]}; choose another")
        elif len(text) > names.longest:
            self.refuse(f"{shown(text)} cannot be {names.kind}: {len(text)} characters, at most {names.longest}")
        elif not names.pattern.fullmatch(text):
            self.refuse(f"{shown(text)} cannot be {names.kind}: {names.rule}")
        else:
            return True
        return False

    def choice(self, choices: Iterable[str]) -> str | None:
        text = self.text()
        if text is None or text in choices:
            return text
        self.refuse(f"{shown(text)} is not one of {', '.join(choices)}")
        return None

    def integer(self, low: int, high: int | None = None) -> int | None:
        """A number from ``low`` to ``high``, written in plain decimal."""
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong_kind("a whole number")
        elif str(value) != self.source:
            self.refuse(f"{shown(self.source)} is {value} to YAML: write the number you mean in plain decimal")
        elif value < low or (high is not None and value > high):
            self.refuse(f"{value} is not " + (f"{low} or more" if high is None else f"between {low} and {high}"))
        else:
            return value
        return None

    def boolean(self) -> bool | None:
        value = self._value()
        if isinstance(value, bool):
            return value
        self._wrong_kind("true or false")
        return None

    def address(self) -> IPv4Address | None:
        if not self.is_scalar or self.is_null:
            self._wrong_kind("an IPv4 address")
            return None
        try:
            return IPv4Address(self.source)
        except ValueError:
            self.refuse(f"{shown(self.source)} is not an IPv4 address")
            return None

    def subnet(self) -> IPv4Network | None:
        """An IPv4 network in prefix notation, without host bits."""
        if not self.is_scalar or self.is_null:
            self._wrong_kind("an IPv4 subnet")
            return None
        try:
            subnet = IPv4Network(self.source, strict=False)
        except ValueError:
            self.refuse(f"{shown(self.source)} is not an IPv4 subnet; write for example 10.200.0.0/24")
            return None
        address, _separator, prefix = self.source.partition("/")
        if not prefix:
            self.refuse(f"{address} has no prefix length; write for example {address}/24")
        elif address != str(subnet.network_address):
            self.fault(f"{self.source} has host bits set: write {subnet}")
        elif self.source != str(subnet):
            self.refuse(f"{self.source} is not in prefix notation: write {subnet}")
        else:
            return subnet
        return None

    def secret(self) -> Any:
        """A text or number that no fault shows."""
        if not self.is_scalar:
            self._wrong_kind("text")
            return None
        if self.node.tag.startswith("!"):
            self.refuse(f"has the tag {shown(self.node.tag)}, which has no meaning here: remove it")
            return None
        value = self._value()
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (isinstance(value, str) or number) or (number and str(value) != self.source):
            self.refuse(f"is {self._reading(secret=True)} to YAML: write it in quotes")
            return None
        return value

    def _value(self) -> Any:
        """What YAML makes of a scalar; the node itself where it makes nothing of it."""
        if not self.is_scalar or (self.node.tag != TAG + "str" and len(self.source) > _LONGEST_VALUE):
            return self.node
        try:
            return yaml.SafeLoader("").construct_object(self.node)
        except (ValueError, LookupError, AttributeError, yaml.YAMLError):
            # PyYAML lets a tag that does not fit its text, such as !!bool x, fail in a way of each tag's own.
            return self.node

    def _reading(self, secret: bool = False) -> str:
        value = self._value()
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return "a number" if secret or str(value) == self.source else f"the number {value}"
        return {"timestamp": "a date", "binary": "binary data"}.get(
            self.node.tag.removeprefix(TAG), f"of the kind {self.node.tag.replace(TAG, '!!')}"
        )

    def _wrong_kind(self, wanted: str, prefix: str = "") -> None:
        if self.is_encrypted:
            self.refuse(
                f"{prefix}is encrypted by ansible-vault, which a lab file cannot hold: write it as it is; the"
                " secrets of a connection belong to host_vars beside the inventory"
            )
            return
        if self.is_mapping:
            is_now = "a mapping"
        elif self.is_list:
            is_now = "a list"
        elif self.is_null:
            is_now = "empty"
        else:
            is_now = f'"{shown(self.source)}"' if self.node.tag == TAG + "str" else shown(self.source)
        subject = prefix or ("" if self.path else "the file ")
        self.refuse(f"{subject}must be {wanted}, not {is_now}")


def suggestion(word: str, known: Iterable[str]) -> str:
    """The remedy for a word that is not known: the nearest that is, or all."""
    known = tuple(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(known)}" if known else "there is none"


def shown(text: str) -> str:
    """The text fit for one line of a message."""
    line = text if text.isprintable() else repr(text)[1:-1]
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 3] + "..."
