# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a picture is made of: boxes, lines and texts with their places, in the order in which they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

# Advance widths of DejaVu Sans, in hundredths of its size, for the characters from the space on. Of the fonts that a
# browser may take it is the widest, so that a text that fits with it fits with all.
_FIRST = 32
_WIDTHS = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63"
    " 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58"
    " 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_REGULAR = tuple(int(width) for width in _WIDTHS.split())
_BOLDER = 1.12
_UNKNOWN = 70

Point = tuple[float, float]


def width_of(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in pixels."""
    codes = [ord(character) - _FIRST for character in text]
    hundredths = sum(_REGULAR[code] if 0 <= code < len(_REGULAR) else _UNKNOWN for code in codes)
    return hundredths * size / 100 * (_BOLDER if bold else 1)


@dataclass(frozen=True)
class Text:
    """``style``: a class of picture.css; ``anchor``: start, middle or end."""

    x: float
    y: float
    text: str
    style: str
    anchor: str = "start"


@dataclass(frozen=True)
class Icon:
    """``name``: of a symbol in svg.py; the point is its centre."""

    x: float
    y: float
    name: str
    style: str = ""


@dataclass(frozen=True)
class Box:
    """An element of the model. ``kind``: its class in picture.css; ``about``: what a screen reader says of it."""

    element: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    about: str
    styles: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()
    icons: tuple[Icon, ...] = ()
    # The numbers of its differences; where they are drawn.
    numbers: tuple[int, ...] = ()
    focusable: bool = True

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Line:
    """``link``: the ids of what it joins, "" for a tunnel; ``kind``: its class; ``network``: its number, or -1."""

    link: str
    kind: str
    points: tuple[Point, ...]
    network: int = -1
    styles: tuple[str, ...] = ()


Shape = Union[Box, Line, Text, Icon]


@dataclass(frozen=True)
class Picture:
    width: float
    height: float
    title: str
    shapes: tuple[Shape, ...] = field(default=())
