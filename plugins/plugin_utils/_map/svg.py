# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The picture as SVG: static, with its own styles, and with everything that a page needs to find its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .shapes import Box, Icon, Line, Picture, Text

STYLE = (Path(__file__).parent / "picture.css").read_text(encoding="utf-8").strip()
_RADIUS = {"host": 12, "container": 8, "namespace": 9, "bridge": 6, "vxlan": 8, "uplink": 8, "underlay": 6, "port": 1.5}
# Told apart by shape as well as by colour; within 12 pixels, around the middle.
_SYMBOLS = {
    "network-0": '<circle r="4.5"/>',
    "network-1": '<rect x="-4.2" y="-4.2" width="8.4" height="8.4"/>',
    "network-2": '<path d="M0-5 5 4H-5z"/>',
    "network-3": '<path d="M0-5.6 5.6 0 0 5.6-5.6 0z"/>',
    "network-4": '<path d="M0 5-5-4H5z"/>',
    "network-5": '<path d="M-1.8-5h3.6v3.2H5v3.6H1.8V5h-3.6V1.8H-5v-3.6h3.2z"/>',
    "runs": '<circle r="4"/>',
    "stopped": '<circle r="3.4" class="hollow"/>',
    "wanted": '<path class="stroke" d="M-5 0-1.5 3.6 5-4"/>',
    "differs": '<path d="M0-6 6.4 5.4H-6.4z"/><path class="mark" d="M0-2.2V1.6M0 3.4V3.6"/>',
    "off": '<path class="stroke" d="M-4-4 4 4M4-4-4 4"/>',
}


def render(picture: Picture, alone: bool = True) -> str:
    """``alone``: with styles, and with words for whoever points at something, both of which a page has beside it."""
    width, height = _number(picture.width), _number(picture.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="group" aria-label={quoteattr(picture.title)} class="map">',
        f"<title>{escape(picture.title)}</title>",
        *([f"<style>{STYLE}</style>"] if alone else []),
        f'<rect class="ground" width="{width}" height="{height}"/>',
        *(_box(shape, alone) if isinstance(shape, Box) else _DRAWN[type(shape)](shape) for shape in picture.shapes),
        *(badge for shape in picture.shapes if isinstance(shape, Box) for badge in _badges(shape)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(one: Text) -> str:
    anchor = "" if one.anchor == "start" else f' text-anchor="{one.anchor}"'
    return f'<text class="{one.style}" x="{_number(one.x)}" y="{_number(one.y)}"{anchor}>{escape(one.text)}</text>'


def _icon(one: Icon) -> str:
    at = f'transform="translate({_number(one.x)} {_number(one.y)})"'
    if one.name.startswith("number "):
        return f"<g {at}>{_badge(one.name.removeprefix('number '))}</g>"
    return f'<g class="icon {one.style}" {at}>{_SYMBOLS[one.name]}</g>'


def _badge(number: str) -> str:
    return f'<circle class="badge" r="8.5"/><text class="badge-number" y="3.7" text-anchor="middle">{number}</text>'


def _badges(box: Box) -> Iterator[str]:
    """Its differences' numbers, at the upper right, above all that is drawn."""
    for position, number in enumerate(box.numbers):
        x, y = box.right - 2 - 18 * position, box.y
        yield f'<g class="of" transform="translate({_number(x)} {_number(y)})">{_badge(str(number))}</g>'


def _line(one: Line) -> str:
    first, *rest = one.points
    path = f"M{_number(first[0])} {_number(first[1])}" + "".join(f"L{_number(x)} {_number(y)}" for x, y in rest)
    network = f" n{one.network % 6}" if one.network >= 0 else ""
    styles = "".join(f" {style}" for style in one.styles)
    if one.kind == "tunnel":
        return f'<path class="tunnel-wall{network}" d="{path}"/><path class="tunnel{network}" d="{path}"/>'
    link = f" data-link={quoteattr(one.link)}"
    return f'<path class="{one.kind}{network}{styles}" d="{path}"{link}/>'


def _box(one: Box, titled: bool) -> str:
    classes = " ".join(("element", one.kind, *one.styles))
    focus = ' tabindex="0" role="button"' if one.focusable else ""
    radius = _RADIUS.get(one.kind, 6)
    shape = (
        f'<rect class="shape" x="{_number(one.x)}" y="{_number(one.y)}" width="{_number(one.width)}"'
        f' height="{_number(one.height)}" rx="{radius}"/>'
    )
    return (
        f'<g class="{classes}" data-id={quoteattr(one.element)}{focus} aria-label={quoteattr(one.about)}>'
        f"{f'<title>{escape(one.about)}</title>' if titled else ''}{shape}"
        f"{''.join(map(_icon, one.icons))}{''.join(map(_text, one.texts))}</g>"
    )


_DRAWN: dict[type, Callable[[Any], str]] = {Text: _text, Icon: _icon, Line: _line}
