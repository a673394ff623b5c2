# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a value that was read from a record has the types that its readers take for granted."""

from __future__ import annotations

from typing import Any

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


def misfit(value: Any, shape: Any, where: str = "") -> str:
    """Why a value is not of a shape, as in "index: 'two' is not a whole number"; '' where it is.

    A shape is a type, a tuple of shapes of which one fits, ``[shape]`` for a list, ``{key: shape}`` for a mapping whose
    keys may be missing or more, or ``{...: shape}`` for one with any keys. None fits None.
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
    if isinstance(shape, list):
        parts = [(str(index), one, shape[0]) for index, one in enumerate(value)]
    elif isinstance(shape, dict):
        parts = [
            (key, one, shape.get(key, shape.get(...))) for key, one in value.items() if key in shape or ... in shape
        ]
    else:
        return ""
    prefix = f"{where}." if where else ""
    return next((found for key, one, inner in parts if (found := misfit(one, inner, f"{prefix}{key}"))), "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."
