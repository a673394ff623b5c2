# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a value that was read from a record has the types that its readers take for granted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


class Needed(str):
    """A key of a mapping's shape that may not be missing."""


def misfit(value: Any, shape: Any, where: str = "") -> str:
    """Why a value is not of a shape, as in "index: 'two' is not a whole number"; '' where it is.

    A shape is a type, a tuple of shapes of which one fits, ``[shape]`` for a list, ``[shape, shape]`` for one of that
    length, ``{key: shape}`` for a mapping whose keys may be missing, unless they are Needed, or more, or
    ``{...: shape}`` for one with any keys. None fits None.
    """
    if isinstance(shape, tuple):
        faults = [misfit(value, one, where) for one in shape]
        return "" if "" in faults else faults[0]
    if shape is None:
        return "" if value is None else f"{where}: {value!r} is not null"
    kind = shape if isinstance(shape, type) else type(shape)
    # To Python, true is a whole number, and 1 is a number.
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        return f"{where or 'it'}: {_shown(value)} is not {_WORDS[kind]}"
    prefix = f"{where}." if where else ""
    if isinstance(shape, list):
        return _misfit_in_list(value, shape, prefix)
    return _misfit_in_mapping(value, shape, prefix) if isinstance(shape, dict) else ""


def _misfit_in_list(value: list[Any], shape: list[Any], prefix: str) -> str:
    if len(shape) > 1 and len(value) != len(shape):
        return f"{prefix.rstrip('.') or 'it'}: {_shown(value)} has {len(value)} parts, not {len(shape)}"
    shapes = shape if len(shape) > 1 else shape * len(value)
    return _first(misfit(one, inner, f"{prefix}{index}") for index, (one, inner) in enumerate(zip(value, shapes)))


def _misfit_in_mapping(value: dict[str, Any], shape: dict[Any, Any], prefix: str) -> str:
    missing = [key for key in shape if isinstance(key, Needed) and key not in value]
    if missing:
        return f"{prefix}{', '.join(missing)}: missing"
    known = {key: shape.get(key, shape.get(...)) for key in value if key in shape or ... in shape}
    return _first(misfit(value[key], inner, f"{prefix}{key}") for key, inner in known.items())


def _first(faults: Iterable[str]) -> str:
    return next(filter(None, faults), "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."
