# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Where everything of the picture is: hosts side by side in rows, networks as lanes across them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import host as hosts
from . import measures as m
from .host import Place
from .measures import Measures
from .model import UNDERLAY, Model
from .shapes import Box, Icon, Line, Picture, Shape, Text, width_of

_NOTE, _NOTE_GAP = 19, 10
_TITLE = 66
_LEGEND = (
    ("runs", "runs-running", "runs"),
    ("stopped", "runs-stopped", "does not run"),
    ("wanted", "state-wanted", "as wanted"),
    ("differs", "state-differs", "differs from the lab file"),
)


def picture(model: Model, alone: bool = True) -> Picture:
    """``alone``: with title, legend and a list of what differs, which a page has beside it."""
    measures = m.measure(model)
    networks = {network["name"]: number for number, network in enumerate(model["networks"])}
    numbers = numbers_of(model)
    top = m.MARGIN + (_TITLE if alone else 0)
    left = m.MARGIN + measures.gutter
    across = measures.per_row * (measures.card + m.CARD_GAP) - m.CARD_GAP
    trunks = _trunks_width(measures)
    shapes: list[Shape] = []
    places = [
        Place(
            left + (number % measures.per_row) * (measures.card + m.CARD_GAP),
            measures.row_top(number // measures.per_row, top),
            measures,
            networks,
            numbers,
        )
        for number in range(len(model["hosts"]))
    ]
    drawn = list(zip(model["hosts"], places))
    rows = [drawn[start : start + measures.per_row] for start in range(0, len(drawn), measures.per_row)]
    for row in rows:
        shapes += _gutter(model, row[0][1], numbers)
    shapes += _trunks(rows, left + across, measures)
    for row in rows:
        shapes += _tunnels(row, left + across, measures)
        shapes.append(_underlay(model, row, left + across, measures))
    for host, place in drawn:
        shapes.append(hosts.card(host, place, _count(model, host["name"])))
    for row in rows:
        for host, place in row:
            shapes += hosts.contents(host, place, list(_tunnels_in(row, place, measures)))
    width = left + across + trunks + m.MARGIN
    bottom = measures.row_top(len(rows), top) - m.ROW_GAP if rows else top
    if alone:
        shapes += _head(model)
        width = max(width, m.MARGIN * 2 + _legend_width())
        found, bottom = _foot(model, bottom + 30, width)
        shapes += found
    return Picture(width, bottom + m.MARGIN, f"Map of the lab {model['lab']['name']}", tuple(shapes))


def numbers_of(model: Model) -> dict[str, tuple[int, ...]]:
    """Element -> the numbers of its differences."""
    found: dict[str, tuple[int, ...]] = {}
    for one in model["differences"]:
        found[one["element"]] = (*found.get(one["element"], ()), one["number"])
    return found


def _count(model: Model, host: str) -> int:
    return sum(one["host"] == host for one in model["differences"])


# -- beside the hosts --------------------------------------------------------------------------------------------------


def _gutter(model: Model, place: Place, numbers: dict[str, tuple[int, ...]]) -> Iterator[Shape]:
    """Labels of the lanes of a row."""
    x, measures = float(m.MARGIN), place.measures
    if measures.rows:
        yield Text(x, place.top + m.HEADER + 19, "containers", "label")
    for network in model["networks"]:
        number = place.networks[network["name"]]
        top = place.lane_top(number)
        texts = [Text(x + 18, top + 19, network["name"], f"name n{number % 6} tint")]
        texts += [Text(x, top + 37 + 15 * line, text, "small") for line, text in enumerate(m.network_texts(network))]
        icon = Icon(x + 6, top + 15, f"network-{number % 6}", f"n{number % 6}")
        about = f"network {network['name']}, {', '.join(m.network_texts(network))}"
        at = (x - 8, top, measures.gutter - 8, 42 + 15.0 * (len(texts) - 1))
        found = numbers.get(network["id"], ())
        styles = ("differs",) if found else ()
        yield Box(network["id"], "network", *at, about, styles, tuple(texts), (icon,), found)
    top = place.top + measures.uplink_top
    texts = [Text(x, top + 16, UNDERLAY, "name")]
    texts += [Text(x, top + 33 + 15 * line, text, "small") for line, text in enumerate(m.underlay_texts(model))]
    yield from texts


# -- between the hosts -------------------------------------------------------------------------------------------------

Row = list[tuple[dict[str, Any], Place]]


def _trunks_width(measures: Measures) -> float:
    """Rows of hosts are joined at their right."""
    return m.TRUNK_FIRST + m.TRUNK * (measures.lanes + 1) if measures.host_rows > 1 else 0


def _trunk(right: float, number: int) -> float:
    return right + m.TRUNK_FIRST + m.TRUNK * number


def _has(host: dict[str, Any], network: str) -> bool:
    return any(part["network"] == network and part["vxlan"] for part in host["namespaces"])


def _having(row: Row, network: str) -> list[Place]:
    return [place for host, place in row if _has(host, network)]


def _tunnels(row: Row, right: float, measures: Measures) -> Iterator[Line]:
    """Each network's tunnels as one line along its VXLANs. It passes behind hosts that have none."""
    for network, number in row[0][1].networks.items():
        having = _having(row, network)
        if having and (len(having) > 1 or measures.host_rows > 1):
            end = _trunk(right, number) if measures.host_rows > 1 else having[-1].middle
            y = having[0].vxlan_middle(number)
            yield _tunnel(number, ((having[0].middle, y), (end, y)))


def _tunnels_in(row: Row, place: Place, measures: Measures) -> Iterator[Line]:
    """What is seen of them in a host that has VXLANs."""
    for network, number in place.networks.items():
        having, y = _having(row, network), place.vxlan_middle(number)
        if place not in having or (len(having) == 1 and measures.host_rows == 1):
            continue
        start = place.middle if place is having[0] else place.left
        end = place.middle if place is having[-1] and measures.host_rows == 1 else place.right
        yield _tunnel(number, ((start, y), (end, y)))


def _trunks(rows: list[Row], right: float, measures: Measures) -> Iterator[Line]:
    if measures.host_rows < 2:
        return
    for network, number in rows[0][0][1].networks.items():
        at = [row[0][1].vxlan_middle(number) for row in rows if any(_has(host, network) for host, _place in row)]
        if len(at) > 1:
            yield _tunnel(number, ((_trunk(right, number), at[0]), (_trunk(right, number), at[-1])))
    ends = [row[0][1].top + measures.card_height + m.UNDERLAY_GAP + m.UNDERLAY / 2 for row in rows]
    x = _trunk(right, measures.lanes) - m.UNDERLAY / 2
    yield Line(UNDERLAY, "trunk", ((x, ends[0]), (x, ends[-1])))


def _tunnel(number: int, points: tuple[tuple[float, float], ...]) -> Line:
    return Line("", "tunnel", points, number)


def _underlay(model: Model, row: Row, right: float, measures: Measures) -> Shape:
    place = row[0][1]
    top = place.top + measures.card_height + m.UNDERLAY_GAP
    end = _trunk(right, measures.lanes) if measures.host_rows > 1 else right
    about = f"underlay, {', '.join(m.underlay_texts(model))}"
    return Box(UNDERLAY, "underlay", place.left, top, end - place.left, float(m.UNDERLAY), about)


# -- around ------------------------------------------------------------------------------------------------------------


def _head(model: Model) -> Iterator[Shape]:
    lab = model["lab"]
    yield Text(m.MARGIN, m.MARGIN + 18, f"Lab {lab['name']}", "title")
    yield Text(m.MARGIN, m.MARGIN + 41, subtitle(model), "small")


def subtitle(model: Model) -> str:
    lab, hosts_of = model["lab"], len(model["hosts"])
    number = f"{hosts_of} host{'' if hosts_of == 1 else 's'}"
    return " \u00b7 ".join(filter(None, (f"at {lab['site']}", f"engine {lab['engine']}", number, lab["read"])))


def _legend_width() -> float:
    return sum(width_of(text, m.SMALL) + 42 for _icon, _style, text in _LEGEND)


def _foot(model: Model, top: float, width: float) -> tuple[list[Shape], float]:
    shapes: list[Shape] = []
    x = float(m.MARGIN)
    for icon, style, text in _LEGEND:
        shapes += [Icon(x + 6, top - 4, icon, style), Text(x + 18, top, text, "small quiet")]
        x += width_of(text, m.SMALL) + 42
    bottom = top
    for one in model["differences"]:
        where = f"{one['host']}: " if one["host"] else ""
        for number, line in enumerate(_wrapped(f"{where}{one['text']}", width - 2 * m.MARGIN - 30)):
            bottom += _NOTE + (_NOTE_GAP if number == 0 and one["number"] == 1 else 0)
            if number == 0:
                shapes.append(Icon(m.MARGIN + 9, bottom - 4, f"number {one['number']}"))
            shapes.append(Text(m.MARGIN + 28, bottom, line, "note"))
    return shapes, bottom


def _wrapped(text: str, width: float) -> list[str]:
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width_of(longer, m.SMALL + 0.5) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
