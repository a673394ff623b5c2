# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The JSON Schema of lab files, for editors: what the reader asks of a file, written down while it asks.

The reader reads a file in which every key is there and no value is known. Each value is a Probe, which notes what is
asked of it. Where the reader asks what kind of value it is, it reads again with the other answer. What it finds out by
comparing values with each other, and refuses with ``fault``, is in no schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .load import read
from .yaml_nodes import Item, Names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANY = "*"
_ADDRESS = r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_SUBNET = rf"{_ADDRESS}/(?:3[0-2]|[12]?[0-9])"
_GROUP = re.compile(r"\(\?P<\w+>")
_NODE = yaml.ScalarNode("tag:yaml.org,2002:str", "")
_SIZES = (("array", "minItems"), ("array", "maxItems"), ("object", "minProperties"), ("object", "maxProperties"))
_KINDS = ("is_mapping", "is_list")
# A place and a question -> the answer.
_Answers = dict[tuple[str, str], bool]


@dataclass
class _Notes:
    """Of one reading. ``asked``: place -> keywords of a schema; ``answers``: what kind a value was said to be."""

    answers: _Answers
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    open_questions: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, place: str, question: str) -> bool:
        if any(self.answers.get((place, other)) for other in _KINDS if other != question):
            return False
        if (place, question) not in self.answers and (place, question) not in self.open_questions:
            self.open_questions.append((place, question))
        return self.answers.get((place, question), False)


@dataclass(frozen=True)
class Probe(Item):
    """Any value at a place. Every reading of it returns None, as of a value that was refused."""

    notes: _Notes
    above: Probe | None = None

    def _note(self, **keywords: Any) -> None:
        self.notes.asked.setdefault(self.path, {}).update(keywords)

    def _child(self, key: str) -> Probe:
        return Probe(_NODE, f"{self.path}.{key}", [], self.notes, self)

    @property
    def is_null(self) -> bool:
        return False

    @property
    def is_encrypted(self) -> bool:
        return False

    @property
    def is_scalar(self) -> bool:
        return False

    @property
    def is_mapping(self) -> bool:
        return self.notes.answer(self.path, "is_mapping")

    @property
    def is_list(self) -> bool:
        return self.notes.answer(self.path, "is_list")

    def fault(self, sentence: str) -> None:
        """No schema can say that."""

    def refuse(self, sentence: str) -> None:
        """What could be refused is known by what is asked."""

    def at(self, key: str) -> Item:
        return self

    def entries(self, known: Iterable[str] = ()) -> dict[str, Item]:
        children: dict[str, Item] = {key: self._child(key) for key in known}
        if children:
            self._note(type=["object", "null"], properties=sorted(children), additionalProperties=False)
            return children
        self._note(type=["object", "null"], additionalProperties=True)
        return {_ANY: self._child(_ANY)}

    def keys(
        self,
        known: Iterable[str],
        required: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, str] | None = None,
    ) -> dict[str, Item]:
        children: dict[str, Item] = {key: self._child(key) for key in known}
        kind = "object" if required else ["object", "null"]
        self._note(type=kind, fixed=True, properties=list(children), required=list(required or ()))
        return children

    def exactly_one(self, given: Mapping[str, Item], examples: Mapping[str, str]) -> None:
        given_key = [{"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in examples]
        self._note(oneOf=given_key)

    def not_empty(self, sentence: str) -> None:
        self._note(minItems=1, minProperties=1)

    def at_most(self, most: int) -> None:
        self._note(maxItems=most, maxProperties=most)

    def items(self) -> list[Item]:
        self._note(type=["array", "null"])
        return [Probe(_NODE, f"{self.path}[]", [], self.notes, self)]

    def text(self, prefix: str = "") -> None:
        self._note(type="string", pattern=r"\S")

    def plain(self) -> None:
        self._note(type=["string", "number"])

    def secret(self) -> Any:
        self.plain()

    def number(self, low: float, high: float) -> None:
        self._note(type="number", minimum=low, maximum=high)

    def name(self, names: Names) -> None:
        self._note(**_named(names))

    def written_name(self, names: Names) -> None:
        self._note(**_named(names))

    def check_name(self, text: str, names: Names) -> bool:
        """Of a key, which is known by the mapping above."""
        if text == _ANY and self.above is not None:
            keywords = _named(names)
            del keywords["type"]
            self.above._note(propertyNames=keywords)
        return True

    def choice(self, choices: Iterable[str]) -> None:
        self._note(enum=list(choices))

    def integer(self, low: int, high: int | None = None) -> None:
        self._note(type="integer", minimum=low, **({} if high is None else {"maximum": high}))

    def boolean(self) -> None:
        self._note(type="boolean")

    def address(self) -> None:
        self._note(type="string", pattern=_whole(_ADDRESS))

    def subnet(self) -> None:
        self._note(type="string", pattern=_whole(_SUBNET))


def schema() -> dict[str, Any]:
    """The schema of a lab file."""
    return {
        "$schema": DIALECT,
        "title": "A lab file of emon.overlay_lab",
        "$comment": "Generated by tools/lab-schema from the reader of lab files. What values say of each other, such as"
        " a container's host, is checked by `make validate`.",
        **_built("", _places(read)),
    }


def _places(reader: Callable[[Item], object]) -> dict[str, list[dict[str, Any]]]:
    """Place -> what is asked of it, once for each kind of value that the reader tells from others."""
    found: dict[str, list[dict[str, Any]]] = {}
    waiting: list[_Answers] = [{}]
    known: set[tuple[str, str]] = set()
    while waiting:
        notes = _Notes(waiting.pop(0))
        reader(Probe(_NODE, "", [], notes))
        for place, keywords in notes.asked.items():
            variants = found.setdefault(place, [])
            if keywords not in variants:
                variants.append(keywords)
        for question in notes.open_questions:
            if question not in known:
                known.add(question)
                waiting.append({**notes.answers, question: True})
    return found


def _built(place: str, places: Mapping[str, list[dict[str, Any]]], optional: bool = False) -> dict[str, Any]:
    """``optional``: the value may be left out, or be empty, which is the same."""
    made = []
    for keywords in places.get(place, [{}]):
        one = dict(keywords)
        names, required = one.pop("properties", None), one.pop("required", [])
        fixed = one.pop("fixed", False)
        if names is not None:
            one["properties"] = {
                name: _built(f"{place}.{name}", places, optional=fixed and name not in required) for name in names
            }
            one["additionalProperties"] = False
            if required:
                one["required"] = required
        elif one.get("additionalProperties"):
            one["additionalProperties"] = _built(f"{place}.{_ANY}", places)
        kind = one.get("type", ())
        if "array" in kind:
            one["items"] = _built(f"{place}[]", places)
        for word in [word for kind_of, word in _SIZES if kind_of not in kind]:
            one.pop(word, None)
        made.append(_of_kind(one, place.endswith(("[]", _ANY)), optional))
    kinds = [one for number, one in enumerate(made) if one not in made[:number]]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _of_kind(one: dict[str, Any], inner: bool, optional: bool) -> dict[str, Any]:
    """With or without null: a key without a value is one that is left out."""
    kind = one.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if optional and "enum" in one:
        return {**one, "enum": [*one["enum"], None]}
    if optional and kind:
        kinds = list(dict.fromkeys([*kinds, "null"]))
    elif kind and not inner:
        kinds = [each for each in kinds if each != "null"]
    return {**one, "type": kinds if len(kinds) > 1 else kinds[0]} if kind else one


def _named(names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "pattern": _whole(names.pattern.pattern), "maxLength": names.longest}
    return found | ({"not": {"enum": sorted(names.reserved)}} if names.reserved else {})


def _whole(pattern: str) -> str:
    """As fullmatch has it, in words that JavaScript and Python share: $ alone would take a line break behind it."""
    return rf"^(?:{_GROUP.sub('(', pattern)})(?![\s\S])"
